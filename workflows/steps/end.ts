import { calls, waits } from '../activities.js';
import type { MigrationPlan } from '../plans/migration.js';
import type { Run } from '../run.js';
import { at, type Task } from './task.js';

/** §6.1.14, `terminate`. What it answers is recorded: where the source's binlog stood (MySQL) is asked for nowhere else. */
export async function endTask(task: Task, plan: MigrationPlan): Promise<{ position?: string; endedAt: string }> {
  return await calls.endTask({ ...at(task), position: plan.task.engine_type === 'mysql' });
}

/** Until RELEASE_RESOURCE_COMPLETE. A release that failed is ended again on "retry", by force where the decision says so. */
export async function release(run: Run<MigrationPlan>, task: Task, attempt: number): Promise<string> {
  if (attempt > 1) await calls.endTask({ ...at(task), force: run.forced });
  return (await waits().waitFor({ ...at(task), wait: 'released' })).status;
}

/** §6.1.14, `delete`. Precondition: RELEASE_RESOURCE_COMPLETE. */
export async function deleteTask(task: Task): Promise<void> {
  await calls.deleteTask(at(task));
}

/** What becomes of the task when a run is rejected, aborted or cancelled. */
export async function settle(plan: MigrationPlan, jobId: string): Promise<string> {
  const task = at({ jobId, status: '', useType: 'migration', cloud: plan.cloud, expiredDays: 14 });
  if (plan.onAbort === 'pause') return (await calls.pauseTask(task)).paused ? 'paused' : 'kept: it was not running';
  if (plan.onAbort === 'terminate') {
    await calls.endTask(task);
    return 'terminated';
  }
  return 'kept';
}
