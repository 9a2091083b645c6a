import { z } from 'zod';
import { invalid, missing } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import { statusOf } from '../lifecycle.js';
import type { World } from '../world.js';
import { flag, jobId, upToTen } from './fields.js';
import { byJobId, type Ctx, perJob, type Routes, route, unique } from './route.js';
import { mustBe, mustBeStored, wrong } from './rules.js';

/** 6.1.5, Table 6-42. */
const object = z
  .strictObject({
    id: z.string().optional(),
    parent_id: z.string().optional(),
    object_type: z.enum(['database', 'table', 'schema', 'view']).optional(),
    object_name: z.string().optional(),
    select: z.enum(['true', 'false', 'partial']).optional(),
    object_alias_name: z.string().optional(),
  })
  .superRefine((given, ctx) => {
    if ((given.object_type === 'table' || given.object_type === 'view') && !given.parent_id)
      missing(ctx, ['parent_id'], 'for a table or view');
    if (
      given.select === 'partial' &&
      given.object_type &&
      given.object_type !== 'database' &&
      given.object_type !== 'schema'
    )
      invalid(ctx, ['select'], 'partial is for what holds others');
  });

const selection = z
  .strictObject({
    job_id: jobId,
    selected: flag.optional(),
    sync_database: flag.optional(),
    job: z.array(object).optional(),
  })
  .superRefine((given, ctx) => {
    if (given.selected && !given.job?.length) missing(ctx, ['job'], 'where selected is true');
  });

/** Synchronisations may be edited while they run; the edit takes effect with a retry. */
export function mustBeConfigurable(job: Job): void {
  const edited = ['INCRE_TRANSFER_STARTED', 'INCRE_TRANSFER_FAILED'].includes(statusOf(job));
  if (!edited || job.spec.db_use_type !== 'sync') mustBe(job, 'CONFIGURATION');
}

/** An edit runs as a subtask, and only one at a time. */
function noEditRuns(world: World, job: Job): void {
  const running = world.jobs.find(
    (each) => each.parent === job.id && statusOf(world.settle(each, false)) !== 'RELEASE_CHILD_TRANSFER_COMPLETE',
  );
  if (running) throw new Refusal('DRS.M00402', `the subtask ${running.id} is ${statusOf(running)}`);
}

function select({ world, project }: Ctx<unknown>, given: z.output<typeof selection>): object {
  const job = world.job(project, given.job_id);
  if (job.spec.db_use_type === 'cloudDataGuard') throw wrong('disaster recovery has no selection of objects');
  mustBeConfigurable(job);
  mustBeStored(job);
  if (statusOf(job) !== 'CONFIGURATION') noEditRuns(world, job);
  if (job.spec.db_use_type !== 'sync' && given.job?.some(({ object_alias_name }) => object_alias_name))
    throw new Refusal('DRS.M00202', 'other names are for synchronisations', { about: 'object_alias_name' });
  job.objects = { all: !given.selected, list: given.job ?? [] };
  job.precheck = undefined;
  if (statusOf(job) !== 'CONFIGURATION') job.edited = true;
  world.changed();
  return { job_id: given.job_id, status: true };
}

export const objects: Routes = {
  'PUT /v3/{project_id}/jobs/batch-select-objects': route({
    operation: 'batchSetObjects',
    status: 202,
    body: z.strictObject({ jobs: upToTen(selection) }),
    names: byJobId,
    handle: (ctx) => {
      unique(ctx.body.jobs.map(({ job_id }) => job_id));
      const results = perJob(ctx, ctx.body.jobs, {
        name: ({ job_id }) => ({ id: job_id }),
        act: (given) => select(ctx, given),
        failed: ({ job_id }, { code, text: error_msg }) => ({ job_id, status: false, error_code: code, error_msg }),
      });
      return { all_counts: results.length, results };
    },
  }),
};
