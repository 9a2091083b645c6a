import { SYNC_ENGINES, type SyncEngine } from '../../workflows/plans/engines.js';
import { migrationSpec, TARGET } from './config.js';

type Raw = Readonly<Record<string, unknown>>;

/** A spec with most that a synchronisation of MySQL can have. */
export const syncSpec = () => {
  const { kind: _, cutover: __, ...common } = migrationSpec();
  return {
    kind: 'synchronization',
    ...common,
    policies: {
      conflict_policy: 'overwrite',
      filter_ddl_policy: 'drop_database',
      ddl_trans: true,
      index_trans: true,
    } as Record<string, unknown>,
    objects: [
      { database: 'orders', as: 'orders_copy' },
      { database: 'crm', tables: ['accounts', { table: 'contacts', as: 'people' }] },
    ] as unknown,
    filters: [
      { database: 'crm', table: 'accounts', where: 'id > 5' },
      { database: 'orders', table: 'items', where: "state = 'paid'" },
    ] as Raw[],
    filterLookups: [
      {
        db_name: 'crm',
        table_name: 'regions',
        col_names: 'id,name',
        prim_key_or_index: 'id',
        indexs: 'name',
        values: "name like '%a%'",
      },
    ] as Raw[],
    speed: [{ begin: '22:00', end: '05:59', speed: 50 }],
  };
};

export const recoverySpec = (task: Raw = {}) => {
  const { cutover: _, objects: __, ...common } = migrationSpec();
  return {
    ...common,
    kind: 'disaster-recovery',
    task: {
      ...common.task,
      engine_type: 'cloudDataGuard-mysql',
      is_target_readonly: true,
      multi_write: false,
      ...task,
    } as Record<string, unknown>,
    speed: [{ begin: '22:00', end: '05:59', speed: 50 }],
  };
};

const PORTS: Readonly<Record<string, number>> = { mysql: 3306, postgresql: 5432, oracle: 1521 };

/** The least that a synchronisation of an engine type needs. */
export function leastSyncSpec(engine: keyof typeof SYNC_ENGINES) {
  const { task, source, target, name } = migrationSpec(`sync-${engine.replaceAll('-to-', '2')}`);
  const { source: froms, target: tos, kafka, slot, schemas }: SyncEngine = SYNC_ENGINES[engine];
  const [from = '', to = ''] = [froms[0], tos[0]];
  const end = (db_type: string, given: Raw) => ({
    ...given,
    db_type,
    db_port: PORTS[db_type] ?? 8000,
    ...(db_type === 'oracle' && { db_name: 'ORCL' }),
  });
  const topics = { topic_policy: 0, topic: 'changes', partition_policy: 1 };
  const slotName = slot === 'mandatory' ? { slot_name: 'drs_slot' } : {};
  return {
    kind: 'synchronization',
    name,
    task: { ...task, engine_type: engine },
    source: end(from, source),
    target: to === 'kafka' ? { db_type: 'kafka', ip: `${TARGET.ip}:9092` } : end(to, target),
    objects: schemas
      ? [{ database: 'crm', schemas: [{ schema: 'sales', tables: ['accounts'] }] }]
      : [{ database: 'crm', tables: ['accounts'] }],
    ...(kafka && { policies: { ...topics, ...slotName } }),
  };
}

export const ENGINES = Object.keys(SYNC_ENGINES) as (keyof typeof SYNC_ENGINES)[];
