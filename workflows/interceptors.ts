import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { LOCKS_HEADER } from '../activities/lock-view.js';
import { shownLocks } from './locks.js';
import { tracing } from './tracing.js';
import { settledMessages } from './unreadable.js';

/** Every activity shows the locks under which it was handed out: one that comes late is refused once they are lost. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const { inbound, outbound } = tracing();
  return {
    inbound: [settledMessages(), inbound],
    outbound: [
      outbound,
      {
        async scheduleActivity(input, next) {
          const locks = shownLocks();
          if (locks.length === 0) return await next(input);
          const header = { [LOCKS_HEADER]: defaultPayloadConverter.toPayload(locks) };
          return await next({ ...input, headers: { ...input.headers, ...header } });
        },
      },
    ],
    internals: [
      {
        // For a signal with a name of its own that nobody hears the SDK throws, now and at every replay: it gets one to be refused by.
        activate(input, next) {
          for (const { signalWorkflow: signal } of input.activation.jobs ?? []) {
            if (signal?.signalName?.startsWith('__temporal_')) signal.signalName = `reserved name ${signal.signalName}`;
          }
          next(input);
        },
      },
    ],
  };
};
