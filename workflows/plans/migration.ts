import { z } from 'zod';
import { SyncPolicy } from '../../drs/operations/objects-and-policies.js';
import { Duration, Gate, Hooks, type Problem, type Raw, type ReadSpec, SpecEndpoint } from './common.js';
import { asObject } from './requests.js';
import { databasesNamedTwice, Parameters, StartPoint, taskBase, taskProblems, Users, Verify } from './task.js';

const Database = z.strictObject({
  database: z.string().min(1).max(256),
  tables: z.array(z.string().min(1).max(256)).min(1).optional(),
  views: z.array(z.string().min(1).max(256)).min(1).optional(),
});

const ENGINES = ['mysql', 'mongodb'] as const;

export const MigrationSpec = z.strictObject({
  ...taskBase('migration', ENGINES),
  shards: z
    .array(SpecEndpoint)
    .min(1)
    .max(32)
    .optional()
    .meta({ description: 'Shards of a clustered source, tested with it (§6.1.3).' }),
  objects: z
    .union([z.literal('all'), z.array(Database).min(1)])
    .meta({ description: 'What is migrated: all, or databases with or without a list of tables. DRS lists none.' }),
  users: Users,
  startPoint: StartPoint(SyncPolicy.shape),
  parameters: Parameters,
  cutover: z
    .strictObject({
      maxDelay: Duration.default(0).meta({
        description: 'The delay that two reads in a row must not exceed after the approval.',
      }),
      openBelow: Duration.default(30_000).meta({ description: 'The delay below which the gate opens.' }),
      within: Duration.default(600_000).meta({
        description: 'How long maxDelay may take after the approval, before the gate opens anew.',
      }),
      verify: Verify,
      gate: Gate.prefault({}),
      hooks: Hooks.meta({
        description:
          'before: after the approval, before the delay is read for the last time; after: once the task has ended.',
      }),
    })
    .prefault({}),
  finish: z.strictObject({ delete: z.boolean().default(false) }).prefault({}),
});

export type MigrationPlan = z.output<typeof MigrationSpec>;

export const migrationSpec: ReadSpec<MigrationPlan> = {
  schema: MigrationSpec,
  problems: (spec) => [
    ...taskProblems(spec, 'migration'),
    ...ownProblems(spec),
    ...databasesNamedTwice(spec['objects']),
  ],
};

function ownProblems(spec: Raw): Problem[] {
  const problems: Problem[] = [];
  const tell = (path: string, message: string) => problems.push({ path, message });
  const { engine_type: engine, job_direction: direction } = asObject(spec['task']);

  for (const side of ['source', 'target'] as const) {
    const dbType = asObject(spec[side])['db_type'];
    if ((engine === 'mysql' || engine === 'mongodb') && dbType !== undefined && dbType !== engine) {
      tell(`${side}.db_type`, `must be ${engine}, as the engine_type is`);
    }
  }
  if (spec['parameters'] === 'align' && (engine !== 'mysql' || direction !== 'up')) {
    tell('parameters', 'align is possible only for MySQL with job_direction up (§6.1.9)');
  }
  return problems;
}
