import { cancellationSignal, sleep } from '@temporalio/activity';
import type { Drs } from '../drs/connect.js';
import { DrsError } from '../drs/errors.js';
import type { UseType } from '../drs/operations/common.js';
import { detailsOf, lookingFirst } from './job.js';
import { resolveSecrets } from './secrets.js';
import type { Services } from './services.js';

type NewTask = Parameters<Drs['batchCreateJobs']>[0];

export interface CreateTaskInput {
  readonly cloud?: string;
  /** §6.1.1; its tag `drs-pilot` is the run's mark. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Takes over this task, which a person has approved. */
  readonly adopt?: string;
  /** A task of ours that failed to be created is deleted, and made again under its name. */
  readonly replaceFailed: boolean;
}

export interface CreatedTask {
  readonly jobId: string;
  readonly status: string;
}

const MARKER = 'drs-pilot';
/** How often the list is asked whether a deleted task is gone from it. */
const GONE_EVERY_MS = 2_000;

/**
 * Creates the task, or finds the one that this run has created already: its name is looked up before every try (§6.1.19), and
 * its mark in its details. A task of that name without the mark stops the run: DRS.M00277.
 */
export const createTask =
  (services: Services) =>
  async ({ cloud, request, adopt, replaceFailed }: CreateTaskInput): Promise<CreatedTask> => {
    const signal = cancellationSignal();
    const { drs } = services.cloud(cloud);
    if (adopt)
      return { jobId: adopt, status: (await detailsOf(services, { jobId: adopt, ...(cloud && { cloud }) })).status };

    const wanted = (await resolveSecrets(request, services.secrets, { operation: 'batchCreateJobs' })) as NewTask;
    const found = await findOwn(services, wanted, cloud);
    if (found && !(found.status === 'CREATE_FAILED' && replaceFailed)) return found;
    if (found) await lookingFirst(() => remove(drs, wanted, found.jobId, signal));
    try {
      const { id, status } = await lookingFirst(() => drs.batchCreateJobs(wanted, { signal }));
      return { jobId: id, status: status ?? 'CREATING' };
    } catch (error) {
      if (!(error instanceof DrsError) || error.kind !== 'duplicateName') throw error;
      const mine = await findOwn(services, wanted, cloud);
      if (mine) return mine;
      throw error;
    }
  };

/** The task that carries this run's mark, as far as there is one. */
export const findTask =
  (services: Services) =>
  async ({ cloud, request }: Pick<CreateTaskInput, 'cloud' | 'request'>): Promise<CreatedTask | null> => {
    try {
      return (await findOwn(services, request as NewTask, cloud)) ?? null;
    } catch (error) {
      if (error instanceof DrsError && error.kind === 'duplicateName') return null;
      throw error;
    }
  };

/** The task that carries this run's mark. @throws DrsError `duplicateName` where another's task has the name. */
async function findOwn(
  services: Services,
  { name, db_use_type, tags }: NewTask,
  cloud: string | undefined,
): Promise<CreatedTask | undefined> {
  const { drs } = services.cloud(cloud);
  const [row] = await listByName(drs, name, db_use_type, cancellationSignal());
  if (!row) return undefined;
  const details = await detailsOf(services, { jobId: row.id, ...(cloud && { cloud }) });
  const mark = tags?.find(({ key }) => key === MARKER)?.value;
  if (mark && details.tags?.some(({ key, value }) => key === MARKER && value === mark))
    return { jobId: row.id, status: details.status };
  throw new DrsError(
    'duplicateName',
    `there is a task named ${name} already (${row.id}, ${row.status}), and this run did not create it. Choose another name, or take it over with "adopt: ${row.id}".`,
    { operation: 'batchCreateJobs', code: 'DRS.M00277', jobId: row.id },
  );
}

/** Whether `name` matches exactly is not said (§6.1.19), so it is compared here; names differ not by case. */
async function listByName(drs: Drs, name: string, useType: UseType, signal: AbortSignal) {
  const { jobs } = await drs.showJobList(
    { cur_page: 1, per_page: 100, db_use_type: useType, engine_type: '', name },
    { signal },
  );
  return jobs.filter((job) => job.name?.toLowerCase() === name.toLowerCase());
}

async function remove(drs: Drs, { name, db_use_type }: NewTask, jobId: string, signal: AbortSignal): Promise<void> {
  await drs.batchDeleteJobs({ job_id: jobId, delete_type: 'delete' }, { signal });
  while ((await listByName(drs, name, db_use_type, signal)).some(({ id }) => id === jobId)) await sleep(GONE_EVERY_MS);
}
