import { type Job, type Precheck, standbyOf, type TaskType, type Track } from './job.js';
import { advanced, type Speed } from './speed.js';

/** How a task goes through its statuses (A.4), by the clock or by being looked at. */

/** A piece of a task's life: `at` in milliseconds at demo speed. */
interface Stage {
  readonly at: number;
  readonly status: string;
}

const FULL_START = 2_000;
const FULL_END = 14_000;

function stages(track: Track, taskType: TaskType): readonly Stage[] {
  if (track === 'create')
    return [
      { at: 0, status: 'CREATING' },
      { at: 2_000, status: 'CONFIGURATION' },
    ];
  if (track === 'pause') return [{ at: 0, status: 'PAUSING' }];
  if (track === 'release')
    return [
      { at: 0, status: 'RELEASE_RESOURCE_STARTED' },
      { at: 2_000, status: 'RELEASE_RESOURCE_COMPLETE' },
    ];
  if (track === 'child')
    return [
      { at: 0, status: 'CHILD_TRANSFER_STARTING' },
      { at: 1_000, status: 'CHILD_TRANSFER_STARTED' },
      { at: 4_000, status: 'CHILD_TRANSFER_COMPLETE' },
      { at: 5_000, status: 'RELEASE_CHILD_TRANSFER_STARTED' },
      { at: 6_000, status: 'RELEASE_CHILD_TRANSFER_COMPLETE' },
    ];
  const full: Stage[] = [
    { at: FULL_START, status: 'FULL_TRANSFER_STARTED' },
    { at: FULL_END, status: 'FULL_TRANSFER_COMPLETE' },
  ];
  return [
    { at: 0, status: 'STARTJOBING' },
    ...(taskType === 'INCR_TRANS' ? [] : full),
    ...(taskType === 'FULL_TRANS' ? [] : [{ at: increStart(taskType), status: 'INCRE_TRANSFER_STARTED' }]),
  ];
}

const increStart = (taskType: TaskType) => (taskType === 'INCR_TRANS' ? 2_000 : 15_000);

/** Where `instant` stops on the way. */
function marks(track: Track, taskType: TaskType): number[] {
  const at = stages(track, taskType).map((stage) => stage.at);
  if (track === 'pause') return [0, 2_000];
  if (track !== 'transfer') return at;
  if (taskType !== 'INCR_TRANS') at.push((FULL_START + FULL_END) / 2);
  if (taskType !== 'FULL_TRANS') at.push(...[1_000, 3_000, 5_000].map((ms) => increStart(taskType) + ms));
  return at.sort((a, b) => a - b);
}

/** Failures and the status that each comes out of. */
export const FAILS_FROM: Readonly<Record<string, string>> = {
  CREATE_FAILED: 'CREATING',
  START_JOB_FAILED: 'STARTJOBING',
  FULL_TRANSFER_FAILED: 'FULL_TRANSFER_STARTED',
  INCRE_TRANSFER_FAILED: 'INCRE_TRANSFER_STARTED',
  RELEASE_RESOURCE_FAILED: 'RELEASE_RESOURCE_STARTED',
  CHILD_TRANSFER_FAILED: 'CHILD_TRANSFER_STARTED',
};

const stageAt = (job: Job, position: number): string => {
  const all = stages(job.track.name, job.spec.task_type);
  return (all.findLast((stage) => stage.at <= position) ?? all[0])?.status ?? 'CREATING';
};

export const statusOf = (job: Job): string => job.failure?.status ?? job.still ?? stageAt(job, job.track.position);

/** Brings a task to where it is by `now`. Returns whether its status changed. */
export function settle(job: Job, speed: Speed, now: number, read: boolean): boolean {
  const before = statusOf(job);
  if (
    job.still === 'WAITING_FOR_START' &&
    job.hold !== 'WAITING_FOR_START' &&
    job.startAt !== undefined &&
    now >= job.startAt
  ) {
    begin(job, 'transfer', job.startAt);
    job.startedAt = job.startAt;
  }
  if (!job.still && !job.failure) walk(job, speed, now, read);
  job.track.seen = now;
  switchOver(job, speed, now, read);
  if (statusOf(job) === before) return false;
  job.updatedAt = now;
  return true;
}

/** A switchover turns the direction round once it is through; `failNext: SWITCH_OVER` lets it end without. */
function switchOver(job: Job, speed: Speed, now: number, read: boolean): void {
  if (job.switchesAt !== undefined && now >= job.switchesAt) {
    job.switchesAt = undefined;
    job.switching = { position: 0, seen: now };
  }
  if (!job.switching) return;
  const position = advanced(job.switching, [0, 1_500, 3_000], speed, now, read);
  const { readonly } = job.switching;
  job.switching = {
    ...job.switching,
    position: job.hold === 'SWITCH_OVER' ? Math.min(position, 2_999) : position,
    seen: now,
  };
  if (job.switching.position < 3_000) return;
  job.switching = undefined;
  job.updatedAt = now;
  if (job.failNext?.status === 'SWITCH_OVER') {
    job.failure = { ...job.failNext, status: 'INCRE_TRANSFER_FAILED' };
    job.failNext = undefined;
    return;
  }
  job.originalDirection ??= job.spec.job_direction;
  job.spec.job_direction = job.spec.job_direction === 'up' ? 'down' : 'up';
  job.targetReadonly = readonly === undefined ? job.spec.job_direction === 'up' : readonly;
  // From now on data go to what was active before, if that can be reached.
  const standby = standbyOf(job) === 'so' ? job.normal?.source : job.normal?.target;
  job.failure = standby === false ? { status: 'INCRE_TRANSFER_FAILED' } : undefined;
}

function walk(job: Job, speed: Speed, now: number, read: boolean): void {
  const all = marks(job.track.name, job.spec.task_type);
  const target = advanced(job.track, all, speed, now, read);
  const way = all.filter((mark) => mark > job.track.position && mark <= target);
  for (const mark of way) {
    const from = statusOf(job);
    if (failsFrom(job, from)) return;
    const to = stageAt(job, mark);
    if (to !== from && job.hold === from) {
      job.track.position = Math.max(job.track.position, mark - 1);
      return;
    }
    job.track.position = mark;
    if (to !== from) entered(job, to, now);
  }
  job.track.position = Math.max(job.track.position, target);
  if (way.length === 0 && target === all.at(-1)) failsFrom(job, statusOf(job));
}

function failsFrom(job: Job, status: string): boolean {
  if (!job.failNext || FAILS_FROM[job.failNext.status] !== status) return false;
  job.failure = job.failNext;
  job.failNext = undefined;
  return true;
}

function entered(job: Job, status: string, now: number): void {
  if (status === 'FULL_TRANSFER_COMPLETE') job.fullCompleteAt = now;
  if (status === 'RELEASE_RESOURCE_COMPLETE') job.endedAt = now;
}

/** Puts a task at the beginning of a track. */
export function begin(job: Job, name: Track, now: number, position = 0): void {
  job.track = { name, position, seen: now };
  job.still = undefined;
  job.failure = undefined;
  job.updatedAt = now;
}

/** Puts a task into any status, listed or not. */
export function force(job: Job, status: string, now: number): void {
  const from = FAILS_FROM[status];
  for (const track of ['create', 'transfer', 'release', 'child'] as const) {
    const stage = stages(track, job.spec.task_type).find((each) => each.status === (from ?? status));
    if (!stage) continue;
    begin(job, track, now, stage.at);
    if (from) job.failure = { status };
    return;
  }
  if (status === 'PAUSING') {
    job.pausedAt = job.track.name === 'transfer' ? job.track.position : increStart(job.spec.task_type);
    begin(job, 'pause', now, 2_000);
    return;
  }
  job.failure = undefined;
  job.still = status;
  job.updatedAt = now;
}

/** True while a pause is still being carried out: `current_action` is STOP_JOB then. */
export const isStopping = (job: Job): boolean => statusOf(job) === 'PAUSING' && job.track.position < 2_000;

const transferPosition = (job: Job): number | undefined => {
  if (job.track.name === 'transfer') return job.track.position;
  return job.pausedAt;
};

/** Full progress in percent, 0 before the start. */
export function progressOf(job: Job): number {
  if (job.progress !== undefined) return job.progress;
  if (job.track.name === 'release') return 100;
  const position = transferPosition(job);
  if (position === undefined || position < FULL_START) return 0;
  if (job.spec.task_type === 'INCR_TRANS') return 100;
  return Math.min(100, Math.floor(((position - FULL_START) / (FULL_END - FULL_START)) * 100));
}

/** Incremental delay in seconds, -1 where there is none yet. */
export function delayOf(job: Job): number {
  if (!['INCRE_TRANSFER_STARTED', 'INCRE_TRANSFER_FAILED', 'PAUSING'].includes(statusOf(job))) return -1;
  if (job.delay !== undefined) return job.delay;
  const position = transferPosition(job);
  const since = (position ?? 0) - increStart(job.spec.task_type);
  if (position === undefined || since < 1_000) return -1;
  return Math.max(0, Math.ceil((12 * (5_000 - since)) / 4_000));
}

const PRECHECK_END = 3_000;

/** Progress of a pre-check in percent. */
export const precheckPercent = (check: Precheck): number => Math.floor((check.position / PRECHECK_END) * 100);

export function settlePrecheck(check: Precheck, speed: Speed, now: number, read: boolean): void {
  check.position = advanced(check, [0, PRECHECK_END / 2, PRECHECK_END], speed, now, read);
  check.seen = now;
}

export const precheckPassed = (job: Job): boolean =>
  job.precheck !== undefined &&
  job.precheck.position >= PRECHECK_END &&
  job.precheck.items.every((item) => item.result !== 'FAILED');
