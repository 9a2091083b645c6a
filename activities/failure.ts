import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { DrsError, KINDS } from '../drs/errors.js';
import { HookError } from './hooks.js';
import { STORE_TROUBLE, StoreError } from './stores.js';

/** The only place where an error of ours becomes one of Temporal's. */
export function toFailure(error: unknown): unknown {
  if (error instanceof StoreError) return storeFailure(error);
  if (error instanceof HookError)
    return ApplicationFailure.nonRetryable(error.message, 'drs.hook', { hook: error.hook });
  if (!(error instanceof DrsError)) return error;
  const { retry } = KINDS[error.kind];
  const { retryAfter, ...at } = error.at;
  return ApplicationFailure.create({
    message: error.message,
    type: `drs.${error.kind}`,
    details: [at],
    nonRetryable: !retry,
    ...(retry && retryAfter !== undefined && { nextRetryDelay: retryAfter }),
    ...(retry && { category: ApplicationFailureCategory.BENIGN }),
  });
}

function storeFailure({ kind, store, message }: StoreError): ApplicationFailure {
  const { retry } = STORE_TROUBLE[kind];
  return ApplicationFailure.create({
    message,
    type: 'drs.store',
    details: [{ store, kind }],
    nonRetryable: !retry,
    ...(retry && { category: ApplicationFailureCategory.BENIGN }),
  });
}

/** A cancelled activity says so; one that only lost its worker is tried again at once, elsewhere. */
export function toStop(reason: unknown): unknown {
  const name = reason instanceof CancelledFailure ? reason.message : String(reason);
  if (!/WORKER_SHUTDOWN/.test(name)) return reason instanceof CancelledFailure ? reason : new CancelledFailure(name);
  return ApplicationFailure.create({
    message: 'the worker shuts down; it goes on elsewhere',
    type: 'drs.workerShutdown',
    nextRetryDelay: '10 milliseconds',
    category: ApplicationFailureCategory.BENIGN,
  });
}
