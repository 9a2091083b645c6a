import type { UseType } from '../../drs/operations/common.js';
import { calls, waits } from '../activities.js';
import type { Steps } from '../branch.js';
import type { Answer } from '../gate.js';
import { callsFor } from '../lapse.js';
import type { TaskPlan } from '../plans/task.js';
import { at, type Family, type Task } from './task.js';

/** §6.1.14, `terminate`, tried for as long as its approval holds; a retry is a decision of its own. What it answers is recorded: where the source's binlog stood (MySQL) is asked for nowhere else. */
export async function endTask(
  task: Task,
  plan: TaskPlan,
  approved?: Answer,
): Promise<{ position?: string; endedAt: string }> {
  return await callsFor(approved).endTask({ ...at(task), position: plan.task.engine_type === 'mysql' });
}

/** Until RELEASE_RESOURCE_COMPLETE. A release that failed is ended again on "retry", by force where the decision says so. */
export async function release(run: Steps, task: Task, retry: boolean): Promise<string> {
  if (retry) await calls.endTask({ ...at(task), force: run.forced });
  return (await waits().waitFor({ ...at(task), wait: 'released', retry })).status;
}

/** §6.1.14, `delete`. Precondition: RELEASE_RESOURCE_COMPLETE. */
export async function deleteTask(task: Task): Promise<boolean> {
  await calls.deleteTask(at(task));
  return true;
}

/** Does what the spec wants when a run is rejected, aborted or cancelled, and says what became of the task. */
export const settle =
  (useType: UseType) =>
  async (run: Steps, { cloud, onAbort }: TaskPlan, jobId: string): Promise<string> => {
    const task = at({ jobId, status: '', useType, cloud, expiredDays: 0 });
    if (onAbort === 'terminate') {
      const { deleted } = await run.locked(jobId, 'to end it', () => calls.endTask(task));
      return deleted ? 'deleted' : 'terminated';
    }
    if (onAbort === 'pause') return await pauseAll(run, run.resultOf<Family>('Subtasks')?.tasks.map(at) ?? [task]);
    // Whoever stops a run that ends its task comes too late, or not: only DRS knows.
    return run.hasBegun('End') ? standing((await calls.batchListJobStatus(jobId, cloud)).status) : 'kept';
  };

/** §6.1.13. Of a dual-active task each subtask is paused for itself: the parent cannot be. */
async function pauseAll(run: Steps, tasks: readonly ReturnType<typeof at>[]): Promise<string> {
  const became: string[] = [];
  for (const task of tasks) {
    const { paused, status } = await run.locked(task.jobId, 'to pause it', () => calls.pauseTask(task));
    became.push(paused ? 'paused' : standing(status));
  }
  const [first = 'kept', ...others] = became;
  if (others.every((one) => one === first)) return first;
  return became.map((one, index) => `${tasks[index]?.jobId} ${one}`).join(', ');
}

const standing = (status: string): string =>
  ['RELEASE_RESOURCE_STARTED', 'RELEASE_RESOURCE_COMPLETE'].includes(status) ? 'terminated' : `kept: it is ${status}`;
