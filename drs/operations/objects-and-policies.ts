import { z } from 'zod';
import { bySuccessStatus, byTrueStatus } from '../judges.js';
import { operation } from '../operation.js';
import { Done, demand, digits, JobId, oneOf, text, withRules } from './common.js';

/** Table 6-42. Ids of tables are written `database-*-*-table`. */
export const SelectedObject = withRules(
  z.strictObject({
    id: z.string().min(1).optional(),
    parent_id: z.string().min(1).nullish(),
    object_type: oneOf(['database', 'table', 'schema', 'view']).optional(),
    object_name: z.string().min(1).optional(),
    select: oneOf(['true', 'false', 'partial']).optional(),
    object_alias_name: z.string().min(1).nullish(),
  }),
  (object, tell) => {
    if ((object.object_type === 'table' || object.object_type === 'view') && object.parent_id == null) {
      tell('parent_id', `is missing: mandatory for a ${object.object_type}`);
    }
  },
);

/** 6.1.5. `selected: false`, as its absence, takes everything. */
export const ObjectSelection = withRules(
  z.strictObject({
    job_id: JobId,
    selected: z.boolean().optional(),
    sync_database: z.boolean().optional(),
    job: z.array(SelectedObject).optional(),
  }),
  (selection, tell) => {
    if (selection.selected !== true) return;
    demand(selection, ['job'], 'with selected', tell);
    if (selection.job?.length === 0) tell('job', 'must not be empty with selected');
  },
);

/** Which partition policies go with a topic policy (table 6-288). */
const PARTITION_POLICIES: Readonly<Record<string, readonly string[]>> = {
  '0': ['0', '1', '2', '3', '4', '5'],
  '1': ['1', '2', '5'],
  '2': ['0', '1', '3', '4'],
  '3': ['0', '1'],
  '4': ['0', '1', '3'],
};

const MYSQL_POSITION = /^(?=.{1,100}$)[^<>&:"'/\\]{1,60}\.\d{3,20}:\d{1,20}$/;
const MONGODB_POSITION = /^(\d{1,10}):(\d{1,10})$/;

const isPosition = (position: string): boolean => {
  const oplog = MONGODB_POSITION.exec(position);
  return (
    MYSQL_POSITION.test(position) ||
    (oplog?.slice(1).every((part) => Number(part) >= 1 && Number(part) <= 2_147_483_647) ?? false)
  );
};

/** 6.3.2. The start point of an INCR_TRANS task (`gtid_set`, `file_and_position`) stands here and nowhere else. */
export const SyncPolicy = withRules(
  z.strictObject({
    job_id: JobId,
    conflict_policy: oneOf(['ignore', 'overwrite', 'stop']).optional(),
    filter_ddl_policy: oneOf(['drop_database']).optional(),
    ddl_trans: z.boolean().optional(),
    index_trans: z.boolean().optional(),
    topic_policy: oneOf(['0', '1', '2', '3', '4']).optional(),
    topic: z.string().min(1).optional(),
    partition_policy: oneOf(['0', '1', '2', '3', '4', '5']).optional(),
    kafka_data_format: oneOf(['json', 'avro', 'json_c']).optional(),
    topic_name_format: z.string().min(1).optional(),
    partitions_num: digits(1, 2_147_483_647).optional(),
    replication_factor: digits(1, 32_767).optional(),
    is_fill_materialized_view: z.boolean().optional(),
    export_snapshot: z.boolean().optional(),
    slot_name: z.string().min(1).optional(),
    file_and_position: z
      .string()
      .refine(isPosition, {
        error:
          'must be file.number:position of a MySQL binlog (mysql-bin.000277:805) or timestamp:increment of a MongoDB oplog',
      })
      .optional(),
    gtid_set: z
      .string()
      .regex(/^[^<>&"'/\\\p{Script=Han}]{1,2048}$/u, {
        error: 'must have 1 to 2048 characters, none of < > & " \' / \\ and no Chinese ones',
      })
      .optional(),
    ddl_topic: z.string().min(1).optional(),
  }),
  (policy, tell) => {
    const topics = policy.topic_policy;
    if (topics === undefined) {
      if (policy.partition_policy !== undefined) tell('topic_policy', 'is missing: mandatory when the target is Kafka');
      return;
    }
    demand(policy, ['partition_policy'], 'when the target is Kafka', tell);
    if (topics === '0') demand(policy, ['topic'], 'with topic_policy 0', tell);
    if (['1', '2', '3'].includes(topics)) {
      demand(
        policy,
        ['topic_name_format', 'partitions_num', 'replication_factor'],
        `with topic_policy ${topics}`,
        tell,
      );
    }
    if (policy.ddl_trans === true) demand(policy, ['ddl_topic'], 'with ddl_trans when the target is Kafka', tell);
    const possible = Object.hasOwn(PARTITION_POLICIES, topics) ? PARTITION_POLICIES[topics] : undefined;
    if (possible && policy.partition_policy !== undefined && !possible.includes(policy.partition_policy)) {
      tell('partition_policy', `must be one of ${possible.join(', ')} with topic_policy ${topics}`);
    }
  },
);

export const objectsAndPolicies = {
  batchSetObjects: operation({
    section: '6.1.5',
    route: 'PUT /v3/{project_id}/jobs/batch-select-objects',
    summary: 'Chooses the databases, tables and views to transfer.',
    request: ObjectSelection,
    reply: Done.extend({ job_id: text() }),
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['job_id', 'id'] },
    judge: byTrueStatus,
    repeatable: true,
    action: 'drs:migrationJobs:select',
    roles: ['RDS FullAccess', 'DAS FullAccess'],
  }),

  batchSetPolicy: operation({
    section: '6.3.2',
    route: 'POST /v3/{project_id}/jobs/batch-sync-policy',
    summary: 'Sets conflict, DDL, index and Kafka policies and the start point of an incremental task.',
    request: SyncPolicy,
    reply: Done,
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['id', 'job_id'] },
    judge: bySuccessStatus,
    repeatable: true,
  }),
};
