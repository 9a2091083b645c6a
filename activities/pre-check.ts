import { createHash } from 'node:crypto';
import { cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import type { Reply } from '../drs/operations/index.js';
import type { JobAt } from './job.js';
import type { Services } from './services.js';

export interface PrecheckFinding {
  readonly item: string;
  readonly result: string;
  readonly reason?: string;
  readonly group?: string;
}

/** The items that did not pass; those that did are only counted. */
export interface PrecheckResult {
  /** DRS allows the start. */
  readonly passed: boolean;
  readonly total: number;
  readonly findings: readonly PrecheckFinding[];
}

type Results = Reply<'batchCheckResults'>;

export interface PrecheckInput extends JobAt {
  /** `forRetryJob` after an edit of a running task (§6.1.6). */
  readonly mode?: 'forStartJob' | 'forRetryJob';
}

const EVERY_MS = 5_000;
/** A result has no run id (§6.1.7): one that looks like the last one's counts once it has stood for so long. */
const GRACE_MS = 60_000;

/** §6.1.6. Gives a print of the result before it, by which the new one can be told. */
export const startPrecheck =
  (services: Services) =>
  async ({ jobId, cloud, mode = 'forStartJob' }: PrecheckInput): Promise<{ before: string | null }> => {
    const { drs } = services.cloud(cloud);
    const signal = cancellationSignal();
    const before = await drs.batchCheckResults(jobId, { signal }).then(print, (error: unknown) => {
      // Before the first one there is nothing to tell.
      if (
        error instanceof DrsError &&
        error.kind !== 'transient' &&
        error.kind !== 'credentials' &&
        error.kind !== 'permission'
      )
        return null;
      throw error;
    });
    await drs.batchCheckJobs({ job_id: jobId, precheck_mode: mode }, { signal });
    return { before };
  };

/** §6.1.7, until `process` is 100% and the result is not the last one's. */
export const waitForPrecheck =
  (services: Services, pace: number) =>
  async ({ jobId, cloud, before }: JobAt & { readonly before: string | null }): Promise<PrecheckResult> => {
    const { drs } = services.cloud(cloud);
    const since = Date.now();
    for (let fresh = before === null; ; ) {
      const results = await drs.batchCheckResults(jobId, { signal: cancellationSignal() });
      const progress = Number(results.process.replace('%', '')) || 0;
      heartbeat({ progress, status: `pre-check ${progress}%` });
      fresh ||= progress < 100 || print(results) !== before || Date.now() - since > GRACE_MS * pace;
      if (fresh && progress >= 100) return found(results);
      await sleep(untilNext(EVERY_MS * pace));
    }
  };

/** All pre-checks of a worker ask at the same moments: so ten of them share a request. */
const untilNext = (everyMs: number): number => everyMs - (Date.now() % everyMs);

function found({ result, precheck_result: items = [] }: Results): PrecheckResult {
  const findings = items
    .filter((item) => item.result !== 'PASSED')
    .map(({ item, result: r, failed_reason, raw_error_msg, group }) => ({
      item,
      result: r,
      ...((failed_reason ?? raw_error_msg) && { reason: (failed_reason ?? raw_error_msg ?? '').slice(0, 500) }),
      ...(group && { group }),
    }));
  return { passed: result === true, total: items.length, findings };
}

const print = ({ process, result, precheck_result }: Results): string =>
  createHash('sha256')
    .update(JSON.stringify([process, result, precheck_result]))
    .digest('hex');
