import type { DB_TYPES, EngineType } from '../../drs/operations/common.js';

type DbType = (typeof DB_TYPES)[number];

/** What §6.1.1, §6.2.1, §6.3.1 and §6.3.2 allow to a pair that is synchronised; what is absent is not possible. */
export interface SyncEngine {
  readonly source: readonly DbType[];
  readonly target: readonly DbType[];
  /** Values for a Kafka target, `topic_policy` and `partition_policy` among them. */
  readonly kafka?: {
    readonly topic_policy: readonly string[];
    readonly partition_policy: readonly string[];
    readonly kafka_data_format: readonly string[];
  };
  /** Databases hold schemas, and these the tables. */
  readonly schemas?: true;
  readonly users?: true;
  /** `is_fill_materialized_view`, `export_snapshot`. */
  readonly snapshot?: true;
  /** `slot_name`: mandatory, or possible for an incremental task. */
  readonly slot?: 'mandatory' | 'incremental';
  /** `gtid_set`, `file_and_position`. */
  readonly startPoint?: true;
  /** The most tables at a time that may have row filters; no bound where absent. */
  readonly mostFilters?: number;
}

const PARTITIONS = ['0', '1', '2', '3', '5'];
const MYSQL_TO_KAFKA = {
  topic_policy: ['0', '1'],
  partition_policy: PARTITIONS,
  kafka_data_format: ['json', 'json_c'],
};
const GAUSSDB = { source: ['gaussdbv5', 'gaussdbv5ha'], target: ['gaussdbv5', 'gaussdbv5ha'] } as const;

/** Engine types of §6.1.1 that can be synchronised. TaurusDB is told as mysql: the API has no type of its own for it. */
export const SYNC_ENGINES = {
  mysql: { source: ['mysql'], target: ['mysql'], startPoint: true, mostFilters: 10_000 },
  postgresql: {
    source: ['postgresql'],
    target: ['postgresql'],
    schemas: true,
    users: true,
    snapshot: true,
    slot: 'incremental',
  },
  gaussdbv5: { ...GAUSSDB, schemas: true },
  'oracle-to-gaussdbv5': { source: ['oracle'], target: ['gaussdbv5'], schemas: true, mostFilters: 20_000 },
  'oracle-to-gaussdbv5ha': { source: ['oracle'], target: ['gaussdbv5ha'], schemas: true, mostFilters: 20_000 },
  'gaussdbv5-to-oracle': { source: ['gaussdbv5'], target: ['oracle'], schemas: true },
  'gaussdbv5ha-to-oracle': { source: ['gaussdbv5ha'], target: ['oracle'], schemas: true },
  'mysql-to-kafka': {
    source: ['mysql'],
    target: ['kafka'],
    kafka: MYSQL_TO_KAFKA,
    startPoint: true,
    mostFilters: 10_000,
  },
  'taurus-to-kafka': { source: ['mysql'], target: ['kafka'], kafka: MYSQL_TO_KAFKA, startPoint: true },
  'gaussdbv5-to-kafka': {
    source: ['gaussdbv5'],
    target: ['kafka'],
    schemas: true,
    kafka: {
      topic_policy: ['0', '1', '2', '3', '4'],
      partition_policy: [...PARTITIONS, '4'],
      kafka_data_format: ['json', 'avro'],
    },
  },
  'gaussdbv5ha-to-kafka': {
    source: ['gaussdbv5ha'],
    target: ['kafka'],
    schemas: true,
    slot: 'mandatory',
    kafka: {
      topic_policy: ['0', '1', '2', '3'],
      partition_policy: PARTITIONS,
      kafka_data_format: ['json', 'avro'],
    },
  },
} as const satisfies Partial<Record<EngineType, SyncEngine>>;

export type SyncEngineType = keyof typeof SYNC_ENGINES;

export const syncEngine = (engine: unknown): SyncEngine | undefined =>
  typeof engine === 'string' && Object.hasOwn(SYNC_ENGINES, engine)
    ? SYNC_ENGINES[engine as SyncEngineType]
    : undefined;
