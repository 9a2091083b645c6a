import { CONSISTENCIES, type Consistency, type Said, worst } from '../../drs/consistency.js';
import type { Services } from '../services.js';
import { bytes } from '../shorten.js';
import type { StoredFile } from '../stores.js';
import { type Archive, keep, lines, taskFolder } from './archive.js';
import type { Measured } from './known-values.js';
import { isOlder, OLDER_READERS } from './older.js';
import type { PostponedTable } from './planner.js';
import { cut, fileOf, NDJSON, READERS, type Reader } from './readers.js';
import type { ComparisonKind, Scope } from './scope.js';
import { type Expected, expectedTables } from './tables.js';
import type { ObjectTypeSeen } from './wait.js';

export interface ReadInput extends Scope {
  /** Where all of what was found is kept; what the verdict itself holds has limits. */
  readonly archive?: Archive | undefined;
  readonly compareJobId: string;
  /** Of several looks at the same tables; the first when absent. */
  readonly look?: number | undefined;
  /** Of several comparisons of other tables; the only one when absent. */
  readonly part?: number | undefined;
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
  /** How long DRS took, and whether it came to its end. */
  readonly took?: { readonly seconds: number; readonly over: boolean };
  /** Where tables have turns: how long DRS took for how many rows. */
  readonly measured?: readonly Measured[];
  /** Tables whose turn comes another night. */
  readonly postponed?: PostponedShown;
  /** No table of it has had its turn yet: its verdict counts for nothing. */
  readonly waits?: true;
}

export interface PostponedShown {
  readonly tables: number;
  /** Those whose values are older than promised. */
  readonly overdue: number;
  /** All of them have had their turn after so many nights; absent where that is not in sight. */
  readonly within?: number;
  /** The first ones. */
  readonly next: readonly PostponedTable[];
}

/** One of several looks at the same tables. */
export type Look = Pick<KindVerdict, 'compareJobId' | 'verdict' | 'counts' | 'differing' | 'tables'>;

/** A payload has limits. */
const MOST_TABLES = 40;
const MOST_BYTES = 14_000;
const MOST_ROWS_IN_ALL = 20;

/** Reads all of what a comparison found. A table that should be told of and is not, is not finished: nothing is green by omission. */
export const readVerdicts =
  (services: Services) =>
  async (input: ReadInput): Promise<KindVerdict> => {
    const { drs } = services.cloud(input.cloud);
    const expected = await expectedTables(services, input);
    const files: StoredFile[] = [];
    const found = await readerOf(input)({ services, drs, input, expected, files });
    const all = [...found, ...absent(found, expected, input)];
    const { archive, jobId } = input;
    if (archive) {
      const file = `${taskFolder(archive, jobId)}/${fileOf(input)}.ndjson`;
      files.unshift(await keep(services.store(archive.store), file, lines(all), NDJSON));
    }
    return { ...summary(input, all), ...(files.length > 0 && { files }) };
  };

const readerOf = ({ kind, compare }: ReadInput): Reader =>
  isOlder(compare) && (kind === 'lines' || kind === 'contents') ? OLDER_READERS[kind] : READERS[kind];

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
