import type { Result, RunOutcome, Status } from './messages.js';
import type { StepTable } from './step-table.js';

/** What a kind adds to the result. */
export type Facts = Readonly<Record<string, unknown>>;
export type Reporter = (result: Result) => Promise<Facts>;

/** What the conclusion must know of the run. */
export interface ConcludedRun {
  status(): Status;
  phase(name: string): void;
}

const REPORT = 'Report';

/** What the result of a run will say beside its status, and in the end the result itself, with what became of its report. */
export class Conclusion {
  private facts: Facts;
  private reporter: Reporter | undefined;
  private known: Pick<Result, 'outcome' | 'task'> | undefined;

  constructor(
    private readonly run: ConcludedRun,
    private readonly steps: StepTable,
    carried: Facts = {},
  ) {
    this.facts = carried;
  }

  carry(): Facts {
    return this.facts;
  }

  /** What the status says of the end, once there is one. */
  get end(): Pick<Result, 'outcome' | 'task'> | undefined {
    return this.known;
  }

  report(facts: Facts): void {
    this.facts = { ...this.facts, ...facts };
  }

  reported<T>(fact: string): T | undefined {
    return this.facts[fact] as T | undefined;
  }

  /** Who writes the result down once there is one; what they say of it is part of it. Never fails. */
  reports(reporter: Reporter): void {
    this.reporter = reporter;
  }

  /** The result, and with it what became of its report. */
  async conclude(outcome: RunOutcome, extra: Facts): Promise<Result> {
    const result = this.result(outcome, extra);
    if (!this.reporter) return result;
    const began = Date.now();
    this.steps.mark(REPORT, 'running');
    const report = await this.reporter(result);
    if ('problem' in report) this.steps.fail(REPORT, String(report['problem']));
    else this.steps.finish(REPORT, began, String(report['name']), report);
    return this.result(outcome, { ...extra, report });
  }

  private result(outcome: RunOutcome, extra: Facts): Result {
    this.known = { outcome, task: 'none', ...this.facts, ...extra };
    this.run.phase(outcome);
    return { ...this.run.status(), ...this.known };
  }
}
