import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kind, Outcome } from './errors.js';
import type { UseType } from './operations/common.js';
import type { HttpReply } from './transport.js';
import { Trouble } from './trouble.js';

/** Runs a function as a part of the call that a request was sent for: whatever follows asynchronous calls finds it there. */
export type Caller = <T>(work: () => T) => T;

/** One HTTP request to a cloud. Nothing in it, nor in how it ended, is secret. */
export interface Sent {
  readonly cloud: string;
  /** Huawei's operation id. */
  readonly operation: string;
  /** Jobs that it carries; 0 for the two calls of IAM. */
  readonly jobs: number;
  /** Of all calls that travel in it; empty for what a connection does by itself. */
  readonly callers: readonly Caller[];
}

export interface Ended {
  /** HTTP status; absent where no reply came back whole. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** Why it failed as a whole; absent where it was not judged, or was aborted. */
  readonly kind?: Kind | undefined;
  readonly code?: string | undefined;
  /** The service said "too many". */
  readonly throttled?: boolean | undefined;
  /** What the reply says of each job. */
  readonly outcomes: readonly Outcome<unknown>[];
}

/** Is told what a connection does: for metrics, traces and logs. It must not throw: that would fail the call. */
export interface Observer {
  /** A request leaves; what comes back is told how it ended. */
  readonly request?: (sent: Sent) => (ended: Ended) => void;
  /** The one outcome of a job that was asked for, however many requests it took. */
  readonly outcome?: (cloud: string, operation: string, outcome: Outcome<unknown>) => void;
  /** A watcher's round is over: so many tasks were asked for, by so many calls of the list and of readings. */
  readonly round?: (round: { readonly useType: UseType; readonly tasks: number; readonly calls: number }) => void;
}

/** The caller's place in the program, for those who observe. */
export const callerHere = (observer: Observer | undefined): Caller | undefined =>
  observer?.request && (AsyncLocalStorage.snapshot() as Caller);

/** Sends, and tells the observer of it. `read` finds the outcomes in the reply, or throws why there are none. */
export async function observed<T>(
  observer: Observer | undefined,
  sent: Sent,
  send: () => Promise<HttpReply>,
  read: (reply: HttpReply) => { readonly value: T; readonly outcomes: readonly Outcome<unknown>[] },
): Promise<T> {
  const tell = observer?.request?.(sent);
  if (!tell) return read(await send()).value;
  let reply: HttpReply | undefined;
  const about = () => ({ status: reply?.status, requestId: reply?.requestId, throttled: reply?.throttled });
  try {
    reply = await send();
    const { value, outcomes } = read(reply);
    tell({ ...about(), outcomes });
    return value;
  } catch (error) {
    const { kind, facts } = error instanceof Trouble ? error : { kind: undefined, facts: {} };
    tell({ ...about(), kind, code: facts.code, outcomes: [] });
    throw error;
  }
}
