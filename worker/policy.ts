import type { OperationName } from '../drs/operations/index.js';
import type { Permission, WorkerConfig } from './config.js';
import { matchesAny } from './glob.js';
import { applies } from './rules.js';

/** Calls that change nothing. */
const READS: readonly OperationName[] = [
  'showQuotas',
  'listAvailableZone',
  'batchListProgresses',
  'batchListRposAndRtos',
  'batchCheckResults',
  'batchShowParams',
  'listCompareResult',
  'showJobList',
  'batchListJobDetails',
  'batchListJobStatus',
  'listAvailableNodeTypes',
  'selectGroupAndStream',
  'listDataLevelTableCompareJobs',
  'listDataCompareOverview',
  'listDataCompareDetail',
  'listContentCompareOverview',
  'listContentCompareDetail',
  'listContentCompareDifference',
  'listObjectLevelCompareOverview',
  'listObjectLevelCompareDetail',
  'downloadCompareResultFile',
  'listUsers',
  'queryTuningParams',
  'showMonitoringData',
  'batchListStructProcess',
  'batchListStructDetail',
];

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

/**
 * Whether the generic `operation` workflow may make a call for a task. `policy.tasks` and `policy.tags` bound what it may touch:
 * a task must match one glob or carry every tag; a call without a task must be a read. A rule that names the operation and wants
 * approvals makes "allow" an "approve".
 */
export function policyFor(
  { policy, rules }: Pick<WorkerConfig, 'policy' | 'rules'>,
  operation: string,
  taskName?: string,
  tags: Readonly<Record<string, string>> = {},
): Permission {
  const own = Object.hasOwn(policy.operations, operation) ? policy.operations[operation] : undefined;
  const byDefault = Object.hasOwn(DEFAULT_POLICY, operation) ? DEFAULT_POLICY[operation] : undefined;
  const permission = own ?? byDefault ?? 'deny';
  if (permission === 'deny' || !within(policy, operation, taskName, tags)) return 'deny';
  const occasion = { kind: 'operation', name: taskName ?? '', operation };
  const demanded = rules.some(({ gates: _, ...anywhere }) => {
    return anywhere.operations?.includes(operation) && (anywhere.approvals ?? 0) > 0 && applies(anywhere, occasion);
  });
  return demanded ? 'approve' : permission;
}

function within(
  { tasks, tags: wanted }: WorkerConfig['policy'],
  operation: string,
  taskName: string | undefined,
  tags: Readonly<Record<string, string>>,
): boolean {
  if (tasks === undefined && wanted === undefined) return true;
  if (taskName === undefined) return reads.has(operation);
  const byName = tasks !== undefined && matchesAny(tasks, taskName);
  const byTags = wanted !== undefined && Object.entries(wanted).every(([key, value]) => tags[key] === value);
  return byName || byTags;
}

/** Whether a task may be ordered by the year or month (charging_mode period): its start is paid at once. */
export const ordersFor = ({ policy }: Pick<WorkerConfig, 'policy'>): Permission => policy.orders;
