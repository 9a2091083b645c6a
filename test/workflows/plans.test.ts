import { describe, expect, test } from 'vitest';
import { kinds, readSpec } from '../../workflows/plans/index.js';
import { migrationSpec } from '../support/config.js';
import { ENGINES, leastSyncSpec, recoverySpec, syncSpec } from '../support/specs.js';

type Raw = Readonly<Record<string, unknown>>;

const problemsOf = (spec: Raw) => {
  const kind = spec['kind'] as 'synchronization';
  return readSpec(kinds[kind], kind, spec).problems.map(({ path, message }) => `${path}: ${message}`);
};

describe('the least spec of a synchronisation', () => {
  test.each(ENGINES)('of %s is valid', (engine) => expect(problemsOf(leastSyncSpec(engine))).toEqual([]));
});

test('specs with everything are valid', () => {
  expect(problemsOf(syncSpec())).toEqual([]);
  expect(problemsOf(recoverySpec())).toEqual([]);
  expect(problemsOf(recoverySpec({ multi_write: true }))).toEqual([]);
});

describe('what is missing is told as missing, what is wrong with what is right', () => {
  const migration = (more: Raw) => problemsOf({ ...migrationSpec(), ...more });
  test.each([
    [{ objects: undefined }, 'objects: is missing'],
    [{ objects: 'some' }, 'objects: must be all or a list'],
    [{ objects: [{}] }, 'objects[0].database: is missing'],
    [{ start: { at: 'soon' } }, 'start.at: must be now or a time: 2026-01-31T04:00:00Z'],
    [{ users: 'some' }, 'users: must be none or all or an object'],
    [{ users: { account: [] } }, 'users.account: is not known here'],
  ])('%j of a migration', (more, told) => expect(migration(more)).toEqual([told]));

  test('a switchover that does not say where to', () =>
    expect(problemsOf({ kind: 'switchover', name: 'region-down', task: 'orders-dr' })).toEqual([
      'direction: is missing: one of up, down',
    ]));
});

describe('what a pair of engines lacks is refused with the section', () => {
  const policies = (engine: (typeof ENGINES)[number], given: Raw, more: Raw = {}) => {
    const spec = leastSyncSpec(engine);
    return problemsOf({ ...spec, ...more, policies: { ...spec.policies, ...given } });
  };

  test('topics without a Kafka target', () =>
    expect(policies('mysql', { topic_policy: '0', topic: 'a', partition_policy: '1' })).toEqual([
      'policies.topic_policy: is only for a Kafka target, which mysql has not (§6.3.2)',
      'policies.topic: is only for a Kafka target, which mysql has not (§6.3.2)',
      'policies.partition_policy: is only for a Kafka target, which mysql has not (§6.3.2)',
    ]));

  test('a Kafka target without topics', () =>
    expect(problemsOf({ ...leastSyncSpec('mysql-to-kafka'), policies: undefined })).toEqual([
      'policies.topic_policy: is missing: mandatory when the target is Kafka (§6.3.2)',
      'policies.partition_policy: is missing: mandatory when the target is Kafka (§6.3.2)',
    ]));

  test.each([
    ['mysql-to-kafka', '2'],
    ['taurus-to-kafka', '3'],
    ['gaussdbv5ha-to-kafka', '4'],
  ] as const)('a topic policy that %s has not', (engine, topic_policy) =>
    expect(
      policies(engine, {
        topic_policy,
        topic_name_format: '$database$',
        partitions_num: 3,
        replication_factor: 2,
      }),
    ).toEqual([
      expect.stringMatching(/^policies\.topic_policy: must be one of 0, 1.* with engine_type .* \(§6\.3\.2\)$/),
    ]),
  );

  test.each([
    ['mysql-to-kafka', 'avro'],
    ['gaussdbv5-to-kafka', 'json_c'],
  ] as const)('a data format that %s has not', (engine, kafka_data_format) =>
    expect(policies(engine, { kafka_data_format })).toEqual([
      expect.stringMatching(/^policies\.kafka_data_format: must be one of json, \w+ with engine_type/),
    ]),
  );

  test('partitions by DN, which only GaussDB Distributed has', () => {
    expect(policies('gaussdbv5-to-kafka', { partition_policy: 4 })).toEqual([]);
    expect(policies('gaussdbv5ha-to-kafka', { partition_policy: 4 })).toEqual([
      expect.stringMatching(/^policies\.partition_policy: must be one of/),
    ]);
  });

  test('partitions that do not go with the topics', () =>
    expect(
      policies('mysql-to-kafka', {
        topic_policy: 1,
        topic_name_format: '$database$-$tablename$',
        partitions_num: 3,
        replication_factor: 1,
        partition_policy: 0,
      }),
    ).toEqual(['policies.partition_policy: must be one of 1, 2, 5 with topic_policy 1']));

  test('a replication slot, which some must have and others cannot', () => {
    expect(policies('mysql', { slot_name: 'a' })).toEqual([
      'policies.slot_name: is only for PostgreSQL and gaussdbv5ha-to-kafka (§6.3.2)',
    ]);
    expect(policies('postgresql', { slot_name: 'a' })).toEqual([]);
    const { slot_name: _, ...rest } = leastSyncSpec('gaussdbv5ha-to-kafka').policies as Record<string, unknown>;
    expect(problemsOf({ ...leastSyncSpec('gaussdbv5ha-to-kafka'), policies: rest })).toEqual([
      'policies.slot_name: is missing: mandatory with engine_type gaussdbv5ha-to-kafka (§6.3.2)',
    ]);
  });

  test('materialised views, users, start points and schemas of others', () => {
    const mysql = leastSyncSpec('mysql');
    expect(policies('mysql', { export_snapshot: true })).toEqual([
      'policies.export_snapshot: is only for PostgreSQL, not for mysql (§6.3.2)',
    ]);
    expect(problemsOf({ ...mysql, users: 'all' })).toEqual([
      'users: go along only with PostgreSQL, not with mysql (§6.2.1)',
    ]);
    expect(problemsOf({ ...mysql, objects: [{ database: 'crm', schemas: [{ schema: 'a' }] }] })).toEqual([
      'objects[0].schemas: are not possible: databases of mysql hold no schemas',
    ]);
    const postgresql = leastSyncSpec('postgresql');
    const task = { ...postgresql.task, task_type: 'INCR_TRANS' };
    expect(problemsOf({ ...postgresql, task, startPoint: { gtid_set: 'a:1-2' } })).toEqual([
      'startPoint: is only for a MySQL source, not for postgresql (§6.3.2)',
    ]);
  });

  test('databases of another type than the engine type says', () => {
    const spec = leastSyncSpec('oracle-to-gaussdbv5');
    expect(problemsOf({ ...spec, target: { ...spec.target, db_type: 'gaussdbv5ha' } })).toEqual([
      'target.db_type: must be gaussdbv5 with engine_type oracle-to-gaussdbv5',
    ]);
  });
});

test('an engine type that is not synchronised is refused with the list of those that are', () => {
  const spec = syncSpec();
  for (const engine_type of ['mongodb', 'sqlserver', 'cloudDataGuard-mysql'])
    expect(problemsOf({ ...spec, task: { ...spec.task, engine_type } }).join('\n')).toMatch(
      new RegExp(`^task\\.engine_type: .*${ENGINES.slice(0, 3).join(', ')}`, 'm'),
    );
});

describe('row filters', () => {
  const filters = (...given: Raw[]) => problemsOf({ ...syncSpec(), filters: given });
  const filter = { database: 'crm', table: 'accounts', where: 'id > 5' };

  test('have at most 256 characters', () =>
    expect(filters({ ...filter, where: 'a'.repeat(257) })).toEqual([
      'filters[0].where: must have at most 256 characters',
    ]));

  test('are one a table', () =>
    expect(filters(filter, { ...filter, where: 'id > 6' })).toEqual([
      'filters[1].table: has a filter already, filters[0]: one a table (§6.3.1)',
    ]));

  test('are for what is selected', () =>
    expect(filters({ ...filter, table: 'leads' }, { ...filter, database: 'hr' })).toEqual([
      'filters[0].table: is not among the objects',
      'filters[1].table: is not among the objects',
    ]));
});

test('a synchronisation of whole databases names no tables', () =>
  expect(problemsOf({ ...syncSpec(), filters: undefined, sync_database: true })).toEqual([
    'objects[1].tables: are not possible with sync_database (§6.1.5)',
  ]));

test('a comparison of parameters is not for synchronisations', () =>
  expect(problemsOf({ ...syncSpec(), parameters: 'align' })).toEqual([
    'parameters: are not compared for a synchronization, only for migrations and disaster recovery of MySQL (§6.1.9)',
  ]));

describe('disaster recovery', () => {
  const task = (given: Raw) => problemsOf(recoverySpec(given));

  test('is not over vpc', () =>
    expect(task({ net_type: 'vpc', bind_eip: undefined })).toContain(
      'task.net_type: must be vpn or eip for disaster recovery',
    ));

  test('says whether it is dual-active', () =>
    expect(task({ multi_write: undefined })).toEqual([expect.stringMatching(/^task\.multi_write: is missing/)]));

  test('is full and incremental', () =>
    expect(task({ task_type: 'FULL_TRANS' })).toEqual([
      'task.task_type: must be FULL_INCR_TRANS for disaster recovery',
    ]));

  test('has a read-only target where this cloud is the standby, and none where it is active', () => {
    expect(task({ is_target_readonly: false })).toEqual([
      'task.is_target_readonly: must be true for disaster recovery with job_direction up',
    ]);
    expect(task({ job_direction: 'down' })).toEqual([
      'task.is_target_readonly: must be false or absent for disaster recovery with job_direction down',
      'source.region: is missing: mandatory for disaster recovery with job_direction down',
      'source.inst_id: is missing: mandatory for disaster recovery with job_direction down',
    ]);
  });

  test('is for MySQL', () =>
    expect(task({ engine_type: 'mysql' })).toEqual([
      'task.engine_type: must be one of cloudDataGuard-mysql for a disaster-recovery (§6.1.1)',
    ]));

  test('takes everything', () =>
    expect(problemsOf({ ...recoverySpec(), objects: [{ database: 'crm' }], filters: [] })).toEqual([
      'objects: are not possible for disaster recovery: it takes everything (§6.1.5)',
      'filters: are not possible for disaster recovery, only for a synchronization (§6.3.1)',
    ]));
});

test('yearly and monthly orders are for the engines that have them, and never for a migration', () => {
  const period = { charging_mode: 'period', period_order: { period_type: 3, period_num: 1 } };
  const of = (engine: (typeof ENGINES)[number]) => {
    const spec = leastSyncSpec(engine);
    return problemsOf({ ...spec, task: { ...spec.task, ...period } });
  };
  expect(of('mysql')).toEqual([]);
  expect(of('gaussdbv5ha-to-kafka')).toEqual([]);
  expect(of('mysql-to-kafka')).toEqual([expect.stringMatching(/^task\.charging_mode: period is possible for mysql, /)]);
  expect(problemsOf(recoverySpec(period))).toEqual([]);
});

test('only what goes on is supervised, and only then limits make sense', () => {
  const full = { ...syncSpec().task, task_type: 'FULL_TRANS' };
  expect(problemsOf({ ...syncSpec(), task: full, supervise: true })).toEqual([
    'supervise: is not possible for FULL_TRANS: such a task ends with its full transfer',
  ]);
  expect(problemsOf({ ...syncSpec(), supervision: { retries: 1 } })).toEqual([
    'supervision: goes with supervise: true',
  ]);
  expect(problemsOf({ ...syncSpec(), supervise: true, supervision: { maxDelay: '5 minutes' } })).toEqual([
    'supervision.maxDelay: must be a duration: 90s, 15m, 12h or 3d',
  ]);
});
