import { cancellationSignal } from '@temporalio/activity';
import type { Drs } from '../drs/connect.js';
import { DrsError } from '../drs/errors.js';
import { verdict, waits } from '../drs/waits.js';
import type { Seen } from '../drs/watcher.js';
import { detailsOf, type JobAt } from './job.js';
import type { Services } from './services.js';
import { begin, type Retried, taskFailure } from './wait-for.js';

export interface Subtask {
  readonly jobId: string;
  readonly name: string;
  readonly status: string;
  /** Absent where the service does not tell. */
  readonly direction?: string;
}

/** The subtasks of a dual-active task (§6.1.19, `children`): they stand nowhere else. */
export const findSubtasks =
  (services: Services) =>
  async (job: JobAt): Promise<{ direction?: string; subtasks: Subtask[] }> => {
    const { jobId, cloud, useType } = job;
    const { drs } = services.cloud(cloud);
    const { jobs } = await drs.showJobList(
      { cur_page: 1, per_page: 100, db_use_type: useType, engine_type: '', name: jobId },
      { signal: cancellationSignal() },
    );
    const row = jobs.find(({ id }) => id === jobId);
    const children = row?.children ?? [];
    if (children.length < 2)
      throw new DrsError('transient', `${jobId} shows ${children.length} of its two subtasks yet; it is asked again.`, {
        operation: 'showJobList',
        jobId,
      });
    const subtasks = await Promise.all(
      children.map(async ({ id, name = id, status = '', job_direction }) => {
        const direction = job_direction ?? (await detailsOf(services, { ...job, jobId: id })).job_direction;
        return { jobId: id, name, status, ...(direction && { direction }) };
      }),
    );
    return { ...(row?.job_direction && { direction: row.job_direction }), subtasks };
  };

/** Objects of one kind: how many there are, and how many have arrived. */
export interface Arrival {
  readonly type: string;
  readonly source: number;
  readonly target: number;
  /** Some of those that have not. */
  readonly missing?: readonly string[];
}

export interface Initialised {
  readonly status: string;
  readonly objects: readonly Arrival[];
  /** Why nothing is known of the objects. */
  readonly remark?: string;
}

/** Kinds that §6.4.4 lists; §6.4.3 counts others, too. */
const LISTED = [
  'database',
  'schema',
  'table',
  'view',
  'procedure',
  'trigger',
  'index',
  'table_indexs',
  'table_structure',
] as const;
const MOST_NAMES = 20;

/** Until the initialisation is over. What has arrived by then (§6.4.3) is shown meanwhile; what has not is named at the end (§6.4.4). */
export const waitForInitialisation =
  (services: Services, pace: number) =>
  async ({ retry, ...job }: Retried): Promise<Initialised> => {
    const { watcher, drs } = services.cloud(job.cloud);
    const signal = cancellationSignal();
    const rule = waits.fullDone;
    const say = await begin(services, job, retry, pace);
    let note: string | undefined;
    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      note = await arrivals(drs, job.jobId, signal).then(describe, () => note);
      asking = false;
    };
    const seen = await watcher.watch(
      { ...job, everyMs: rule.everyMs },
      (now) => {
        if (now.status === 'FULL_TRANSFER_STARTED') void ask();
        const said = verdict(rule, now.status);
        const old = say(now, note);
        return said === 'reached' || (said === 'failed' && !old);
      },
      signal,
    );
    if (verdict(rule, seen.status) === 'failed') throw await taskFailure(services, job, seen.status);
    try {
      const objects = await arrivals(drs, job.jobId, signal);
      return {
        status: seen.status,
        objects: await Promise.all(objects.map((one) => withNames(drs, job.jobId, one, signal))),
      };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DrsError) || error.kind === 'transient') throw error;
      return { status: seen.status, objects: [], remark: error.message };
    }
  };

async function arrivals(drs: Drs, jobId: string, signal: AbortSignal): Promise<Arrival[]> {
  const { struct_process } = await drs.batchListStructProcess(jobId, { signal });
  return (struct_process?.result ?? [])
    .map(({ type = 'other', src_count = 0, dst_count = 0 }) => ({ type, source: src_count, target: dst_count }))
    .filter(({ source, target }) => source > 0 || target > 0);
}

async function withNames(drs: Drs, jobId: string, arrival: Arrival, signal: AbortSignal): Promise<Arrival> {
  const type = LISTED.find((listed) => listed === arrival.type);
  if (arrival.target >= arrival.source || !type) return arrival;
  const missing: string[] = [];
  for await (const { struct_detail } of drs.pages('batchListStructDetail', { job_id: jobId, type }, { signal })) {
    const open = (struct_detail?.list ?? []).filter(({ progress = 0 }) => progress < 100);
    missing.push(...open.map(({ src_DB, src_TB }) => [...new Set([src_DB, src_TB])].filter(Boolean).join('.')));
    if (missing.length >= MOST_NAMES) break;
  }
  return { ...arrival, missing: missing.slice(0, MOST_NAMES) };
}

const describe = (objects: readonly Arrival[]): string =>
  objects.map(({ type, source, target }) => `${type} ${target} of ${source}`).join(', ');

export interface LagInput extends Retried {
  /** ms; RPO and RTO must both be known and below these. */
  readonly maxRpo: number;
  readonly maxRto: number;
  /** ms; how long to try, for ever when absent. */
  readonly within?: number;
}

export interface Lag {
  readonly reached: boolean;
  /** ms; absent while unknown. */
  readonly rpo?: number;
  readonly rto?: number;
  /** When it was read, by our clock. */
  readonly at: string;
}

const SOON_MS = 10_000;

/** Until disaster recovery is in place, with RPO and RTO (§5.3.1) below the limits: by one read, and by what that read says. */
export const waitForLag =
  (services: Services, pace: number) =>
  async ({ maxRpo, maxRto, within, retry, ...job }: LagInput): Promise<Lag> => {
    const { watcher } = services.cloud(job.cloud);
    const rule = waits.inSync;
    const everyMs = within === undefined ? rule.everyMs : SOON_MS;
    const say = await begin(services, job, retry, pace);
    const until = within === undefined ? Number.POSITIVE_INFINITY : Date.now() + within * pace;
    const isBelow = ({ status, rpo, rto, trouble }: Seen): boolean =>
      trouble === undefined &&
      verdict(rule, status) === 'reached' &&
      rpo !== undefined &&
      rto !== undefined &&
      rpo < maxRpo &&
      rto < maxRto;
    const seen = await watcher.watch(
      { ...job, everyMs, lag: true },
      (now) => {
        const old = say(now);
        const failed = verdict(rule, now.status) === 'failed' && !old;
        return failed || isBelow(now) || Date.now() + everyMs * pace > until;
      },
      cancellationSignal(),
    );
    if (verdict(rule, seen.status) === 'failed') throw await taskFailure(services, job, seen.status);
    const { rpo, rto, at } = seen;
    return { reached: isBelow(seen), ...(rpo !== undefined && { rpo }), ...(rto !== undefined && { rto }), at };
  };
