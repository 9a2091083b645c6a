import { ApplicationFailure, CancelledFailure, isCancellation } from '@temporalio/workflow';
import { readFailure } from './failure.js';
import type { Result, RunOutcome } from './messages.js';

/** A decision to end the run. */
export class Ending extends Error {
  constructor(
    readonly outcome: 'rejected' | 'aborted',
    message: string,
  ) {
    super(message);
  }
}

/** How a run ends, other than well. */
export interface End {
  readonly outcome: Exclude<RunOutcome, 'completed'>;
  readonly message: string;
  /** Of the failure. */
  readonly type: string;
}

export function readEnd(error: unknown): End {
  const { message, type } = readFailure(error);
  if (isCancellation(error)) return { outcome: 'cancelled', message, type };
  if (error instanceof Ending) return { outcome: error.outcome, message, type: `drs.${error.outcome}` };
  return { outcome: 'failed', message, type };
}

/** The failure that Temporal keeps, with the record as its details. */
export function failureOf({ outcome, message, type }: End, title: string, result: Result): Error {
  if (outcome === 'cancelled')
    return new CancelledFailure(`${title} was cancelled; its task: ${result.task}`, [result]);
  return ApplicationFailure.create({ message, type, nonRetryable: true, details: [result] });
}

/** Failures after which nobody knows what DRS has done. */
const UNCLEAR: ReadonlySet<string> = new Set(['drs.failed', 'drs.transient', 'drs.ambiguous']);

/** Whether a run that knows of no task may have made one all the same. */
export const mayHaveMade = ({ outcome, type }: End): boolean => outcome !== 'failed' || UNCLEAR.has(type);
