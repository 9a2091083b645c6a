import { setHandler } from '@temporalio/workflow';
import type { KindVerdict } from '../activities/comparison/read.js';
import type { ComparisonKind } from '../activities/comparison/scope.js';
import { holders } from '../activities/lock-view.js';
import { COMPARISON_KINDS, type Consistency } from '../drs/consistency.js';
import { Display } from './display.js';
import { Locks } from './locks.js';
import { type Status, status } from './messages.js';
import { StepTable } from './step-table.js';
import type { TaskComparisonInput, TaskVerdict } from './task-comparison.js';
import { WORDS } from './verdicts.js';

/** ms that another run may hold the task's lock before it is passed over: a switchover takes minutes. */
const LOCKED_MS = 600_000;

/** What people see of the comparison of one task, and its hold on the task. */
export class TaskView {
  readonly kinds: KindVerdict[] = [];
  private readonly began = Date.now();
  private readonly steps = new StepTable(() => this.display.refresh());
  private readonly display = new Display(() => this.status());
  private readonly locks: Locks;

  constructor(private readonly input: TaskComparisonInput) {
    const { name, cloud, task, kinds } = input;
    setHandler(status, () => this.status(), { description: 'How far the comparison is, as JSON' });
    this.locks = new Locks({
      kind: 'comparison',
      about: () => ({ name, cloud }),
      ask: () => Promise.reject(new Error('a comparison asks nobody')),
      show: () => undefined,
      note: (text) => this.steps.mark('Lock', 'failed', text),
    });
    if (task.jobId) this.display.tasks([task.jobId]);
    this.steps.outline(['Lock', ...COMPARISON_KINDS.filter((kind) => kinds.includes(kind)).map(rowOf)]);
  }

  /** Who holds the lock alone, where it is not to be had in time. */
  async lock(): Promise<string | undefined> {
    const { task, name } = this.input;
    this.steps.mark('Lock', 'waits');
    const shared = { mode: 'shared', within: LOCKED_MS } as const;
    const other = await this.locks.tryAcquire([task.jobId], `to compare it (${name})`, undefined, shared);
    if (!other) this.steps.finish('Lock', this.began, undefined, true);
    return other && holders(other);
  }

  async unlock(): Promise<void> {
    await this.locks.release();
  }

  tell(kind: ComparisonKind, state: 'running' | 'waits' | 'done' | 'failed', note: string): void {
    if (state !== 'failed') this.locks.demand();
    this.steps.mark(rowOf(kind), state, note);
  }

  end(verdict: Consistency, reason?: string): TaskVerdict {
    const { jobId, name, status: standing, useType } = this.input.task;
    this.display.phase = WORDS[verdict];
    this.display.refresh();
    return {
      jobId,
      name,
      ...(standing && { status: standing }),
      ...(useType && { useType }),
      verdict,
      ...(reason && { reason }),
      seconds: Math.round((Date.now() - this.began) / 1_000),
      kinds: this.kinds,
    };
  }

  private status(): Status {
    const { jobId, name } = this.input.task;
    return {
      kind: 'taskComparison',
      name,
      ...(jobId && { jobId }),
      phase: this.display.phase,
      since: this.display.since,
      steps: this.steps.view(),
      decisions: [],
      refusedSignals: { count: 0, last: [] },
    };
  }
}

const rowOf = (kind: ComparisonKind): string => `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
