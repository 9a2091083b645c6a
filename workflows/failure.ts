import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { item } from './evidence.js';
import type { Item } from './messages.js';

/** What a person needs to know of a failure: its type (`drs.connection`), one message, and the items behind it. */
export interface Failure {
  readonly type: string;
  readonly message: string;
  readonly items: readonly Item[];
}

export function readFailure(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const detail = (cause.details?.[0] ?? {}) as { items?: readonly Item[] };
    const message = cause.message || 'no reason was given';
    return { type: cause.type ?? 'drs.failed', message, items: detail.items ?? [item('cause', 'blocking', message)] };
  }
  const message =
    cause instanceof TimeoutFailure ? timedOut(error, cause) : cause instanceof Error ? cause.message : String(cause);
  return { type: 'drs.failed', message, items: [item('cause', 'blocking', message)] };
}

/** Temporal gave up trying: what the last try said is what a person must know. */
function timedOut(error: unknown, { cause }: TimeoutFailure): string {
  const activity = error instanceof ActivityFailure ? error.activityType : 'the call';
  return `${activity} had no success in its time${cause ? `; the last try: ${cause.message}` : ''}`;
}
