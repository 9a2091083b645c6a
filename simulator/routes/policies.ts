import { z } from 'zod';
import { invalid, missing } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import { statusOf } from '../lifecycle.js';
import type { World } from '../world.js';
import { flag, jobId, some } from './fields.js';
import { byJobId, type Ctx, counted, failedById, perJob, type Routes, route, unique } from './route.js';
import { mustBe, mustBeStored } from './rules.js';

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

export const policies: Routes = {
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
