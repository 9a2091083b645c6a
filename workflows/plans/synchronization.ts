import { z } from 'zod';
import { wordOf } from '../../drs/operations/common.js';
import { SyncPolicy } from '../../drs/operations/objects-and-policies.js';
import { RowFilter } from '../../drs/operations/settings.js';
import { Duration, type Problem, type Raw, type ReadSpec, requestProblems } from './common.js';
import { SYNC_ENGINES, type SyncEngine, type SyncEngineType, syncEngine } from './engines.js';
import { filterRequests } from './filters.js';
import { asArray, asObject, policyRequest } from './requests.js';
import { SyncSupervision, supervise, superviseProblems } from './supervision.js';
import { databasesNamedTwice, notHere, StartPoint, taskBase, taskProblems, Users, Verify } from './task.js';

const Name = z.string().min(1).max(256);
const as = Name.optional().meta({ description: 'Its name in the target.' });

const Parts = {
  tables: z
    .array(z.union([Name, z.strictObject({ table: Name, as })]))
    .min(1)
    .optional(),
  views: z
    .array(z.union([Name, z.strictObject({ view: Name, as })]))
    .min(1)
    .optional(),
};
const Schema = z.strictObject({ schema: Name, as, ...Parts });
const Database = z.strictObject({ database: Name, as, ...Parts, schemas: z.array(Schema).min(1).optional() });

/** A number of the wire that travels as text. */
const textOrNumber = <S extends z.ZodType<string>>(schema: S) =>
  z.union([schema, z.int()]).transform(String).optional();

const wire = SyncPolicy.shape;

/** Table 6-288, but for the start point. */
export const Policies = z.strictObject({
  conflict_policy: wire.conflict_policy,
  filter_ddl_policy: wire.filter_ddl_policy,
  ddl_trans: wire.ddl_trans,
  index_trans: wire.index_trans,
  topic_policy: textOrNumber(wire.topic_policy.unwrap()),
  topic: wire.topic,
  partition_policy: textOrNumber(wire.partition_policy.unwrap()),
  kafka_data_format: wire.kafka_data_format,
  topic_name_format: wire.topic_name_format,
  partitions_num: textOrNumber(wire.partitions_num.unwrap()),
  replication_factor: textOrNumber(wire.replication_factor.unwrap()),
  is_fill_materialized_view: wire.is_fill_materialized_view,
  export_snapshot: wire.export_snapshot,
  slot_name: wire.slot_name,
  ddl_topic: wire.ddl_topic,
});

const Filter = z.strictObject({
  database: Name,
  schema: Name.optional(),
  table: Name,
  where: z
    .string()
    .min(1)
    .max(256)
    .meta({ description: 'Which rows go over: standard SQL without functions or variables of an engine.' }),
});

/** Table 6-282: rows of a further table that the filters look into. */
const Lookup = RowFilter.shape.config_transformation.unwrap();
const FilterLookup = z.strictObject({
  db_name: Lookup.shape.db_name,
  table_name: Lookup.shape.table_name,
  col_names: Lookup.shape.col_names,
  prim_key_or_index: Lookup.shape.prim_key_or_index,
  indexs: Lookup.shape.indexs,
  values: Lookup.shape.values,
});

export const Objects = z.union([z.literal('all'), z.array(Database).min(1)]);

const ENGINES = Object.keys(SYNC_ENGINES) as [SyncEngineType, ...SyncEngineType[]];

export const SynchronizationSpec = z.strictObject({
  ...taskBase('synchronization', ENGINES),
  policies: Policies.optional().meta({ description: 'Conflicts, DDL, indexes, topics and partitions (§6.3.2).' }),
  startPoint: StartPoint(wire),
  users: Users,
  objects: Objects.meta({
    description: 'What is synchronised: all, or databases, their schemas, tables and views; `as` renames.',
  }),
  sync_database: z.boolean().optional().meta({ description: 'Whole databases, with what is created later (§6.1.5).' }),
  filters: z.array(Filter).min(1).optional().meta({ description: 'Row filters, one a table (§6.3.1).' }),
  filterLookups: z
    .array(FilterLookup)
    .min(1)
    .optional()
    .meta({ description: 'Configuration rules: tables that filters over several tables look into (§6.3.1).' }),
  parameters: notHere(
    'are not compared for a synchronization, only for migrations and disaster recovery of MySQL (§6.1.9)',
  ),
  inSync: z
    .strictObject({
      maxDelay: Duration.default(30_000).meta({ description: 'The run is over once the delay is no more than this.' }),
      verify: Verify,
    })
    .prefault({}),
  supervise,
  supervision: SyncSupervision.optional(),
});

export type SynchronizationPlan = z.output<typeof SynchronizationSpec>;

export const synchronizationSpec: ReadSpec<SynchronizationPlan> = {
  schema: SynchronizationSpec,
  problems: (spec) => {
    const engine = asObject(spec['task'])['engine_type'];
    const pair = syncEngine(engine);
    return [
      ...taskProblems(spec, 'sync'),
      ...requestProblems(SyncPolicy, policyRequest('job', spec), policyPaths),
      ...filterRequests('job', spec).flatMap(({ at, request }) =>
        requestProblems(RowFilter, request, [
          [/^transformation_info\.value$/, `${at}.where`],
          [/^config_transformation\./, `${at}.`],
        ]),
      ),
      ...(pair ? pairProblems(spec, wordOf(engine), pair) : []),
      ...objectProblems(spec),
      ...filterProblems(spec),
      ...superviseProblems(spec),
      ...verifyProblems(spec, engine),
    ];
  },
};

function verifyProblems(spec: Raw, engine: unknown): Problem[] {
  const { verify = 'none' } = asObject(spec['inSync']);
  if (verify === 'none' || !wordOf(engine).endsWith('-to-kafka')) return [];
  return [{ path: 'inSync.verify', message: 'is not possible where the target is Kafka: it has no tables to compare' }];
}

const policyPaths = [
  [/^(gtid_set|file_and_position)$/, 'startPoint.$1'],
  [/^(?!startPoint)(.+)$/, 'policies.$1'],
] as const;

/** Fields of a policy that only a Kafka target has. */
const OF_KAFKA = [
  'topic_policy',
  'topic',
  'partition_policy',
  'kafka_data_format',
  'topic_name_format',
  'partitions_num',
  'replication_factor',
  'ddl_topic',
] as const;

/** What this pair of engines lacks, or demands. */
function pairProblems(spec: Raw, engine: string, pair: SyncEngine): Problem[] {
  const problems: Problem[] = [];
  const tell = (path: string, message: string) => problems.push({ path, message });
  const policies = asObject(spec['policies']);
  const refuse = (fields: readonly string[], why: string) => {
    for (const field of fields) if (policies[field] !== undefined) tell(`policies.${field}`, why);
  };

  for (const side of ['source', 'target'] as const) {
    const type = asObject(spec[side])['db_type'];
    const possible: readonly string[] = pair[side];
    if (type !== undefined && !possible.includes(type))
      tell(`${side}.db_type`, `must be ${possible.join(' or ')} with engine_type ${engine}`);
  }
  if (pair.kafka) {
    for (const field of ['topic_policy', 'partition_policy'] as const)
      if (policies[field] === undefined)
        tell(`policies.${field}`, 'is missing: mandatory when the target is Kafka (§6.3.2)');
    for (const [field, possible] of Object.entries(pair.kafka))
      if (policies[field] !== undefined && !possible.includes(wordOf(policies[field])))
        tell(`policies.${field}`, `must be one of ${possible.join(', ')} with engine_type ${engine} (§6.3.2)`);
  } else refuse(OF_KAFKA, `is only for a Kafka target, which ${engine} has not (§6.3.2)`);
  if (!pair.snapshot)
    refuse(['is_fill_materialized_view', 'export_snapshot'], `is only for PostgreSQL, not for ${engine} (§6.3.2)`);
  slotProblems(asObject(spec['task']), policies, engine, pair, tell);
  if (!pair.startPoint && spec['startPoint'] !== undefined)
    tell('startPoint', `is only for a MySQL source, not for ${engine} (§6.3.2)`);
  if (!pair.users && spec['users'] !== undefined && spec['users'] !== 'none')
    tell('users', `go along only with PostgreSQL, not with ${engine} (§6.2.1)`);
  const filters = asArray(spec['filters']).length;
  if (pair.mostFilters !== undefined && filters > pair.mostFilters)
    tell('filters', `must have at most ${pair.mostFilters} entries with engine_type ${engine} (§6.3.1)`);
  if (!pair.schemas) {
    asArray(spec['objects']).forEach((entry, index) => {
      if (asObject(entry)['schemas'] !== undefined)
        tell(`objects[${index}].schemas`, `are not possible: databases of ${engine} hold no schemas`);
    });
    asArray(spec['filters']).forEach((entry, index) => {
      if (asObject(entry)['schema'] !== undefined)
        tell(`filters[${index}].schema`, `is not possible: databases of ${engine} hold no schemas`);
    });
  }
  return problems;
}

function slotProblems(
  task: Raw,
  { slot_name: name }: Raw,
  engine: string,
  { slot }: SyncEngine,
  tell: (path: string, message: string) => void,
): void {
  if (slot === 'mandatory' && name === undefined)
    tell('policies.slot_name', `is missing: mandatory with engine_type ${engine} (§6.3.2)`);
  if (name === undefined || slot === 'mandatory') return;
  if (slot === undefined) tell('policies.slot_name', `is only for PostgreSQL and gaussdbv5ha-to-kafka (§6.3.2)`);
  else if (task['task_type'] === 'FULL_TRANS')
    tell('policies.slot_name', 'is only for a task with an incremental part (§6.3.2)');
}

function objectProblems(spec: Raw): Problem[] {
  const problems = databasesNamedTwice(spec['objects']);
  if (spec['sync_database'] !== true) return problems;
  const parts = ['tables', 'views', 'schemas'];
  asArray(spec['objects']).forEach((entry, index) => {
    for (const part of parts)
      if (asObject(entry)[part] !== undefined)
        problems.push({ path: `objects[${index}].${part}`, message: 'are not possible with sync_database (§6.1.5)' });
  });
  return problems;
}

/** One rule a table, and only for what is selected. */
function filterProblems(spec: Raw): Problem[] {
  const problems: Problem[] = [];
  const keys = asArray(spec['filters']).map((filter) => {
    const { database, schema, table } = asObject(filter);
    return JSON.stringify([database, schema, table]);
  });
  asArray(spec['filters']).forEach((filter, index) => {
    const { database, schema, table } = asObject(filter);
    const [first, key] = [keys.indexOf(keys[index] ?? ''), `filters[${index}]`];
    if (first < index)
      problems.push({ path: `${key}.table`, message: `has a filter already, filters[${first}]: one a table (§6.3.1)` });
    if (
      typeof database === 'string' &&
      typeof table === 'string' &&
      !isSelected(spec['objects'], database, schema, table)
    )
      problems.push({ path: `${key}.table`, message: 'is not among the objects' });
  });
  const looked = asArray(spec['filterLookups']).map((lookup) => {
    const { db_name, table_name } = asObject(lookup);
    return `${db_name}.${table_name}`;
  });
  looked.forEach((name, index) => {
    if (looked.indexOf(name) < index)
      problems.push({
        path: `filterLookups[${index}].table_name`,
        message: 'has a rule already: one a table (§6.3.1)',
      });
  });
  return problems;
}

function isSelected(objects: unknown, database: string, schema: unknown, table: string): boolean {
  if (!Array.isArray(objects)) return true;
  const chosen = objects.map(asObject).find((entry) => entry['database'] === database);
  if (!chosen) return false;
  const schemas = asArray(chosen['schemas']).map(asObject);
  const holder = schema === undefined ? chosen : schemas.find((entry) => entry['schema'] === schema);
  if (!holder) return schemas.length === 0;
  const whole = holder['tables'] === undefined && holder['views'] === undefined;
  return (
    (whole && (holder !== chosen || schemas.length === 0)) ||
    asArray(holder['tables']).some((part) => part === table || asObject(part)['table'] === table)
  );
}
