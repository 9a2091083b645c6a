import type { KindVerdict } from '../../activities/comparison/read.js';
import type { Compare } from '../../activities/comparison/scope.js';
import { type Consistency, worst } from '../../drs/consistency.js';
import { files } from '../activities.js';
import type { TaskComparisonInput } from '../task-comparison.js';
import { narrowed } from './second-look.js';

/** A payload has limits. */
const MOST_TABLES = 40;
const MOST_BYTES = 14_000;

/**
 * The values of the tables whose turn it is, so many at a time as one comparison names: what is over when the window ends stays
 * done, and no other begins then.
 */
export async function inTurns(
  { archive, task: { jobId }, compare, until, turns: most = 1 }: TaskComparisonInput,
  one: (compare: Compare, part: number) => Promise<KindVerdict>,
): Promise<KindVerdict> {
  let all: KindVerdict | undefined;
  if (!archive) throw new Error('values have turns only where there is a store');
  for (let part = 1; ; part += 1) {
    const { tables, rows, left, last } = await files.valuesTurn({ archive, jobId, part, most });
    if (Date.now() >= Date.parse(until)) return added(all, outOfTime(left));
    const { took, ...found } = await one(narrowed(compare, tables), part);
    all = added(all, { ...found, ...(took && { measured: [{ rows, ...took }] }) });
    if (last) return all;
  }
}

const outOfTime = (tables: number): KindVerdict => ({
  kind: 'contents',
  verdict: 'notFinished',
  reason: `the window was over before the turn of ${tables} ${tables === 1 ? 'table' : 'tables'}`,
  counts: { consistent: 0, notComparable: 0, notFinished: tables, inconsistent: 0 },
  differing: 0,
  tables: [],
});

/** What several comparisons of other tables say together. */
function added(first: KindVerdict | undefined, then: KindVerdict): KindVerdict {
  if (!first) return then;
  const verdicts = Object.keys(first.counts) as Consistency[];
  const tables = [...first.tables, ...then.tables].slice(0, MOST_TABLES);
  while (new TextEncoder().encode(JSON.stringify(tables)).length > MOST_BYTES) tables.pop();
  const more = first.tables.length + then.tables.length - tables.length + (first.more ?? 0) + (then.more ?? 0);
  const reasons = [first.reason, then.reason].filter(Boolean).join('; ').slice(0, 500);
  const noFile = first.noFile ?? then.noFile;
  const looks = [...(first.looks ?? []), ...(then.looks ?? [])];
  return {
    ...first,
    ...(then.compareJobId && { compareJobId: then.compareJobId }),
    verdict: worst([first.verdict, then.verdict]),
    ...(reasons && { reason: reasons }),
    counts: Object.fromEntries(
      verdicts.map((verdict) => [verdict, first.counts[verdict] + then.counts[verdict]]),
    ) as unknown as KindVerdict['counts'],
    differing: first.differing + then.differing,
    tables,
    ...(more > 0 && { more }),
    files: [...(first.files ?? []), ...(then.files ?? [])],
    measured: [...(first.measured ?? []), ...(then.measured ?? [])],
    ...(looks.length > 0 && { looks }),
    ...(noFile && { noFile }),
  };
}
