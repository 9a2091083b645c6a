import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../../drs/errors.js';
import type { UseType } from '../../drs/operations/common.js';
import { DB_USE_TYPES } from '../../drs/operations/common.js';
import type { Reply } from '../../drs/operations/index.js';
import { GONE, INCREMENTAL } from '../../drs/waits.js';
import { matchesGlob } from '../glob.js';
import type { CloudServices, Services } from '../services.js';
import type { Selector } from './scope.js';

export interface SelectInput {
  readonly cloud?: string;
  /** Names or ids. */
  readonly tasks?: readonly string[];
  readonly select?: Selector;
  /** The key of the last task of the page before: names change nothing in the order, and new tasks push none out. */
  readonly after?: string;
  readonly most: number;
}

/** A task that is to be compared. */
export interface SelectedTask {
  /** Empty where there is no such task. */
  readonly jobId: string;
  readonly name: string;
  readonly status?: string;
  readonly useType?: UseType;
  /** Why it can't be compared now; absent where it can. */
  readonly trouble?: string;
}

export interface SelectedTasks {
  readonly tasks: readonly SelectedTask[];
  /** Of all pages; told with the first one. */
  readonly total?: number;
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

type Row = Reply<'showJobList'>['jobs'][number];

/** So many are looked up one by one; for more the list is read. */
const FEW = 3;
const USE_TYPES: Readonly<Record<NonNullable<Selector['kind']>, UseType>> = {
  migration: 'migration',
  synchronization: 'sync',
  'disaster-recovery': 'cloudDataGuard',
};

/**
 * The tasks that a comparison is about, as they are now (§6.1.19; tags: §6.1.20), a page after another. A task that is named and
 * not there is told as such; a selector passes over those that have ended, unless it asks for them.
 * @throws DrsError `notFound` where there is none.
 */
export const selectTasks =
  (services: Services) =>
  async ({ cloud, tasks, select, after, most }: SelectInput): Promise<SelectedTasks> => {
    const cloudServices = services.cloud(cloud);
    const found = tasks
      ? await named(cloudServices, tasks)
      : await selected(cloudServices, select ?? {}, { after, most });
    if (after === undefined && !found.some(({ jobId }) => jobId !== ''))
      throw new DrsError(
        'notFound',
        tasks
          ? `there is no task ${tasks.join(', ')}, so there is nothing to compare. Look at the name, the cloud and the project`
          : `no task fits ${JSON.stringify(select)}, so there is nothing to compare. \`drs-pilot call showJobList\` lists the tasks`,
        { operation: 'showJobList' },
      );
    const rest = inOrder(found, after);
    const page = rest.slice(0, most);
    const next = rest.length > page.length ? page.at(-1) : undefined;
    return { tasks: page, ...(after === undefined && { total: found.length }), ...(next && { next: keyOf(next) }) };
  };

function inOrder(found: readonly SelectedTask[], after: string | undefined): SelectedTask[] {
  const keyed = found.map((task) => ({ task, key: keyOf(task) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  return keyed.flatMap(({ task, key }) => (after === undefined || key > after ? [task] : []));
}

const keyOf = ({ jobId, name }: SelectedTask): string => jobId || `~${name}`;

async function named(services: CloudServices, wanted: readonly string[]): Promise<SelectedTask[]> {
  const distinct = [...new Set(wanted)];
  const asked = distinct.length > FEW ? [undefined] : distinct;
  const rows = (await Promise.all(DB_USE_TYPES.flatMap((type) => asked.map((name) => list(services, type, { name })))))
    .flat()
    .flatMap((row) => [row, ...(row.children ?? [])]);
  const found = new Map<string, SelectedTask>();
  for (const name of distinct) {
    const row =
      rows.find(({ id }) => id === name) ?? rows.find((one) => one.name?.toLowerCase() === name.toLowerCase());
    const task = row ? described(row) : { jobId: '', name, trouble: 'there is no such task' };
    found.set(keyOf(task), task);
  }
  return [...found.values()];
}

/** Each row that has to be looked at for its tags costs a part of a call: for all of them that is done once. */
async function selected(
  services: CloudServices,
  { kind, name, tags, status }: Selector,
  { after, most }: { readonly after: string | undefined; readonly most: number },
): Promise<SelectedTask[]> {
  const types = kind ? [USE_TYPES[kind]] : DB_USE_TYPES;
  const rows = (await Promise.all(types.map((type) => list(services, type, { status })))).flat();
  const fits = (row: Row) =>
    (name === undefined || matchesGlob(name, row.name ?? '')) &&
    (status === undefined ? !GONE.includes(row.status ?? '') : row.status === status);
  const fitting = rows.filter(fits).map((row) => ({ row, task: described(row) }));
  if (!tags) return fitting.map(({ task }) => task);
  const rowOf = new Map(fitting.map(({ row, task }) => [task, row]));
  const coming = inOrder([...rowOf.keys()], after);
  const tagged: SelectedTask[] = [];
  const many = after === undefined ? coming.length : most;
  for (let at = 0; at < coming.length && tagged.length <= most; at += many)
    tagged.push(...(await withTags(services, coming.slice(at, at + many), rowOf, tags)));
  return tagged;
}

async function list(
  { drs }: CloudServices,
  type: UseType,
  { name, status }: { name?: string | undefined; status?: Selector['status'] },
): Promise<Row[]> {
  const rows: Row[] = [];
  const request = { db_use_type: type, engine_type: '' as const, ...(name && { name }), ...(status && { status }) };
  // Pages fill their own fields in.
  for await (const { jobs } of drs.pages('showJobList', request as never, { signal: cancellationSignal() }))
    rows.push(...jobs);
  return rows;
}

/** Rows of the list carry no tags. */
async function withTags(
  { drs }: CloudServices,
  tasks: readonly SelectedTask[],
  rowOf: ReadonlyMap<SelectedTask, Row>,
  wanted: Readonly<Record<string, string>>,
): Promise<SelectedTask[]> {
  const ids = tasks.map((task) => rowOf.get(task)?.id ?? task.jobId);
  const outcomes = await drs.many('batchListJobDetails', ids, { signal: cancellationSignal() });
  return tasks.filter((_, index) => {
    const outcome = outcomes[index];
    if (!outcome?.ok)
      throw new DrsError(outcome?.kind ?? 'transient', outcome?.message ?? 'nothing was told', {
        operation: 'batchListJobDetails',
      });
    const tags = new Map((outcome.result.tags ?? []).map(({ key, value }) => [key, value ?? '']));
    return Object.entries(wanted).every(([key, value]) => tags.get(key) === value);
  });
}

/** Only a task whose data follow can be compared; a full transfer once it is complete. */
function described(row: Row): SelectedTask {
  const { id: jobId, name = row.id, status = '', task_type, children = [] } = row;
  if (row.db_use_type === 'cloudDataGuard' && children.length > 1) return forward(row, children, name);
  const complete = task_type === 'FULL_TRANS' && status === 'FULL_TRANSFER_COMPLETE';
  const trouble = status === INCREMENTAL || complete ? undefined : `it is ${status || 'in no known status'}`;
  const useType = DB_USE_TYPES.find((type) => type === row.db_use_type);
  return { jobId, name, status, ...(useType && { useType }), ...(trouble && { trouble }) };
}

/** Of a dual-active disaster recovery the forward subtask is compared: no call for comparisons takes the parent. */
function forward(row: Row, children: readonly Omit<Row, 'children'>[], name: string): SelectedTask {
  const along = children.filter(
    ({ job_direction }) => job_direction !== undefined && job_direction === row.job_direction,
  );
  const [child] = along;
  if (!child || along.length > 1)
    return {
      jobId: row.id,
      name,
      ...(row.status && { status: row.status }),
      trouble: 'which of its subtasks is the forward one is not known: name that one by its id',
    };
  return { ...described(child as Row), name };
}
