import type { Direction, ReadinessItem } from './readiness-items.js';

/** What the result of a switchover holds under `switchover`, for whoever writes it and whoever shows it. Public. */

/** What of a switchover is measured. */
export type Phase =
  | 'tasks'
  | 'readiness'
  | 'approval'
  | 'lock'
  | 'hooks before'
  | 'final readiness'
  | 'switchover'
  | 'verification'
  | 'hooks after';

export interface PhaseTime {
  readonly phase: Phase;
  readonly stage?: string;
  readonly began: string;
  readonly tookMs: number;
}

/**
 * Where a task of a switchover is. `unclear`: nobody knows whether the call was done; `refused`, `still`, `unverified`: a person is
 * asked; `skipped`: they left it at that; `rehearsed`: a drill sent nothing.
 */
export type TaskState =
  | 'pending'
  | 'sending'
  | 'unclear'
  | 'accepted'
  | 'refused'
  | 'still'
  | 'unverified'
  | 'switched'
  | 'skipped'
  | 'switchedBack'
  | 'rehearsed';

/** A task at one moment, as DRS told it. */
export interface Standing {
  readonly at: string;
  readonly status?: string;
  readonly direction?: string;
  /** is_target_readonly */
  readonly readonly?: boolean;
  readonly rpoMs?: number;
  readonly rtoMs?: number;
}

/** One task in the result of a switchover. */
export interface SwitchedTask {
  readonly jobId: string;
  readonly name: string;
  readonly stage: string;
  state: TaskState;
  /** Of what was not done, or not by the book: why. */
  why?: string | undefined;
  before?: Standing;
  after?: Standing;
  /** When the call was handed out, by the run's clock. */
  requestedAt?: string;
  verifiedAt?: string;
  /** From the one to the other. */
  tookMs?: number;
}

/** What the result of a switchover holds under `switchover`; all of it, too, where the run ends otherwise than well. */
export interface SwitchoverReport {
  readonly direction: Direction;
  readonly drill: boolean;
  readonly began: string;
  readonly tasks: readonly SwitchedTask[];
  readonly phases: readonly PhaseTime[];
  /** What was approved, opening by opening. */
  readonly approvals: readonly Approved[];
  /** From the start of the run to its end, people's time included. */
  readonly totalMs: number;
  /** The recovery time as it was, against the spec's target; only where every task is switched over. */
  readonly rto?: { readonly measuredMs: number; readonly targetMs?: number; readonly met?: boolean };
  /** Of a drill: what would have kept it from being done. */
  readonly wouldBlock?: readonly ReadinessItem[];
  /** The tasks that were switched over and are back. */
  readonly switchedBack?: SwitchoverReport;
  /** The run that waits to switch back. */
  readonly switchback?: { readonly workflowId: string; readonly problem?: string };
}

export interface Approved {
  readonly by: readonly string[];
  readonly reason: string;
  readonly at: string;
  readonly forced: boolean;
  readonly snapshot: number;
  readonly hash: string;
  readonly items: readonly ReadinessItem[];
}
