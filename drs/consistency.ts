export const COMPARISON_KINDS = ['objects', 'lines', 'contents', 'random'] as const;
export type ComparisonKind = (typeof COMPARISON_KINDS)[number];

/** What a comparison says of a table, a task, a night. The worst comes last: of several the worst counts. */
export const CONSISTENCIES = ['consistent', 'notComparable', 'notFinished', 'inconsistent'] as const;
export type Consistency = (typeof CONSISTENCIES)[number];

/** Of nothing nobody knows anything: that is not finished, never consistent. */
export const worst = (all: readonly Consistency[]): Consistency =>
  CONSISTENCIES.findLast((one) => all.includes(one)) ?? 'notFinished';

export interface Said {
  readonly verdict: Consistency;
  readonly reason?: string;
}

const said = (verdict: Consistency, reason?: string): Said => ({ verdict, ...(reason && { reason }) });

/** Statuses of a line comparison (§6.1.30, §6.1.31). */
const LINES: Readonly<Record<number, Said>> = {
  0: said('inconsistent', 'the numbers of rows differ'),
  2: said('consistent'),
  3: said('inconsistent', 'the target has no such table'),
  4: said('notFinished', 'its comparison failed'),
  5: said('notFinished', 'its comparison was still running'),
  6: said('notFinished', 'its comparison had not begun'),
  7: said('notFinished', 'its comparison was cancelled'),
  8: said('inconsistent', 'the source database is empty'),
  9: said('inconsistent', 'the target database is empty'),
  10: said('consistent', 'both are empty'),
  11: said('inconsistent', 'the source has no such table'),
  12: said('inconsistent', 'the target has no such table'),
  13: said('notComparable', 'neither side has the table'),
  14: said('notFinished', 'DRS could not connect to the source'),
  15: said('notFinished', 'DRS could not connect to the target'),
  16: said('notFinished', 'a query of the source timed out'),
  17: said('notFinished', 'a query of the target timed out'),
  18: said('notFinished', 'a query of the source failed'),
  19: said('notFinished', 'a query of the target failed'),
  20: said('notComparable', 'neither side has the database'),
  21: said('inconsistent', 'the source has no such database'),
  22: said('inconsistent', 'the target has no such database'),
  23: said('notComparable', 'more than 100 million rows'),
  27: said('notFinished', 'its comparison timed out'),
};

/** A status that this version does not know is no proof of anything. */
export const ofLines = (status: number | undefined): Said =>
  LINES[status ?? -1] ?? said('notFinished', `DRS says status ${status ?? 'nothing'}, which is not known`);

/** Words of the older form (§6.1.18). */
const OLDER: Readonly<Record<string, Said>> = {
  CONSISTENT: said('consistent'),
  INCONSISTENT: said('inconsistent'),
  TARGET_DB_NOT_EXIT: said('inconsistent', 'the target has no such database'),
  CAN_NOT_COMPARE: said('notComparable', 'DRS cannot compare it'),
  COMPARING: said('notFinished', 'its comparison was still running'),
  WAITING_FOR_COMPARISON: said('notFinished', 'its comparison had not begun'),
  FAILED_TO_COMPARE: said('notFinished', 'its comparison failed'),
};

/** `what`: how something is inconsistent. */
export function ofWord(word: string | undefined, message?: string, what = 'it differs'): Said {
  const known = Object.hasOwn(OLDER, word ?? '') ? OLDER[word ?? ''] : undefined;
  const { verdict, reason } = known ?? said('notFinished', `DRS says ${word ?? 'nothing'}, which is not known`);
  if (verdict === 'consistent') return said(verdict);
  return said(verdict, [reason ?? what, message].filter(Boolean).join(': '));
}

/** Of an object (§6.1.36, §6.1.37). */
export const ofObject = (status: number | undefined): Said =>
  status === 2
    ? said('consistent')
    : status === 0
      ? said('inconsistent', 'it differs')
      : said('notFinished', status === 3 ? 'its comparison is incomplete' : `DRS says status ${status ?? 'nothing'}`);

export interface ContentsRow {
  readonly status?: number | undefined;
  readonly line_compare_result?: boolean | undefined;
  readonly content_compare_result?: boolean | undefined;
  readonly message?: string | undefined;
}

/** Of a row of a value comparison (§6.1.33); those that come with `type=unCompare` are not comparable. */
export function ofContents({ status, line_compare_result, content_compare_result, message }: ContentsRow): Said {
  const because = message ? `: ${message}` : '';
  if (content_compare_result === false) return said('inconsistent', `values differ${because}`);
  if (line_compare_result === false) return said('inconsistent', `the numbers of rows differ${because}`);
  if (status !== undefined && status !== 2)
    return said('notFinished', `${UNFINISHED[status] ?? `DRS says status ${status}`}${because}`);
  if (content_compare_result === true) return said('consistent');
  return said('notFinished', `DRS tells no result${because}`);
}

const UNFINISHED: Readonly<Record<number, string>> = {
  1: 'its comparison was still running',
  3: 'its comparison had not begun',
  4: 'its comparison was cancelled',
};

/** Statuses of a comparison (§6.1.26, §6.1.36) in which it goes on; in all others that are known it is over. */
export const UNFINISHED_COMPARISONS: readonly string[] = [
  'RUNNING',
  'WAITING_FOR_RUNNING',
  'FULL_DOING',
  'INCRE_DOING',
];
export const ENDED_COMPARISONS: readonly string[] = ['SUCCESSFUL', 'FAILED', 'CANCELLED', 'TIMEOUT_INTERRUPT'];

/** A dynamic value comparison goes on comparing what changes until it is cancelled: its full part is over then. */
export const FULL_PART_OVER = 'INCRE_DOING';
