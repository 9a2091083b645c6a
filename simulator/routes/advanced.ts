import { z } from 'zod';
import { flaw, missing } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import type { World } from '../world.js';
import { flag, jobId, some, text } from './fields.js';
import { mustBeConfigurable } from './objects.js';
import { type Ctx, counted, failedById, perJob, type Routes, route, unique } from './route.js';
import { mustBeStored, mustLive, notSubtask, wrong } from './rules.js';

/** 6.3.1, Table 6-279. */
const short = text.max(256);
const rule = z
  .strictObject({
    job_id: jobId,
    object_info: z
      .array(z.strictObject({ id: z.string().optional(), select: z.enum(['true', 'false']).optional() }))
      .optional(),
    transformation_info: z.strictObject({
      transformation_type: z.enum(['contentConditionalFilter', 'configConditionalFilter']),
      value: short,
    }),
    config_transformation: z
      .strictObject({
        db_table_name: text,
        db_name: short.regex(/^\w+$/, 'digits, letters and _'),
        table_name: short.regex(/^\w+$/, 'digits, letters and _'),
        col_names: short,
        prim_key_or_index: short,
        indexs: short,
        values: short,
      })
      .optional(),
  })
  .superRefine((given, ctx) => {
    const config = given.transformation_info?.transformation_type === 'configConditionalFilter';
    if (config && given.transformation_info.value !== 'config')
      flaw(ctx, ['transformation_info', 'value'], 'config for a configuration rule', 'DRS.M00202');
    const table = given.config_transformation;
    if (table && table.db_table_name !== `${table.db_name}.${table.table_name}`)
      flaw(ctx, ['config_transformation', 'db_table_name'], 'db_name.table_name', 'DRS.M00202');
    if (config && !table) missing(ctx, ['config_transformation'], 'for a configuration rule');
    if (!config && !given.object_info?.length) missing(ctx, ['object_info'], 'for a processing rule');
  });
type Rule = z.output<typeof rule>;

interface Filter {
  data_transformation_object_infos: {
    id: string;
    db_name: string;
    table_name: string;
    data_transformation_type: string;
  }[];
}

function addRule(world: World, job: Job, { object_info = [], transformation_info, config_transformation }: Rule): void {
  if (job.spec.db_use_type !== 'sync') throw new Refusal('DRS.M00302', 'rules are for synchronisations');
  mustBeConfigurable(job);
  mustBeStored(job);
  if (!job.objects) throw wrong('no objects are selected yet');
  const type = transformation_info.transformation_type;
  const tables = config_transformation
    ? [[config_transformation.db_name, config_transformation.table_name]]
    : object_info.map(({ id = '' }) => id.split('-*-*-'));
  const infos = tables.map((parts) => {
    const [db_name = '', table_name = ''] = [parts[0], parts.at(-1)];
    const kind = type === 'contentConditionalFilter' ? 'conditionFilter' : 'configConditionFilter';
    return { id: `${parts.join('-*-*-')}-*-*---${kind}--`, db_name, table_name, data_transformation_type: type };
  });
  const taken = (job.rules as unknown as Filter[]).flatMap((each) =>
    each.data_transformation_object_infos.map(({ id }) => id),
  );
  const twice = infos.find(({ id }) => taken.includes(id));
  if (twice) throw new Refusal('DRS.M07000', `${twice.db_name}.${twice.table_name} has a rule`);
  job.rules.push({
    data_transformation_object_infos: infos,
    transformation_info,
    ...(config_transformation ? { config_transformation } : {}),
  });
  world.changed();
}

const jobOf = ({ world, project, params }: Ctx<unknown>): Job => world.job(project, params['job_id'] ?? '');

const GROUPS = ['full_sync', 'incre_capture', 'incre_apply', 'incre_relay'] as const;
const PARAMETERS: Readonly<Record<string, readonly { param_name: string; param_value: string; range?: string }[]>> = {
  full_sync: [{ param_name: 'threadNum', param_value: '4', range: '[1,32]' }],
  incre_capture: [{ param_name: 'hisKmsInfo', param_value: ' ' }],
  incre_apply: [{ param_name: 'applyThreadNum', param_value: '64', range: '[1,256]' }],
  incre_relay: [
    { param_name: 'fetchLogByTable', param_value: 'false', range: 'true,false' },
    { param_name: 'excludeUsers', param_value: ' ' },
    { param_name: 'slotAdvanceInterval', param_value: '1', range: '[1,2147483647]' },
  ],
};

const values = z.record(z.string(), z.string()).optional();
const tuning = z.strictObject({
  full_sync: values,
  incre_capture: values,
  incre_apply: values,
  incre_relay: values,
  recovery: flag.optional(),
});

/** 6.3.3: the first call initialises, with `recovery: true`. */
function tune(world: World, job: Job, { recovery, ...given }: z.output<typeof tuning>): object {
  mustLive(job);
  notSubtask(job);
  const bad = (about: string, why: string) => new Refusal('DRS.M00202', why, { about });
  if (recovery === false) throw bad('recovery', 'true or absent');
  if (!job.tuning && !recovery) throw new Refusal('DRS.M00201', 'the first call initialises', { about: 'recovery' });
  for (const group of GROUPS) {
    for (const [name, value] of Object.entries(given[group] ?? {})) {
      const known = PARAMETERS[group]?.find(({ param_name }) => param_name === name);
      if (!known) throw bad(name, `no parameter of ${group}`);
      if (name === 'slotAdvanceInterval' && !(/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 999))
        throw new Refusal('DRS.M00414', `${value} is not in 1 to 999`);
    }
  }
  job.tuning ??= {};
  for (const group of GROUPS) if (given[group]) job.tuning[group] = { ...job.tuning[group], ...given[group] };
  world.changed();
  const changed = (group: (typeof GROUPS)[number]) =>
    Object.entries(given[group] ?? {}).map(([param_name, param_value]) => ({ param_name, param_value }));
  return { ...Object.fromEntries(GROUPS.map((group) => [group, changed(group)])), modify_result: 'success' };
}

const lts = z
  .strictObject({
    log_group_id: z.string().optional(),
    log_stream_id: z.string().optional(),
    lts_enabled: flag.optional(),
  })
  .superRefine((given, ctx) => {
    if (given.lts_enabled && !given.log_group_id) missing(ctx, ['log_group_id'], 'where LTS is enabled');
    if (given.lts_enabled && !given.log_stream_id) missing(ctx, ['log_stream_id'], 'where LTS is enabled');
  });

export const advanced: Routes = {
  'POST /v3/{project_id}/jobs/batch-transformation': route({
    operation: 'batchChangeData',
    status: 200,
    body: z.strictObject({ jobs: some(rule) }),
    names: ({ jobs }) => jobs.map(({ job_id }) => ({ id: job_id })),
    handle: (ctx) => {
      unique(ctx.body.jobs.map(({ job_id }) => job_id));
      return counted(
        perJob(ctx, ctx.body.jobs, {
          name: ({ job_id }) => ({ id: job_id }),
          act: (given) => {
            addRule(ctx.world, ctx.world.job(ctx.project, given.job_id), given);
            return { id: given.job_id, status: 'success' };
          },
          failed: ({ job_id }, refusal) => failedById(job_id, refusal),
        }),
      );
    },
  }),

  'PUT /v3/{project_id}/job/{job_id}/tuning-params/modify-params': route({
    operation: 'updateTuningParams',
    status: 200,
    body: tuning,
    handle: (ctx) => tune(ctx.world, jobOf(ctx), ctx.body),
  }),

  'GET /v3/{project_id}/job/{job_id}/tuning-params/query-params': route({
    operation: 'queryTuningParams',
    status: 200,
    reads: true,
    handle: (ctx) => {
      const job = jobOf(ctx);
      notSubtask(job);
      const shown = (group: string) =>
        (PARAMETERS[group] ?? []).map((each) => ({
          ...each,
          param_value: job.tuning?.[group]?.[each.param_name] ?? each.param_value,
          availability: 'true',
        }));
      return Object.fromEntries(GROUPS.map((group) => [group, shown(group)]));
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/lts-log-switch': route({
    operation: 'selectGroupAndStream',
    status: 200,
    reads: true,
    handle: (ctx) => ({ job: jobOf(ctx).lts }),
  }),

  'PUT /v3/{project_id}/jobs/{job_id}/lts-log-switch': route({
    operation: 'modifyGroupAndStream',
    status: 200,
    body: z.strictObject({ job: lts.optional() }),
    handle: (ctx) => {
      const job = jobOf(ctx);
      mustLive(job);
      const {
        log_group_id = job.lts.log_group_id,
        log_stream_id = job.lts.log_stream_id,
        lts_enabled = job.lts.lts_enabled,
      } = ctx.body.job ?? {};
      job.lts = { log_group_id, log_stream_id, lts_enabled };
      ctx.world.changed();
      return undefined;
    },
  }),
};
