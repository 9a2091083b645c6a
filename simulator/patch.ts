import { Refusal } from './codes.js';
import type { CheckItem, Failure, Job, TableData } from './job.js';
import { FAILS_FROM, force } from './lifecycle.js';

/** What an admin may change of a task; given for a name that is free, it holds for the task created under it. */
export interface Patch {
  status?: string;
  /** Full progress in percent; null: as time goes. */
  progress?: number | null;
  /** Incremental delay in seconds, -1 for unknown; null: as time goes. */
  delay?: number | null;
  /** Items of the next pre-check that do not pass. */
  precheck?: { items: { name: string; result: 'ALARM' | 'FAILED' | 'PASSED'; reason?: string }[] } | null;
  tags?: Record<string, string> | { key: string; value: string }[];
  /** Stays at this status until it is null again. */
  hold?: string | null;
  /** Instead of going on, fails: `FULL_TRANSFER_FAILED`, also with the code and text that the details then show. */
  failNext?: string | { status: string; code?: string; message?: string } | null;
  description?: string;
  /** Direction that the task is told with. */
  direction?: string;
  /** What the source holds and the target has of it: database → table → rows. Comparisons find it. */
  data?: Record<string, Record<string, TableData>> | null;
  /** Path of what is downloaded as a result file, in place of the simulator's own; null: its own again. */
  resultFile?: string | null;
  /** What DR monitoring says of the two databases; true where absent. */
  normal?: { source?: boolean; target?: boolean } | null;
}

export function applyPatch(job: Job, patch: Patch, now: number): Job {
  if (patch.status !== undefined) force(job, patch.status, now);
  if (patch.progress !== undefined) job.progress = patch.progress ?? undefined;
  if (patch.delay !== undefined) job.delay = patch.delay ?? undefined;
  if (patch.precheck !== undefined)
    job.nextPrecheck = patch.precheck ? { items: patch.precheck.items.map(toItem) } : undefined;
  if (patch.tags !== undefined) job.tags = toTags(patch.tags);
  if (patch.hold !== undefined) job.hold = patch.hold ?? undefined;
  if (patch.description !== undefined) job.spec.description = patch.description;
  if (patch.direction !== undefined) job.spec.job_direction = patch.direction;
  if (patch.data !== undefined) job.data = patch.data ?? undefined;
  if (patch.resultFile !== undefined) job.resultFile = patch.resultFile ?? undefined;
  if (patch.normal !== undefined) job.normal = patch.normal ?? undefined;
  if (patch.failNext !== undefined) job.failNext = patch.failNext ? toFailure(patch.failNext) : undefined;
  job.updatedAt = now;
  return job;
}

const toItem = (item: { name: string; result: string; reason?: string }): CheckItem => ({
  name: item.name,
  result: item.result as CheckItem['result'],
  reason: item.reason,
});

const toTags = (tags: NonNullable<Patch['tags']>) =>
  Array.isArray(tags) ? tags : Object.entries(tags).map(([key, value]) => ({ key, value }));

function toFailure(plan: NonNullable<Patch['failNext']>): Failure {
  const failure = typeof plan === 'string' ? { status: plan } : plan;
  if (!FAILS_FROM[failure.status] && failure.status !== 'SWITCH_OVER')
    throw new Refusal('DRS.M00202', `a task cannot fail as ${failure.status}`, { about: 'failNext' });
  return { code: 'DRS.M01501', message: `failed as planned: ${failure.status}`, ...failure };
}
