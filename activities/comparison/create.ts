import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { UNFINISHED_COMPARISONS } from '../../drs/consistency.js';
import { DrsError } from '../../drs/errors.js';
import type { Request } from '../../drs/operations/index.js';
import type { CloudServices, Services } from '../services.js';
import { createOlder, isOlder, olderListed } from './older.js';
import type { Compare, ComparisonKind, Scope } from './scope.js';
import { expectedTables, nameInDatabase } from './tables.js';

/** A comparison as lists tell it (§6.1.26; of objects the latest, §6.1.36). */
export interface Listed {
  readonly id: string;
  readonly type: ComparisonKind;
  readonly status: string;
}

/** The comparisons of a task before ours: what is there later and not here is ours. */
export interface Before {
  readonly ids: readonly string[];
  /** Whether one of them goes on. */
  readonly unfinished: boolean;
}

export interface CreateInput extends Scope {
  readonly before: Before;
  readonly unfinished: 'keep' | 'cancel' | 'wait';
}

export type Created =
  /** `kept`: somebody else began it. Of objects the id is not known yet: the list shows it (§6.1.36). */
  | { readonly compareJobId?: string; readonly kept?: true }
  /** Another comparison goes on, which must be over first. */
  | { readonly waitFor: Listed };

/** What was compared of a task before, in one look: durable before anything is created, so that a lost reply can be settled. */
export const findComparisons =
  (services: Services) =>
  async ({
    jobId,
    cloud,
    kinds,
    form,
  }: Pick<Scope, 'jobId' | 'cloud'> & {
    readonly kinds: readonly ComparisonKind[];
    readonly form?: Compare['form'];
  }): Promise<Before> => {
    const there = await listed(services.cloud(cloud), jobId, kinds, form);
    return { ids: there.map(({ id }) => id), unfinished: there.some(isUnfinished) };
  };

/**
 * Begins a comparison (§6.1.27, §6.1.35; in the older form §6.1.17) exactly once: after a lost reply, and on every further try, what stands in the lists and
 * stood not in them before is ours.
 * @throws DrsError `transient` where nobody knows yet whether it was created: the next try looks.
 */
export const createComparison =
  (services: Services) =>
  async (input: CreateInput): Promise<Created> => {
    const cloud = services.cloud(input.cloud);
    const look = () => decide(cloud, input);
    if (activityInfo().attempt > 1) {
      const [mine] = await ours(cloud, input);
      if (mine) return { compareJobId: mine.id };
    }
    if (input.before.unfinished || activityInfo().attempt > 1) {
      const other = await look();
      if (other) return other;
    }
    const request = await requestOf(services, input);
    try {
      return await send(cloud, input, request);
    } catch (error) {
      if (!(error instanceof DrsError)) throw error;
      if (error.kind === 'transient') {
        // Busy mostly means that somebody else compares.
        const other = await look();
        if (other) return other;
      }
      if (error.kind !== 'ambiguous') throw error;
      throw new DrsError('transient', `${error.message} It is looked up before anything is sent again.`, error.at);
    }
  };

async function send({ drs }: CloudServices, input: CreateInput, request: DataRequest | undefined): Promise<Created> {
  const { jobId, kind } = input;
  const signal = cancellationSignal();
  if (isOlder(input.compare)) {
    const objects = (request?.compare_object ?? []).map(({ db_name, table_name = [] }) => ({ db_name, table_name }));
    return { compareJobId: await createOlder(drs, input, objects) };
  }
  if (kind === 'objects' || !request) {
    await drs.createObjectLevelCompareJob({ job_id: jobId }, { signal });
    return {};
  }
  const { id } = await drs.createDataLevelTableCompareJob(request, { signal });
  return { compareJobId: id };
}

/** What is new since we looked: the latest of our kind. */
async function ours(cloud: CloudServices, { jobId, kind, before, compare }: CreateInput): Promise<Listed[]> {
  const there = await listed(cloud, jobId, [kind], compare.form);
  return there.filter(({ id, type }) => type === kind && !before.ids.includes(id));
}

/** What must be done about a comparison of somebody else, as the spec says; undefined where there is none in the way. */
async function decide(
  cloud: CloudServices,
  { jobId, kind, unfinished, compare }: CreateInput,
): Promise<Created | undefined> {
  const signal = cancellationSignal();
  const there = await listed(
    cloud,
    jobId,
    kind === 'lines' || kind === 'random' ? [kind] : ['objects', kind, 'contents'],
    compare.form,
  );
  const open = there.filter((one) => isUnfinished(one) && inTheWay(kind, one.type));
  const [other] = open;
  if (!other) return undefined;
  const same = open.find(({ type }) => type === kind);
  const id = { job_id: jobId, compare_job_id: (same ?? other).id };
  if (unfinished === 'keep' && same) {
    if (same.status === 'WAITING_FOR_RUNNING' && compare.startAt === undefined)
      await unlessOver(() => cloud.drs.startPromptlyDataLevelTableCompareJob(id, { signal }));
    return { compareJobId: same.id, kept: true };
  }
  if (unfinished === 'cancel')
    await unlessOver(() => cloud.drs.deleteCompareJob({ ...id, compare_job_id: other.id }, { signal }));
  return { waitFor: other };
}

/** One comparison of data at a time, and none of values beside one of objects (§6.1.17). */
const inTheWay = (kind: ComparisonKind, other: ComparisonKind): boolean =>
  kind === 'objects' ? other === 'objects' || other === 'contents' : other !== 'objects' || kind === 'contents';

const isUnfinished = ({ status }: Listed): boolean => UNFINISHED_COMPARISONS.includes(status);

/** What ended or began meanwhile needs nothing more. A lost reply shows in the next look. */
export async function unlessOver(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const harmless = error instanceof DrsError && ['wrongState', 'notFound', 'ambiguous'].includes(error.kind);
    if (!harmless) throw error;
  }
}

/** The comparisons of a task that matter to these kinds. */
export async function listed(
  { drs }: CloudServices,
  jobId: string,
  kinds: readonly ComparisonKind[],
  form: Compare['form'],
): Promise<Listed[]> {
  if (form === 'older') return await olderListed(drs, jobId);
  const signal = cancellationSignal();
  const [objects, data] = await Promise.all([
    kinds.includes('objects') ? latestObjects(drs, jobId, signal) : undefined,
    kinds.some((kind) => kind !== 'objects') ? dataComparisons(drs, jobId, signal) : [],
  ]);
  return [...(objects?.id ? [{ id: objects.id, type: 'objects' as const, status: objects.status }] : []), ...data];
}

async function dataComparisons(drs: CloudServices['drs'], jobId: string, signal: AbortSignal): Promise<Listed[]> {
  const rows: Listed[] = [];
  for await (const { compare_jobs = [] } of drs.pages('listDataLevelTableCompareJobs', { job_id: jobId }, { signal }))
    for (const { id, type, status = '' } of compare_jobs) rows.push({ id, type: type as ComparisonKind, status });
  return rows;
}

/** The latest object comparison (§6.1.36); undefined where there never was one. */
export async function latestObjects(drs: CloudServices['drs'], jobId: string, signal: AbortSignal) {
  try {
    const {
      compare_job_id: id,
      status = '',
      ...rest
    } = await drs.listObjectLevelCompareOverview({ job_id: jobId }, { signal });
    return { id, status, ...rest };
  } catch (error) {
    if (error instanceof DrsError && NEVER.includes(error.at.code ?? '')) return undefined;
    throw error;
  }
}

/** What DRS says where objects were never compared. */
const NEVER: readonly string[] = ['DRS.M00289', 'DRS.M00002', 'DRS.10000010'];

type DataRequest = Request<'createDataLevelTableCompareJob'>;

/** §6.1.27. `table_name: []` is the whole database. */
async function requestOf(services: Services, input: CreateInput): Promise<DataRequest | undefined> {
  const { jobId, kind, compare } = input;
  if (kind === 'objects') return undefined;
  const { filters = [], options, proportion_value, startAt } = compare;
  const filtered = (database: string, table: string) =>
    filters.some((filter) => filter.database === database && nameInDatabase(filter) === table);
  const whole = filters.length > 0 && !compare.databases ? [] : await databasesOf(services, input);
  const objects = whole.flatMap(({ database, tables }) => {
    const rest = tables?.filter((table) => !filtered(database, table));
    return rest?.length === 0 ? [] : [{ db_name: database, table_name: [...(rest ?? [])] }];
  });
  return {
    job_id: jobId,
    type: kind,
    compare_object: objects,
    ...(startAt && { start_time: String(Date.parse(startAt)) }),
    options: optionsOf(kind, options),
    ...(filters.length > 0 && {
      compare_transformation_infos: filters.map(({ where, ...table }) => ({
        object_info: [{ id: idOf(table) }],
        transformation_info: { transformation_type: 'contentConditionalFilter' as const, value: where },
      })),
    }),
    ...(kind === 'random' && proportion_value !== undefined && { proportion_value }),
  };
}

async function databasesOf(services: Services, scope: Scope): Promise<NonNullable<Scope['compare']['databases']>> {
  if (scope.compare.databases) return scope.compare.databases;
  const expected = await expectedTables(services, scope);
  // The whole of what a task replicates of a database: of some tables only where it replicates no more.
  const some = (tables: ReadonlySet<string> | 'all') =>
    scope.objectsId || tables === 'all' ? {} : { tables: [...tables] };
  return [...expected].map(([database, tables]) => ({ database, ...some(tables) }));
}

type Options = Scope['compare']['options'];
const optionsOf = (kind: ComparisonKind, { contentCompareType, lobCompare, comparePolicy }: Options) => ({
  ...(kind === 'contents' && contentCompareType && { contentCompareType }),
  ...(kind === 'contents' && lobCompare && { lobCompare }),
  ...(kind === 'lines' && comparePolicy && { comparePolicy }),
});

type Filtered = { readonly database: string; readonly schema?: string | undefined; readonly table: string };
const idOf = ({ database, schema, table }: Filtered): string =>
  [database, ...(schema ? [schema] : []), table].join('-*-*-');
