import type { Facts } from '../../activities/readiness-facts.js';
import type {
  Approved,
  Phase,
  PhaseTime,
  Standing,
  SwitchedTask,
  SwitchoverReport,
} from '../../activities/switchover-result.js';
import type { SwitchoverPlan } from '../plans/switchover.js';
import type { Run } from '../run.js';

interface Kept {
  began: string;
  tasks: SwitchedTask[];
  phases: PhaseTime[];
  approvals: Approved[];
  more: Partial<SwitchoverReport>;
  /** Who wants back what is done, and why. */
  back?: string;
}

/** What a switchover has come to: kept when the run continues as new, and part of its result however it ends. */
export class SwitchoverRecord {
  private readonly kept: Kept;

  constructor(
    run: Run<SwitchoverPlan>,
    private readonly plan: Pick<SwitchoverPlan, 'direction' | 'drill' | 'targetRto'>,
    /** Of what: the switchover itself, or the way back of what was done. */
    name: 'switchover' | 'switchedBack' = 'switchover',
  ) {
    const began = new Date().toISOString();
    this.kept = run.kept<Kept>(name, { began, tasks: [], phases: [], approvals: [], more: {} });
    this.report = name === 'switchover' ? () => run.report({ switchover: this.view() }) : () => undefined;
  }

  /** Writes into the result what there is. */
  readonly report: () => void;

  get tasks(): readonly SwitchedTask[] {
    return this.kept.tasks;
  }

  /** The tasks of a stage, or of all. */
  of(stage?: string): SwitchedTask[] {
    return this.kept.tasks.filter((task) => stage === undefined || task.stage === stage);
  }

  get began(): number {
    return Date.parse(this.kept.began);
  }

  begin(tasks: readonly { readonly jobId: string; readonly name: string; readonly stage: string }[]): void {
    if (this.kept.tasks.length > 0) return;
    this.kept.tasks.push(...tasks.map(({ jobId, name, stage }) => ({ jobId, name, stage, state: 'pending' as const })));
    this.report();
  }

  approved(approval: Approved): void {
    this.kept.approvals.push(approval);
    this.report();
  }

  /** From here on the tasks that are switched over go back. */
  goBack(said: string): void {
    this.kept.back = said;
  }

  get goesBack(): string | undefined {
    return this.kept.back;
  }

  add(more: Partial<SwitchoverReport>): void {
    Object.assign(this.kept.more, more);
    this.report();
  }

  /** Measures a phase, however it ends. */
  async timed<T>(phase: Phase, stage: string | undefined, work: () => Promise<T>): Promise<T> {
    const began = Date.now();
    try {
      return await work();
    } finally {
      const time = { began: new Date(began).toISOString(), tookMs: Date.now() - began };
      this.kept.phases.push({ phase, ...(stage && { stage }), ...time });
      this.report();
    }
  }

  view(): SwitchoverReport {
    const { began, tasks, phases, approvals, more } = this.kept;
    const { direction, drill, targetRto } = this.plan;
    const totalMs = Date.now() - this.began;
    const done = tasks.length > 0 && tasks.every(({ state }) => state === 'switched');
    const met = targetRto !== undefined && { targetMs: targetRto, met: totalMs <= targetRto };
    return {
      direction,
      drill,
      began,
      tasks: tasks.map((task) => ({ ...task })),
      phases: [...phases],
      approvals: [...approvals],
      totalMs,
      ...(done && { rto: { measuredMs: totalMs, ...met } }),
      ...more,
    };
  }
}

export const standing = ({ at, status, direction, readonly, rpo, rto }: Facts): Standing => ({
  at,
  ...(status && { status }),
  ...(direction && { direction }),
  ...(readonly !== undefined && { readonly }),
  ...(rpo !== undefined && { rpoMs: rpo }),
  ...(rto !== undefined && { rtoMs: rto }),
});
