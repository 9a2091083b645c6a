import { z } from 'zod';
import { missing } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import { hash } from '../world.js';
import {
  alarmNotify,
  DIRECTIONS,
  ENGINE_TYPES,
  endpoint,
  flag,
  jobId,
  NETS,
  NODE_TYPES,
  plain,
  sourceRules,
  TASK_TYPES,
  tags,
  taskName,
  USES,
  upToTen,
  withoutSecrets,
} from './fields.js';
import { byJobId, type Ctx, eachJob, type Routes, route } from './route.js';
import { mustBe, mustBeTested, mustLive, notParent } from './rules.js';

/** 6.1.4, Table 6-30. */
const change = z
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
type Modification = z.output<typeof change>;

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

export const modification: Routes = {
  'PUT /v3/{project_id}/jobs/batch-modification': route({
    operation: 'batchUpdateJob',
    status: 200,
    body: z.strictObject({ jobs: upToTen(change) }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, given) => {
        modify(ctx, job, given);
        return undefined;
      }),
  }),
};
