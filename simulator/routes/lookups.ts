import { z } from 'zod';
import { STATUSES } from '../../drs/statuses.js';
import { flaw, invalid } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import { delayOf, progressOf, statusOf } from '../lifecycle.js';
import type { World } from '../world.js';
import { available, currentAction, unavailable } from './actions.js';
import { details } from './details.js';
import { ENGINE_TYPES, jobId, NETS, some, USES, upToTen } from './fields.js';
import { byBareId, type Ctx, counted, perJob, type Routes, route, unique } from './route.js';

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
  const named = namedLike(asked.name ?? '');
  const fits = (job: Job) =>
    job.project === project &&
    !job.parent &&
    job.spec.db_use_type === asked.db_use_type &&
    (engine === '' || job.spec.engine_type === engine) &&
    (!asked.net_type || job.spec.net_type === asked.net_type) &&
    named(job) &&
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
function namedLike(asked: string): (job: Job) => boolean {
  const ids = new Set(asked.split(',').map((word) => word.trim()));
  const word = ids.size === 1 ? asked.toLowerCase() : undefined;
  return (job) => asked === '' || ids.has(job.id) || (word !== undefined && job.name.toLowerCase().includes(word));
}

const sides = (job: Job): Record<string, unknown>[] =>
  [job.spec['source_endpoint'], job.spec['target_endpoint'], job.stored?.so, job.stored?.ta].filter(
    (side) => side !== undefined,
  ) as Record<string, unknown>[];
const instances = (job: Job) => sides(job).map((side) => String(side['inst_id']));
const ips = (job: Job) => sides(job).map((side) => String(side['ip']));

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
      ? { progress_map: { struct: part(2), data: part(1), index: part(percent === 100 ? 1 : 0.9) } }
      : {}),
  };
}

export const lookups: Routes = {
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
