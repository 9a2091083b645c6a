import { ApplicationFailure, activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { verdict, type WaitName, waits } from '../drs/waits.js';
import type { Seen } from '../drs/watcher.js';
import { detailsOf, type JobAt } from './job.js';
import { underLock } from './locks.js';
import type { Services } from './services.js';
import { restore } from './task-changes.js';

export interface Retried extends JobAt {
  /** A person said "retry": a task that has failed is retried first (§6.1.12), and given time to leave that status. */
  readonly retry?: boolean;
}

export interface WaitInput extends Retried {
  readonly wait: WaitName;
  /** ms; the wait is over only once the incremental delay is known and not above it. */
  readonly maxDelay?: number;
}

export interface Waited {
  readonly status: string;
  /** ms. */
  readonly delay?: number;
}

export interface DelayInput extends Retried {
  /** ms. */
  readonly maxDelay: number;
  /** ms; how long to try. */
  readonly within: number;
}

/** Reads of the delay in a row that must all be small enough. */
const READS = 2;
const DELAY_EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
/** So long a task may still show the failure that it was retried for. */
export const GRACE_MS = 120_000;

/** One activity however long it lasts, so that a month of waiting costs no history. */
export const waitFor =
  (services: Services, pace: number) =>
  async ({ wait, maxDelay, retry, ...job }: WaitInput): Promise<Waited> => {
    const { watcher } = services.cloud(job.cloud);
    const rule = waits[wait];
    const say = await begin(services, job, retry, pace);
    const seen = await watcher.watch(
      { ...job, everyMs: rule.everyMs, delay: maxDelay !== undefined },
      (now) => {
        const old = say(now);
        const said = verdict(rule, now.status);
        return (
          (said === 'failed' && !old) ||
          (said === 'reached' && (maxDelay === undefined || (now.delay !== undefined && now.delay <= maxDelay)))
        );
      },
      cancellationSignal(),
    );
    if (verdict(rule, seen.status) === 'failed') throw await taskFailure(services, job, seen.status);
    return { status: seen.status, ...(seen.delay !== undefined && { delay: seen.delay }) };
  };

/** After the approval of a cutover: whether the delay comes down, and stays down, within the given time. */
export const waitForDelay =
  (services: Services, pace: number) =>
  async ({
    maxDelay,
    within,
    retry,
    ...job
  }: DelayInput): Promise<{ reached: boolean; delay?: number; at: string }> => {
    const { watcher } = services.cloud(job.cloud);
    const say = await begin(services, job, retry, pace);
    const until = Date.now() + within;
    let small = 0;
    const seen = await watcher.watch(
      { ...job, everyMs: DELAY_EVERY_MS, delay: true },
      (now) => {
        const old = say(now);
        if (verdict(waits.inSync, now.status) === 'failed' && !old) return true;
        if (now.trouble === undefined) small = now.delay !== undefined && now.delay <= maxDelay ? small + 1 : 0;
        return small >= READS || Date.now() + DELAY_EVERY_MS * pace > until;
      },
      cancellationSignal(),
    );
    if (verdict(waits.inSync, seen.status) === 'failed') throw await taskFailure(services, job, seen.status);
    return { reached: small >= READS, ...(seen.delay !== undefined && { delay: seen.delay }), at: seen.at };
  };

/**
 * Retries what a person said to, once: an activity that another worker takes over only waits. What it gives tells of the task
 * in the heartbeat, and whether a failure is still the one that was retried.
 */
export async function begin(
  services: Services,
  job: JobAt,
  retry: boolean | undefined,
  pace: number,
): Promise<(now: Seen, note?: string) => boolean> {
  const before = activityInfo().heartbeatDetails as { retried?: boolean } | undefined;
  const retried = before?.retried ?? false;
  let old = retry && !retried ? await underLock(services, job, 'to retry it', () => restore(services, job)) : undefined;
  const until = Date.now() + GRACE_MS * pace;
  if (retry) heartbeat({ retried: true });
  return (now, note) => {
    heartbeat({ ...(note && { note }), ...shown(now), ...(retry && { retried: true }) });
    if (now.status !== old || Date.now() > until) old = undefined;
    return old !== undefined;
  };
}

/** What clients merge into the step table. */
export const shown = ({ status, progress, delay, rpo, rto, action, trouble }: Seen) => ({
  status,
  ...(progress !== undefined && { progress }),
  ...(delay !== undefined && { delaySeconds: delay / 1_000 }),
  ...((rpo !== undefined || rto !== undefined) && { note: lag({ rpo, rto }) }),
  ...(action && { note: action }),
  ...(trouble && { note: trouble.slice(0, 300) }),
});

/** `RPO 0.2 s, RTO unknown`. */
const lag = ({ rpo, rto }: { rpo: number | undefined; rto: number | undefined }): string => {
  const seconds = (ms: number | undefined) => (ms === undefined ? 'unknown' : `${ms / 1_000} s`);
  return `RPO ${seconds(rpo)}, RTO ${seconds(rto)}`;
};

/** A failed task with the reason that its details give, and when DRS will stop it by itself. */
export async function taskFailure(services: Services, job: JobAt, status: string): Promise<ApplicationFailure> {
  const details = await detailsOf(services, job).catch(() => undefined);
  const code = details?.error_code;
  const reason = [details?.failed_reason, details?.error_message].find(Boolean)?.slice(0, 500);
  const message = `DRS task ${job.jobId} is ${status}${reason ? `: ${reason}` : ''}${code ? ` (${code})` : ''}`;
  const stops = new Date(Date.now() + job.expiredDays * DAY_MS).toISOString().slice(0, 10);
  const items = [
    { item: 'task', class: 'blocking', value: `${job.jobId} is ${status}` },
    ...(reason || code ? [{ item: 'cause', class: 'blocking', value: [code, reason].filter(Boolean).join(' ') }] : []),
    ...(/TRANSFER_FAILED|START_?JOB_FAILED/.test(status)
      ? [
          {
            item: 'DRS stops it by itself',
            class: 'warning',
            value: `about ${stops}, ${job.expiredDays} days after it failed (expired_days)`,
          },
        ]
      : []),
  ];
  return ApplicationFailure.create({
    message,
    type: 'drs.taskFailed',
    nonRetryable: true,
    details: [{ jobId: job.jobId, status, ...(code && { code }), items }],
  });
}
