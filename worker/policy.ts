import { matchesAny } from '../activities/glob.js';
import { READS } from '../drs/operations/effects.js';
import type { OperationName } from '../drs/operations/index.js';
import type { Permission, Rule, WorkerConfig } from './config.js';
import { applies } from './rules.js';

/** Calls that do something, but neither to data nor to a task's course. */
const HARMLESS: readonly OperationName[] = [
  'batchValidateConnections',
  'batchCheckJobs',
  'batchSetSpeed',
  'batchSetSmn',
  'modifyGroupAndStream',
  'createCompareTask',
  'createDataLevelTableCompareJob',
  'startPromptlyDataLevelTableCompareJob',
  'deleteCompareJob',
  'createObjectLevelCompareJob',
  'createCompareResultFile',
];

/** Calls that begin, steer or end a transfer, change what is transferred or the databases, or carry passwords to keep. */
const WEIGHTY: readonly OperationName[] = [
  'batchCreateJobs',
  'batchStartJobs',
  'batchStopJobs',
  'batchRestoreTask',
  'batchDeleteJobs',
  'batchSwitchover',
  'batchResetPassword',
  'batchValidateClustersConnections',
  'batchUpdateJob',
  'batchSetObjects',
  'batchSetPolicy',
  'batchChangeData',
  'batchUpdateUser',
  'batchSetDefiner',
  'updateParams',
  'updateTuningParams',
];

const permit = (permission: Permission, ids: readonly OperationName[]) => ids.map((id) => [id, permission] as const);

/** What holds where the configuration says nothing. An operation that stands nowhere is refused. */
export const DEFAULT_POLICY: Readonly<Record<string, Permission>> = Object.fromEntries([
  ...permit('allow', READS),
  ...permit('allow', HARMLESS),
  ...permit('approve', WEIGHTY),
]);

const reads = new Set<string>(READS);

/** What the policy knows of the task that a call is about. */
export interface TaskFacts {
  /** Absent where the call is about no task, or about one that cannot be read. */
  readonly name?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** True where the call orders a yearly or monthly task. */
  readonly ordered?: boolean | undefined;
}

export interface Ruling {
  readonly permission: Permission;
  /** Which rule says so, for people: `policy.operations.batchStopJobs is approve`. */
  readonly why: string;
}

type Config = Pick<WorkerConfig, 'policy' | 'rules'>;

/**
 * Whether the generic `operation` workflow may make a call for a task. `policy.tasks` and `policy.tags` bound what it may touch:
 * a task must match one glob or carry every tag; a call without a task must be a read. A rule that names the operation and wants
 * approvals makes "allow" an "approve". An order of a task by the year or month needs the leave of `policy.orders`, too.
 */
export function rulingFor(config: Config, operation: string, task: TaskFacts = {}): Ruling {
  const { policy } = config;
  const own = Object.hasOwn(policy.operations, operation) ? policy.operations[operation] : undefined;
  const byDefault = Object.hasOwn(DEFAULT_POLICY, operation) ? DEFAULT_POLICY[operation] : undefined;
  const permission = own ?? byDefault ?? 'deny';
  const why = `${own ? '' : 'by default '}policy.operations.${operation} is ${permission}`;
  if (permission === 'deny') return { permission, why };
  if (!within(policy, operation, task)) return { permission: 'deny', why: bounds(policy, task) };
  const orders: Ruling[] = task.ordered
    ? [
        {
          permission: policy.orders,
          why: `policy.orders is ${policy.orders}: a yearly or monthly task is paid at once`,
        },
      ]
    : [];
  const rule = config.rules.findIndex((one) => demands(one, operation, task.name ?? ''));
  const rules: Ruling[] =
    rule < 0 ? [] : [{ permission: 'approve', why: `rules[${rule}] wants approvals for ${operation}` }];
  return strictest([...orders, { permission, why }, ...rules]);
}

const STRICTNESS: readonly Permission[] = ['allow', 'approve', 'deny'];

/** The strictest of several rulings, the first of equals. @throws RangeError for none. */
export function strictest([first, ...others]: readonly Ruling[]): Ruling {
  if (!first) throw new RangeError('there is no ruling');
  const weight = ({ permission }: Ruling): number => STRICTNESS.indexOf(permission);
  return others.reduce((strict, one) => (weight(one) > weight(strict) ? one : strict), first);
}

export const policyFor = (
  config: Config,
  operation: string,
  name?: string,
  tags: Readonly<Record<string, string>> = {},
): Permission => rulingFor(config, operation, { name, tags }).permission;

/** Whether the ruling on an operation depends on the task: only then a read is preceded by a look at it. */
export const dependsOnTask = ({ policy, rules }: Config, operation: string): boolean =>
  !reads.has(operation) ||
  policy.tasks !== undefined ||
  policy.tags !== undefined ||
  rules.some(({ operations }) => operations?.includes(operation));

function demands({ gates: _, ...anywhere }: Rule, operation: string, name: string): boolean {
  if (!anywhere.operations?.includes(operation) || !(anywhere.approvals || anywhere.fourEyes)) return false;
  return applies(anywhere, { kind: 'operation', name, operation });
}

function within(
  { tasks, tags: wanted }: WorkerConfig['policy'],
  operation: string,
  { name, tags = {} }: TaskFacts,
): boolean {
  if (tasks === undefined && wanted === undefined) return true;
  if (name === undefined) return reads.has(operation);
  const byName = tasks !== undefined && matchesAny(tasks, name);
  const byTags = wanted !== undefined && Object.entries(wanted).every(([key, value]) => tags[key] === value);
  return byName || byTags;
}

function bounds({ tasks, tags }: WorkerConfig['policy'], { name }: TaskFacts): string {
  const sections = [tasks && 'policy.tasks', tags && 'policy.tags'].filter(Boolean).join(' and ');
  return name === undefined
    ? `${sections} bound what may be touched, and this call is about no task that can be read`
    : `${sections} do not cover the task ${name}`;
}

/** Whether a task may be ordered by the year or month (charging_mode period): its start is paid at once. */
export const ordersFor = ({ policy }: Pick<WorkerConfig, 'policy'>): Permission => policy.orders;
