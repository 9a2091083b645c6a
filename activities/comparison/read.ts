import { cancellationSignal } from '@temporalio/activity';
import {
  CONSISTENCIES,
  type Consistency,
  ofContents,
  ofLines,
  ofObject,
  type Said,
  worst,
} from '../../drs/consistency.js';
import { DrsError } from '../../drs/errors.js';
import type { Reply } from '../../drs/operations/index.js';
import type { CloudServices, Services } from '../services.js';
import { bytes } from '../shorten.js';
import type { StoredFile } from '../stores.js';
import { type Archive, keep, lines, taskFolder } from './archive.js';
import type { ComparisonKind, Scope } from './scope.js';
import { type Expected, expectedTables, type ObjectRow, objectRows } from './tables.js';
import type { ObjectTypeSeen } from './wait.js';

export interface ReadInput extends Scope {
  /** Where all of what was found is kept; what the verdict itself holds has limits. */
  readonly archive?: Archive | undefined;
  readonly compareJobId: string;
  /** Of several looks at the same tables; the first when absent. */
  readonly look?: number | undefined;
  /** As DRS says it. */
  readonly status: string;
  /** What DRS says to a failure. */
  readonly message?: string | undefined;
  /** Of objects: what the overview says of each kind (§6.1.36). */
  readonly types?: readonly ObjectTypeSeen[] | undefined;
}

/** A row that differs (§6.1.34). */
export interface DifferingRow {
  /** `id=5`; several parts where the key has several. */
  readonly key: string;
  readonly sql: string;
  readonly targetSql: string;
}

/** What one comparison says of one table; of another object where `object` says so. */
export interface TableVerdict extends Said {
  readonly database: string;
  /** Empty: of the database as a whole. */
  readonly table: string;
  /** INDEX, VIEW and the like (§6.1.36). */
  readonly object?: string;
  readonly sourceRows?: number;
  readonly targetRows?: number;
  /** How many rows differ in values; of lines: in number. */
  readonly differing?: number;
  /** The first ones. */
  readonly rows?: readonly DifferingRow[];
}

/** Tables and other objects by what is said of them. */
export type Counts = Readonly<Record<Consistency, number>>;

/** What one comparison of one task says. The worst verdict of its tables is its own. */
export interface KindVerdict extends Said {
  readonly kind: ComparisonKind;
  readonly compareJobId?: string;
  readonly counts: Counts;
  /** Rows that differ in all tables. */
  readonly differing: number;
  /** Tables that are not consistent, the worst first; not all where there are many. */
  readonly tables: readonly TableVerdict[];
  readonly more?: number;
  /** All tables, all rows that differ, the file that DRS made: as far as the spec has a store. */
  readonly files?: readonly StoredFile[];
  /** Where differing tables were compared again: what each look said, the first one first. */
  readonly looks?: readonly Look[];
  /** Why the file that DRS makes is not among them. */
  readonly noFile?: string;
}

/** One of several looks at the same tables. */
export type Look = Pick<KindVerdict, 'compareJobId' | 'verdict' | 'counts' | 'differing' | 'tables'>;

/** A payload has limits. */
const MOST_TABLES = 40;
const MOST_BYTES = 14_000;
const MOST_ROWS = 5;
const MOST_ROWS_IN_ALL = 20;
const LONGEST = 250;

/** Reads all of what a comparison found. A table that should be told of and is not, is not finished: nothing is green by omission. */
export const readVerdicts =
  (services: Services) =>
  async (input: ReadInput): Promise<KindVerdict> => {
    const cloud = services.cloud(input.cloud);
    const expected = await expectedTables(services, input);
    const files: StoredFile[] = [];
    const found = await READERS[input.kind](services, cloud, input, expected, files);
    const all = [...found, ...absent(found, expected, input)];
    const { archive, jobId } = input;
    if (archive) {
      const file = `${taskFolder(archive, jobId)}/${fileOf(input)}.ndjson`;
      files.unshift(await keep(services.store(archive.store), file, lines(all), NDJSON));
    }
    return { ...summary(input, all), ...(files.length > 0 && { files }) };
  };

/** `contents`, and `contents-2` of the second look. */
const fileOf = ({ kind, look = 1 }: ReadInput): string => (look > 1 ? `${kind}-${look}` : kind);

const NDJSON = 'application/x-ndjson';

type ContentsRow = NonNullable<Reply<'listContentCompareDetail'>['content_compare_result_infos']>[number];
type DifferenceRow = NonNullable<Reply<'listContentCompareDifference'>['contents_infos']>[number];
type RowCounts = Pick<ContentsRow, 'source_row_num' | 'target_row_num' | 'difference_row_num'>;

type Reader = (
  services: Services,
  cloud: CloudServices,
  input: ReadInput,
  expected: Expected,
  files: StoredFile[],
) => Promise<TableVerdict[]>;

const READERS: Readonly<Record<ComparisonKind, Reader>> = {
  objects: readObjects,
  lines: readLines,
  contents: readContents,
  random: readRandom,
};

/** §6.1.37: tables one by one, other kinds of objects where the overview (§6.1.36) says that they are not all the same. */
async function readObjects(services: Services, _: CloudServices, input: ReadInput, expected: Expected) {
  const { compareJobId, types = [] } = input;
  const some = input.compare.databases !== undefined;
  const wrong = types.filter(({ status }) => ofObject(status).verdict !== 'consistent').map(({ type }) => type);
  const found: TableVerdict[] = [];
  for (const type of new Set(['TABLE', ...wrong])) {
    const rows = (await objectRows(services, input, type, compareJobId)).map((row) => objectVerdict(row, type));
    const mine = rows.filter(
      ({ database, table, object }) => !some || isExpected(expected, database, object ? '' : table),
    );
    found.push(...mine);
    const told = mine.some(({ verdict }) => verdict !== 'consistent');
    if (!some && wrong.includes(type) && !told)
      found.push({
        database: '',
        table: '',
        object: type,
        ...ofObject(types.find((one) => one.type === type)?.status),
      });
  }
  return found;
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

/** §6.1.30 and §6.1.31. Rows of the details name no database, so each is asked for. */
async function readLines(
  _: Services,
  { drs }: CloudServices,
  { jobId, compareJobId }: ReadInput,
): Promise<TableVerdict[]> {
  const signal = cancellationSignal();
  const id = { job_id: jobId, compare_job_id: compareJobId };
  const found: TableVerdict[] = [];
  for (const overview of await all(
    drs.pages('listDataCompareOverview', id, { signal }),
    (page) => page.data_compare_overview_infos,
  )) {
    const { source_db_name: source, target_db_name: target, status, compare_num: tables } = overview;
    const database = source ?? target ?? '';
    const names = { ...(source && { db_name: source }), ...(target && { target_db_name: target }) };
    const rows = await all(
      drs.pages('listDataCompareDetail', { ...id, ...names }, { signal }),
      (page) => page.table_line_compare_result_infos,
    );
    for (const row of rows)
      found.push({
        database,
        table: row.source_table_name ?? row.target_table_name ?? '',
        ...ofLines(row.status),
        ...rowCounts(row),
      });
    if (rows.length === 0) found.push({ database, table: '', ...ofLines(status) });
    else if (tables !== undefined && rows.length < tables) found.push(missing(database, tables - rows.length));
  }
  return found;
}

/** §6.1.32 to §6.1.34. What can't be compared stands in a list of its own. */
async function readContents(
  services: Services,
  { drs }: CloudServices,
  input: ReadInput,
  _: Expected,
  files: StoredFile[],
): Promise<TableVerdict[]> {
  const { jobId, compareJobId } = input;
  const signal = cancellationSignal();
  const id = { job_id: jobId, compare_job_id: compareJobId };
  const overviews = await all(
    drs.pages('listContentCompareOverview', id, { signal }),
    (page) => page.content_compare_result_infos,
  );
  const details = (type: 'compare' | 'unCompare') =>
    all(
      drs.pages('listContentCompareDetail', { ...id, type }, { signal }),
      (page) => page.content_compare_result_infos,
    );
  const compared = await details('compare');
  const tables = overviews.reduce((sum, { compare_num = 0 }) => sum + compare_num, 0);
  const whole = overviews.every(({ uncomparable_num }) => uncomparable_num === 0) && compared.length >= tables;
  const apart = whole ? [] : await details('unCompare');
  const differing = compared.filter(({ content_compare_result }) => content_compare_result === false);
  const differences = await readDifferences(services, drs, input, differing.map(whereabouts), files);
  const found: TableVerdict[] = compared.map((row) => {
    const named = whereabouts(row);
    const differs = differences.get(keyOf(named));
    return { ...named, ...ofContents(row), ...rowCounts(row), ...(differs?.differing && differs) };
  });
  for (const row of apart)
    found.push({
      ...whereabouts(row),
      verdict: 'notComparable',
      reason: row.message || 'DRS cannot compare its values',
    });
  for (const { source_db, target_db, status, compare_num = 0 } of overviews) {
    const database = source_db ?? target_db ?? '';
    const mine = found.filter((one) => one.database === database).length;
    if (mine === 0) found.push({ database, table: '', ...ofLines(status) });
    else if (mine < compare_num) found.push(missing(database, compare_num - mine));
  }
  return found;
}

/** DRS documents no result call for samples (§6.1.27): what the calls for values tell of one counts, if they tell anything. */
async function readRandom(...[services, cloud, input, expected, files]: Parameters<Reader>): Promise<TableVerdict[]> {
  try {
    return await readContents(services, cloud, input, expected, files);
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
async function readDifferences(
  services: Services,
  drs: CloudServices['drs'],
  input: ReadInput,
  places: readonly Place[],
  files: StoredFile[],
): Promise<Map<string, { differing: number; rows: DifferingRow[] }>> {
  const { jobId, compareJobId, archive } = input;
  const counted = new Map(places.map((place) => [keyOf(place), { differing: 0, rows: [] as DifferingRow[] }]));
  const id = { job_id: jobId, compare_job_id: compareJobId };
  async function* rows(): AsyncGenerator<Place & DifferingRow> {
    for (const place of places) {
      const mine = counted.get(keyOf(place));
      const request = { ...id, db_name: place.database, table_name: place.table };
      for await (const page of drs.pages('listContentCompareDifference', request, { signal: cancellationSignal() }))
        for (const row of (page.contents_infos ?? []).map(differingRow)) {
          if (mine && ++mine.differing <= MOST_ROWS)
            mine.rows.push({ key: cut(row.key), sql: cut(row.sql), targetSql: cut(row.targetSql) });
          yield { ...place, ...row };
        }
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

/** What was to be compared and stands in no result. */
function absent(
  found: readonly TableVerdict[],
  expected: Expected,
  { kind, status, message }: ReadInput,
): TableVerdict[] {
  const told = new Set(found.filter(({ object }) => !object).map(({ database, table }) => `${database}\n${table}`));
  const databases = new Set(found.map(({ database }) => database));
  const reason = whyAbsent(kind, status, message);
  return [...expected].flatMap(([database, tables]) => {
    if (tables === 'all') return databases.has(database) ? [] : [absentee(database, '', reason)];
    // What is said of the whole database holds for its tables.
    if (told.has(`${database}\n`) && ![...tables].some((table) => told.has(`${database}\n${table}`))) return [];
    return [...tables]
      .filter((table) => !told.has(`${database}\n${table}`))
      .map((table) => absentee(database, table, reason));
  });
}

const absentee = (database: string, table: string, reason: string): TableVerdict => ({
  database,
  table,
  verdict: 'notFinished',
  reason,
});

function whyAbsent(kind: ComparisonKind, status: string, message: string | undefined): string {
  const because = message ? `: ${message}` : '';
  if (status !== 'SUCCESSFUL') return `the comparison is ${status}${because}`;
  return kind === 'random'
    ? 'DRS documents no call that tells the result of a random comparison; its file does'
    : `is selected and absent from the result${because}`;
}

/** Counts of everything, and of what is not consistent as much as a payload holds. */
function summary({ kind, compareJobId, status, message }: ReadInput, found: readonly TableVerdict[]): KindVerdict {
  const bad = found.filter((one) => one.verdict !== 'consistent').sort((a, b) => rank(b) - rank(a));
  const tables = withFewRows(bad.slice(0, MOST_TABLES).map(shortened));
  while (bytes(tables) > MOST_BYTES) tables.pop();
  const nothing = `DRS tells of nothing; the comparison is ${status}${message ? `: ${message}` : ''}`;
  return {
    kind,
    compareJobId,
    verdict: worst(found.map((one) => one.verdict)),
    ...(found.length === 0 && { reason: nothing }),
    counts: counted(found),
    differing: found.reduce((sum, one) => sum + (one.differing ?? 0), 0),
    tables,
    ...(bad.length > tables.length && { more: bad.length - tables.length }),
  };
}

function withFewRows(tables: readonly TableVerdict[]): TableVerdict[] {
  let left = MOST_ROWS_IN_ALL;
  return tables.map(({ rows, ...table }) => {
    const shown = rows?.slice(0, left) ?? [];
    left -= shown.length;
    return { ...table, ...(shown.length > 0 && { rows: shown }) };
  });
}

const rank = ({ verdict }: TableVerdict): number => CONSISTENCIES.indexOf(verdict);

export function counted(found: readonly Said[]): Counts {
  const count = (verdict: Consistency) => found.filter((one) => one.verdict === verdict).length;
  return Object.fromEntries(CONSISTENCIES.map((verdict) => [verdict, count(verdict)])) as unknown as Counts;
}

const shortened = (one: TableVerdict): TableVerdict => ({
  ...one,
  database: cut(one.database),
  table: cut(one.table),
  ...(one.reason && { reason: cut(one.reason) }),
});

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
