import { z } from 'zod';
import { flaw, invalid } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import type { World } from '../world.js';
import { ENGINE_TYPES, flag, jobId, some, subscriptions, text } from './fields.js';
import { byJobId, eachJob, type Routes, route } from './route.js';
import { mustLive, notParent } from './rules.js';

const HOUR = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** 6.1.8, Table 6-62. */
const window = z
  .strictObject({
    begin: text.regex(HOUR, 'hh:mm'),
    end: text.regex(HOUR, 'hh:mm'),
    speed: text.regex(/^[1-9]\d{0,3}$/, '1 to 9999'),
    is_utc: flag.optional(),
  })
  .superRefine(({ begin, end }, ctx) => {
    if (begin === end) flaw(ctx, ['begin'], 'begin and end are the same', 'DRS.M00306');
    else if (!end.endsWith(':59')) invalid(ctx, ['end'], 'ends with 59');
  });

const windows = z.array(window).superRefine((all, ctx) => {
  if (all.length > 10)
    flaw(ctx, [], `${all.length} windows, at most 10`, 'DRS.M00305', 'at most 10 time ranges are allowed');
  const hours = all.flatMap(hoursOf);
  if (new Set(hours).size < hours.length) flaw(ctx, [], 'windows overlap', 'DRS.M00305', 'time ranges cannot overlap');
});

/** The hours that a window covers; it may pass midnight. */
function hoursOf({ begin, end }: { begin: string; end: string }): number[] {
  const first = Number(begin.slice(0, 2));
  const count = ((Number(end.slice(0, 2)) - first + 24) % 24) + 1;
  return Array.from({ length: count }, (_, index) => (first + index) % 24);
}

function limitSpeed(world: World, job: Job, speedLimit: Record<string, unknown>[]): void {
  notParent(job);
  mustLive(job);
  if (job.spec.task_type === 'INCR_TRANS') throw new Refusal('DRS.M00403', 'flow control is not for INCR_TRANS');
  job.speedLimit = speedLimit;
  world.changed();
}

/** 6.1.22. */
const notification = z.strictObject({
  subscriptions: subscriptions.optional(),
  topic_urn: z.string().optional(),
  delay_time: z.number().int().min(0).optional(),
  rto_delay: z.number().int().min(0).optional(),
  rpo_delay: z.number().int().min(0).optional(),
  alarm_to_user: flag.optional(),
});

export const settings: Routes = {
  'PUT /v3/{project_id}/jobs/batch-limit-speed': route({
    operation: 'batchSetSpeed',
    status: 200,
    body: z.strictObject({ speed_limits: some(z.strictObject({ job_id: jobId, speed_limit: windows })) }),
    names: ({ speed_limits }) => speed_limits.map(({ job_id }) => ({ id: job_id })),
    handle: (ctx) =>
      eachJob(ctx, ctx.body.speed_limits, (job, { speed_limit }) => {
        limitSpeed(ctx.world, job, speed_limit);
        return undefined;
      }),
  }),

  'POST /v3/{project_id}/jobs/batch-set-smn': route({
    operation: 'batchSetSmn',
    status: 200,
    body: z.strictObject({
      jobs: some(z.strictObject({ job_id: jobId, status: text, engine_type: z.enum(ENGINE_TYPES) })),
      alarm_notify_info: notification,
    }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, given) => {
        mustLive(job);
        if (given.engine_type !== job.spec.engine_type)
          throw new Refusal('DRS.M00202', `the task is of ${job.spec.engine_type}`, { about: 'engine_type' });
        const { topic_urn, ...rest } = ctx.body.alarm_notify_info;
        job.alarm = { ...rest, ...(topic_urn ? { topic_name: topic_urn.split(':').at(-1) } : {}) };
        ctx.world.changed();
        return undefined;
      }),
  }),
};
