import { z } from 'zod';
import { byErrorCode, bySuccessStatus, byTaskStatus } from '../judges.js';
import { operation } from '../operation.js';
import { TASK_STATUSES } from '../statuses.js';
import {
  AlarmNotify,
  DB_USE_TYPES,
  Description,
  Done,
  demand,
  digits,
  ENGINE_TYPES,
  ENGINES,
  Endpoint,
  filterOf,
  flag,
  isList,
  JOB_DIRECTIONS,
  JobId,
  listOf,
  NET_TYPES,
  NODE_TYPES,
  number,
  oneOf,
  PAGE_OF_ALL,
  part,
  ResourceId,
  TASK_TYPES,
  Tags,
  TaskName,
  type Tell,
  text,
  withoutSecrets,
  withRules,
  wordOf,
} from './common.js';

/** Table 6-8. */
const PeriodOrder = withRules(
  z.strictObject({
    period_type: z.literal([2, 3]),
    period_num: z.int().min(1),
    is_auto_renew: z.literal([0, 1]).optional(),
  }),
  (order, tell) => {
    const most = order.period_type === 3 ? 3 : 9;
    if (typeof order.period_num === 'number' && order.period_num > most) {
      tell('period_num', `must be 1 to ${most} ${most === 3 ? 'years (period_type 3)' : 'months (period_type 2)'}`);
    }
  },
);

const PERIOD_ENGINES: readonly unknown[] = ['mysql', 'cloudDataGuard-mysql', 'postgresql', 'gaussdbv5ha-to-kafka'];

/** Tables 6-4 to 6-9 without the rules between fields. */
const NewTaskFields = z.strictObject({
  name: TaskName,
  db_use_type: oneOf(DB_USE_TYPES),
  engine_type: oneOf(ENGINE_TYPES),
  job_direction: oneOf(JOB_DIRECTIONS),
  bind_eip: z.boolean().optional(),
  customize_sutnet_id: ResourceId,
  product_id: z.string().min(1).optional(),
  is_target_readonly: z.boolean().optional(),
  net_type: oneOf(NET_TYPES),
  node_type: oneOf(NODE_TYPES),
  node_num: z.int().min(1).max(32).optional(),
  source_endpoint: Endpoint,
  target_endpoint: Endpoint,
  task_type: oneOf(TASK_TYPES),
  tags: Tags.optional(),
  description: Description.optional(),
  multi_write: z.boolean().optional(),
  sys_tags: z
    .array(z.strictObject({ key: z.literal('_sys_enterprise_project_id'), value: z.string().min(1) }))
    .max(1)
    .optional(),
  expired_days: z.union([digits(14, 100), z.int().min(14).max(100)]).optional(),
  master_az: z.string().min(1).optional(),
  slave_az: z.string().min(1).optional(),
  charging_mode: oneOf(['period', 'on_demand']).optional(),
  period_order: PeriodOrder.optional(),
  public_ip_list: z
    .array(z.strictObject({ id: ResourceId, public_ip: z.string().min(1), type: oneOf(['master', 'slave']) }))
    .optional(),
  is_open_fast_clean: z.boolean().optional(),
});

type NewTask = Partial<z.output<typeof NewTaskFields>>;

/** 6.1.1: one task to create. */
export const NewTask = withRules(NewTaskFields, (given, tell) => {
  const task = given as NewTask;
  const engine = task.engine_type;
  const uses: readonly string[] | undefined = engine && Object.hasOwn(ENGINES, engine) ? ENGINES[engine] : undefined;
  if (uses && task.db_use_type && !uses.includes(task.db_use_type)) {
    tell('engine_type', `${task.engine_type} is for ${uses.join(' and ')}, not for ${wordOf(task.db_use_type)}`);
  }
  if (task.net_type === 'eip' && task.bind_eip !== true) tell('bind_eip', 'must be true with net_type eip');
  if (task.source_endpoint?.db_type === 'oracle')
    demand(task.source_endpoint, ['db_name'], 'for an Oracle source', tell, ['source_endpoint']);
  zones(task, tell);
  order(task, tell);
  if (task.db_use_type === 'cloudDataGuard') disasterRecovery(task, tell);
});

function zones(task: NewTask, tell: Tell): void {
  if ((task.master_az === undefined) !== (task.slave_az === undefined)) {
    const [absent, there] = task.master_az === undefined ? ['master_az', 'slave_az'] : ['slave_az', 'master_az'];
    tell(absent, `is missing: works only together with ${there}`);
  }
  const engine = wordOf(task.engine_type ?? 'mysql');
  if (task.master_az !== undefined && !engine.includes('mysql') && engine !== 'gaussdbv5ha-to-kafka') {
    tell('master_az', `two zones are for MySQL and gaussdbv5ha-to-kafka, not for ${engine}`);
  }
}

function order(task: NewTask, tell: Tell): void {
  if (task.charging_mode === 'period') {
    demand(task, ['period_order'], 'with charging_mode period', tell);
    if (task.db_use_type === 'migration') tell('charging_mode', 'period is not possible for a migration');
    if (task.engine_type !== undefined && !PERIOD_ENGINES.includes(task.engine_type)) {
      tell('charging_mode', `period is possible for ${PERIOD_ENGINES.join(', ')}, not for ${wordOf(task.engine_type)}`);
    }
  } else if (task.period_order !== undefined) tell('period_order', 'works only with charging_mode period');
}

function disasterRecovery(task: NewTask, tell: Tell): void {
  if (task.net_type === 'vpc') tell('net_type', 'must be vpn or eip for disaster recovery');
  if (task.task_type !== undefined && task.task_type !== 'FULL_INCR_TRANS')
    tell('task_type', 'must be FULL_INCR_TRANS for disaster recovery');
  demand(task, ['multi_write'], 'for disaster recovery', tell);
  if (task.job_direction === 'up' && task.is_target_readonly !== true) {
    tell('is_target_readonly', 'must be true for disaster recovery with job_direction up');
  }
  if (task.job_direction === 'down' && task.is_target_readonly === true) {
    tell('is_target_readonly', 'must be false or absent for disaster recovery with job_direction down');
  }
  const cloud = ({ up: 'target_endpoint', down: 'source_endpoint' } as const)[
    wordOf(task.job_direction) as 'up' | 'down'
  ];
  if (cloud && typeof task[cloud] === 'object')
    demand(
      task[cloud],
      ['region', 'inst_id'],
      `for disaster recovery with job_direction ${wordOf(task.job_direction)}`,
      tell,
      [cloud],
    );
}

/** 6.1.4. Names, description and notification at any time; endpoints once, after both connection tests. */
export const Modification = withRules(
  z.strictObject({
    job_id: JobId,
    description: Description.optional(),
    name: TaskName.optional(),
    alarm_notify: AlarmNotify.optional(),
    task_type: oneOf(TASK_TYPES).optional(),
    source_endpoint: Endpoint.optional(),
    target_endpoint: Endpoint.optional(),
    node_type: oneOf(NODE_TYPES).optional(),
    engine_type: oneOf(ENGINE_TYPES).optional(),
    net_type: oneOf(NET_TYPES).optional(),
    store_db_info: z.boolean().optional(),
    is_recreate: z.boolean().optional(),
    job_direction: oneOf(JOB_DIRECTIONS).optional(),
    is_target_readonly: z.boolean().optional(),
    replace_definer: z.boolean().optional(),
    tags: Tags.optional(),
    db_use_type: oneOf(DB_USE_TYPES).optional(),
    product_id: z.string().min(1).optional(),
  }),
  (task, tell) => {
    if (task.store_db_info !== true && task.source_endpoint === undefined && task.target_endpoint === undefined) return;
    const because = 'to store endpoints';
    demand(
      task,
      ['engine_type', 'net_type', 'store_db_info', 'job_direction', 'source_endpoint', 'target_endpoint'],
      because,
      tell,
    );
    if (task.engine_type === 'mysql' || task.engine_type === 'cloudDataGuard-mysql')
      demand(task, ['replace_definer'], `${because} of MySQL`, tell);
    for (const side of ['source_endpoint', 'target_endpoint'] as const) {
      const endpoint = task[side];
      if (typeof endpoint !== 'object' || endpoint === null) continue;
      demand(endpoint, ['db_type'], because, tell, [side]);
      if (endpoint.db_type !== 'kafka') demand(endpoint, ['db_user', 'db_password'], because, tell, [side]);
      if (endpoint.inst_id === undefined && endpoint.ip === undefined)
        tell([side, 'ip'], `is missing: ip or inst_id is mandatory ${because}`);
    }
    if (task.source_endpoint?.db_type === 'oracle')
      demand(task.source_endpoint, ['db_name'], 'for an Oracle source', tell, ['source_endpoint']);
  },
);

const IDS_AT_ONCE = 100;

/** 6.1.19. Sees tasks of one db_use_type; `engine_type` is mysql unless said otherwise, `""` is all. */
const TaskQuery = withRules(
  z.strictObject({
    cur_page: z.int().min(0),
    per_page: z.int().min(0).max(100),
    db_use_type: oneOf(DB_USE_TYPES),
    engine_type: filterOf(ENGINE_TYPES).optional(),
    enterprise_project_id: z.string().min(1).optional(),
    name: z.string().optional(),
    net_type: filterOf(NET_TYPES).optional(),
    service_name: z.string().optional(),
    status: filterOf(TASK_STATUSES).optional(),
    tags: z.record(z.string(), z.string()).optional(),
    instance_ids: z.array(ResourceId).optional(),
    instance_ip: z.string().optional(),
  }),
  (query, tell) => {
    if (query.per_page === 0 && typeof query.cur_page === 'number' && query.cur_page > 1)
      tell('cur_page', 'must be 0 or 1 with per_page 0');
    if (typeof query.name === 'string' && query.name.split(',').length > IDS_AT_ONCE)
      tell('name', `must name at most ${IDS_AT_ONCE} ids`);
  },
);

/** A row of 6.1.19. It has no tags, and a subtask stands only in its parent's `children`. */
const TaskRowFields = {
  id: z.string(),
  name: text(),
  status: text(),
  description: text(),
  create_time: text(),
  error_code: text(),
  error_msg: text(),
  engine_type: text(),
  net_type: text(),
  billing_tag: flag(),
  job_direction: text(),
  db_use_type: text(),
  task_type: text(),
  node_newFramework: flag(),
  job_action: part(
    z.looseObject({
      available_actions: listOf(z.string()),
      unavailable_actions: listOf(z.string()),
      current_action: text(),
    }),
  ),
};

const TaskRow = z.looseObject({ ...TaskRowFields, children: listOf(z.looseObject(TaskRowFields)) });

/** Table 6-154. */
const StoredEndpoint = z.looseObject({
  db_type: text(),
  region: text(),
  inst_id: text(),
  inst_name: text(),
  vpc_id: text(),
  subnet_id: text(),
  security_group_id: text(),
  project_id: text(),
  az_code: text(),
  db_name: text(),
  db_port: number(),
  db_user: text(),
  ip: text(),
  ssl_link: flag(),
  topic: text(),
});

/** Both forms of a tag list: `[{ key, value }]` of the table and `[{ name: value, … }]` of the example. */
const StoredTags = z
  .preprocess(
    (given) => {
      const rows = isList(given) ? given : typeof given === 'object' && given !== null ? [given] : [];
      return rows.flatMap((row) => {
        if (typeof row !== 'object' || row === null) return [];
        if ('key' in row) return [row];
        return Object.entries(row).map(([key, value]) => ({ key, value }));
      });
    },
    z.array(z.looseObject({ key: z.coerce.string(), value: text() })),
  )
  .optional()
  .catch(undefined);

/** Tables 6-163 to 6-167. */
export const StoredTransformation = z.looseObject({
  total_count: number(),
  filter_conditions: listOf(
    z.looseObject({
      transformation_info: part(z.looseObject({ transformation_type: text(), value: text() })),
      config_transformation: part(z.looseObject({ db_table_name: text(), db_name: text(), table_name: text() })),
      data_transformation_object_infos: listOf(
        z.looseObject({ id: text(), db_name: text(), schema_name: text(), table_name: text() }),
      ),
    }),
  ),
});

const TaskDetails = withoutSecrets(
  z.looseObject({
    id: z.string(),
    parent_id: text(),
    name: text(),
    status: z.string(),
    description: text(),
    create_time: text(),
    task_type: text(),
    source_endpoint: part(StoredEndpoint),
    target_endpoint: part(StoredEndpoint),
    net_type: text(),
    failed_reason: text(),
    inst_info: part(
      z.looseObject({
        engine_type: text(),
        inst_type: text(),
        ip: text(),
        public_ip: text(),
        start_time: text(),
        status: text().transform((status) => status?.toLowerCase()),
        volume_size: number(),
      }),
    ),
    actual_start_time: text(),
    full_transfer_complete_time: text(),
    update_time: text(),
    job_direction: text(),
    original_job_direction: text(),
    db_use_type: text(),
    need_restart: flag(),
    is_target_readonly: flag(),
    conflict_policy: text(),
    filter_ddl_policy: text(),
    speed_limit: listOf(z.looseObject({ begin: text(), end: text(), speed: text(), is_utc: flag() })),
    node_num: text(),
    object_switch: flag(),
    index_trans: flag(),
    replace_definer: flag(),
    migrate_user: flag(),
    multi_write: flag(),
    gtid: text(),
    alarm_notify: part(
      z.looseObject({ delay_time: number(), rto_delay: number(), rpo_delay: number(), alarm_to_user: flag() }),
    ),
    master_az: text(),
    slave_az: text(),
    incre_start_position: text(),
    period_order: part(
      z.looseObject({ status: text(), order_id: text(), charging_mode: number(), eff_time: text(), exp_time: text() }),
    ),
    object_infos: listOf(
      z.looseObject({ id: text(), parent_id: text(), type: text(), name: text(), alias_name: text(), select: text() }),
    ),
    data_transformation: part(StoredTransformation),
    tags: StoredTags,
    children: listOf(z.looseObject({ id: text(), name: text() })),
    error_code: text(),
    error_message: text(),
  }),
);

export const tasks = {
  batchCreateJobs: operation({
    section: '6.1.1',
    route: 'POST /v3/{project_id}/jobs/batch-creation',
    summary: 'Creates tasks; their names are unique, whatever the case of the letters.',
    request: NewTask,
    reply: z.looseObject({
      id: z.string(),
      child_ids: listOf(z.string()),
      name: text(),
      status: text(),
      create_time: text(),
    }),
    batch: { key: 'jobs', limit: 10, id: 'name', resultId: ['name'] },
    stringify: ['expired_days'],
    judge: byErrorCode,
    repeatable: false,
    action: 'drs:migrationJobs:create',
    roles: ['RDS ReadOnlyAccess', 'VPC FullAccess', 'SMN FullAccess'],
  }),

  batchUpdateJob: operation({
    section: '6.1.4',
    route: 'PUT /v3/{project_id}/jobs/batch-modification',
    summary: 'Changes name, description or notification; stores the endpoints after the connection tests.',
    request: Modification,
    reply: Done,
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['id', 'job_id'] },
    judge: bySuccessStatus,
    repeatable: true,
    action: 'drs:migrationJob:modify',
  }),

  showJobList: operation({
    section: '6.1.19',
    route: 'POST /v3/{project_id}/jobs',
    summary: 'Lists tasks of one scenario by engine, network, status, name or up to 100 ids.',
    request: TaskQuery,
    reply: z.looseObject({ total_record: number(), jobs: z.array(TaskRow) }),
    paging: { from: 'cur_page', size: 'per_page', most: 100, rows: ['jobs'], totals: ['total_record'] },
    judge: byErrorCode,
    repeatable: true,
    action: 'DRS ReadOnlyAccess',
  }),

  batchListJobDetails: operation({
    section: '6.1.20',
    route: 'POST /v3/{project_id}/jobs/batch-detail',
    summary: 'Tells all about tasks: endpoints, objects, tags, direction, failure.',
    request: JobId,
    reply: TaskDetails,
    batch: {
      key: 'jobs',
      limit: 10,
      resultId: ['id', 'job_id'],
      beside: ['data_transformation'],
      envelope: { page_req: PAGE_OF_ALL },
    },
    judge: byTaskStatus,
    repeatable: true,
    action: 'drs:migrationJob:get',
  }),

  batchListJobStatus: operation({
    section: '6.1.21',
    route: 'POST /v3/{project_id}/jobs/batch-status',
    summary: 'Tells the statuses of tasks.',
    request: JobId,
    reply: z.looseObject({ id: z.string(), status: z.string(), error_code: text(), error_message: text() }),
    batch: { key: 'jobs', limit: 10, resultId: ['id', 'job_id'], envelope: { page_req: PAGE_OF_ALL } },
    judge: byTaskStatus,
    repeatable: true,
    action: 'drs:migrationJob:get',
  }),

  batchListProgresses: operation({
    section: '5.2.2',
    route: 'POST /v3/{project_id}/jobs/batch-progress',
    summary: 'Tells the progress of the full part and the delay of the incremental part ("-1" while unknown).',
    request: JobId,
    reply: z.looseObject({
      job_id: text(),
      progress: text(),
      incre_trans_delay: text(),
      incre_trans_delay_millis: text(),
      task_mode: text(),
      transfer_status: text(),
      process_time: text(),
      remaining_time: text(),
      progress_map: part(z.record(z.string(), z.looseObject({ completed: text(), remaining_time: text() }))),
    }),
    batch: { key: 'jobs', limit: 10, resultId: ['job_id', 'id'] },
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:migrationJobs:getProgress',
  }),
};
