import {
  ActivityFailure,
  type ActivityOptions,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, LocalActivities, WaitActivities } from '../activities/index.js';

const again = { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

const repeated = (options: ActivityOptions) =>
  proxyActivities<Activities>({ heartbeatTimeout: '10 seconds', retry: again, ...options });

/** A call answers within seconds or not at all; which errors are worth repeating is decided in drs/errors.ts. */
export const callsWithin = (ms: number) => repeated({ startToCloseTimeout: '2 minutes', scheduleToCloseTimeout: ms });

/** So long a call is tried, ms. */
export const CALL_MS = 1_800_000;
export const calls = callsWithin(CALL_MS);

/** Calls that go on from page to page: how long that takes nobody knows before. */
export const pages = repeated({ startToCloseTimeout: CALL_MS, scheduleToCloseTimeout: CALL_MS });

/**
 * Calls that must not be sent twice: whatever happens to the worker, they are tried once, and a person is asked. When no worker takes
 * one up within so many ms, it is known not to be done.
 */
export const callsSoon = (ms: number) =>
  proxyActivities<Activities>({
    startToCloseTimeout: '12 minutes',
    scheduleToStartTimeout: ms,
    heartbeatTimeout: '10 seconds',
    retry: { maximumAttempts: 1 },
  });

/** Whether a call failed because no worker took it up: nothing was sent. */
export function wasNotTaken(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

/** What somebody waits for who asked for it, or what a person is shown in passing: done within a moment, or not at all. */
export const prompt = repeated({ startToCloseTimeout: '30 seconds', scheduleToCloseTimeout: '1 minute' });

const waiting = (options: ActivityOptions) =>
  proxyActivities<WaitActivities>({
    taskQueue: waitsQueue(),
    heartbeatTimeout: '30 seconds',
    retry: again,
    ...options,
  });

/** Waits may last for years: only silence is a fault. They have a queue of their own, so that they never starve calls. */
export const waits = () => waiting({ startToCloseTimeout: '3650 days' });

/** Waits that are given up after so many ms, tries and all. */
export const waitsWithin = (ms: number) => waiting({ startToCloseTimeout: ms, scheduleToCloseTimeout: ms });

/** Where waits run, and the locks of tasks, which wait, too. */
export const waitsQueue = (): string => workflowInfo().taskQueue.replace(/(-waits)?$/, '-waits');

/** What is tried once, for somebody who waits: a trial that fails is the answer. */
export const trials = proxyActivities<Activities>({
  startToCloseTimeout: '12 seconds',
  retry: { maximumAttempts: 1 },
});

/** What is written down of a run that has ended: tried for some minutes, then the result says that it is missing. */
export const reporting = repeated({ startToCloseTimeout: '1 minute', scheduleToCloseTimeout: '5 minutes' });

/** What the worker knows by itself, without any network. */
export const local = proxyLocalActivities<LocalActivities>({ startToCloseTimeout: '30 seconds', retry: again });

/** Small files of a store, for which an activity of its own would be most of the history; tried for as long as a call. */
export const files = proxyLocalActivities<LocalActivities>({
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: CALL_MS,
  retry: again,
});
