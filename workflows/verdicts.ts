import type { KindVerdict } from '../activities/comparison/read.js';
import type { ComparisonKind } from '../activities/comparison/scope.js';
import type { Consistency } from '../drs/consistency.js';
import { readFailure } from './failure.js';

/** `38 consistent, 2 inconsistent`. */
export const describe = ({ counts, verdict, reason }: Pick<KindVerdict, 'counts' | 'verdict' | 'reason'>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${WORDS[what as Consistency]}`)
    .join(', ') || [WORDS[verdict], reason].filter(Boolean).join(': ');

/** Verdicts as people read them. */
export const WORDS: Readonly<Record<Consistency, string>> = {
  consistent: 'consistent',
  inconsistent: 'inconsistent',
  notComparable: 'not comparable',
  notFinished: 'not finished',
};

/** Of a kind of which nothing was found. */
export const none = (kind: ComparisonKind, verdict: Consistency, reason: string): KindVerdict => ({
  kind,
  verdict,
  reason,
  counts: { consistent: 0, notComparable: 0, notFinished: 0, inconsistent: 0 },
  differing: 0,
  tables: [],
});

/** What a failure says of the task: where DRS refuses to compare it, it is not comparable; else nobody knows. */
export function judged(error: unknown): [Consistency, string] {
  const { type, message } = readFailure(error);
  const refused = ['drs.request', 'drs.wrongState', 'drs.wrongId', 'drs.notFound'].includes(type);
  return [refused ? 'notComparable' : 'notFinished', message.slice(0, 500)];
}
