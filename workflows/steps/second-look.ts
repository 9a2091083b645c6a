import type { KindVerdict, TableVerdict } from '../../activities/comparison/read.js';
import type { Compare } from '../../activities/comparison/scope.js';
import { type Consistency, worst } from '../../drs/consistency.js';

/** The tables that are to be compared once more; undefined where there are none, or too many to name. */
export function toLookAtAgain({ kind, tables, more = 0 }: KindVerdict, compare: Compare): Compare | undefined {
  const differing = tables.filter(({ verdict }) => verdict === 'inconsistent');
  const named = differing.filter(({ table }) => table !== '' && !table.endsWith('…'));
  if (kind === 'objects' || kind === 'random' || named.length === 0 || named.length < differing.length || more > 0)
    return undefined;
  return narrowed(compare, named);
}

/** The same of these tables alone, with the filters that are theirs. */
export function narrowed(
  compare: Compare,
  tables: readonly { readonly database: string; readonly table: string }[],
): Compare {
  const byDatabase = new Map<string, string[]>();
  for (const { database, table } of tables) byDatabase.set(database, [...(byDatabase.get(database) ?? []), table]);
  const { startAt: _, filters, ...others } = compare;
  const mine = filters?.filter(({ database, schema, table }) =>
    byDatabase.get(database)?.includes(schema ? `${schema}.${table}` : table),
  );
  return {
    ...others,
    databases: [...byDatabase].map(([database, tables]) => ({ database, tables })),
    ...(mine && mine.length > 0 && { filters: mine }),
  };
}

/**
 * What is known after a further look: a table that it found consistent is, one that it found inconsistent stays so with the later
 * numbers, and of one that it could not finish the look before holds. Both looks are kept.
 */
export function together(first: KindVerdict, again: KindVerdict): KindVerdict {
  const told = Object.values(again.counts).some((count) => count > 0);
  const later = new Map(again.tables.map((table) => [keyOf(table), table]));
  const tables = first.tables.flatMap((table) => {
    const now = later.get(keyOf(table));
    if (table.verdict !== 'inconsistent' || !told) return [table];
    if (!now) return [];
    return [now.verdict === 'inconsistent' ? now : table];
  });
  const settled = first.tables.length - tables.length;
  const { consistent, inconsistent } = first.counts;
  const counts = { ...first.counts, consistent: consistent + settled, inconsistent: inconsistent - settled };
  const verdicts = Object.entries(counts).flatMap(([verdict, count]) => (count > 0 ? [verdict as Consistency] : []));
  return {
    ...first,
    ...(again.compareJobId && { compareJobId: again.compareJobId }),
    verdict: worst(verdicts),
    counts,
    differing: tables.reduce((sum, { differing = 0 }) => sum + differing, 0),
    tables,
    files: [...(first.files ?? []), ...(again.files ?? [])],
    looks: [...(first.looks ?? [lookOf(first)]), lookOf(again)],
  };
}

const keyOf = ({ database, table }: TableVerdict): string => `${database}\n${table}`;

const SHOWN = 10;

const lookOf = ({ compareJobId, verdict, counts, differing, tables }: KindVerdict) => ({
  ...(compareJobId && { compareJobId }),
  verdict,
  counts,
  differing,
  tables: tables.slice(0, SHOWN).map(({ rows: _, ...table }: TableVerdict) => table),
});
