import { cancellationSignal, sleep } from '@temporalio/activity';
import { type JobAt, lookingFirst } from './job.js';
import type { Services } from './services.js';

const LOOK_EVERY_MS = 5_000;
/** A subtask that has not shown by then was not needed, or has come and gone. */
const LOOKS = 6;

/** Ids of a task's subtasks (§6.1.19): they stand nowhere else. */
export const listSubtasks =
  (services: Services) =>
  async (job: JobAt): Promise<readonly string[]> =>
    await subtasksOf(services, job);

/**
 * §6.1.12 with `is_sync_re_edit`: a running synchronisation takes over the objects that were chosen anew, by a subtask. One that
 * is there already, beside those from before, shows that this was done.
 */
export const takeOverEdit =
  (services: Services, pace = 1) =>
  async ({ before, ...job }: JobAt & { readonly before: readonly string[] }): Promise<{ subtask?: string }> => {
    const { drs } = services.cloud(job.cloud);
    const signal = cancellationSignal();
    const fresh = async () => (await subtasksOf(services, job)).find((id) => !before.includes(id));
    let subtask = await fresh();
    if (subtask) return { subtask };
    await lookingFirst(() => drs.batchRestoreTask({ job_id: job.jobId, is_sync_re_edit: true }, { signal }));
    for (let looks = 0; !subtask && looks < LOOKS; looks += 1) {
      if (looks > 0) await sleep(LOOK_EVERY_MS * pace);
      subtask = await fresh();
    }
    return { ...(subtask && { subtask }) };
  };

async function subtasksOf(services: Services, { jobId, useType, cloud }: JobAt): Promise<string[]> {
  const { jobs } = await services
    .cloud(cloud)
    .drs.showJobList(
      { cur_page: 1, per_page: 100, db_use_type: useType, engine_type: '', name: jobId },
      { signal: cancellationSignal() },
    );
  return (jobs.find(({ id }) => id === jobId)?.children ?? []).map(({ id }) => id);
}
