import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import { PAUSED, RETRYABLE, RUNNING } from '../drs/statuses.js';
import { detailsOf, type JobAt, lookingFirst, statusOf } from './job.js';
import type { Services } from './services.js';

/** Changes of a task. Each reads where the task stands before it acts, so that it may be tried again at any time. */

const ENDED = ['RELEASE_RESOURCE_STARTED', 'RELEASE_RESOURCE_COMPLETE', 'DELETED'];

export interface StartInput extends JobAt {
  /** Epoch ms as text; now when absent. */
  readonly startTime?: string;
}

export interface PauseInput extends JobAt {
  readonly mode?: 'target' | 'all';
}

export interface EndInput extends JobAt {
  /** Ends by force what failed to be released. */
  readonly force?: boolean;
  /** Whether the source's position is asked for (MySQL). */
  readonly position?: boolean;
}

export interface Ended {
  readonly endedAt: string;
  /** GTID set or binlog position of the source at the end, as far as DRS tells it. */
  readonly position?: string;
  /** A task that failed to be created can't be ended, only deleted. */
  readonly deleted?: true;
}

export const taskChanges = (services: Services) => {
  const drsOf = (job: JobAt) => services.cloud(job.cloud).drs;

  /** §6.1.11. A start that was accepted already is no error. */
  const startTask = async ({ startTime, ...job }: StartInput): Promise<{ status: string }> => {
    const status = await statusOf(services, job);
    const signal = cancellationSignal();
    if (status === 'CONFIGURATION')
      await lookingFirst(() =>
        drsOf(job).batchStartJobs({ job_id: job.jobId, ...(startTime && { start_time: startTime }) }, { signal }),
      );
    return { status };
  };

  /** §6.1.13: only the replay, or the capture of logs as well. A task that starts can be paused as soon as data moves. */
  const pauseTask = async ({ mode = 'target', ...job }: PauseInput): Promise<{ paused: boolean; status: string }> => {
    const status = await statusOf(services, job);
    if (status === 'PAUSING') return { paused: true, status };
    if (status === 'STARTJOBING')
      throw new DrsError('transient', `${job.jobId} is starting. Nothing to do: it is paused once data moves.`, {
        operation: 'batchStopJobs',
        jobId: job.jobId,
      });
    if (!RUNNING.includes(status)) return { paused: false, status };
    await lookingFirst(() =>
      drsOf(job).batchStopJobs({ job_id: job.jobId, pause_mode: mode }, { signal: cancellationSignal() }),
    );
    return { paused: true, status };
  };

  /** §6.1.12, of a task that is paused or has failed; one that runs needs nothing. Gives the status that it had. */
  const resumeTask = (job: JobAt): Promise<string> => restore(services, job, [PAUSED, ...RETRYABLE]);

  /** §6.1.12. Gives the status that it had. */
  const retryTask = (job: JobAt): Promise<string> => restore(services, job);

  /** §6.1.14, `delete`. */
  const deleteTask = async (job: JobAt): Promise<void> => {
    await unlessGone(() =>
      lookingFirst(() =>
        drsOf(job).batchDeleteJobs({ job_id: job.jobId, delete_type: 'delete' }, { signal: cancellationSignal() }),
      ),
    );
  };

  /** §6.1.14, `terminate` or `force_terminate`. A task that ends already is left alone. */
  const endTask = async ({ force = false, position = false, ...job }: EndInput): Promise<Ended> => {
    const status = await unlessGone(() => statusOf(services, job));
    if (status === 'CREATE_FAILED') {
      await deleteTask(job);
      return { endedAt: new Date().toISOString(), deleted: true };
    }
    let told: Readonly<Record<string, unknown>> = {};
    if (status !== undefined && !ENDED.includes(status)) {
      told = await lookingFirst(() =>
        drsOf(job).batchDeleteJobs(
          {
            job_id: job.jobId,
            delete_type: force ? 'force_terminate' : 'terminate',
            ...(position && { is_show_breakpoint_position: true }),
          },
          { signal: cancellationSignal() },
        ),
      );
    }
    const at =
      position && status !== undefined
        ? (positionIn(told) ?? (await unlessGone(() => detailsOf(services, job)))?.gtid)
        : undefined;
    return { endedAt: new Date().toISOString(), ...(at && { position: at }) };
  };

  return { startTask, pauseTask, resumeTask, retryTask, endTask, deleteTask };
};

/** §6.1.12, where the task has failed; one that runs again needs nothing. Gives the status that it had. */
export async function restore(services: Services, job: JobAt, from: readonly string[] = RETRYABLE): Promise<string> {
  const status = await statusOf(services, job);
  const signal = cancellationSignal();
  if (from.includes(status))
    await lookingFirst(() => services.cloud(job.cloud).drs.batchRestoreTask({ job_id: job.jobId }, { signal }));
  return status;
}

/** Undefined where the task is not there any more. */
async function unlessGone<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof DrsError && error.kind === 'notFound') return undefined;
    throw error;
  }
}

/** The reference names no field for it (§6.1.14): whatever stands there beside the outcome, as text. */
function positionIn(told: Readonly<Record<string, unknown>>): string | undefined {
  const { id: _, job_id: __, status: ___, error_code: ____, error_msg: _____, ...rest } = told;
  const [value] = Object.values(rest).filter((one) => one !== undefined && one !== null && one !== '');
  return value === undefined ? undefined : (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 2_000);
}
