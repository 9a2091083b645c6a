import { ApplicationFailure } from '@temporalio/workflow';
import { calls } from '../activities.js';
import { item } from '../evidence.js';
import { readFailure } from '../failure.js';
import type { Change, Item } from '../messages.js';
import { clusterTestRequest, isCluster, isMultiTask, storeRequest, testRequest } from '../plans/requests.js';
import type { TaskPlan } from '../plans/task.js';
import { at, type Task } from './task.js';

/** A backward subtask goes from the spec's target to its source. */
export interface DirectedPlan extends TaskPlan {
  /** What the spec calls each end of the task; the same when absent. */
  readonly ends?: Readonly<Record<End, End>>;
}

type End = 'source' | 'target';
const nameOf = ({ ends }: DirectedPlan, end: End): End => ends?.[end] ?? end;

/** §6.1.2, or §6.1.3 for clusters and primary/standby tasks; both ends at once. Precondition: CONFIGURATION. */
export async function testConnections(task: Task, plan: DirectedPlan): Promise<void> {
  const test = (end: 'so' | 'ta') =>
    isCluster(plan)
      ? calls.batchValidateClustersConnections(clusterTestRequest(task.jobId, plan, end), task.cloud)
      : calls.batchValidateConnections(testRequest(task.jobId, plan, end), task.cloud);
  const [source, target] = await Promise.allSettled([test('so'), test('ta')]);
  const failed = [
    ...(source.status === 'rejected' ? [end(nameOf(plan, 'source'), source.reason)] : []),
    ...(target.status === 'rejected' ? [end(nameOf(plan, 'target'), target.reason)] : []),
  ];
  if (failed.length === 0) return;
  const [first] = failed as [Item, ...Item[]];
  const message = failed.map((one) => `${one.item}: ${one.value}`).join(' · ');
  throw ApplicationFailure.create({
    message: failed.length === 1 ? `${first.item}: ${first.value}` : message,
    type: 'drs.connection',
    nonRetryable: true,
    details: [{ items: failed }],
  });
}

const end = (name: string, reason: unknown): Item => item(name, 'blocking', readFailure(reason).message);

/** §6.1.4. Precondition: both connection tests passed; from here on the task knows its databases. */
export async function storeEndpoints(task: Task, plan: TaskPlan): Promise<void> {
  const { name = plan.name } = task;
  await calls.batchUpdateJob({ ...storeRequest(task.jobId, plan), name }, task.cloud);
}

/** §6.1.22: what DRS itself tells of a task that runs. */
export async function exceptionNotification(task: Task, plan: TaskPlan): Promise<void> {
  const { status } = await calls.batchListJobStatus(task.jobId, task.cloud);
  const { engine_type } = plan.task;
  await calls.batchSetSmn(
    { job_id: task.jobId, status, engine_type, alarm_notify_info: plan.alarm_notify },
    task.cloud,
  );
}

/** §6.1.4: DRS's own notifications by SMS and e-mail. */
export async function notification(task: Task, { alarm_notify }: TaskPlan): Promise<void> {
  await calls.batchUpdateJob({ job_id: task.jobId, alarm_notify }, task.cloud);
}

/** §6.1.15: after the start only passwords change, one call an end; of several tasks in one by §6.1.3. */
export async function changePasswords(
  task: Task,
  plan: DirectedPlan,
  change: Change,
  by: Pick<typeof calls, 'changePassword' | 'batchValidateClustersConnections'> = calls,
): Promise<void> {
  for (const end of ['source', 'target'] as const) {
    const { password } = plan[end];
    if (!change[nameOf(plan, end)] || !password) continue;
    if (isMultiTask(plan))
      await by.batchValidateClustersConnections(
        clusterTestRequest(task.jobId, plan, end === 'source' ? 'so' : 'ta'),
        task.cloud,
      );
    else await by.changePassword({ ...at(task), end, endpoint: plan[end], password });
  }
}
