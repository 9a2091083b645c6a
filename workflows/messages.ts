import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LockView } from '../activities/lock-view.js';
import type { Requester } from '../activities/services.js';
import type { Kind } from '../drs/errors.js';

export type { LockView };

/** Everything that people and programs say to a run, and hear from it. Names and fields are public: they stand in histories. */

export const DECISIONS = ['approve', 'reject', 'withdraw', 'retry', 'skip', 'abort', 'acknowledge'] as const;
export type Choice = (typeof DECISIONS)[number];

/** What a retry may change: endpoints as long as the task is in CONFIGURATION, names of secrets always. */
export interface Change {
  readonly source?: Readonly<Record<string, unknown>>;
  readonly target?: Readonly<Record<string, unknown>>;
}

/** The payload of `approve`, `reject` and `decide`; `approve` and `reject` carry their decision in their name. */
export interface Decision {
  /** The opening it answers, `cutover#1`. */
  readonly gate: string;
  readonly by: string;
  readonly reason: string;
  readonly decision: Choice;
  /** For `acknowledge`: names of the evidence items. */
  readonly items?: readonly string[];
  readonly change?: Change;
  readonly force?: boolean;
  /** Number of the evidence that the person saw. */
  readonly snapshot?: number;
  readonly time?: string;
  readonly signature?: string;
}

export interface Receipt {
  readonly gate: string;
  readonly accepted: true;
  /** `1 of 2`. */
  readonly approvals: string;
}

export interface Comment {
  readonly by: string;
  readonly reason: string;
}

export type ItemClass = 'ok' | 'warning' | 'blocking';
export interface Item {
  readonly item: string;
  readonly class: ItemClass;
  readonly value: string;
}
export interface Evidence {
  readonly snapshot: number;
  /** SHA-256 of the items, hex: what a person approved can be told from what was shown later. */
  readonly hash: string;
  readonly items: readonly Item[];
}

/** Somebody whose approval counts. */
export interface Approver {
  readonly by: string;
  readonly at: string;
  /** From then on it counts no more; null: it counts until the gate closes. */
  readonly expires: string | null;
  readonly force?: true;
}

export interface GateView {
  readonly id: string;
  readonly question: string;
  readonly decisions: readonly Choice[];
  readonly approvals: string;
  readonly group: string | null;
  readonly expires: string | null;
  readonly evidence: Evidence;
  readonly approvers?: readonly Approver[];
  /** Decisions must be signed: `drs-pilot … --key FILE`. */
  readonly signed?: true;
  /** Under four eyes who requested the run and can't approve; null: nobody signed the request, and nobody can. */
  readonly fourEyes?: string | null;
  /** When it may be approved: `01:00–04:00 Asia/Shanghai`. */
  readonly window?: string;
  /** From when on whose members may decide, too. */
  readonly escalation?: { readonly group: string; readonly from: string };
  /** Items that keep it from being approved, and whether an approval may override them: `allowed`, or why not. */
  readonly blocked?: { readonly by: readonly string[]; readonly force: string };
}

export type StepState = 'pending' | 'running' | 'waits' | 'done' | 'skipped' | 'failed';
export interface StepRow {
  readonly step: string;
  readonly state: StepState;
  readonly since?: string;
  /** `41s`. */
  readonly took?: string;
  readonly note?: string;
  /** Percent; merged in by clients out of the pending activity's heartbeat. */
  readonly progress?: number;
}

export interface DecisionRecord extends Partial<Proof> {
  readonly gate: string;
  readonly decision: Choice | 'comment' | UpdateName;
  readonly by: string;
  /** True where no signature proves who it was. */
  readonly claimed: boolean;
  readonly reason: string;
  readonly at: string;
  /** Number and hash of the evidence that was shown. */
  readonly snapshot?: number;
  readonly hash?: string;
  readonly items?: readonly string[];
  readonly change?: Change;
  readonly force?: boolean;
}

export interface Refusals {
  readonly count: number;
  readonly last: readonly { readonly signal: string; readonly at: string; readonly why: string }[];
}

/** That somebody said it: the signature belongs to the text, and anybody can verify it again with `ssh-keygen -Y verify`. */
export interface Proof {
  readonly time: string;
  readonly signature: string;
  /** `SHA256:…` of the key. */
  readonly key: string;
  /** Canonical JSON (RFC 8785) of the whole decision. */
  readonly text: string;
}

/** A signature counts in no other run. `runId` is that of the first run where one was reset. */
export interface Place {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
}

export interface Status {
  readonly kind: string;
  readonly name: string;
  /** What signatures say of the run. */
  readonly place?: Place;
  /** Who requested the run, where a signature proves it. */
  readonly requested?: Requester;
  readonly jobId?: string;
  readonly phase: string;
  readonly since: string;
  readonly steps: readonly StepRow[];
  readonly gate?: GateView;
  readonly decisions: readonly DecisionRecord[];
  readonly refusedSignals: Refusals;
  /** Once the run has ended. */
  readonly outcome?: RunOutcome;
  readonly task?: string;
}

export type RunOutcome = 'completed' | 'aborted' | 'rejected' | 'cancelled' | 'failed';
/** The status at the end, and what the kind adds. A failed run carries it as the details of its failure. */
export interface Result extends Status {
  readonly outcome: RunOutcome;
  /** What became of the DRS task: `running`, `kept`, `paused`, `terminated`, `deleted`, `none`. */
  readonly task: string;
}

/** What became of one job of a call, as the result of the run tells it. */
export type JobOutcome = { readonly jobId: string; readonly name?: string } & (
  | { readonly ok: true; readonly result: unknown; readonly remark?: string }
  | {
      readonly ok: false;
      /** `ambiguous`: it may have been done. `notSent`: it was not. */
      readonly kind: Kind | 'notSent';
      readonly message: string;
      readonly code?: string;
      readonly requestId?: string;
      /** Who left it at that. */
      readonly accepted?: string;
    }
);

export const status = defineQuery<Status>('status');

/** Query of the lock of a task, a workflow of type `jobLock`. */
export const lockQuery = defineQuery<LockView>('lock');

/** What the lock of a task tells a run that it was taken from. */
export interface LockTaken {
  readonly jobId: string;
  readonly by: string;
  readonly reason: string;
  /** The run that has it now. */
  readonly workflowId: string;
}
export const lockTaken = defineSignal<[unknown]>('lockTaken');

/** Another version of the workers is current: a run that supervises goes on by it. */
export const upgrade = defineSignal<[]>('upgrade');

/** What a person changes in a task that a run supervises: updates only, validated and answered. */
export const UPDATES = ['pause', 'resume', 'limitSpeed', 'rotatePassword', 'edit', 'end'] as const;
export type UpdateName = (typeof UPDATES)[number];

export interface UpdateReceipt {
  readonly accepted: true;
  /** False where others must say the same first, or where it has begun and takes its time. */
  readonly done: boolean;
  /** `1 of 2`: how many have asked for exactly this. */
  readonly approvals: string;
  /** What became of it, in one line. */
  readonly message: string;
}
export const changeUpdate = (name: UpdateName) => defineUpdate<UpdateReceipt, [unknown]>(name);

export const MESSAGES = ['approve', 'reject', 'decide', 'comment'] as const;
export type MessageName = (typeof MESSAGES)[number];

/** Both forms of each message: a signal (the Temporal UI sends it without an answer) and an update (validated and answered). */
export const signalOf = (name: MessageName) => defineSignal<[unknown]>(name);
export const updateOf = (name: MessageName) => defineUpdate<Receipt, [unknown]>(name);
