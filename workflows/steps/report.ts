import { reporting } from '../activities.js';
import { readFailure } from '../failure.js';
import type { Result } from '../messages.js';
import type { PlanBase, ReportSpec } from '../plans/common.js';
import type { Run } from '../run.js';

/** Has the result of a switchover written as a page, however it ends. A store that has trouble changes nothing of what was done. */
export function reportTo(run: Run<PlanBase>, spec: ReportSpec | undefined): void {
  if (!spec) return;
  const { store } = spec;
  run.reports(async (result: Result) => {
    const input = { store, run: run.whereabouts, result, at: new Date().toISOString() };
    return await reporting.writeSwitchoverReport(input).then(
      (file) => ({ ...file }),
      (error: unknown) => ({ store, problem: readFailure(error).message }),
    );
  });
}
