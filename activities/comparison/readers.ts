import { cancellationSignal } from '@temporalio/activity';
import { ofContents, ofLines, ofObject } from '../../drs/consistency.js';
import { DrsError } from '../../drs/errors.js';
import type { Reply } from '../../drs/operations/index.js';
import type { CloudServices, Services } from '../services.js';
import type { StoredFile } from '../stores.js';
import { keep, lines, taskFolder } from './archive.js';
import { isOlder, olderObjects } from './older.js';
import type { DifferingRow, ReadInput, TableVerdict } from './read.js';
import type { ComparisonKind } from './scope.js';
import { type Expected, type ObjectRow, objectRows } from './tables.js';

/** What a reader works with. */
export interface Reading {
  readonly services: Services;
  readonly drs: CloudServices['drs'];
  readonly input: ReadInput;
  readonly expected: Expected;
  /** What was kept on the way. */
  readonly files: StoredFile[];
}

export type Reader = (reading: Reading) => Promise<TableVerdict[]>;

type ContentsRow = NonNullable<Reply<'listContentCompareDetail'>['content_compare_result_infos']>[number];
type DifferenceRow = NonNullable<Reply<'listContentCompareDifference'>['contents_infos']>[number];
type RowCounts = Pick<ContentsRow, 'source_row_num' | 'target_row_num' | 'difference_row_num'>;

export const READERS: Readonly<Record<ComparisonKind, Reader>> = {
  objects: readObjects,
  lines: readLines,
  contents: readContents,
  random: readRandom,
};

const MOST_ROWS = 5;
const LONGEST = 250;

/** §6.1.37: tables one by one, other kinds of objects where the overview (§6.1.36) says that they are not all the same. */
async function readObjects({ services, drs, input, expected }: Reading): Promise<TableVerdict[]> {
  const { compareJobId, jobId } = input;
  const older = isOlder(input.compare) ? await olderObjects(drs, jobId, compareJobId) : undefined;
  const types = older?.types ?? input.types ?? [];
  const some = input.compare.databases !== undefined;
  const wrong = types.filter(({ status }) => ofObject(status).verdict !== 'consistent').map(({ type }) => type);
  const verdicts: TableVerdict[] = [];
  for (const type of new Set(['TABLE', ...wrong])) {
    const found = older ? (older.rows.get(type) ?? []) : await objectRows(services, input, type, compareJobId);
    const rows = found.map((row) => objectVerdict(row, type));
    const mine = rows.filter(
      ({ database, table, object }) => !some || isExpected(expected, database, object ? '' : table),
    );
    verdicts.push(...mine);
    const told = mine.some(({ verdict }) => verdict !== 'consistent');
    if (!some && wrong.includes(type) && !told)
      verdicts.push({
        database: '',
        table: '',
        object: type,
        ...ofObject(types.find((one) => one.type === type)?.status),
      });
  }
  return verdicts;
}

function objectVerdict(row: ObjectRow, type: string): TableVerdict {
  const { source_db_value: source, target_db_value: target, status, error_message } = row;
  const { verdict, reason } = ofObject(status);
  const lacks =
    verdict === 'inconsistent' && [!target && 'the target has none', !source && 'the source has none'].find(Boolean);
  const why = [lacks || reason, error_message].filter(Boolean).join(': ');
  return {
    database: row.source_db_name ?? row.target_db_name ?? '',
    table: type === 'DB' ? '' : (source ?? target ?? ''),
    ...(type !== 'TABLE' && { object: type }),
    verdict,
    ...(why && { reason: why }),
  };
}

/**
 * §6.1.31, and §6.1.30 where a table that is to be told of is not, or the tables are not known. Rows of the details name no database,
 * so each is asked for.
 */
async function readLines({ drs, input, expected }: Reading): Promise<TableVerdict[]> {
  const signal = cancellationSignal();
  const id = { job_id: input.jobId, compare_job_id: input.compareJobId };
  const details = async (database: string, names: { db_name?: string; target_db_name?: string }) => {
    const pages = drs.pages('listDataCompareDetail', { ...id, ...names }, { signal });
    return (await all(pages, (page) => page.table_line_compare_result_infos)).map((row) => ({
      database,
      table: row.source_table_name ?? row.target_table_name ?? '',
      ...ofLines(row.status),
      ...rowCounts(row),
    }));
  };
  if (areKnown(expected)) {
    const found: TableVerdict[] = [];
    for (const database of expected.keys()) found.push(...(await details(database, { db_name: database })));
    if (tellsAll(found, expected)) return found;
  }
  const found: TableVerdict[] = [];
  for (const overview of await all(
    drs.pages('listDataCompareOverview', id, { signal }),
    (page) => page.data_compare_overview_infos,
  )) {
    const { source_db_name: source, target_db_name: target, status, compare_num: tables } = overview;
    const database = source ?? target ?? '';
    const names = { ...(source && { db_name: source }), ...(target && { target_db_name: target }) };
    const rows = await details(database, names);
    found.push(...rows);
    if (rows.length === 0) found.push({ database, table: '', ...ofLines(status) });
    else if (tables !== undefined && rows.length < tables) found.push(missing(database, tables - rows.length));
  }
  return found;
}

type ValueRow = TableVerdict & { readonly differs: boolean };

/** The tables of a value comparison that can be compared (§6.1.33). */
async function comparedValues({ drs, input }: Reading): Promise<ValueRow[]> {
  return (await valueRows(drs, input, 'compare')).map((row) => ({
    ...whereabouts(row),
    ...ofContents(row),
    ...rowCounts(row),
    differs: row.content_compare_result === false,
  }));
}

async function valueRows(drs: CloudServices['drs'], input: ReadInput, type: 'compare' | 'unCompare') {
  const request = { job_id: input.jobId, compare_job_id: input.compareJobId, type };
  const pages = drs.pages('listContentCompareDetail', request, { signal: cancellationSignal() });
  return await all(pages, (page) => page.content_compare_result_infos);
}

/** §6.1.33 and §6.1.34; what is not told there: §6.1.32, and the list of what can't be compared. */
async function readContents(reading: Reading): Promise<TableVerdict[]> {
  const compared = await comparedValues(reading);
  const isWhole = tellsAll(compared, reading.expected) && compared.every(({ verdict }) => verdict !== 'notFinished');
  const rest = isWhole ? [] : await restOfValues(reading, compared);
  const apart = new Set(rest.map(keyOf));
  return [
    ...(await withDifferences(
      reading,
      compared.filter((row) => !apart.has(keyOf(row))),
    )),
    ...rest,
  ];
}

/** What stands not among the tables that were compared. */
async function restOfValues({ drs, input }: Reading, compared: readonly TableVerdict[]): Promise<TableVerdict[]> {
  const id = { job_id: input.jobId, compare_job_id: input.compareJobId };
  const overviews = await all(
    drs.pages('listContentCompareOverview', id, { signal: cancellationSignal() }),
    (page) => page.content_compare_result_infos,
  );
  const rest: TableVerdict[] = (await valueRows(drs, input, 'unCompare')).map((row) => ({
    ...whereabouts(row),
    verdict: 'notComparable',
    reason: row.message || 'DRS cannot compare its values',
  }));
  for (const { source_db, target_db, status, compare_num = 0 } of overviews) {
    const database = source_db ?? target_db ?? '';
    const mine = new Set([...compared, ...rest].filter((one) => one.database === database).map(keyOf)).size;
    if (mine === 0) rest.push({ database, table: '', ...ofLines(status) });
    else if (mine < compare_num) rest.push(missing(database, compare_num - mine));
  }
  return rest;
}

/** DRS documents no result call for samples (§6.1.27): what the calls for values tell of one counts, if they tell anything. */
async function readRandom(reading: Reading): Promise<TableVerdict[]> {
  try {
    return await withDifferences(reading, await comparedValues(reading));
  } catch (error) {
    const silent = error instanceof DrsError && ['notFound', 'request', 'wrongState', 'refused'].includes(error.kind);
    if (silent) return [];
    throw error;
  }
}

interface Place {
  readonly database: string;
  readonly table: string;
}
const keyOf = ({ database, table }: Place): string => `${database}\n${table}`;

/** The rows that differ (§6.1.34): all are counted and kept, the first are shown. */
async function withDifferences({ services, drs, input, files }: Reading, rows: readonly ValueRow[]) {
  const id = { job_id: input.jobId, compare_job_id: input.compareJobId };
  const differing = await keepDifferences(
    services,
    input,
    files,
    rows.filter(({ differs }) => differs),
    async function* ({ database, table }) {
      const request = { ...id, db_name: database, table_name: table };
      for await (const page of drs.pages('listContentCompareDifference', request, { signal: cancellationSignal() }))
        yield* (page.contents_infos ?? []).map(differingRow);
    },
  );
  return rows.map(({ differs: _, ...row }): TableVerdict => ({ ...row, ...differing.get(keyOf(row)) }));
}

/** Counts the rows that differ of each place and keeps all of them, as they come. */
export async function keepDifferences(
  services: Services,
  input: ReadInput,
  files: StoredFile[],
  places: readonly Place[],
  rowsOf: (place: Place) => AsyncIterable<DifferingRow>,
): Promise<Map<string, { differing: number; rows: DifferingRow[] }>> {
  const { jobId, archive } = input;
  const counted = new Map<string, { differing: number; rows: DifferingRow[] }>();
  async function* rows(): AsyncGenerator<Place & DifferingRow> {
    for (const { database, table } of places)
      for await (const row of rowsOf({ database, table })) {
        const mine = counted.get(keyOf({ database, table })) ?? { differing: 0, rows: [] };
        counted.set(keyOf({ database, table }), mine);
        if (++mine.differing <= MOST_ROWS)
          mine.rows.push({ key: cut(row.key), sql: cut(row.sql), targetSql: cut(row.targetSql) });
        yield { database, table, ...row };
      }
  }
  if (archive && places.length > 0) {
    const file = `${taskFolder(archive, jobId)}/${fileOf(input)}-rows.ndjson`;
    files.push(await keep(services.store(archive.store), file, lines(rows()), NDJSON));
  } else for await (const _ of rows());
  return counted;
}

const differingRow = (row: DifferenceRow): DifferingRow => ({
  key: (row.source_key_value?.length ? row.source_key_value : (row.target_key_value ?? [])).join(', '),
  sql: row.select_sql ?? '',
  targetSql: row.target_select_sql ?? '',
});

async function all<P, R>(pages: AsyncIterable<P>, rowsOf: (page: P) => readonly R[] | undefined): Promise<R[]> {
  const rows: R[] = [];
  for await (const page of pages) rows.push(...(rowsOf(page) ?? []));
  return rows;
}

const whereabouts = (row: ContentsRow) => ({
  database: row.source_db ?? row.target_db ?? '',
  table: row.source_table_name ?? row.target_table_name ?? '',
});

function rowCounts(row: RowCounts): Pick<TableVerdict, 'sourceRows' | 'targetRows' | 'differing'> {
  const { source_row_num: source, target_row_num: target, difference_row_num: differing } = row;
  return {
    ...(source !== undefined && { sourceRows: source }),
    ...(target !== undefined && { targetRows: target }),
    ...(differing !== undefined && differing !== 0 && { differing: Math.abs(differing) }),
  };
}

const missing = (database: string, tables: number): TableVerdict => ({
  database,
  table: '',
  verdict: 'notFinished',
  reason: `${tables} of its tables stand in no result`,
});

const isExpected = (expected: Expected, database: string, table: string): boolean => {
  const tables = expected.get(database);
  return tables !== undefined && (tables === 'all' || table === '' || tables.has(table));
};

/** Whether what must be told of is known table by table. */
const areKnown = (expected: Expected): expected is ReadonlyMap<string, ReadonlySet<string>> =>
  expected.size > 0 && [...expected.values()].every((tables) => tables !== 'all' && tables.size > 0);

/** Whether each table that must be told of is: then no overview has more to tell. */
function tellsAll(found: readonly Place[], expected: Expected): boolean {
  const told = new Set(found.map(keyOf));
  return (
    areKnown(expected) &&
    [...expected].every(([database, tables]) => [...tables].every((table) => told.has(keyOf({ database, table }))))
  );
}

/** `contents`, `contents-2` of the second look, `contents.2` of the tables after the first ones. */
export const fileOf = ({ kind, look = 1, part = 1 }: ReadInput): string =>
  [kind, ...(part > 1 ? [`.${part}`] : []), ...(look > 1 ? [`-${look}`] : [])].join('');

export const NDJSON = 'application/x-ndjson';

export const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
