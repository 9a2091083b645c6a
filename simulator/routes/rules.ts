import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import { delayOf, isStopping, statusOf } from '../lifecycle.js';
import type { World } from '../world.js';

const wrong = (why: string) => new Refusal('DRS.M00304', why);

/** Preconditions that many calls share. Each throws a `Refusal`. */
export function mustBe(job: Job, ...statuses: string[]): void {
  const status = statusOf(job);
  if (statuses.includes(status)) return;
  mustLive(job);
  throw wrong(`${job.id} is ${status}, not ${statuses.join(', ')}`);
}

/** Refuses tasks that are stopped, or that failed to be created: those can only be deleted. */
export function mustLive(job: Job): void {
  const status = statusOf(job);
  if (status === 'RELEASE_RESOURCE_COMPLETE' || status === 'RELEASE_CHILD_TRANSFER_COMPLETE' || status === 'DELETED')
    throw new Refusal('DRS.M05004', `${job.id} is ${status}`);
  if (status === 'CREATE_FAILED') throw wrong(`${job.id} is CREATE_FAILED: it can only be deleted`);
}

const isParent = (job: Job): boolean => job.spec.multi_write === true && !job.parent;

/** Calls that the parent of a dual-active task may not make. */
export function notParent(job: Job): void {
  if (isParent(job)) throw new Refusal('DRS.M00307', `${job.id} is a parent task`);
}

export function notSubtask(job: Job): void {
  if (job.parent && job.spec.multi_write) throw new Refusal('DRS.M00308', `${job.id} is a subtask of ${job.parent}`);
}

/** The subtask that carries data in the parent's direction. */
export function isBackward(world: World, job: Job): boolean {
  const parent = world.peek(job.parent);
  return parent !== undefined && job.spec.job_direction !== parent.spec.job_direction;
}

/** The backward subtask waits until the forward one carries changes, `lag` seconds behind at the most. */
export function forwardRuns(world: World, job: Job, lag = Number.POSITIVE_INFINITY): void {
  if (!isBackward(world, job)) return;
  const forward = world.jobs.find((each) => each.parent === job.parent && each.id !== job.id);
  if (!forward) return;
  world.settle(forward, false);
  const delay = delayOf(forward);
  if (statusOf(forward) !== 'INCRE_TRANSFER_STARTED')
    throw wrong(`the forward task ${forward.id} is not INCRE_TRANSFER_STARTED`);
  if (lag !== Number.POSITIVE_INFINITY && (delay < 0 || delay >= lag))
    throw wrong(`the forward task is not within ${lag} s`);
}

export function mustBeTested(job: Job): void {
  const untested = (['so', 'ta'] as const).filter((side) => !job.tested[side]);
  if (untested.length > 0) throw wrong(`no successful connection test of ${untested.join(' and ')} yet`);
}

export function mustBeStored(job: Job): void {
  mustBeTested(job);
  if (!job.stored)
    throw wrong('the endpoints are not stored yet (batch-modification with store_db_info after the tests)');
}

export function notBusy(job: Job): void {
  if (isStopping(job)) throw new Refusal('DRS.M01504', `${job.id} is being paused`);
  if (job.switching) throw new Refusal('DRS.M01504', `${job.id} is switching over`);
}

export const isMysql = (job: Job): boolean =>
  job.spec.engine_type === 'mysql' || job.spec.engine_type === 'cloudDataGuard-mysql';

export { wrong };
