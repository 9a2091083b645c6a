import { z } from 'zod';
import { STATUSES } from '../../drs/statuses.js';
import { flaw, invalid, missing } from '../check.js';
import { Refusal } from '../codes.js';
import { delayOf, type Job, progressOf, statusOf } from '../job.js';
import { hash, type World } from '../world.js';
import { available, currentAction, unavailable } from './actions.js';
import {
  alarmNotify,
  DIRECTIONS,
  ENGINE_TYPES,
  ENGINES,
  endpoint,
  flag,
  jobId,
  NETS,
  NODE_TYPES,
  plain,
  some,
  sourceRules,
  TASK_TYPES,
  tags,
  taskName,
  text,
  USES,
  upToTen,
  withoutSecrets,
} from './fields.js';
import { byBareId, byJobId, type Ctx, counted, eachJob, perJob, type Routes, route, unique } from './route.js';
import { mustBe, mustBeTested, mustLive, notParent } from './rules.js';

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

/** 6.1.4, Table 6-30. */
const modification = z
  .strictObject({
    job_id: jobId,
    description: plain(256).optional(),
    name: taskName.optional(),
    alarm_notify: alarmNotify.optional(),
    task_type: z.enum(TASK_TYPES).optional(),
    source_endpoint: endpoint.optional(),
    target_endpoint: endpoint.optional(),
    node_type: z.enum(NODE_TYPES).optional(),
    engine_type: z.enum(ENGINE_TYPES).optional(),
    net_type: z.enum(NETS).optional(),
    store_db_info: flag.optional(),
    is_recreate: flag.optional(),
    job_direction: z.enum(DIRECTIONS).optional(),
    is_target_readonly: flag.optional(),
    replace_definer: flag.optional(),
    tags: tags.optional(),
    db_use_type: z.enum(USES).optional(),
    product_id: z.string().optional(),
  })
  .superRefine((job, ctx) => {
    if (job.source_endpoint) sourceRules(job.source_endpoint, ctx);
    if (!stores(job)) return;
    for (const field of [
      'source_endpoint',
      'target_endpoint',
      'engine_type',
      'net_type',
      'store_db_info',
      'job_direction',
    ] as const)
      if (job[field] === undefined) missing(ctx, [field], 'after the connection tests');
    const mysql = job.engine_type === 'mysql' || job.engine_type === 'cloudDataGuard-mysql';
    if (mysql && job.replace_definer === undefined) missing(ctx, ['replace_definer'], 'for MySQL');
    for (const which of ['source_endpoint', 'target_endpoint'] as const) {
      const given = job[which];
      if (!given) continue;
      if (!given.db_type) missing(ctx, [which, 'db_type'], 'after the connection tests');
      if (!given.ip && !given.inst_id) missing(ctx, [which, 'ip'], 'after the connection tests');
      if (given.db_type === 'kafka') continue;
      if (!given.db_user) missing(ctx, [which, 'db_user'], 'after the connection tests');
      if (!given.db_password) missing(ctx, [which, 'db_password'], 'after the connection tests');
    }
  });
type Modification = z.output<typeof modification>;

/** Whether a modification stores endpoints, which has further rules. */
const stores = (job: { source_endpoint?: unknown; target_endpoint?: unknown; store_db_info?: unknown }) =>
  job.source_endpoint !== undefined || job.target_endpoint !== undefined || job.store_db_info !== undefined;

function modify({ world, project }: Ctx<unknown>, job: Job, given: Modification): void {
  notParent(job);
  mustLive(job);
  const name = given.name ?? job.name;
  const other = world.findByName(project, name);
  if (other && other.id !== job.id && !job.parent) throw new Refusal('DRS.M00277', `${name} is in use`);
  if (given.task_type !== undefined && given.task_type !== job.spec.task_type)
    mustBe(job, 'CONFIGURATION', 'INCRE_TRANSFER_STARTED');
  if (stores(given)) store(job, given);
  job.name = name;
  if (given.task_type !== undefined) job.spec.task_type = given.task_type;
  if (given.description !== undefined) job.spec.description = given.description;
  if (given.node_type !== undefined) job.spec.node_type = given.node_type;
  if (given.alarm_notify !== undefined) job.alarm = given.alarm_notify;
  if (given.tags !== undefined) job.tags = given.tags;
  if (given.is_target_readonly !== undefined) job.targetReadonly = given.is_target_readonly;
  if (given.replace_definer !== undefined) job.replaceDefiner = given.replace_definer;
  job.updatedAt = world.now();
  world.changed();
}

function store(job: Job, given: Modification): void {
  mustBe(job, 'CONFIGURATION');
  mustBeTested(job);
  for (const field of ['engine_type', 'job_direction'] as const)
    if (given[field] !== job.spec[field])
      throw new Refusal('DRS.M00202', `${field} is ${job.spec[field]} since the creation`, { about: field });
  if (!given.store_db_info) return;
  const kept = (side: NonNullable<Modification['source_endpoint']>) => ({
    ...withoutSecrets(side),
    password: side.db_password === undefined ? undefined : hash(side.db_password),
  });
  job.stored = { so: kept(given.source_endpoint ?? {}), ta: kept(given.target_endpoint ?? {}) };
  job.precheck = undefined;
}

export const page = z.strictObject({ cur_page: z.number().int().optional(), per_page: z.number().int().optional() });
const ids = z.strictObject({ jobs: some(jobId), page_req: page.optional() });

export function checkPage({ cur_page = 1, per_page = 5 }: z.output<typeof page> = {}): void {
  if (per_page < 0 || per_page > 100) throw new Refusal('DRS.M00210', 'per_page is 0 to 100', { about: 'per_page' });
  if (cur_page < 1) throw new Refusal('DRS.M00210', 'cur_page starts at 1', { about: 'cur_page' });
}

/** Five a page unless asked otherwise. */
export function pageOf<T>(all: readonly T[], { cur_page = 1, per_page = 5 }: z.output<typeof page> = {}): readonly T[] {
  checkPage({ cur_page, per_page });
  if (per_page === 0) return all;
  if (cur_page > Math.ceil(all.length / per_page)) throw new Refusal('DRS.M00211', `there is no page ${cur_page}`);
  return all.slice((cur_page - 1) * per_page, cur_page * per_page);
}

/** Reads of tasks: an unknown one is told in its own result. */
function readEach(
  ctx: Ctx<unknown>,
  jobs: readonly string[],
  key: 'id' | 'job_id',
  textField: string,
  show: (job: Job) => object,
): object[] {
  return perJob(ctx, jobs, {
    name: (id) => ({ id }),
    act: (id) => ({ [key]: id, ...show(ctx.world.settle(ctx.world.job(ctx.project, id), true)) }),
    failed: (id, { code, text: message }) => ({ [key]: id, error_code: code, [textField]: message }),
  });
}

export const plainTime = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** A row of 6.1.19. */
function row(world: World, job: Job): object {
  const children = childrenOf(world, job);
  const { engine_type, net_type, job_direction, db_use_type, task_type } = job.spec;
  return {
    id: job.id,
    name: job.name,
    status: statusOf(job),
    description: job.spec.description ?? '',
    create_time: plainTime(job.createdAt),
    ...(job.failure ? { error_msg: job.failure.message ?? 'system error!' } : {}),
    engine_type,
    net_type,
    billing_tag: !['CREATING', 'CREATE_FAILED', 'CONFIGURATION'].includes(statusOf(job)),
    job_direction,
    db_use_type,
    task_type,
    ...(children.length > 0 ? { children: children.map((child) => row(world, world.settle(child, false))) } : {}),
    node_newFramework: false,
    job_action: {
      available_actions: available(job),
      unavailable_actions: unavailable(job),
      ...(currentAction(job) ? { current_action: currentAction(job) } : {}),
    },
  };
}

const optionalOf = <T extends readonly [string, ...string[]]>(values: T) => z.enum(['', ...values]).optional();

const STATUS_NAMES = Object.keys(STATUSES);

const listing = z
  .strictObject({
    cur_page: z.number().int().min(0),
    per_page: z.number().int(),
    db_use_type: z.enum(USES),
    engine_type: optionalOf(ENGINE_TYPES),
    enterprise_project_id: z.string().optional(),
    name: z.string().optional(),
    net_type: optionalOf(NETS),
    service_name: z.string().optional(),
    status: z.enum(['', ...STATUS_NAMES]).optional(),
    tags: z.record(z.string(), z.string()).optional(),
    instance_ids: z.array(z.string()).optional(),
    instance_ip: z.string().optional(),
  })
  .superRefine(({ cur_page, per_page, name }, ctx) => {
    if (per_page < 0 || per_page > 100) flaw(ctx, ['per_page'], '0 to 100', 'DRS.M00210');
    if (per_page === 0 && cur_page > 1) flaw(ctx, ['cur_page'], '0 or 1 where per_page is 0', 'DRS.M00210');
    if ((name ?? '').split(',').length > 100) invalid(ctx, ['name'], 'at most 100 ids');
  });
type Listing = z.output<typeof listing>;

function list({ world, project }: Ctx<unknown>, asked: Listing): object {
  const engine = asked.engine_type ?? 'mysql';
  const fits = (job: Job) =>
    job.project === project &&
    !job.parent &&
    job.spec.db_use_type === asked.db_use_type &&
    (engine === '' || job.spec.engine_type === engine) &&
    (!asked.net_type || job.spec.net_type === asked.net_type) &&
    namedLike(job, asked.name ?? '') &&
    Object.entries(asked.tags ?? {}).every(([key, value]) =>
      job.tags.some((tag) => tag.key === key && tag.value === value),
    ) &&
    (!asked.instance_ids?.length || instances(job).some((id) => asked.instance_ids?.includes(id))) &&
    (!asked.instance_ip || ips(job).includes(asked.instance_ip));
  let found = world.jobs.filter(fits).sort((a, b) => b.createdAt - a.createdAt);
  if (asked.status) found = found.map((job) => world.settle(job, true)).filter((job) => statusOf(job) === asked.status);
  const all = asked.per_page === 0 || asked.cur_page === 0;
  const rows = all ? found : found.slice((asked.cur_page - 1) * asked.per_page, asked.cur_page * asked.per_page);
  if (!asked.status)
    for (const job of rows) for (const each of [job, ...childrenOf(world, job)]) world.settle(each, true);
  return { total_record: found.length, jobs: rows.map((job) => row(world, job)) };
}

const childrenOf = (world: World, job: Job): Job[] =>
  job.children.map((id) => world.peek(id)).filter((child) => child !== undefined);

/** One word finds names that hold it; a list of ids finds those tasks. */
function namedLike(job: Job, asked: string): boolean {
  if (asked === '') return true;
  const words = asked.split(',').map((word) => word.trim());
  if (words.includes(job.id)) return true;
  return words.length === 1 && job.name.toLowerCase().includes(asked.toLowerCase());
}

const sides = (job: Job): Record<string, unknown>[] =>
  [job.spec['source_endpoint'], job.spec['target_endpoint'], job.stored?.so, job.stored?.ta].filter(
    (side) => side !== undefined,
  ) as Record<string, unknown>[];
const instances = (job: Job) => sides(job).map((side) => String(side['inst_id']));
const ips = (job: Job) => sides(job).map((side) => String(side['ip']));

/** A result of 6.1.20. */
function details(job: Job): object {
  const { spec } = job;
  const shown = (which: 'so' | 'ta', created: unknown) => {
    const { password, ...stored } = job.stored?.[which] ?? {};
    return { ...(created as object), ...stored, ...(password ? { db_password: '******' } : {}) };
  };
  const subnet = spec['customize_sutnet_id'];
  return {
    ...(job.parent ? { parent_id: job.parent } : {}),
    name: job.name,
    status: statusOf(job),
    description: spec.description ?? '',
    create_time: String(job.createdAt),
    task_type: spec.task_type,
    source_endpoint: shown('so', spec['source_endpoint']),
    target_endpoint: shown('ta', spec['target_endpoint']),
    net_type: spec.net_type,
    ...(job.failure
      ? { failed_reason: job.failure.message ?? 'system error!', error_code: job.failure.code ?? 'DRS.M01501' }
      : {}),
    ...(job.failure ? { error_message: job.failure.message ?? 'system error!' } : {}),
    inst_info: {
      ip: '192.168.0.229',
      status: job.endedAt ? 'DELETED' : 'ACTIVE',
      inst_type: spec.node_type ?? 'high',
      engine_type: spec.engine_type,
      volume_size: 100,
      ...(spec['bind_eip'] ? { public_ip: '198.51.100.72' } : {}),
      start_time: String(job.startAt ?? 0),
    },
    ...(job.startedAt ? { actual_start_time: String(job.startedAt) } : {}),
    ...(job.fullCompleteAt ? { full_transfer_complete_time: String(job.fullCompleteAt) } : {}),
    update_time: String(job.updatedAt),
    job_direction: spec.job_direction,
    db_use_type: spec.db_use_type,
    need_restart: false,
    is_target_readonly: job.targetReadonly ?? false,
    ...(job.policy['conflict_policy'] ? { conflict_policy: job.policy['conflict_policy'] } : {}),
    ...(job.policy['filter_ddl_policy'] ? { filter_ddl_policy: job.policy['filter_ddl_policy'] } : {}),
    ...(job.policy['index_trans'] === undefined ? {} : { index_trans: job.policy['index_trans'] }),
    speed_limit: job.speedLimit,
    schema_type: 'Tungsten',
    node_num: String(spec['node_num'] ?? 1),
    object_switch: job.objects ? !job.objects.all : false,
    replace_definer: job.replaceDefiner ?? false,
    migrate_user: job.users?.['is_migrate_user'] ?? false,
    multi_write: spec.multi_write ?? false,
    is_multi_az: Boolean(spec['master_az']),
    ...(spec['master_az'] ? { master_az: spec['master_az'], slave_az: spec['slave_az'] } : {}),
    az_code: spec['master_az'] ?? 'az2xahz',
    subnet_id: subnet,
    support_ip_v6: false,
    ...(job.breakpoint ? { gtid: job.breakpoint } : {}),
    ...(startPosition(job) ? { incre_start_position: startPosition(job) } : {}),
    ...(job.alarm ? { alarm_notify: job.alarm } : {}),
    ...(job.orderId
      ? {
          period_order: {
            status: 'PAID',
            order_id: job.orderId,
            charging_mode: 0,
            ...(spec['period_order'] as object),
          },
        }
      : {}),
    original_job_direction: job.originalDirection ?? spec.job_direction,
    object_infos: (job.objects?.list ?? []).map(objectInfo),
    ...(job.rules.length > 0
      ? { data_transformation: { total_count: job.rules.length, filter_conditions: job.rules } }
      : {}),
    tags: job.tags,
    ...(spec['public_ip_list'] ? { public_ip_list: spec['public_ip_list'] } : {}),
    is_open_fast_clean: spec['is_open_fast_clean'] ?? false,
  };
}

const startPosition = (job: Job) => job.policy['gtid_set'] ?? job.policy['file_and_position'];
const objectInfo = (given: Record<string, unknown>) => ({
  id: given['id'],
  type: given['object_type'],
  name: given['object_name'],
  select: given['select'] ?? 'false',
  ...(given['parent_id'] ? { parent_id: given['parent_id'] } : {}),
  ...(given['object_alias_name'] ? { alias_name: given['object_alias_name'] } : {}),
});

/** A result of 5.2.2. */
function progress(world: World, job: Job): object {
  const percent = progressOf(job);
  const delay = delayOf(job);
  const status = statusOf(job);
  const left = String(Math.ceil(((100 - percent) * 12) / 100));
  const part = (share: number) => ({
    completed: `${Math.min(100, Math.floor(percent * share))}%`,
    remaining_time: percent === 100 ? null : left,
  });
  return {
    progress: String(percent),
    incre_trans_delay: String(delay),
    incre_trans_delay_millis: delay < 0 ? '-1' : String(Math.round(delay * 1000)),
    task_mode: job.spec.task_type,
    transfer_status: status,
    process_time: job.startedAt ? String(Math.max(0, world.now() - job.startedAt)) : '0',
    remaining_time: percent === 100 ? '0' : left,
    ...(job.startedAt && job.spec.task_type !== 'INCR_TRANS'
      ? { progress_map: { struct: part(2), data: part(1), index: part(0.9) } }
      : {}),
  };
}

export const tasks: Routes = {
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

  'PUT /v3/{project_id}/jobs/batch-modification': route({
    operation: 'batchUpdateJob',
    status: 200,
    body: z.strictObject({ jobs: upToTen(modification) }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, given) => {
        modify(ctx, job, given);
        return undefined;
      }),
  }),

  'POST /v3/{project_id}/jobs': route({
    operation: 'showJobList',
    status: 200,
    reads: true,
    body: listing,
    handle: (ctx) => list(ctx, ctx.body),
  }),

  'POST /v3/{project_id}/jobs/batch-detail': route({
    operation: 'batchListJobDetails',
    status: 200,
    reads: true,
    body: z.strictObject({ jobs: upToTen(jobId), page_req: page.optional() }),
    names: byBareId,
    handle: (ctx) => {
      unique(ctx.body.jobs);
      const results = readEach(ctx, pageOf(ctx.body.jobs, ctx.body.page_req), 'id', 'error_message', details);
      return { count: ctx.body.jobs.length, results };
    },
  }),

  'POST /v3/{project_id}/jobs/batch-status': route({
    operation: 'batchListJobStatus',
    status: 200,
    reads: true,
    body: ids,
    names: byBareId,
    handle: (ctx) => {
      unique(ctx.body.jobs);
      const shown = pageOf(ctx.body.jobs, ctx.body.page_req);
      return counted(readEach(ctx, shown, 'id', 'error_message', (job) => ({ status: statusOf(job) })));
    },
  }),

  'POST /v3/{project_id}/jobs/batch-progress': route({
    operation: 'batchListProgresses',
    status: 200,
    reads: true,
    body: z.strictObject({ jobs: some(jobId) }),
    names: byBareId,
    handle: (ctx) => {
      unique(ctx.body.jobs);
      return counted(readEach(ctx, ctx.body.jobs, 'job_id', 'error_msg', (job) => progress(ctx.world, job)));
    },
  }),
};
