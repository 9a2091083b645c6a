import { z } from 'zod';
import { flaw, invalid, missing } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import {
  DIRECTIONS,
  ENGINE_TYPES,
  ENGINES,
  endpoint,
  flag,
  NETS,
  NODE_TYPES,
  plain,
  sourceRules,
  TASK_TYPES,
  tags,
  taskName,
  text,
  USES,
  upToTen,
  withoutSecrets,
} from './fields.js';
import { type Ctx, perJob, type Routes, route } from './route.js';

const PERIOD_ENGINES = ['mysql', 'cloudDataGuard-mysql', 'postgresql', 'gaussdbv5ha-to-kafka'];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const days = z
  .string()
  .refine((value) => /^\d+$/.test(value) && Number(value) >= 14 && Number(value) <= 100, '14 to 100 days');

/** 6.1.1, Table 6-4. */
const newTask = z
  .strictObject({
    name: taskName,
    db_use_type: z.enum(USES),
    engine_type: z.enum(ENGINE_TYPES),
    job_direction: z.enum(DIRECTIONS),
    bind_eip: flag.optional(),
    customize_sutnet_id: text.regex(UUID, 'a UUID'),
    product_id: z.string().optional(),
    is_target_readonly: flag.optional(),
    net_type: z.enum(NETS),
    node_type: z.enum(NODE_TYPES),
    node_num: z.number().int().min(1).max(32).optional(),
    source_endpoint: endpoint,
    target_endpoint: endpoint,
    task_type: z.enum(TASK_TYPES),
    tags: tags.optional(),
    description: plain(256).optional(),
    multi_write: flag.optional(),
    sys_tags: z
      .array(z.strictObject({ key: z.literal('_sys_enterprise_project_id'), value: text }))
      .max(1)
      .optional(),
    expired_days: days.optional(),
    master_az: z.string().optional(),
    slave_az: z.string().optional(),
    charging_mode: z.enum(['period', 'on_demand']).optional(),
    period_order: z
      .strictObject({
        period_type: z.union([z.literal(2), z.literal(3)]),
        period_num: z.number().int().min(1).max(9),
        is_auto_renew: z.union([z.literal(0), z.literal(1)]).optional(),
      })
      .optional(),
    public_ip_list: z
      .array(z.strictObject({ id: text, public_ip: text, type: z.enum(['master', 'slave']) }))
      .optional(),
    is_open_fast_clean: flag.optional(),
  })
  .superRefine((task, ctx) => {
    if (!(ENGINES[task.engine_type] as readonly string[]).includes(task.db_use_type))
      flaw(ctx, ['engine_type'], `not for ${task.db_use_type}`, 'DRS.M00302');
    if (task.net_type === 'eip' && task.bind_eip === undefined) missing(ctx, ['bind_eip'], 'with net_type eip');
    if (task.net_type === 'eip' && task.bind_eip === false) invalid(ctx, ['bind_eip'], 'true with net_type eip');
    if (task.master_az && !task.slave_az) missing(ctx, ['slave_az'], 'with master_az');
    if (task.slave_az && !task.master_az) missing(ctx, ['master_az'], 'with slave_az');
    if (task.master_az && !/mysql|^gaussdbv5ha-to-kafka$/.test(task.engine_type))
      invalid(ctx, ['master_az'], `not for ${task.engine_type}`);
    if (task.charging_mode === 'period') period(task, ctx);
    else if (task.period_order) invalid(ctx, ['period_order'], 'only with charging_mode period');
    if (task.db_use_type === 'cloudDataGuard') disasterRecovery(task, ctx);
    else if (task.multi_write) invalid(ctx, ['multi_write'], 'only for disaster recovery');
    sourceRules(task.source_endpoint, ctx);
  });
type NewTask = z.output<typeof newTask>;

function period(task: NewTask, ctx: z.core.$RefinementCtx): void {
  if (!task.period_order) missing(ctx, ['period_order'], 'with charging_mode period');
  if (task.db_use_type === 'migration') invalid(ctx, ['charging_mode'], 'no period for a migration');
  if (!PERIOD_ENGINES.includes(task.engine_type)) invalid(ctx, ['charging_mode'], `no period for ${task.engine_type}`);
  if (task.period_order?.period_type === 3 && task.period_order.period_num > 3)
    invalid(ctx, ['period_order', 'period_num'], '1 to 3 years');
}

function disasterRecovery(task: NewTask, ctx: z.core.$RefinementCtx): void {
  if (task.multi_write === undefined) missing(ctx, ['multi_write'], 'for disaster recovery');
  if (task.net_type === 'vpc') invalid(ctx, ['net_type'], 'no vpc for disaster recovery');
  if (task.task_type !== 'FULL_INCR_TRANS') invalid(ctx, ['task_type'], 'FULL_INCR_TRANS for disaster recovery');
  if (task.job_direction === 'non-dbs') return;
  if (task.job_direction === 'up' && task.is_target_readonly === undefined)
    missing(ctx, ['is_target_readonly'], 'where this cloud is the standby');
  if (task.job_direction === 'up' && task.is_target_readonly === false && !task.multi_write)
    invalid(ctx, ['is_target_readonly'], 'true where this cloud is the standby');
  const here = task.job_direction === 'up' ? 'target_endpoint' : 'source_endpoint';
  for (const field of ['region', 'inst_id'] as const)
    if (!task[here][field]) missing(ctx, [here, field], `for disaster recovery ${task.job_direction}`);
}

function create(ctx: Ctx<unknown>, task: NewTask): object {
  const { world, project } = ctx;
  if (world.findByName(project, task.name)) throw new Refusal('DRS.M00277', `${task.name} is in use`);
  const spec = {
    ...task,
    source_endpoint: withoutSecrets(task.source_endpoint),
    target_endpoint: withoutSecrets(task.target_endpoint),
  } as unknown as Job['spec'];
  const own = { targetReadonly: task.is_target_readonly ?? task.job_direction === 'up' };
  const job = world.add(project, task.name, spec, { ...own, tags: task.tags ?? [] });
  if (task.multi_write) {
    for (const job_direction of [task.job_direction, task.job_direction === 'up' ? 'down' : 'up']) {
      const suffix = job_direction === task.job_direction ? 'forward' : 'backward';
      const child = world.add(
        project,
        `${task.name}_${suffix}`,
        { ...spec, job_direction },
        { ...own, parent: job.id },
      );
      job.children.push(child.id);
    }
  }
  return {
    id: job.id,
    ...(job.children.length > 0 ? { child_ids: job.children } : {}),
    name: job.name,
    status: 'CREATING',
    create_time: String(job.createdAt),
  };
}

export const creation: Routes = {
  'POST /v3/{project_id}/jobs/batch-creation': route({
    operation: 'batchCreateJobs',
    status: 202,
    body: z.strictObject({ jobs: upToTen(newTask) }),
    names: ({ jobs }) => jobs.map(({ name }) => ({ name })),
    handle: (ctx) => {
      const results = perJob(ctx, ctx.body.jobs, {
        name: ({ name }) => ({ name }),
        act: (task) => create(ctx, task),
        failed: ({ name }, { code, text: error_msg }) => ({ name, error_code: code, error_msg }),
      });
      return { results, count: results.length };
    },
  }),
};
