import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import type { UseType } from '../drs/operations/common.js';
import type { Reply } from '../drs/operations/index.js';
import type { Services } from './services.js';

/** How an activity finds the DRS task of a run. */
export interface JobAt {
  readonly jobId: string;
  readonly useType: UseType;
  /** Of a subtask. */
  readonly parentId?: string;
  readonly cloud?: string;
  /** Days after which DRS stops a failed task by itself. */
  readonly expiredDays: number;
}

/** The task's status as it is now (6.1.21). */
export async function statusOf(services: Services, job: JobAt): Promise<string> {
  const { status } = await services
    .cloud(job.cloud)
    .drs.batchListJobStatus(job.jobId, { signal: cancellationSignal() });
  return status;
}

export async function detailsOf(
  services: Services,
  { jobId, cloud }: Pick<JobAt, 'jobId' | 'cloud'>,
): Promise<Reply<'batchListJobDetails'>> {
  return await services.cloud(cloud).drs.batchListJobDetails(jobId, { signal: cancellationSignal() });
}

/**
 * For activities that look before they act: a lost reply is no reason to ask a person, the next try sees what became of it.
 * A status that does not fit may just have changed, so it is looked at once more, too.
 */
export async function lookingFirst<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DrsError) || error.kind !== 'ambiguous') throw error;
    throw new DrsError(
      'transient',
      `${error.message} Its effect is looked up before anything is sent again.`,
      error.at,
    );
  }
}
