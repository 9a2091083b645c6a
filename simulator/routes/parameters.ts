import { z } from 'zod';
import { Refusal } from '../codes.js';
import type { Job, Parameter } from '../job.js';
import type { World } from '../world.js';
import { jobId, some, text } from './fields.js';
import { byBareId, perJob, type Routes, route, unique } from './route.js';
import { isMysql, mustBe, notParent, wrong } from './rules.js';

/** Parameters are compared for MySQL migration and DR into the cloud, before the start. */
function comparable(job: Job): void {
  notParent(job);
  if (!isMysql(job) || job.spec.db_use_type === 'sync')
    throw new Refusal('DRS.M00302', 'only MySQL migration and DR compare parameters');
  if (job.spec.job_direction !== 'up') throw wrong('parameters are compared in the direction up');
  mustBe(job, 'CONFIGURATION');
}

function compareParameters(world: World, job: Job, refresh: boolean): object {
  comparable(job);
  if (!refresh && !job.compared)
    throw new Refusal('DRS.M00303', 'nothing was compared yet: refresh is 1 the first time');
  if (refresh) job.compared = structuredClone(job.parameters);
  world.changed();
  return { params: (job.compared ?? []).map(parameterRow) };
}

const parameterRow = ({ group, key, source, target, range, restart }: Parameter) => ({
  group,
  key,
  source_value: source,
  target_value: target,
  compare_result: String(source === target),
  data_type: group === 'performance' ? 'figure' : null,
  value_range: range,
  need_restart: String(restart),
});

/** Memory of the target, of which innodb_buffer_pool_size takes 70% at the most. */
const TARGET_MEMORY = 1024 ** 3;

function changeParameters(
  world: World,
  job: Job,
  group: string,
  changes: { key: string; target_value: string }[],
): object {
  comparable(job);
  if (!job.compared) throw new Refusal('DRS.M00303', 'the parameters were not compared yet');
  const changed = changes.map(({ key, target_value }) => {
    const parameter = job.parameters.find((each) => each.key === key && each.group === group);
    const bad = (why: string) => new Refusal('DRS.M00202', `${key}: ${why}`, { about: key });
    if (!parameter) throw bad(`no parameter of the group ${group}`);
    if (!within(parameter.range, target_value)) throw bad(`${target_value} is not in ${parameter.range}`);
    if (key === 'innodb_buffer_pool_size' && Number(target_value) > TARGET_MEMORY * 0.7)
      throw bad('more than 70% of the memory');
    return { parameter, target_value };
  });
  for (const { parameter, target_value } of changed) parameter.target = target_value;
  world.changed();
  return { success: true, should_restart: String(changed.some(({ parameter }) => parameter.restart)) };
}

function within(range: string, value: string): boolean {
  const figures = /^(-?[\d.]+)-([\d.]+)$/.exec(range);
  if (!figures) return range.split('|').includes(value);
  return value.trim() !== '' && Number(value) >= Number(figures[1]) && Number(value) <= Number(figures[2]);
}

export const parameters: Routes = {
  'POST /v3/{project_id}/jobs/batch-get-params': route({
    operation: 'batchShowParams',
    status: 202,
    body: z.strictObject({ jobs: some(jobId), refresh: z.union([z.enum(['0', '1']), z.literal(0), z.literal(1)]) }),
    names: byBareId,
    handle: (ctx) => {
      unique(ctx.body.jobs);
      const params_list = perJob(ctx, ctx.body.jobs, {
        name: (id) => ({ id }),
        act: (id) => compareParameters(ctx.world, ctx.world.job(ctx.project, id), String(ctx.body.refresh) === '1'),
        failed: (_, { code, text: error_message }) => ({ params: [], error_code: code, error_message }),
      });
      return { count: params_list.length, params_list };
    },
  }),

  'POST /v3/{project_id}/jobs/{job_id}/params': route({
    operation: 'updateParams',
    status: 202,
    body: z.strictObject({
      group: z.enum(['common', 'performance']),
      params: some(z.strictObject({ key: text, target_value: text })),
    }),
    handle: (ctx) => {
      const job = ctx.world.job(ctx.project, ctx.params['job_id'] ?? '');
      return changeParameters(ctx.world, job, ctx.body.group, ctx.body.params);
    },
  }),
};
