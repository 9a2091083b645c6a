/** The lock of a DRS task, as workflows and activities speak of it. Stands in histories: fields are only added. */

/** A run that holds locks. `runId` is its first execution's: it stays the same over continue-as-new and reset. */
export interface Owner {
  readonly workflowId: string;
  readonly runId: string;
  readonly kind: string;
  readonly name: string;
}

/** Comparisons share a lock; whoever changes the task has it alone. */
export type LockMode = 'exclusive' | 'shared';

/** Somebody who holds a lock, or waits for it. */
export interface Ticket {
  readonly owner: Owner;
  readonly mode: LockMode;
  /** What for, as the end of a sentence: `to end the task`. */
  readonly reason: string;
  readonly since: string;
}

export interface Hold extends Ticket {
  /** Grows with every grant: who acts late shows it, and is refused once the lock went to another. */
  readonly token: number;
}

/** A lock that was taken over from a holder. */
export interface Taken {
  readonly from: Owner;
  readonly to: Owner;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** The lock of one DRS task, as its query `lock` tells it. */
export interface LockView {
  readonly jobId: string;
  readonly cloud: string;
  readonly holders: readonly Hold[];
  /** In their order. */
  readonly queue: readonly Ticket[];
  /** The last ones only. */
  readonly taken: readonly Taken[];
}

export interface LockRequest {
  readonly owner: Owner;
  readonly mode: LockMode;
  readonly reason: string;
}

/** Who decided that a lock be taken over, and why. */
export interface TakeOver extends LockRequest {
  readonly by: string;
  readonly why: string;
}

/** What the lock answers. Without a token the request stands in the queue. */
export interface LockAnswer {
  readonly token?: number;
  readonly lock: LockView;
}

/** A lock that a run holds. */
export interface Held {
  readonly jobId: string;
  readonly lockId: string;
  readonly token: number;
}

/** What an activity shows of the locks under which it was handed out, in this header. */
export interface Shown extends Held {
  readonly runId: string;
}
export const LOCKS_HEADER = 'drs-locks';

/** Id of the workflow that is the lock. */
export const lockIdOf = (cloud: string, jobId: string): string => `drs-lock-${cloud}-${jobId}`;

/** `waits for the lock of J, held by migration-orders since 2026-03-01T02:11:09Z to end the task` */
export const waitsFor = (lock: LockView): string => `waits for the lock of ${lock.jobId}, held by ${holders(lock)}`;

export const holders = ({ holders: held, queue }: LockView): string =>
  held.map(holding).join(' and ') || `nobody yet; first in its queue is ${queue[0] ? holding(queue[0]) : 'nobody'}`;

/** `migration-orders since 2026-03-01T02:11:09Z to end the task` */
export const holding = ({ owner, since, reason }: Ticket): string =>
  `${owner.workflowId} since ${since.slice(0, 19)}Z ${reason}`;
