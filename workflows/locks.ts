import { ApplicationFailure, CancellationScope, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import {
  type Held,
  holders,
  type LockMode,
  type LockView,
  lockIdOf,
  type Owner,
  type Shown,
  waitsFor,
} from '../activities/lock-view.js';
import type { LocksAnswer, LocksInput } from '../activities/locks.js';
import { local, waits, waitsQueue } from './activities.js';
import { item } from './evidence.js';
import type { Answer, Ask } from './gate.js';
import { type LockTaken, lockTaken } from './messages.js';

/** So many locks are asked for in passing; more are worth an activity of their own. */
const FEW = 10;
/** ms that a lock may take before a person is asked. */
const MOMENT = 10_000;
const ASK_AGAIN = '1 hour';

/** What the locks must know of the run that holds them. */
export interface LockUser {
  readonly kind: string;
  about(): { readonly name: string; readonly cloud?: string | undefined };
  ask(ask: Ask): Promise<Answer>;
  /** Shows what is waited for; nothing any more where it is undefined. */
  show(waitsFor: string | undefined): void;
  /** Something for the record. */
  note(text: string): void;
}

/** What activities of this workflow show of the locks under which they are handed out. */
let shown: readonly Shown[] = [];
export const shownLocks = (): readonly Shown[] => shown;

/** A lock as it goes over to the next run; `taken`: it must be had back before anything is done. */
export interface CarriedHold extends Held {
  readonly taken?: LockTaken;
}

/** The locks of a run. Nothing is done to a task without its lock; one that was taken over must be had back first. */
export class Locks {
  private readonly held = new Map<string, Held>();
  private readonly lost = new Map<string, LockTaken>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly user: LockUser,
    carried: readonly CarriedHold[] = [],
  ) {
    for (const { taken, ...held } of carried) {
      this.held.set(held.jobId, held);
      if (taken) this.lost.set(held.jobId, taken);
    }
    this.changed();
    setHandler(lockTaken, (payload) => this.hear(payload), { description: 'Used by the locks of tasks' });
  }

  carry(): readonly CarriedHold[] {
    return [...this.held.values()].map((held) => {
      const taken = this.lost.get(held.jobId);
      return { ...held, ...(taken && { taken }) };
    });
  }

  /**
   * Until the locks are ours. When others hold them longer than a moment a person is asked, who may take them over; "abort" ends
   * the run. What we hold already is left as it is.
   */
  async acquire(jobIds: readonly string[], reason: string, mode: LockMode = 'exclusive'): Promise<void> {
    // In one order everywhere, so that no two runs wait for each other.
    const jobs = [...new Set(jobIds)].filter((jobId) => !this.held.has(jobId)).sort();
    if (jobs.length === 0) return;
    const request = this.request(jobs, reason, mode);
    let answer = jobs.length <= FEW ? await local.requestLocks(request) : undefined;
    if (!answer || answer.waitsFor) answer = await waits().waitForLocks({ ...request, within: MOMENT });
    while (answer.waitsFor) answer = await this.contend(request, answer.waitsFor);
    this.keep(answer.held);
  }

  /** The locks, or who holds the first that is not to be had in time (ms; a moment when left out). Asks nobody; takes over what was decided before. */
  async tryAcquire(
    jobIds: readonly string[],
    reason: string,
    takeOver?: { readonly by: string; readonly why: string },
    { mode = 'exclusive', within = MOMENT }: { readonly mode?: LockMode; readonly within?: number } = {},
  ): Promise<LockView | undefined> {
    const jobs = jobIds.filter((jobId) => !this.held.has(jobId)).sort();
    if (jobs.length === 0) return undefined;
    const request = this.request(jobs, reason, mode);
    let answer = await local.requestLocks(request);
    if (answer.waitsFor && takeOver) answer = await local.takeLocks({ ...request, ...takeOver });
    if (answer.waitsFor) answer = await waits().waitForLocks({ ...request, within });
    if (!answer.waitsFor) this.keep(answer.held);
    else await this.giveBack([...answer.held, { lockId: lockIdOf(answer.waitsFor.cloud, answer.waitsFor.jobId) }]);
    return answer.waitsFor;
  }

  /** Gives back these, or all. */
  async release(jobIds: readonly string[] = [...this.held.keys()]): Promise<void> {
    const held = jobIds.flatMap((jobId) => this.held.get(jobId) ?? []);
    for (const { jobId } of held) this.held.delete(jobId);
    this.changed();
    if (held.length > 0) await this.giveBack(held);
  }

  /** Does something under a lock, and gives it back unless it was held before. Asks nobody: who holds it is told by the error. */
  async locked<T>(
    jobId: string,
    reason: string,
    work: () => Promise<T>,
    takeOver?: { readonly by: string; readonly why: string },
  ): Promise<T> {
    const mine = this.turn.then(async () => {
      if (this.holds(jobId)) return await work();
      const other = await this.tryAcquire([jobId], reason, takeOver);
      if (other)
        throw ApplicationFailure.nonRetryable(`the lock of ${jobId} is held by ${holders(other)}`, 'drs.locked');
      try {
        return await work();
      } finally {
        await CancellationScope.nonCancellable(() => this.release([jobId]));
      }
    });
    // Parts of one run that change its task take turns: the lock is the run's, and each would give it back to the other's cost.
    this.turn = mine.catch(() => undefined);
    return await mine;
  }

  holds(jobId: string): boolean {
    return this.held.has(jobId);
  }

  /** Throws where a lock of ours was taken over: nothing may be done until it is had back. */
  demand(): void {
    const [first] = [...this.lost.values()].filter(({ jobId }) => this.held.has(jobId));
    if (!first) return;
    throw ApplicationFailure.nonRetryable(takenOver(first), 'drs.lockLost');
  }

  /** Has back what was taken over, as soon as the other gives it back. */
  async restore(): Promise<void> {
    const jobs = [...this.lost.keys()].filter((jobId) => this.held.has(jobId));
    this.lost.clear();
    for (const jobId of jobs) this.held.delete(jobId);
    await this.acquire(jobs, 'to go on where its lock was taken over');
  }

  private async contend(request: LocksInput, lock: LockView): Promise<LocksAnswer> {
    const scope = new CancellationScope();
    const waiting = scope.run(() => waits().waitForLocks({ ...request, past: lock.jobId }));
    waiting.catch(() => undefined);
    this.user.show(waitsFor(lock));
    try {
      for (;;) {
        const { decision, by, reason } = await this.user.ask({
          name: 'lock',
          question: `The lock of ${lock.jobId} is held by ${holders(lock)}. approve takes it over, retry keeps waiting for an hour, abort ends this run`,
          decisions: ['approve', 'retry', 'abort'],
          items: items(lock),
          settled: waiting.then(() => 'the lock is free'),
        });
        if (decision === 'approve') {
          await local.takeLocks({ ...request, jobs: [lock.jobId], by: by.join(', '), why: reason });
          this.user.note(
            `took the lock of ${lock.jobId} over from ${holders(lock)}, approved by ${by.join(', ')}: ${reason}`,
          );
        }
        if (decision === 'approve' || by[0] === 'drs-pilot') return await waiting;
        const free = await Promise.race([waiting, sleep(ASK_AGAIN)]);
        if (free) return free;
      }
    } finally {
      scope.cancel();
      this.user.show(undefined);
    }
  }

  private hear(payload: unknown): void {
    const { jobId, by, reason, workflowId } = (payload ?? {}) as Partial<Record<keyof LockTaken, unknown>>;
    if (typeof jobId !== 'string' || !this.held.has(jobId)) return;
    const taken = { jobId, by: text(by), reason: text(reason), workflowId: text(workflowId) };
    this.lost.set(jobId, taken);
    this.user.note(takenOver(taken));
  }

  private keep(held: readonly Held[]): void {
    for (const one of held) {
      this.held.set(one.jobId, one);
      this.lost.delete(one.jobId);
    }
    this.changed();
  }

  private async giveBack(held: readonly Pick<Held, 'lockId'>[]): Promise<void> {
    const input = { held: held.map(({ lockId }) => ({ lockId })), owner: this.owner };
    await (held.length <= FEW ? local.releaseLocks(input) : waits().releaseLocks(input));
  }

  private request(jobs: readonly string[], reason: string, mode: LockMode): LocksInput {
    const { cloud } = this.user.about();
    return { jobs, reason, mode, owner: this.owner, cloud, taskQueue: waitsQueue() };
  }

  private get owner(): Owner {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    return { workflowId, runId: firstExecutionRunId, kind: this.user.kind, name: this.user.about().name };
  }

  private changed(): void {
    const { firstExecutionRunId } = workflowInfo();
    shown = [...this.held.values()].map((held) => ({ ...held, runId: firstExecutionRunId }));
  }
}

const items = ({ holders: held, queue, taken }: LockView) => [
  ...held.map(({ owner, since, reason, mode }) =>
    item(owner.workflowId, 'warning', `holds it${mode === 'shared' ? ' shared' : ''} since ${since}: ${reason}`),
  ),
  ...queue.map(({ owner, since, reason }) => item(owner.workflowId, 'ok', `waits since ${since}: ${reason}`)),
  ...taken
    .slice(-3)
    .map(({ from, to, by, reason, at }) =>
      item('taken over', 'ok', `${at} by ${by}, from ${from.workflowId} to ${to.workflowId}: ${reason}`),
    ),
];

const takenOver = ({ jobId, by, reason, workflowId }: LockTaken): string =>
  `the lock of ${jobId} was taken over by ${workflowId}, as ${by} decided: ${reason}`;

const text = (value: unknown): string => String(value ?? '').slice(0, 500);
