import { z } from 'zod';
import { flaw, invalid, missing } from '../check.js';
import { Refusal } from '../codes.js';
import { type Job, type Parameter, statusOf } from '../job.js';
import type { World } from '../world.js';
import { ENGINE_TYPES, flag, jobId, some, subscriptions, text } from './fields.js';
import {
  byBareId,
  byJobId,
  type Ctx,
  counted,
  eachJob,
  failedById,
  perJob,
  type Routes,
  route,
  unique,
} from './route.js';
import { isMysql, mustBe, mustBeStored, mustLive, notParent, wrong } from './rules.js';

const HOUR = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** 6.1.8, Table 6-62. */
const window = z
  .strictObject({
    begin: text.regex(HOUR, 'hh:mm'),
    end: text.regex(HOUR, 'hh:mm'),
    speed: text.regex(/^[1-9]\d{0,3}$/, '1 to 9999'),
    is_utc: flag.optional(),
  })
  .superRefine(({ begin, end }, ctx) => {
    if (begin === end) flaw(ctx, ['begin'], 'begin and end are the same', 'DRS.M00306');
    else if (!end.endsWith(':59')) invalid(ctx, ['end'], 'ends with 59');
  });

const windows = z.array(window).superRefine((all, ctx) => {
  if (all.length > 10)
    flaw(ctx, [], `${all.length} windows, at most 10`, 'DRS.M00305', 'at most 10 time ranges are allowed');
  const hours = all.flatMap(hoursOf);
  if (new Set(hours).size < hours.length) flaw(ctx, [], 'windows overlap', 'DRS.M00305', 'time ranges cannot overlap');
});

/** The hours that a window covers; it may pass midnight. */
function hoursOf({ begin, end }: { begin: string; end: string }): number[] {
  const first = Number(begin.slice(0, 2));
  const count = ((Number(end.slice(0, 2)) - first + 24) % 24) + 1;
  return Array.from({ length: count }, (_, index) => (first + index) % 24);
}

function limitSpeed(world: World, job: Job, speedLimit: Record<string, unknown>[]): void {
  notParent(job);
  mustLive(job);
  if (job.spec.task_type === 'INCR_TRANS') throw new Refusal('DRS.M00403', 'flow control is not for INCR_TRANS');
  job.speedLimit = speedLimit;
  world.changed();
}

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

/** 6.1.22. */
const notification = z.strictObject({
  subscriptions: subscriptions.optional(),
  topic_urn: z.string().optional(),
  delay_time: z.number().int().min(0).optional(),
  rto_delay: z.number().int().min(0).optional(),
  rpo_delay: z.number().int().min(0).optional(),
  alarm_to_user: flag.optional(),
});

const KAFKA_EDITABLE = ['mysql-to-kafka', 'taurus-to-kafka'];
const PARTITIONS: Readonly<Record<string, readonly string[]>> = {
  0: ['0', '1', '2', '3', '4', '5'],
  1: ['1', '2', '5'],
  2: ['0', '1', '3', '4'],
  3: ['0', '1'],
  4: ['0', '1', '3'],
};

const upTo = (max: number) =>
  z.string().refine((value) => /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= max, `1 to ${max}`);

/** 6.3.2, Table 6-288. */
const policy = z
  .strictObject({
    job_id: jobId,
    conflict_policy: z.enum(['ignore', 'overwrite', 'stop']).optional(),
    filter_ddl_policy: z.enum(['drop_database']).optional(),
    ddl_trans: flag.optional(),
    index_trans: flag.optional(),
    topic_policy: z.enum(['0', '1', '2', '3', '4']).optional(),
    topic: z.string().optional(),
    partition_policy: z.enum(['0', '1', '2', '3', '4', '5']).optional(),
    kafka_data_format: z.enum(['json', 'avro', 'json_c']).optional(),
    topic_name_format: z.string().optional(),
    partitions_num: upTo(2_147_483_647).optional(),
    replication_factor: upTo(32_767).optional(),
    is_fill_materialized_view: flag.optional(),
    export_snapshot: flag.optional(),
    slot_name: z.string().optional(),
    file_and_position: z.string().max(100).optional(),
    gtid_set: z
      .string()
      .max(2048)
      .regex(/^[^<>&"'/\\\u4e00-\u9fff]*$/, 'none of < > & " \' / \\')
      .optional(),
    ddl_topic: z.string().optional(),
  })
  .superRefine((given, ctx) => {
    const { topic_policy, partition_policy } = given;
    if (topic_policy === '0' && !given.topic) missing(ctx, ['topic'], 'with topic_policy 0');
    if (topic_policy && partition_policy && !PARTITIONS[topic_policy]?.includes(partition_policy))
      invalid(ctx, ['partition_policy'], `not with topic_policy ${topic_policy}`);
    if (topic_policy && ['1', '2', '3'].includes(topic_policy))
      for (const field of ['topic_name_format', 'partitions_num', 'replication_factor'] as const)
        if (!given[field]) missing(ctx, [field], `with topic_policy ${topic_policy}`);
    if (given.file_and_position && !isPosition(given.file_and_position))
      invalid(ctx, ['file_and_position'], 'File_name.file_number:Event_position or timestamp:incre');
  });

/** A position in MySQL's log, or in MongoDB's. */
function isPosition(text: string): boolean {
  if (/^[^<>&:"'/\\]{1,60}\.\d{3,20}:\d{1,20}$/.test(text)) return true;
  return /^\d+:\d+$/.test(text) && text.split(':').every((part) => Number(part) >= 1 && Number(part) <= 2_147_483_647);
}

/** Topic policies of the pairs that have a Kafka target. */
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  'mysql-to-kafka': ['0', '1'],
  'taurus-to-kafka': ['0', '1'],
  'gaussdbv5ha-to-kafka': ['0', '1', '2', '3'],
  'gaussdbv5-to-kafka': ['0', '1', '2', '3', '4'],
};
const KAFKA_FIELDS = [
  'topic_policy',
  'topic',
  'partition_policy',
  'kafka_data_format',
  'topic_name_format',
  'partitions_num',
  'replication_factor',
  'ddl_topic',
] as const;

const FORMATS = (engine: string) => (KAFKA_EDITABLE.includes(engine) ? ['json', 'json_c'] : ['json', 'avro']);

function setPolicy(world: World, job: Job, { job_id, ...given }: z.output<typeof policy>): void {
  const engine = job.spec.engine_type;
  const kafka = engine.endsWith('-to-kafka');
  if (KAFKA_EDITABLE.includes(engine)) mustBe(job, 'CONFIGURATION', 'INCRE_TRANSFER_STARTED');
  else mustBe(job, 'CONFIGURATION');
  mustBeStored(job);
  const lacks = (field: string) =>
    new Refusal('DRS.M00201', `${job_id}: ${field} is mandatory for Kafka`, { about: field });
  if (kafka && given.topic_policy === undefined) throw lacks('topic_policy');
  if (kafka && given.partition_policy === undefined) throw lacks('partition_policy');
  if (kafka && given.ddl_trans && !given.ddl_topic) throw lacks('ddl_topic');
  if (engine === 'gaussdbv5ha-to-kafka' && !given.slot_name) throw lacks('slot_name');
  const not = (field: string) => new Refusal('DRS.M00202', `not for ${engine}`, { about: field });
  const foreign = kafka ? undefined : KAFKA_FIELDS.find((field) => given[field] !== undefined);
  if (foreign) throw not(foreign);
  if (given.topic_policy && !TOPICS[engine]?.includes(given.topic_policy)) throw not('topic_policy');
  if (given.partition_policy === '4' && engine !== 'gaussdbv5-to-kafka') throw not('partition_policy');
  if (given.kafka_data_format && !FORMATS(engine).includes(given.kafka_data_format)) throw not('kafka_data_format');
  job.policy = { ...job.policy, ...given };
  if (statusOf(job) === 'CONFIGURATION') job.precheck = undefined;
  world.changed();
}

export const settings: Routes = {
  'PUT /v3/{project_id}/jobs/batch-limit-speed': route({
    operation: 'batchSetSpeed',
    status: 200,
    body: z.strictObject({ speed_limits: some(z.strictObject({ job_id: jobId, speed_limit: windows })) }),
    names: ({ speed_limits }) => speed_limits.map(({ job_id }) => ({ id: job_id })),
    handle: (ctx) =>
      eachJob(ctx, ctx.body.speed_limits, (job, { speed_limit }) => {
        limitSpeed(ctx.world, job, speed_limit);
        return undefined;
      }),
  }),

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

  'POST /v3/{project_id}/jobs/batch-set-smn': route({
    operation: 'batchSetSmn',
    status: 200,
    body: z.strictObject({
      jobs: some(z.strictObject({ job_id: jobId, status: text, engine_type: z.enum(ENGINE_TYPES) })),
      alarm_notify_info: notification,
    }),
    names: byJobId,
    handle: (ctx) =>
      eachJob(ctx, ctx.body.jobs, (job, given) => {
        mustLive(job);
        if (given.engine_type !== job.spec.engine_type)
          throw new Refusal('DRS.M00202', `the task is of ${job.spec.engine_type}`, { about: 'engine_type' });
        const { topic_urn, ...rest } = ctx.body.alarm_notify_info;
        job.alarm = { ...rest, ...(topic_urn ? { topic_name: topic_urn.split(':').at(-1) } : {}) };
        ctx.world.changed();
        return undefined;
      }),
  }),

  'POST /v3/{project_id}/jobs/batch-sync-policy': route({
    operation: 'batchSetPolicy',
    status: 200,
    body: z.strictObject({ jobs: some(policy) }),
    names: byJobId,
    handle: (ctx: Ctx<{ jobs: z.output<typeof policy>[] }>) => {
      unique(ctx.body.jobs.map(({ job_id }) => job_id));
      return counted(
        perJob(ctx, ctx.body.jobs, {
          name: ({ job_id }) => ({ id: job_id }),
          act: (given) => {
            setPolicy(ctx.world, ctx.world.job(ctx.project, given.job_id), given);
            return { id: given.job_id, status: 'success' };
          },
          failed: ({ job_id }, refusal) => failedById(job_id, refusal),
        }),
      );
    },
  }),
};
