import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { toFailure, toStop } from './failure.js';

/** An activity is given up when it is silent for its heartbeat time-out; so it says three times as often that it lives. */
const BEATS = 3;

/** Every activity heartbeats by itself, with what it said last, and its errors are translated. */
export const activityInterceptor = (context: Context): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      const beat = keepBeating(context);
      try {
        return await next(input);
      } catch (error) {
        throw context.cancellationSignal.aborted ? toStop(context.cancellationSignal.reason) : toFailure(error);
      } finally {
        clearInterval(beat);
      }
    },
  },
});

function keepBeating(context: Context): NodeJS.Timeout | undefined {
  const { heartbeatTimeoutMs, heartbeatDetails } = context.info;
  if (!heartbeatTimeoutMs) return undefined;
  const heartbeat = context.heartbeat.bind(context);
  let last: unknown = heartbeatDetails;
  Object.assign(context, {
    heartbeat: (details: unknown) => {
      last = details;
      heartbeat(details);
    },
  });
  return setInterval(() => heartbeat(last), heartbeatTimeoutMs / BEATS);
}
