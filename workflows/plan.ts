import type { GateAnswer } from '../activities/services.js';
import type { UseType } from '../drs/operations/common.js';
import { local, prompt } from './activities.js';
import { admit } from './admission.js';
import { item } from './evidence.js';
import { readFailure } from './failure.js';
import type { Item } from './messages.js';
import { outlineOf } from './outlines/index.js';
import type { Row } from './outlines/row.js';
import type { Problem, ReadSpec } from './plans/common.js';
import type { ComparisonPlan } from './plans/comparison.js';
import { type Kind, kinds } from './plans/index.js';
import type { OperationPlan } from './plans/operation.js';
import { pathsOf, type SwitchoverPlan } from './plans/switchover.js';
import type { TaskPlan } from './plans/task.js';
import { listed } from './steps/readiness.js';

/** What a worker knows of a run that may be started. */
export interface Outlook {
  /** Why the worker would refuse the spec; then nothing else is told. */
  readonly problems: readonly Problem[];
  /** What is there already, and what would stand in the way. */
  readonly found: readonly Item[];
  /** Who decides at each gate, by its name. */
  readonly gates: Readonly<Record<string, GateAnswer>>;
  /** Of a call: whether the worker's policy wants it approved. */
  readonly asks?: boolean;
}

/** Looks at what a run would find, by calls that read (§5.1.1, §6.1.19, §6.1.20, §6.1.23). Starts nothing. */
export async function plan({ kind, spec }: { readonly kind: Kind; readonly spec: unknown }): Promise<Outlook> {
  const reader = kinds[kind] as ReadSpec<unknown> | undefined;
  const none = { found: [], gates: {} };
  if (!reader)
    return { problems: [{ path: 'kind', message: `must be one of ${Object.keys(kinds).join(', ')}` }], ...none };
  const { plan, problems } = await admit(reader, kind, spec);
  if (problems.length > 0 || !plan) return { problems, ...none };
  const { found, tasks, asks } = await look(kind, plan, spec);
  const rows = outlineOf(kind, plan);
  return {
    problems,
    found,
    gates: await gatesOf(kind, (plan as TaskPlan).name, rows, tasks),
    ...(asks !== undefined && { asks }),
  };
}

interface Seen {
  readonly found: readonly Item[];
  /** Names of the tasks that rules of the worker may be about. */
  readonly tasks?: readonly string[];
  readonly asks?: boolean;
}

async function look(kind: Kind, plan: unknown, spec: unknown): Promise<Seen> {
  if (kind === 'switchover') return await recoveries(plan as SwitchoverPlan, spec);
  if (kind === 'comparison') return await compared(plan as ComparisonPlan);
  if (kind === 'operation') return await permitted(plan as OperationPlan);
  const task = plan as TaskPlan;
  const type = USE_TYPES[kind];
  const looks = await Promise.all([
    known('task', () => (task.adopt ? adopted(task, task.adopt) : sameName(task, type))),
    ...(task.adopt ? [] : [known('quota', () => quota(task)), known('flavour', () => flavour(task, type))]),
  ]);
  return { found: looks };
}

const USE_TYPES: Readonly<Record<Exclude<Kind, 'switchover' | 'comparison' | 'operation'>, UseType>> = {
  migration: 'migration',
  synchronization: 'sync',
  'disaster-recovery': 'cloudDataGuard',
};

/** What cannot be read now is told, and stops nothing. */
async function known(what: string, read: () => Promise<Item>): Promise<Item> {
  return await read().catch((error: unknown) => item(what, 'warning', `not known: ${readFailure(error).message}`));
}

/** §6.1.19: a task of this name would stop the run (DRS.M00277). */
async function sameName({ name, cloud }: TaskPlan, db_use_type: UseType): Promise<Item> {
  const page = { cur_page: 1, per_page: 100, db_use_type, engine_type: '', name } as const;
  const { jobs } = await prompt.showJobList(page, cloud);
  const there = jobs.find((job) => job.name?.toLowerCase() === name.toLowerCase());
  if (!there) return item('task', 'ok', `there is none named ${name} yet`);
  return item(
    'task',
    'blocking',
    `there is one named ${name}: ${there.id}, ${there.status}. Choose another name, or take it over with "adopt: ${there.id}"`,
  );
}

async function adopted({ cloud }: TaskPlan, jobId: string): Promise<Item> {
  const { name, status } = await prompt.batchListJobDetails(jobId, cloud);
  return item('task', 'ok', `${name} (${jobId}) is ${status}; it is compared with the spec before it is taken over`);
}

async function quota({ cloud }: TaskPlan): Promise<Item> {
  const { used = 0, quota = Number.POSITIVE_INFINITY } = (await prompt.showQuotas({}, cloud)).quotas.resource;
  return used < quota
    ? item('quota', 'ok', `${used} of ${quota} tasks exist`)
    : item('quota', 'blocking', `${used} of ${quota} tasks exist: none can be created`);
}

async function flavour({ task, cloud }: TaskPlan, db_use_type: UseType): Promise<Item> {
  const { engine_type, job_direction, node_type } = task;
  const asked = { engine_type, db_use_type, job_direction, is_use_sellout_info: true } as never;
  const { node_types = [] } = await prompt.listAvailableNodeTypes(asked, cloud);
  const wanted = node_types.find((one) => one.node_type === node_type);
  if (!wanted) return item('flavour', 'warning', `${node_type} is not listed for ${engine_type}`);
  return wanted.is_sellout
    ? item('flavour', 'blocking', `${node_type} is sold out for ${engine_type}`)
    : item('flavour', 'ok', `${node_type} is there for ${engine_type}`);
}

async function recoveries(plan: SwitchoverPlan, spec: unknown): Promise<Seen> {
  const { direction, cloud } = plan;
  const asked = { tasks: pathsOf(spec, plan), direction, ...(cloud && { cloud }) };
  const { tasks, problems } = await prompt.findRecoveries(asked);
  const found = [
    ...problems.map(({ path, message }) => item(path, 'blocking', message)),
    ...tasks.map(({ jobId, name, status, direction: now }) =>
      item(name, 'ok', `${jobId} is ${status}, job_direction ${now}; \`drs-pilot readiness ${name}\` tells more`),
    ),
  ];
  return { found, tasks: tasks.map(({ name }) => name) };
}

/** So many tasks are looked at. */
const MOST = 50;

async function compared({ task, tasks, select, cloud }: ComparisonPlan): Promise<Seen> {
  const named = task ? [task] : tasks;
  const asked = { most: MOST, ...(cloud && { cloud }), ...(named && { tasks: named }), ...(select && { select }) };
  try {
    const { tasks: page, total = 0 } = await prompt.selectTasks(asked);
    const troubled = page.filter(({ trouble }) => trouble);
    const of = total > MOST ? `, of which the first ${MOST} were looked at` : '';
    return {
      found: [
        item('tasks', 'ok', `${total} fit${of}: ${listed(page.map(({ name }) => name))}`),
        ...troubled.map(({ name, trouble = '' }) => item(name, 'warning', `cannot be compared: ${trouble}`)),
      ],
    };
  } catch (error) {
    return { found: [item('tasks', 'blocking', readFailure(error).message)] };
  }
}

async function permitted({ operation, requests, cloud }: OperationPlan): Promise<Seen> {
  try {
    const { permission, why, tasks } = await prompt.permit({ operation, requests, ...(cloud && { cloud }) });
    return {
      found: [
        item('policy', permission === 'deny' ? 'blocking' : 'ok', `${permission}: ${why}`),
        ...tasks.flatMap(({ jobId, name, status, trouble }) =>
          trouble || status
            ? [item(name ?? jobId, trouble ? 'blocking' : 'ok', trouble ?? `${jobId} is ${status}`)]
            : [],
        ),
      ],
      tasks: tasks.flatMap(({ name }) => name ?? []),
      asks: permission === 'approve',
    };
  } catch (error) {
    return { found: [item('policy', 'blocking', readFailure(error).message)] };
  }
}

async function gatesOf(kind: string, name: string, rows: readonly Row[], tasks?: readonly string[]) {
  const asked = rows.flatMap(({ gate }) => (gate ? [gate] : []));
  const answers = asked.map(async ({ name: gate, ask, operation }) => {
    const { approvals, group, escalate } = ask;
    const escalation = escalate?.group;
    return [
      gate,
      await local.gateRule({ kind, name, gate, approvals, group, escalate: escalation, operation, tasks }),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}
