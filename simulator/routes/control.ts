import { z } from 'zod';
import { Refusal } from '../codes.js';
import type { Job, Side } from '../job.js';
import { begin, isStopping, precheckPassed, statusOf } from '../lifecycle.js';
import { hash, release, type World } from '../world.js';
import { flag, jobId, side, some, text } from './fields.js';
import { byJobId, type Ctx, counted, eachJob, failedById, perJob, type Routes, route } from './route.js';
import {
  forwardRuns,
  isBackward,
  isMysql,
  mustBe,
  mustBeStored,
  mustLive,
  notBusy,
  notParent,
  notSubtask,
  wrong,
} from './rules.js';

const startTime = z.string().regex(/^(\d{13})?$/, 'milliseconds since 1970, 13 digits');

/** 6.1.11. */
function start({ world }: Ctx<unknown>, job: Job, startAt: number | undefined): object | undefined {
  notParent(job);
  mustBe(job, 'CONFIGURATION');
  mustBeStored(job);
  if (job.spec.db_use_type === 'sync' && !job.objects) throw wrong('no objects are selected yet');
  forwardRuns(world, job, 60);
  if (!isBackward(world, job) && !precheckPassed(job))
    throw wrong('no pre-check has passed since the configuration last changed');
  const now = world.now();
  if (startAt !== undefined && startAt > now) {
    job.startAt = startAt;
    job.still = 'WAITING_FOR_START';
    job.updatedAt = now;
  } else {
    begin(job, 'transfer', now);
    job.startedAt = now;
  }
  world.changed();
  if (job.spec['charging_mode'] !== 'period') return undefined;
  job.orderId = `CS${now}`;
  return { order_id: job.orderId };
}

/** 6.1.12. */
function retry(world: World, job: Job, reEdit: boolean): undefined {
  notParent(job);
  notBusy(job);
  const status = statusOf(job);
  const now = world.now();
  if (job.edited && reEdit && status.startsWith('INCRE_TRANSFER') && precheckPassed(job)) {
    edit(world, job);
  } else if (status === 'PAUSING') {
    const { pausedAt = 0, pausedFailure } = job;
    begin(job, 'transfer', now, pausedAt);
    job.failure = pausedFailure;
    job.pausedAt = undefined;
  } else {
    mustBe(job, 'START_JOB_FAILED', 'STARTJOB_FAILED', 'FULL_TRANSFER_FAILED', 'INCRE_TRANSFER_FAILED');
    begin(job, 'transfer', now, job.track.name === 'transfer' ? job.track.position : 0);
  }
  world.changed();
}

/** Objects added to a running synchronisation are carried over by a subtask. */
function edit(world: World, job: Job): void {
  job.edited = undefined;
  const child = world.add(
    job.project,
    `${job.name}_edit${job.children.length + 1}`,
    { ...job.spec },
    { parent: job.id },
  );
  begin(child, 'child', world.now());
  job.children.push(child.id);
}

/** 6.1.13. */
function pause(world: World, job: Job): undefined {
  notParent(job);
  notBusy(job);
  mustBe(job, 'FULL_TRANSFER_STARTED', 'FULL_TRANSFER_COMPLETE', 'INCRE_TRANSFER_STARTED');
  if (statusOf(job) === 'FULL_TRANSFER_COMPLETE' && job.spec.task_type === 'FULL_TRANS')
    throw wrong(`${job.id} has nothing left to pause`);
  const position = job.track.position;
  begin(job, 'pause', world.now());
  job.pausedAt = position;
  world.changed();
}

const DELETABLE = ['CREATE_FAILED', 'RELEASE_RESOURCE_COMPLETE', 'RELEASE_CHILD_TRANSFER_COMPLETE'];

/** 6.1.14. */
function stopOrDelete(
  world: World,
  job: Job,
  how: 'terminate' | 'force_terminate' | 'delete',
  showPosition: boolean,
): undefined {
  notSubtask(job);
  const status = statusOf(job);
  if (how === 'delete') {
    if (!DELETABLE.includes(status)) throw wrong(`${job.id} is ${status}: stop it first`);
    world.remove(job);
    return;
  }
  mustLive(job);
  const busy = (why: string) => new Refusal('DRS.M01504', why);
  if (status === 'CREATING') throw busy(`${job.id} is being created`);
  if (status === 'RELEASE_RESOURCE_STARTED' && how === 'terminate') throw busy(`${job.id} is being stopped`);
  if (how === 'terminate' && isStopping(job)) throw busy(`${job.id} is being paused`);
  if (showPosition && isMysql(job) && job.startedAt) job.breakpoint = breakpoint(job);
  const now = world.now();
  release(job, now);
  for (const child of world.jobs.filter((each) => each.parent === job.id)) release(child, now);
  world.changed();
}

/** A GTID set that differs from task to task and stays the same for one. */
const breakpoint = (job: Job) => `${job.id.slice(0, 8)}-4bc3-11ee-b279-fa163ef21d64:1-${1000 + (job.createdAt % 9000)}`;

export const PASSWORD_STATUSES = [
  'STARTJOBING',
  'STARTJOB_FAILED',
  'START_JOB_FAILED',
  'FULL_TRANSFER_STARTED',
  'FULL_TRANSFER_FAILED',
  'FULL_TRANSFER_COMPLETE',
  'INCRE_TRANSFER_STARTED',
  'INCRE_TRANSFER_FAILED',
  'PAUSING',
];

const newPassword = z.strictObject({
  db_password: text,
  end_point_type: side,
  job_id: jobId,
  kerberos: z
    .strictObject({
      krb5_conf_file: z.string().optional(),
      key_tab_file: z.string().optional(),
      domain_name: z.string().optional(),
      user_principal: z.string().optional(),
    })
    .optional(),
});

/** 6.1.15. */
function changePassword({ world, project }: Ctx<unknown>, given: z.output<typeof newPassword>): object {
  const job = world.job(project, given.job_id);
  notParent(job);
  mustBe(job, ...PASSWORD_STATUSES);
  storePassword(world, job, given.end_point_type, given.db_password);
  return { id: given.job_id, status: 'success', end_point_type: given.end_point_type };
}

export function storePassword(world: World, job: Job, end: Side, password: string): void {
  const stored = job.stored?.[end];
  const here = world.databases.filter(({ ip }) => String(stored?.ip ?? '').includes(ip));
  if (here.length > 0 && !here.some(({ user, password: known }) => user === stored?.db_user && known === password))
    throw new Refusal('DRS.KE0002', 'the database refuses this password');
  if (stored) stored.password = hash(password);
  const tested = job.tested[end];
  if (tested) tested.password = hash(password);
  world.changed();
}

function onlyOnce(jobs: readonly { job_id: string; end_point_type: string }[]): void {
  const keys = jobs.map(({ job_id, end_point_type }) => `${job_id} ${end_point_type}`);
  if (new Set(keys).size < keys.length)
    throw new Refusal('DRS.M00301', 'a task and endpoint stand twice', { about: 'job id' });
}

export const control: Routes = {
  'POST /v3/{project_id}/jobs/batch-starting': route({
    operation: 'batchStartJobs',
    status: 202,
    body: z.strictObject({
      jobs: some(
        z.strictObject({ job_id: jobId, is_only_init_task: flag.optional(), start_time: startTime.optional() }),
      ),
    }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, { start_time }) =>
        start(ctx, job, start_time ? Number(start_time) : undefined),
      ),
  }),

  'POST /v3/{project_id}/jobs/batch-retry-task': route({
    operation: 'batchRestoreTask',
    status: 200,
    body: z.strictObject({ jobs: some(z.strictObject({ job_id: jobId, is_sync_re_edit: flag.optional() })) }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, { is_sync_re_edit = false }) => retry(ctx.world, job, is_sync_re_edit)),
  }),

  'POST /v3/{project_id}/jobs/batch-pause-task': route({
    operation: 'batchStopJobs',
    status: 200,
    body: z.strictObject({ jobs: some(z.strictObject({ job_id: jobId, pause_mode: z.enum(['target', 'all']) })) }),
    names: byJobId,
    handle: (ctx) => eachJob(ctx, ctx.body.jobs, (job) => pause(ctx.world, job)),
  }),

  'DELETE /v3/{project_id}/jobs/batch-jobs': route({
    operation: 'batchDeleteJobs',
    status: 202,
    body: z.strictObject({
      jobs: some(
        z.strictObject({
          delete_type: z.enum(['terminate', 'force_terminate', 'delete']),
          job_id: jobId,
          is_show_breakpoint_position: flag.optional(),
        }),
      ),
    }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, { delete_type, is_show_breakpoint_position = false }) =>
        stopOrDelete(ctx.world, job, delete_type, is_show_breakpoint_position),
      ),
  }),

  'PUT /v3/{project_id}/jobs/batch-modify-pwd': route({
    operation: 'batchResetPassword',
    status: 200,
    body: z.strictObject({ jobs: some(newPassword) }),
    names: ({ jobs }) => jobs.map(({ job_id, end_point_type }) => ({ id: job_id, endPointType: end_point_type })),
    handle: (ctx) => {
      onlyOnce(ctx.body.jobs);
      return counted(
        perJob(ctx, ctx.body.jobs, {
          name: ({ job_id, end_point_type }) => ({ id: job_id, endPointType: end_point_type }),
          act: (given) => changePassword(ctx, given),
          failed: ({ job_id, end_point_type }, refusal) => ({ ...failedById(job_id, refusal), end_point_type }),
        }),
      );
    },
  }),

  'POST /v3/{project_id}/jobs/batch-replace-definer': route({
    operation: 'batchSetDefiner',
    status: 200,
    body: z.strictObject({ jobs: some(z.strictObject({ job_id: jobId, replace_definer: flag })) }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, { replace_definer }) => {
        mustBe(job, 'CONFIGURATION');
        job.replaceDefiner = replace_definer;
        ctx.world.changed();
        return undefined;
      }),
  }),
};
