import { defaultPayloadConverter } from '@temporalio/common';
import { type WorkflowInterceptorsFactory, workflowInfo } from '@temporalio/workflow';
import type { LOCKS_HEADER } from '../activities/locks.js';
import { shownLocks } from './locks.js';
import { isUndecodable, UNDECODABLE } from './plans/decision.js';
import { tracing } from './tracing.js';
import { settledMessages } from './unreadable.js';

/** Workflow type of the locks of tasks. */
const LOCK = 'jobLock';
const HEADER: typeof LOCKS_HEADER = 'drs-locks';

/** Every activity shows the locks under which it was handed out: one that comes late is refused once they are lost. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const { inbound, outbound } = tracing();
  return {
    inbound: [
      {
        // What a run hands over to itself, or a run to a lock, is no bad input: without the key the task waits for a worker that has it.
        async execute(input, next) {
          const { workflowType, continuedFromExecutionRunId } = workflowInfo();
          const ours = continuedFromExecutionRunId !== undefined || workflowType === LOCK;
          const lost = ours ? input.args.find(isUndecodable) : undefined;
          if (lost) throw new Error(`what this run knew cannot be read: ${lost[UNDECODABLE]}`);
          return await next(input);
        },
      },
      ...(workflowInfo().workflowType === LOCK ? [] : [settledMessages()]),
      inbound,
    ],
    outbound: [
      outbound,
      {
        async scheduleActivity(input, next) {
          const locks = shownLocks();
          if (locks.length === 0) return await next(input);
          const header = { [HEADER]: defaultPayloadConverter.toPayload(locks) };
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
