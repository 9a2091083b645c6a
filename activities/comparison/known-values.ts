import type { Consistency } from '../../drs/consistency.js';

/** A table of a task as the nights before know it. */
export interface KnownTable {
  readonly database: string;
  readonly table: string;
  /** As its rows were last counted. */
  readonly rows?: number;
  /** The night that saw it first, ISO 8601. */
  readonly since: string;
  /** Its last verdict on values, and the night that gave it. */
  readonly judged?: { readonly at: string; readonly verdict: Consistency };
  /** Turns since then that came to no end, and the night of the last. */
  readonly missed?: { readonly at: string; readonly times: number };
}

/** What the nights before tell of a task. */
export interface TaskValues {
  /** Rows a second whose values DRS compares, as learned; absent until it is. */
  readonly rate?: number;
  /** The nights that are in here: none counts twice. */
  readonly nights: readonly string[];
  readonly tables: readonly KnownTable[];
}

/** One value comparison as it was measured. */
export interface Measured {
  readonly rows: number;
  readonly seconds: number;
  /** Whether it came to its end. */
  readonly over: boolean;
}

/** The tables that a row comparison told of; `whole`: all there are. */
export interface Listing {
  readonly tables: readonly Pick<KnownTable, 'database' | 'table' | 'rows'>[];
  readonly whole: boolean;
}

/** What one night came to for one task. */
export interface TaskNight {
  readonly night: string;
  /** When it began, ISO 8601. */
  readonly at: string;
  readonly listing: Listing;
  /** Tables whose turn it was. */
  readonly chosen: readonly Place[];
  readonly verdicts: readonly (Place & { readonly verdict: Consistency })[];
  readonly measured: readonly Measured[];
}

export type Place = Pick<KnownTable, 'database' | 'table'>;

/** Rows a second until a task's own pace is known: 5 MB at 500 bytes each. */
export const FIRST_RATE = 10_000;
/** Shorter ones say little of the pace. */
const TELLING_SECONDS = 60;
/** A night may have been a strange one. */
const MOST_CHANGE = 4;

export const keyOf = ({ database, table }: Place): string => `${database}\n${table}`;

export const NOTHING_KNOWN: TaskValues = { nights: [], tables: [] };

/** What is known once the tables of tonight are counted: new ones are there, dropped ones gone, sizes as they are now. */
export function withListing(known: TaskValues, { tables, whole }: Listing, at: string): TaskValues {
  const there = new Map(known.tables.map((table) => [keyOf(table), table]));
  const told = new Set(tables.map(keyOf));
  const now = tables.map(({ database, table, rows }) => {
    const before = there.get(keyOf({ database, table }));
    return { database, table, since: at, ...before, ...(rows !== undefined && { rows }) };
  });
  const others = whole ? [] : known.tables.filter((table) => !told.has(keyOf(table)));
  return { ...known, tables: [...now, ...others] };
}

/** What is known after a night. One that is known already changes nothing. */
export function afterNight(known: TaskValues, night: TaskNight): TaskValues {
  if (known.nights.includes(night.night)) return known;
  const { at } = night;
  const verdicts = new Map(night.verdicts.map((one) => [keyOf(one), one.verdict]));
  const chosen = new Set(night.chosen.map(keyOf));
  const { tables } = withListing(known, night.listing, at);
  const rate = night.measured.reduce(learned, known.rate);
  return {
    ...(rate !== undefined && { rate }),
    nights: [...known.nights, night.night],
    tables: tables.map((table) => {
      const verdict = verdicts.get(keyOf(table)) ?? (chosen.has(keyOf(table)) ? 'notFinished' : undefined);
      return verdict === undefined ? table : afterTurn(table, verdict, at);
    }),
  };
}

function afterTurn({ missed, ...table }: KnownTable, verdict: Consistency, at: string): KnownTable {
  if (verdict === 'notFinished') return { ...table, missed: { at, times: (missed?.times ?? 0) + 1 } };
  // Nights of other runs may come in another order.
  if (table.judged && table.judged.at > at) return { ...table, ...(missed && { missed }) };
  return { ...table, judged: { at, verdict } };
}

/** The pace is between what was known and what was seen. What was cut off was no faster, what was short at least so fast. */
function learned(known: number | undefined, { rows, seconds, over }: Measured): number | undefined {
  if (rows === 0) return known;
  const base = known ?? FIRST_RATE;
  const seen = rows / Math.max(seconds, TELLING_SECONDS);
  const short = seconds < TELLING_SECONDS;
  if (short) return over ? bounded(Math.max(base, seen), base) : known;
  if (!over) return bounded(Math.min(base, seen), base);
  return bounded(known === undefined ? seen : (known + seen) / 2, base);
}

const bounded = (rate: number, base: number): number =>
  Math.max(base / MOST_CHANGE, Math.min(base * MOST_CHANGE, rate));
