import { calls } from '../activities.js';
import type { MigrationPlan } from '../plans/migration.js';
import { objectsRequest, speedRequest } from '../plans/requests.js';
import { at, type Task } from './task.js';

/** §6.3.2: the only call that carries the start point of an INCR_TRANS task. Precondition: endpoints stored. */
export async function startPoint(task: Task, { startPoint }: MigrationPlan): Promise<void> {
  await calls.batchSetPolicy({ job_id: task.jobId, ...startPoint }, task.cloud);
}

/** §6.2.2 and §6.2.1. Precondition: connections tested. */
export async function users(task: Task, { users, target }: MigrationPlan): Promise<string> {
  return await calls.migrateUsers({ ...at(task), users, target });
}

/** §6.1.5. Precondition: endpoints stored. */
export async function selectObjects(task: Task, { objects }: MigrationPlan): Promise<void> {
  await calls.batchSetObjects(objectsRequest(task.jobId, objects), task.cloud);
}

/** §6.1.8; not for INCR_TRANS. */
export async function flowControl(task: Task, { speed = [] }: MigrationPlan): Promise<void> {
  await calls.batchSetSpeed(speedRequest(task.jobId, speed), task.cloud);
}
