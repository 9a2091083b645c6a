import { expect } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { test } from '../support/harness.js';

/** A spec with most that a synchronisation of MySQL can have. */
const spec = () => {
  const { kind: _, cutover: __, ...common } = migrationSpec();
  return {
    kind: 'synchronization',
    ...common,
    policies: { conflict_policy: 'overwrite', filter_ddl_policy: 'drop_database', ddl_trans: true, index_trans: true },
    objects: [
      { database: 'orders', as: 'orders_copy' },
      { database: 'crm', tables: ['accounts', { table: 'contacts', as: 'people' }] },
    ] as unknown,
    filters: [
      { database: 'crm', table: 'accounts', where: 'id > 5' },
      { database: 'orders', table: 'items', where: "state = 'paid'" },
    ],
    filterLookups: [
      {
        db_name: 'crm',
        table_name: 'regions',
        col_names: 'id,name',
        prim_key_or_index: 'id',
        indexs: 'name',
        values: "name like '%a%'",
      },
    ],
    speed: [{ begin: '22:00', end: '05:59', speed: 50 }],
  };
};

test('a synchronisation goes through the sequence of §4.1 in its order, and its task runs on', async ({
  pilot,
  simulator,
}) => {
  const given = spec();
  const run = await pilot.start(given, { workflow: 'synchronization' });
  await run.approve('start');
  const result = await run.result();

  expect(result).toMatchObject({ kind: 'synchronization', outcome: 'completed', task: 'running' });
  expect(result).toMatchObject({ delaySeconds: expect.any(Number) });
  expect(result.steps.map(({ step, state }) => `${step}: ${state}`)).toEqual([
    'Create: done',
    'Test connections: done',
    'Store endpoints: done',
    'Policies: done',
    'Objects: done',
    'Row filters: done',
    'Flow control: done',
    'Pre-check: done',
    'Start approval: done',
    'Start request: done',
    'Start transfer: done',
    'Full transfer: done',
    'Incremental transfer: done',
  ]);
  const effects = simulator.journal().filter(({ effect }) => effect);
  expect(effects.map(({ operation }) => operation)).toEqual([
    'batchCreateJobs',
    'batchValidateConnections',
    'batchValidateConnections',
    'batchUpdateJob',
    'batchSetPolicy',
    'batchSetObjects',
    'batchChangeData',
    'batchChangeData',
    'batchChangeData',
    'batchSetSpeed',
    'batchCheckJobs',
    'batchStartJobs',
  ]);
  expect(simulator.job(given.name)).toMatchObject({ status: 'INCRE_TRANSFER_STARTED' });

  const events = (await run.handle.fetchHistory()).events ?? [];
  expect(events.length).toBeLessThanOrEqual(250);
});
