export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What stands behind a failure that is no test's. */
  readonly problems: readonly string[];
}

/** Counts a JSON report of vitest, which may be missing after a crash. */
export function countTests(report: unknown, exitCode: number): Counts;

/** `N passed, N failed`, and `, N skipped` where some were. */
export function countsLine(counts: Omit<Counts, 'problems'>): string;
