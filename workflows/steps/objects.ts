import { calls } from '../activities.js';
import type { Raw } from '../plans/common.js';
import { filterRequests } from '../plans/filters.js';
import { type ChosenObjects, objectsRequest } from '../plans/objects.js';
import { policyRequest, speedRequest } from '../plans/requests.js';
import type { TaskPlan, UsersOfSpec } from '../plans/task.js';
import { at, type Task } from './task.js';

/** §6.3.2: policies of a synchronisation, and the start point of an INCR_TRANS task. Precondition: endpoints stored. */
export async function policies(task: Task, plan: Raw): Promise<void> {
  await calls.batchSetPolicy(policyRequest(task.jobId, plan), task.cloud);
}

/** §6.2.2 and §6.2.1. Precondition: connections tested. */
export async function users(task: Task, { users, target }: TaskPlan & { users: UsersOfSpec }): Promise<string> {
  return await calls.migrateUsers({ ...at(task), users, target });
}

interface Selection {
  readonly objects: ChosenObjects;
  readonly sync_database?: boolean | undefined;
}

/** §6.1.5. Precondition: endpoints stored. */
export async function selectObjects(task: Task, { objects, sync_database }: Selection): Promise<void> {
  await calls.batchSetObjects(objectsRequest(task.jobId, objects, sync_database), task.cloud);
}

/** §6.3.1. Precondition: objects selected. */
export async function rowFilters(task: Task, plan: Raw): Promise<{ added: number; total: number }> {
  const filters = filterRequests(task.jobId, plan).map(({ request }) => request);
  return await calls.addRowFilters({ ...at(task), filters });
}

/** §6.1.8; not for INCR_TRANS. */
export async function flowControl(task: Task, { speed = [] }: TaskPlan): Promise<void> {
  await calls.batchSetSpeed(speedRequest(task.jobId, speed), task.cloud);
}
