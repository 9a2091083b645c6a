import { z } from 'zod';
import { Refusal } from '../codes.js';
import { dataOf } from '../compare.js';
import { IN_SWITCHOVERS } from '../faults.js';
import { type Job, standbyOf } from '../job.js';
import { delayOf, progressOf } from '../lifecycle.js';
import type { World } from '../world.js';
import { connect } from './connections.js';
import { jobId, some, upToTen } from './fields.js';
import { checkPage, page, pageOf, plainTime } from './lookups.js';
import { byBareId, type Ctx, counted, failedByJobId, perJob, type Routes, route, unique } from './route.js';
import { mustBe, notBusy, notParent, wrong } from './rules.js';

function mustBeDr(job: Job): void {
  if (job.spec.db_use_type !== 'cloudDataGuard') throw new Refusal('DRS.M00302', `${job.id} is no disaster recovery`);
}

/** 5.3.1: how far the standby lags behind. */
function lag(world: World, job: Job): object {
  mustBeDr(job);
  notParent(job);
  const delay = delayOf(job);
  const info = {
    delay: delay < 0 ? '-1' : String(Math.round(delay * 1000)),
    time: plainTime(world.now()),
    gtid_set: 'NA',
    check_point: delay < 0 ? 'NA' : 'mysql-bin.000514:197',
  };
  return { rpo_info: info, rto_info: info };
}

const utc = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** 6.4.1. The reply tells the direction from before: the change comes later. Only the DR database must be reachable. */
function switchOver({ world, call }: Ctx<unknown>, job: Job): object {
  mustBeDr(job);
  notBusy(job);
  if (job.spec.multi_write) throw wrong('dual-active disaster recovery has no switchover');
  mustBe(job, 'INCRE_TRANSFER_STARTED', 'INCRE_TRANSFER_FAILED');
  reachable(world, job, standbyOf(job));
  const fault = call.faults.takeForJob(call.operation, { id: job.id, name: job.name }, IN_SWITCHOVERS);
  if (fault) call.fault = fault.kind;
  if (fault?.kind === 'late') job.switchesAt = world.now() + fault.ms;
  else if (fault?.kind !== 'ignored')
    job.switching = { position: 0, seen: world.now(), ...(fault?.kind === 'readonly' && { readonly: fault.value }) };
  world.changed();
  const database = (side: 'so' | 'ta') => ({
    id: `${job.id.slice(0, 24)}${side === 'so' ? '00000000000a' : '00000000000b'}`,
    ip: job.stored?.[side].ip ?? null,
    db_type: 'mysql',
    db_user: job.stored?.[side].db_user ?? null,
    db_password: '********',
    db_port: 3306,
    full_trans_user_pwd: '******',
    increment_trans_user_pwd: '******',
    ssl_link: false,
    instance_id: job.stored?.[side].inst_id ?? null,
  });
  return {
    updated_at: utc(world.now()),
    source_db: database('so'),
    target_db: database('ta'),
    job_direction: job.spec.job_direction,
    is_target_readonly: job.targetReadonly ?? false,
  };
}

function reachable(world: World, job: Job, side: 'so' | 'ta'): void {
  if (job.normal?.[side === 'so' ? 'source' : 'target'] === false)
    throw wrong(`the database ${side} cannot be reached`);
  const ip = job.stored?.[side].ip;
  if (!ip || world.databases.length === 0) return;
  const known = world.databases.find((database) => ip.includes(database.ip));
  if (!known) connect(world, { db_type: 'mysql', ip });
}

/** 6.4.2, with the reference's spelling. */
function monitoring(world: World, job: Job): object {
  mustBeDr(job);
  notParent(job);
  const delay = Math.max(0, delayOf(job));
  return {
    data_guard_minitor: {
      src_normal: isNormal(world, job, 'so'),
      dst_normal: isNormal(world, job, 'ta'),
      sr_offset: 'mysql-bin.000445:191',
      node_offset: 'mysql-bin.000445:191',
      dst_offset: 'N/A',
      sr_delay: 0,
      dst_delay: Math.round(delay * 1000),
      src_rps: '0',
      src_io: '0.0',
      bandwidth: '37',
      dst_rps: '0',
      dst_io: '0.0',
      trans_inMB: '0',
      trans_lines: '0',
      volume_used_inGB: '5',
      mem_used_inMB: '2166',
      cpuUsed_percent: '1.4',
      node_volume_inGB: 100,
      node_mem_inMB: 8192,
      migration_bytes_per_second: 789456,
    },
  };
}

function isNormal(world: World, job: Job, side: 'so' | 'ta'): boolean {
  try {
    reachable(world, job, side);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** Objects of the initialisation: what is there, and how much of it has arrived. */
function objectsOf(job: Job): Record<string, { db: string; name: string }[]> {
  const data = Object.entries(dataOf(job));
  const tables = data.flatMap(([db, all]) => Object.keys(all).map((name) => ({ db, name })));
  const databases = data.map(([db]) => ({ db, name: db }));
  return {
    table: tables,
    view: [],
    table_structure: tables,
    database: databases,
    function: [],
    procedure: [],
    table_indexs: tables,
  };
}

function structProcess(world: World, job: Job): object {
  mustBeDr(job);
  notParent(job);
  const share = progressOf(job) / 100;
  const start = job.startedAt ?? world.now();
  return {
    struct_process: {
      result: Object.entries(objectsOf(job)).map(([type, all]) => ({
        type,
        status: share === 1 ? 2 : share > 0 ? 1 : 0,
        src_count: all.length,
        dst_count: Math.floor(all.length * share),
        start_time: start,
        end_time: job.fullCompleteAt ?? 0,
      })),
      create_time: String(world.now()),
    },
  };
}

const DETAIL_TYPES = [
  'database',
  'schema',
  'table',
  'view',
  'procedure',
  'trigger',
  'index',
  'table_indexs',
  'table_structure',
];

function structDetail(ctx: Ctx<{ page_req?: z.output<typeof page> | undefined }>, job: Job, type: string): object {
  mustBeDr(job);
  notParent(job);
  const all = objectsOf(job)[type] ?? [];
  const list = all.length === 0 ? [] : pageOf(all, ctx.body.page_req);
  return {
    struct_detail: {
      list: list.map(({ db, name }) => ({
        progress: progressOf(job),
        src_DB: db,
        src_TB: name,
        dst_DB: db,
        dst_TB: name,
      })),
      total_record: all.length,
      create_time: String(ctx.world.now()),
    },
  };
}

const failedWithMessage = (job_id: string, { code, text: error_message }: Refusal) => ({
  job_id,
  error_code: code,
  error_message,
});

/** Reads by bare ids: each moves its task on. */
function readEach(
  ctx: Ctx<{ jobs: string[] }>,
  show: (job: Job) => object,
  failed: (id: string, refusal: Refusal) => object,
): object {
  unique(ctx.body.jobs);
  return counted(
    perJob(ctx, ctx.body.jobs, {
      name: (id) => ({ id }),
      act: (id) => ({ job_id: id, ...show(ctx.world.settle(ctx.world.job(ctx.project, id), true)) }),
      failed,
    }),
  );
}

export const disasterRecovery: Routes = {
  'POST /v3/{project_id}/jobs/batch-rpo-and-rto': route({
    operation: 'batchListRposAndRtos',
    status: 202,
    reads: true,
    body: z.strictObject({ jobs: some(jobId) }),
    names: byBareId,
    handle: (ctx) => readEach(ctx, (job) => lag(ctx.world, job), failedByJobId),
  }),

  'POST /v3/{project_id}/jobs/batch-switchover': route({
    operation: 'batchSwitchover',
    status: 202,
    body: z.strictObject({ jobs: some(jobId) }),
    names: byBareId,
    handle: (ctx) => {
      unique(ctx.body.jobs);
      return counted(
        perJob(ctx, ctx.body.jobs, {
          name: (id) => ({ id }),
          act: (id) => ({ job_id: id, ...switchOver(ctx, ctx.world.job(ctx.project, id)) }),
          failed: failedByJobId,
        }),
      );
    },
  }),

  'POST /v3/{project_id}/jobs/disaster-recovery-monitoring-data': route({
    operation: 'showMonitoringData',
    status: 200,
    reads: true,
    body: z.strictObject({ jobs: upToTen(jobId) }),
    names: byBareId,
    handle: (ctx) => {
      unique(ctx.body.jobs);
      // A result has no place for a code: a task without monitoring is left out.
      const results = perJob(ctx, ctx.body.jobs, {
        name: (id) => ({ id }),
        act: (id) => ({ id, ...monitoring(ctx.world, ctx.world.job(ctx.project, id)) }),
        failed: () => ({}),
      }).filter((row) => 'id' in row);
      return { results, count: results.length };
    },
  }),

  'POST /v3/{project_id}/jobs/batch-struct-process': route({
    operation: 'batchListStructProcess',
    status: 200,
    reads: true,
    body: z.strictObject({ jobs: some(jobId) }),
    names: byBareId,
    handle: (ctx) => readEach(ctx, (job) => structProcess(ctx.world, job), failedWithMessage),
  }),

  'POST /v3/{project_id}/jobs/{type}/batch-struct-detail': route({
    operation: 'batchListStructDetail',
    status: 200,
    reads: true,
    body: z.strictObject({ jobs: some(jobId), page_req: page.optional() }),
    names: byBareId,
    handle: (ctx) => {
      const type = ctx.params['type'] ?? '';
      if (!DETAIL_TYPES.includes(type)) throw new Refusal('DRS.M00202', `${type} is no object type`, { about: 'type' });
      checkPage(ctx.body.page_req);
      return readEach(ctx, (job) => structDetail(ctx, job, type), failedWithMessage);
    },
  }),
};
