import { z } from 'zod';
import { Refusal } from '../codes.js';
import { type Line, settleComparison, unfinished } from '../compare.js';
import type { Comparison, Job } from '../job.js';
import { statusOf } from '../lifecycle.js';
import type { World } from '../world.js';
import type { Ctx } from './route.js';
import { mustBe, mustLive, notParent } from './rules.js';

export const busy = (why: string) => new Refusal('DRS.10000024', why);
export const none = (why: string) => new Refusal('DRS.10000010', why);

export const jobOf = ({ world, project, params }: Ctx<unknown>): Job => world.job(project, params['job_id'] ?? '');

export function settled(world: World, job: Job, comparison: Comparison, read: boolean): Comparison {
  world.changed();
  return settleComparison(job, comparison, world.speed, world.now(), read);
}

/** A comparison of a task, moved on by this read. */
export function comparisonOf(ctx: Ctx<unknown>, read = true): { job: Job; comparison: Comparison } {
  const job = jobOf(ctx);
  const id = ctx.params['compare_job_id'];
  const comparison = job.comparisons.find((each) => each.id === id);
  if (!comparison) throw none(`${job.id} has no comparison ${id}`);
  return { job, comparison: settled(ctx.world, job, comparison, read) };
}

export const latestObjects = (job: Job): Comparison | undefined =>
  job.comparisons.findLast(({ type }) => type === 'objects');

/** One data comparison at a time, and no values while objects are compared. */
export function mayCompare(world: World, job: Job, type: Comparison['type']): void {
  notParent(job);
  mustLive(job);
  const full = job.spec.task_type === 'FULL_TRANS' && statusOf(job) === 'FULL_TRANSFER_COMPLETE';
  if (!full) mustBe(job, 'INCRE_TRANSFER_STARTED');
  const running = job.comparisons.map((each) => settled(world, job, each, false)).filter(unfinished);
  const data = running.find((each) => each.type !== 'objects');
  if (type === 'objects' && running.some((each) => each.type === 'objects'))
    throw busy('an object comparison is not finished');
  if (type === 'objects' && data?.type === 'contents') throw busy('values are being compared');
  if (type !== 'objects' && data) throw busy(`the comparison ${data.id} is not finished`);
  if (type === 'contents' && running.some((each) => each.type === 'objects')) throw busy('objects are being compared');
}

export const utc = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const LINE_STATUSES = [0, ...Array.from({ length: 22 }, (_, index) => index + 2), 27].map(String) as [
  string,
  ...string[],
];
export const lineStatus = z.enum(LINE_STATUSES).optional();
export const whole = z.string().regex(/^\d+$/, 'a whole number').optional();
export const paging = { limit: whole, offset: whole };
export const limited = {
  ...paging,
  limit: z
    .string()
    .refine((value) => /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 1000, '1 to 1000')
    .optional(),
};

export const pageOf = <T>(
  all: readonly T[],
  { limit = '1000', offset = '0' }: { limit?: string; offset?: string },
): readonly T[] => all.slice(Number(offset), Number(offset) + Number(limit));

export const difference = (line: Line, key: string) => ({
  source_key_value: [key],
  target_key_value: [key],
  select_sql: `select * from ${line.db}.${line.table} where ${key}`,
  target_select_sql: `select * from ${line.targetDb}.${line.table} where ${key}`,
});
