import type { Context } from '@temporalio/activity';
import { type Client, defaultPayloadConverter } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { LOCKS_HEADER, type Shown } from './lock-view.js';
import { holdsLock } from './locks.js';

/** Whoever acts within this time acts on what its run knew of its locks: a run is told at once when one is taken over. */
const LATE_MS = 2_000;

/**
 * Refuses what comes late under a lock that is no longer held: a call that waited for a worker, or is tried again, while a person
 * gave the lock to another run.
 */
export const lockGuard =
  (temporal: Client) =>
  ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const header = input.headers[LOCKS_HEADER];
        const late = info.attempt > 1 || Date.now() - info.scheduledTimestampMs > LATE_MS;
        if (header && late) {
          for (const held of defaultPayloadConverter.fromPayload<readonly Shown[]>(header))
            await demand(temporal, held);
        }
        return await next(input);
      },
    },
  });

async function demand(temporal: Client, { jobId, lockId, runId, token }: Shown): Promise<void> {
  if (await holdsLock(temporal, lockId, runId, token)) return;
  throw ApplicationFailure.nonRetryable(
    `the lock of ${jobId} is not held any more, so nothing was sent`,
    'drs.lockLost',
    { jobId },
  );
}
