import { z } from 'zod';
import { AlarmNotify } from '../../drs/operations/common.js';
import { ConnectionTest } from '../../drs/operations/connections.js';
import { overlapRules, SpeedWindow } from '../../drs/operations/control.js';
import { SyncPolicy } from '../../drs/operations/objects-and-policies.js';
import { Modification, NewTask } from '../../drs/operations/tasks.js';
import {
  Duration,
  Gate,
  type Problem,
  planBase,
  type Raw,
  type ReadSpec,
  requestProblems,
  SecretRef,
  SpecEndpoint,
} from './common.js';
import { asArray, asObject, createRequest, isCluster, storeRequest, testRequest } from './requests.js';

const {
  name: _,
  db_use_type: __,
  source_endpoint: ___,
  target_endpoint: ____,
  multi_write: _____,
  ...taskFields
} = NewTask.shape;

/** Fields of §6.1.1 under their wire names, as far as they are the user's, and `replace_definer` of §6.1.4. */
const Task = z.strictObject({ ...taskFields, replace_definer: Modification.shape.replace_definer });

const Database = z.strictObject({
  database: z.string().min(1).max(256),
  tables: z.array(z.string().min(1).max(256)).min(1).optional(),
  views: z.array(z.string().min(1).max(256)).min(1).optional(),
});

export const MigrationSpec = z.strictObject({
  ...planBase('migration'),
  task: Task,
  source: SpecEndpoint,
  target: SpecEndpoint,
  shards: z
    .array(SpecEndpoint)
    .min(1)
    .max(32)
    .optional()
    .meta({ description: 'Shards of a clustered source, tested with it (§6.1.3).' }),
  objects: z
    .union([z.literal('all'), z.array(Database).min(1)])
    .meta({ description: 'What is migrated: all, or databases with or without a list of tables. DRS lists none.' }),
  users: z
    .union([
      z.enum(['none', 'all']),
      z.strictObject({
        accounts: z.array(z.string().min(1)).optional(),
        roles: z.array(z.string().min(1)).optional(),
        password: SecretRef.optional(),
      }),
    ])
    .default('none')
    .meta({ description: "Which of the source's users and roles are migrated." }),
  startPoint: z
    .strictObject({ gtid_set: SyncPolicy.shape.gtid_set, file_and_position: SyncPolicy.shape.file_and_position })
    .optional()
    .meta({ description: 'Where an INCR_TRANS task starts (§6.3.2).' }),
  alarm_notify: AlarmNotify.optional().meta({ description: "DRS's own notifications (§6.1.4)." }),
  speed: z
    .array(
      z.strictObject({ begin: SpeedWindow.shape.begin, end: SpeedWindow.shape.end, speed: z.int().min(1).max(9999) }),
    )
    .max(10)
    .optional()
    .meta({ description: 'Flow control, MB/s by hours of UTC (§6.1.8).' }),
  precheck: z.strictObject({ accept: z.array(z.string().min(1)).default([]) }).prefault({}),
  parameters: z.enum(['report', 'align', 'skip']).default('report'),
  start: z
    .strictObject({
      at: z.union([z.literal('now'), z.iso.datetime({ offset: true })]).default('now'),
      gate: Gate.prefault({}),
    })
    .prefault({}),
  cutover: z
    .strictObject({
      maxDelay: Duration.default(0).meta({
        description: 'The delay that two reads in a row must not exceed after the approval.',
      }),
      openBelow: Duration.default(30_000).meta({ description: 'The delay below which the gate opens.' }),
      within: Duration.default(600_000).meta({
        description: 'How long maxDelay may take after the approval, before the gate opens anew.',
      }),
      verify: z.enum(['none', 'objects', 'lines', 'contents']).default('none'),
      gate: Gate.prefault({}),
    })
    .prefault({}),
  finish: z.strictObject({ delete: z.boolean().default(false) }).prefault({}),
});

export type MigrationPlan = z.output<typeof MigrationSpec>;

const ENDS = [
  [/^source_endpoint/, 'source'],
  [/^target_endpoint/, 'target'],
  [/db_password$/, 'password'],
] as const;

const taskPaths = [...ENDS, [/^(?!source|target|name)(.+)$/, 'task.$1']] as const;

export const migrationSpec: ReadSpec<MigrationPlan> = {
  schema: MigrationSpec,
  problems: (spec) => [
    ...requestProblems(NewTask, createRequest(spec, 'migration', 'run'), taskPaths),
    ...endpointProblems(spec),
    ...requestProblems(Modification, storeRequest('job', spec), taskPaths).filter(({ path }) => path !== 'task.job_id'),
    ...ownProblems(spec),
  ],
};

/** The connection test demands more of an endpoint than the creation does. */
function endpointProblems(spec: Raw): Problem[] {
  if (isCluster(spec)) return [];
  return (['so', 'ta'] as const).flatMap((end) => {
    const side = end === 'so' ? 'source' : 'target';
    const problems = requestProblems(ConnectionTest, testRequest('job', spec, end), [
      [/db_password$/, 'password'],
      [/^(.+)$/, `${side}.$1`],
    ]);
    return problems.filter(({ path }) => !path.endsWith('.net_type'));
  });
}

function ownProblems(spec: Raw): Problem[] {
  const task = asObject(spec['task']);
  const problems: Problem[] = [];
  const tell = (path: string, message: string) => problems.push({ path, message });
  const { engine_type: engine, task_type: type, job_direction: direction } = task;

  if (engine !== undefined && engine !== 'mysql' && engine !== 'mongodb')
    tell('task.engine_type', 'must be mysql or mongodb for a migration');
  for (const side of ['source', 'target'] as const) {
    const dbType = asObject(spec[side])['db_type'];
    if ((engine === 'mysql' || engine === 'mongodb') && dbType !== undefined && dbType !== engine) {
      tell(`${side}.db_type`, `must be ${engine}, as the engine_type is`);
    }
  }
  if (asArray(task['tags']).length > 19)
    tell('task.tags', "must have at most 19 entries: the twentieth marks the task as this run's");
  if (asArray(task['tags']).some((tag) => asObject(tag)['key'] === 'drs-pilot'))
    tell('task.tags', "must not have the key drs-pilot: it marks the task as a run's");
  if (type === 'INCR_TRANS' && spec['speed'] !== undefined) tell('speed', 'is not possible for INCR_TRANS (§6.1.8)');
  if (spec['startPoint'] !== undefined && type !== 'INCR_TRANS') tell('startPoint', 'is only for task_type INCR_TRANS');
  if (spec['parameters'] === 'align' && (engine !== 'mysql' || direction !== 'up')) {
    tell('parameters', 'align is possible only for MySQL with job_direction up (§6.1.9)');
  }
  overlapRules(asArray(spec['speed']), (path, message) => tell(`speed[${String(path[0])}]`, message));
  const verify = asObject(spec['cutover'])['verify'];
  if (verify !== undefined && verify !== 'none')
    tell('cutover.verify', 'is not possible yet: this version compares nothing; leave it out or say none');
  asArray(spec['objects']).forEach((entry, index) => {
    const earlier = asArray(spec['objects']).findIndex(
      (other) => asObject(other)['database'] === asObject(entry)['database'],
    );
    if (asObject(entry)['database'] !== undefined && earlier < index)
      tell(`objects[${index}].database`, 'is named twice');
  });
  return problems;
}
