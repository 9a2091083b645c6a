import { setMaxListeners } from 'node:events';
import { cancellationSignal } from '@temporalio/activity';
import type { Outcome } from '../drs/errors.js';
import type { BatchOperationName, Reply } from '../drs/operations/index.js';
import { readLag } from '../drs/readings.js';
import { type LastComparison, lastComparison } from './last-comparison.js';
import { holding } from './lock-view.js';
import { lockOf } from './locks.js';
import type { Services } from './services.js';

export interface Named {
  readonly jobId: string;
  readonly name: string;
}

/** What is known of a task of disaster recovery at one moment. What is absent is unknown. */
export interface Facts extends Named {
  /** By our own clock: the times that DRS tells have no zone. */
  readonly at: string;
  /** Why nothing is known. */
  readonly trouble?: string;
  /** Why a part of it is unknown. */
  readonly unread?: string;
  readonly status?: string;
  /** Another operation that runs on it: SWITCH_OVER, STOP_JOB. */
  readonly action?: string;
  readonly direction?: string;
  /** The direction that it was made with. */
  readonly original?: string;
  /** Whether its target is read-only. */
  readonly readonly?: boolean;
  readonly dualActive?: boolean;
  /** ms */
  readonly rpo?: number;
  readonly rto?: number;
  readonly sourceNormal?: boolean;
  readonly targetNormal?: boolean;
  /** Who else holds its lock, and what for. */
  readonly lock?: string;
  readonly comparison?: LastComparison | { readonly trouble: string };
}

export interface FactsAsked {
  readonly tasks: readonly Named[];
  readonly cloud?: string | undefined;
  /** Of which run a lock is no news, by its first run id; absent: locks are not asked for. */
  readonly owner?: string | undefined;
  readonly comparisons?: boolean;
  readonly monitoring?: boolean;
}

/** Ids that one list call may name (§6.1.19). */
const IDS_A_CALL = 100;

/**
 * Reads all that a switchover wants to know of any number of tasks, at the same time and by as few calls as can be: 6.1.19 for what
 * runs on them, 6.1.20 for directions, 5.3.1 for RPO and RTO, 6.4.2 for the databases, 6.1.26 to 6.1.36 for comparisons.
 */
export async function readFacts(services: Services, asked: FactsAsked): Promise<Facts[]> {
  const { tasks, cloud, owner, comparisons = false, monitoring = true } = asked;
  const at = new Date().toISOString();
  const { drs, name: cloudName } = services.cloud(cloud);
  const signal = cancellationSignal();
  // Many calls at the same time hear of one cancellation.
  setMaxListeners(0, signal);
  const ids = tasks.map(({ jobId }) => jobId);
  const many = <N extends BatchOperationName>(operation: N): Promise<Outcome<Reply<N>>[]> =>
    drs.many(operation, ids as never[], { signal }) as Promise<Outcome<Reply<N>>[]>;
  const each = <T>(wanted: boolean, read: (jobId: string) => Promise<T>): Promise<(T | undefined)[]> =>
    Promise.all(ids.map(async (jobId) => (wanted ? await read(jobId) : undefined)));

  const [rows, details, lags, monitors, locks, compared] = await Promise.all([
    readRows(services, cloud, ids),
    many('batchListJobDetails'),
    many('batchListRposAndRtos'),
    monitoring ? many('showMonitoringData') : [],
    each(owner !== undefined, async (jobId) => await lockOf(services.temporal, cloudName, jobId)),
    each(comparisons, async (jobId) => await lastComparison(drs, jobId, signal)),
  ]);
  return tasks.map((task, index): Facts => {
    const detail = details[index];
    const row = rows.get(task.jobId);
    if (!detail?.ok) return { ...task, at, trouble: detail?.message ?? 'nothing was told of it' };
    if (typeof row === 'string') return { ...task, at, trouble: row };
    const others = locks[index]?.holders.filter((hold) => hold.owner.runId !== owner) ?? [];
    const last = compared[index];
    const unread = [lags[index], monitors[index]].find((outcome) => outcome?.ok === false);
    return {
      ...task,
      at,
      ...standing(detail.result),
      ...(unread?.ok === false && { unread: unread.message }),
      ...(row?.action && { action: row.action }),
      ...lagOf(lags[index]),
      ...normalOf(monitors[index]),
      ...(others.length > 0 && { lock: `held by ${others.map(holding).join(' and ')}` }),
      ...(last && { comparison: last }),
    };
  });
}

type Standing = Pick<Facts, 'status' | 'direction' | 'original' | 'readonly' | 'dualActive'>;

/** What the details of a task (6.1.20) say of its side. */
export function standing(detail: Reply<'batchListJobDetails'>): Standing {
  const { status, job_direction, original_job_direction, is_target_readonly, multi_write } = detail;
  return {
    status,
    ...(job_direction && { direction: job_direction }),
    ...(original_job_direction && { original: original_job_direction }),
    ...(is_target_readonly !== undefined && { readonly: is_target_readonly }),
    ...(multi_write && { dualActive: true }),
  };
}

const lagOf = (outcome: Outcome<Reply<'batchListRposAndRtos'>> | undefined) =>
  outcome?.ok ? readLag(outcome.result) : {};

function normalOf(outcome: Outcome<Reply<'showMonitoringData'>> | undefined) {
  const { src_normal, dst_normal } = (outcome?.ok && outcome.result.data_guard_minitor) || {};
  return {
    ...(src_normal !== undefined && { sourceNormal: src_normal }),
    ...(dst_normal !== undefined && { targetNormal: dst_normal }),
  };
}

/** What runs on each task; a text says why that cannot be read: an operation that nobody sees must not be taken for none. */
async function readRows(
  services: Services,
  cloud: string | undefined,
  ids: readonly string[],
): Promise<Map<string, { readonly action?: string | undefined } | string>> {
  const { drs } = services.cloud(cloud);
  const signal = cancellationSignal();
  const found = new Map<string, { action?: string | undefined } | string>();
  const calls = Array.from({ length: Math.ceil(ids.length / IDS_A_CALL) }, (_, n) =>
    ids.slice(n * IDS_A_CALL, (n + 1) * IDS_A_CALL),
  );
  await Promise.all(
    calls.map(async (some) => {
      for (const id of some) found.set(id, 'it stands in no list of disaster recoveries (6.1.19)');
      const request = { cur_page: 1, per_page: IDS_A_CALL, db_use_type: 'cloudDataGuard', engine_type: '' } as const;
      try {
        const { jobs } = await drs.showJobList({ ...request, name: some.join(',') }, { signal });
        for (const { id, job_action } of jobs.flatMap((job) => [job, ...(job.children ?? [])]))
          found.set(id, { action: job_action?.current_action });
      } catch (error) {
        signal.throwIfAborted();
        for (const id of some) found.set(id, error instanceof Error ? error.message : String(error));
      }
    }),
  );
  return found;
}
