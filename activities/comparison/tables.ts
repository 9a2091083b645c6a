import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../../drs/errors.js';
import type { Reply } from '../../drs/operations/index.js';
import { detailsOf } from '../job.js';
import type { Services } from '../services.js';
import { isOlder, olderObjects } from './older.js';
import type { Scope } from './scope.js';

/** Databases with the tables that must stand in a result; `all` where they are not known one by one. */
export type Expected = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

export type ObjectRow = NonNullable<Reply<'listObjectLevelCompareDetail'>['compare_detail']>[number];

/**
 * What the comparison must tell of: what the spec names; else the databases and tables of the object comparison (§6.1.37), else
 * what the task's details (§6.1.20) or an earlier object comparison tell, since no call lists them.
 * @throws DrsError `request` where that is not known.
 */
export async function expectedTables(services: Services, scope: Scope): Promise<Expected> {
  const { compare, objectsId, kind } = scope;
  if (kind !== 'objects' && compare.filters && !compare.databases) return filteredTables(compare.filters);
  const named = compare.databases;
  const known = objectsId ? byDatabase(await objectRows(services, scope, 'TABLE', objectsId)) : undefined;
  if (named)
    return new Map(
      named.map(({ database, tables }) => [database, tables ? new Set(tables) : (known?.get(database) ?? 'all')]),
    );
  if (known && known.size > 0) return known;
  const chosen = await chosenObjects(services, scope);
  if (chosen.size > 0) return chosen;
  const earlier = await objectRows(services, scope, 'DB', undefined).catch((error: unknown) => {
    if (error instanceof DrsError && !['transient', 'credentials'].includes(error.kind)) return [];
    throw error;
  });
  if (earlier.length > 0) return new Map(earlier.map(({ source_db_value }) => [source_db_value ?? '', 'all']));
  throw new DrsError(
    'request',
    `which databases ${scope.jobId} replicates is not told by DRS: name them (compare.databases), or compare objects, too`,
    { operation: 'batchListJobDetails', jobId: scope.jobId },
  );
}

function filteredTables(filters: NonNullable<Scope['compare']['filters']>): Expected {
  const tables = new Map<string, Set<string>>();
  for (const { database, ...table } of filters)
    tables.set(database, (tables.get(database) ?? new Set()).add(nameInDatabase(table)));
  return tables;
}

/** A table as results name it. */
export const nameInDatabase = ({
  schema,
  table,
}: {
  readonly schema?: string | undefined;
  readonly table: string;
}): string => (schema ? `${schema}.${table}` : table);

function byDatabase(rows: readonly ObjectRow[]): Map<string, Set<string>> {
  const tables = new Map<string, Set<string>>();
  for (const { source_db_name, source_db_value } of rows) {
    // A table that only the target has is no part of what is replicated.
    if (source_db_name === undefined || source_db_value === undefined) continue;
    tables.set(source_db_name, (tables.get(source_db_name) ?? new Set()).add(source_db_value));
  }
  return tables;
}

/** What was chosen when the task was made (§6.1.5): databases as a whole, or tables of them. */
async function chosenObjects(services: Services, { jobId, cloud }: Scope): Promise<Expected> {
  const { object_infos: infos = [] } = await detailsOf(services, { jobId, ...(cloud && { cloud }) });
  const databases = infos.filter(({ type, select }) => type === 'database' && select !== 'false');
  return new Map(
    databases.map(({ id, name = id ?? '', select }) => {
      const tables = infos.filter((one) => one.type === 'table' && [id, name].includes(one.parent_id));
      const partial = select === 'partial' && tables.length > 0;
      return [name, partial ? new Set(tables.map((table) => table.name ?? '')) : ('all' as const)];
    }),
  );
}

/** All rows of one kind of objects (§6.1.37). Those of a comparison that is over change no more, so they are kept for a while. */
export async function objectRows(
  services: Services,
  { jobId, cloud, compare }: Pick<Scope, 'jobId' | 'cloud' | 'compare'>,
  type: string,
  compareJobId: string | undefined,
): Promise<readonly ObjectRow[]> {
  const key = `${compareJobId} ${type}`;
  const kept = compareJobId && keptBy(services).get(key);
  if (kept) return kept;
  const { drs } = services.cloud(cloud);
  if (isOlder(compare)) {
    const found = compareJobId ? (await olderObjects(drs, jobId, compareJobId)).rows.get(type) : undefined;
    if (compareJobId && type === 'TABLE' && found) keep(keptBy(services), key, found);
    return found ?? [];
  }
  const rows: ObjectRow[] = [];
  const request = {
    job_id: jobId,
    compare_type: type as 'TABLE',
    ...(compareJobId && { compare_job_id: compareJobId }),
  };
  for await (const page of drs.pages('listObjectLevelCompareDetail', request, { signal: cancellationSignal() }))
    rows.push(...(page.compare_detail ?? []));
  if (compareJobId && type === 'TABLE') keep(keptBy(services), key, rows);
  return rows;
}

type Kept = Map<string, readonly ObjectRow[]>;
const kept = new WeakMap<Services['secrets'], Kept>();
/** Rows of all comparisons together; some hundred bytes each. */
const MOST_KEPT = 50_000;

/** Per worker. */
function keptBy({ secrets }: Services): Kept {
  const mine = kept.get(secrets) ?? new Map();
  kept.set(secrets, mine);
  return mine;
}

function keep(all: Kept, key: string, rows: readonly ObjectRow[]): void {
  all.set(key, rows);
  let size = [...all.values()].reduce((sum, { length }) => sum + length, 0);
  for (const [oldest, { length }] of all) {
    if (size <= MOST_KEPT) return;
    all.delete(oldest);
    size -= length;
  }
}
