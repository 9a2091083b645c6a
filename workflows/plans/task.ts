import { z } from 'zod';
import { AlarmNotify, type EngineType, type UseType } from '../../drs/operations/common.js';
import { ConnectionTest } from '../../drs/operations/connections.js';
import { overlapRules, SpeedWindow } from '../../drs/operations/control.js';
import { Modification, NewTask } from '../../drs/operations/tasks.js';
import { Gate, type Problem, planBase, type Raw, requestProblems, SecretRef, SpecEndpoint } from './common.js';
import { asArray, asObject, createRequest, isCluster, MARKER, storeRequest, testRequest } from './requests.js';

/** What migration, synchronisation and disaster recovery have in common: a task of §6.1.1 that is created, tested and started. */

const {
  name: _,
  db_use_type: __,
  source_endpoint: ___,
  target_endpoint: ____,
  multi_write: _____,
  ...taskFields
} = NewTask.shape;

/** Fields of §6.1.1 under their wire names, as far as they are the user's, and `replace_definer` of §6.1.4. */
const taskFieldsOfSpec = { ...taskFields, replace_definer: Modification.shape.replace_definer };

/** The engine types of a kind. */
const engineOf = <const E extends readonly [string, ...string[]]>(kind: string, engines: E) =>
  z.enum(engines, {
    error: ({ input }) =>
      `${input === undefined ? 'is missing:' : 'must be'} one of ${engines.join(', ')} for a ${kind} (§6.1.1)`,
  });

const shared = (kind: string) => ({
  ...planBase(kind),
  source: SpecEndpoint,
  target: SpecEndpoint,
  alarm_notify: AlarmNotify.optional().meta({ description: "DRS's own notifications (§6.1.4)." }),
  speed: z
    .array(
      z.strictObject({ begin: SpeedWindow.shape.begin, end: SpeedWindow.shape.end, speed: z.int().min(1).max(9999) }),
    )
    .max(10)
    .optional()
    .meta({ description: 'Flow control, MB/s by hours of UTC (§6.1.8).' }),
  precheck: z.strictObject({ accept: z.array(z.string().min(1)).default([]) }).prefault({}),
  start: z
    .strictObject({
      at: z
        .union([
          z.literal('now'),
          z.iso.datetime({ offset: true, error: 'must be now or a time: 2026-01-31T04:00:00Z' }),
        ])
        .default('now'),
      gate: Gate.prefault({}),
    })
    .prefault({}),
});

/** The fields that every kind of task has. */
export const taskBase = <const E extends readonly [EngineType, ...EngineType[]]>(kind: string, engines: E) => ({
  ...shared(kind),
  task: z.strictObject({ ...taskFieldsOfSpec, engine_type: engineOf(kind, engines) }),
});

/** A field that other kinds have, and why this one has it not. */
export const notHere = (why: string) => z.never({ error: why }).optional();

/** §6.1.9 and §6.1.10. */
export const Parameters = z
  .enum(['report', 'align', 'skip'])
  .default('report')
  .meta({ description: "report: compare and show; align: change the target's, too; skip." });

/** Which of the source's users and roles go along (§6.2.1). */
export const Users = z
  .union([
    z.enum(['none', 'all']),
    z.strictObject({
      accounts: z.array(z.string().min(1)).optional(),
      roles: z.array(z.string().min(1)).optional(),
      password: SecretRef.optional(),
    }),
  ])
  .default('none')
  .meta({ description: "Which of the source's users and roles go along." });

export type UsersOfSpec = z.output<typeof Users>;

/** §6.3.2: no other call carries it. */
export const StartPoint = (policy: {
  readonly gtid_set: z.ZodType<string | undefined>;
  readonly file_and_position: z.ZodType<string | undefined>;
}) =>
  z
    .strictObject({ gtid_set: policy.gtid_set, file_and_position: policy.file_and_position })
    .optional()
    .meta({ description: 'Where an INCR_TRANS task starts (§6.3.2).' });

/** What is compared before people decide on what the task has done. */
export const Verify = z
  .enum(['none', 'objects', 'lines', 'contents'])
  .default('none')
  .meta({ description: 'Compares before: anything but consistent must be acknowledged by name.' });

/** What the shared steps need of a plan. */
type Base = Omit<z.output<z.ZodObject<ReturnType<typeof shared>>>, 'kind'>;
export interface TaskPlan extends Base {
  readonly task: z.output<z.ZodObject<typeof taskFieldsOfSpec>>;
}

const ENDS = [
  [/^source_endpoint/, 'source'],
  [/^target_endpoint/, 'target'],
  [/db_password$/, 'password'],
] as const;

const taskPaths = [...ENDS, [/^(?!source|target|name)(.+)$/, 'task.$1']] as const;

/** Problems of the requests that every kind of task sends, and of the fields that every kind has. */
export function taskProblems(spec: Raw, useType: UseType): Problem[] {
  return [
    ...requestProblems(NewTask, createRequest(spec, useType, 'run'), taskPaths),
    ...endpointProblems(spec),
    ...requestProblems(Modification, storeRequest('job', spec), taskPaths).filter(({ path }) => path !== 'task.job_id'),
    ...ownProblems(spec),
  ];
}

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
  const tags = asArray(task['tags']);
  const problems: Problem[] = [];
  const tell = (path: string, message: string) => problems.push({ path, message });
  if (tags.length > 19) tell('task.tags', "must have at most 19 entries: the twentieth marks the task as this run's");
  if (tags.some((tag) => asObject(tag)['key'] === MARKER))
    tell('task.tags', `must not have the key ${MARKER}: it marks the task as a run's`);
  if (task['task_type'] === 'INCR_TRANS' && spec['speed'] !== undefined)
    tell('speed', 'is not possible for INCR_TRANS (§6.1.8)');
  if (spec['startPoint'] !== undefined && task['task_type'] !== 'INCR_TRANS')
    tell('startPoint', 'is only for task_type INCR_TRANS');
  overlapRules(asArray(spec['speed']), (path, message) => tell(`speed[${String(path[0])}]`, message));
  return problems;
}

/** Entries of a list of databases that name one again. */
export function databasesNamedTwice(objects: unknown): Problem[] {
  const names = asArray(objects).map((entry) => asObject(entry)['database']);
  return names.flatMap((name, index) =>
    name !== undefined && names.indexOf(name) < index
      ? [{ path: `objects[${index}].database`, message: 'is named twice' }]
      : [],
  );
}
