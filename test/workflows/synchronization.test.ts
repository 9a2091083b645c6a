import { describe, expect, vi } from 'vitest';
import { test } from '../support/harness.js';
import { ENGINES, leastSyncSpec, syncSpec } from '../support/specs.js';

const SOON = { timeout: 60_000, interval: 50 };

test('a synchronisation goes through the sequence of §4.1 in its order, and its task runs on', async ({
  pilot,
  simulator,
}) => {
  const given = syncSpec();
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

test('every engine type is synchronised by the least that it needs', async ({ pilot, simulator }) => {
  const results = await Promise.all(
    ENGINES.map(async (engine) => {
      const run = await pilot.start(leastSyncSpec(engine), { workflow: 'synchronization' });
      await run.approve('start');
      return [engine, (await run.result()).task];
    }),
  );
  expect(results).toEqual(ENGINES.map((engine) => [engine, 'running']));
  expect(simulator.journal().filter(({ unknownFields }) => unknownFields)).toEqual([]);
});

test('objects, policies and rules reach the wire as the reference writes them', async ({ pilot, simulator }) => {
  const spec = leastSyncSpec('gaussdbv5ha-to-kafka');
  const run = await pilot.start(
    {
      ...spec,
      policies: {
        slot_name: 'drs_slot',
        topic_policy: 3,
        topic_name_format: '$database$',
        partitions_num: 6,
        replication_factor: 3,
        partition_policy: 1,
      },
      objects: [
        {
          database: 'crm',
          as: 'kunden',
          schemas: [{ schema: 'sales', as: 'verkauf', tables: [{ table: 'a', as: 'b' }] }],
        },
      ],
      filters: [{ database: 'crm', schema: 'sales', table: 'a', where: 'id > 5' }],
    },
    { workflow: 'synchronization' },
  );
  await run.gate('start');
  const sent = (operation: string) => {
    const entry = simulator.journal().find((one) => one.operation === operation);
    return (entry?.body as { jobs: Record<string, unknown>[] } | undefined)?.jobs[0];
  };
  expect(sent('batchSetPolicy')).toMatchObject({
    topic_policy: '3',
    partition_policy: '1',
    partitions_num: '6',
    replication_factor: '3',
  });
  const partial = { select: 'partial' };
  const database = { id: 'crm', object_name: 'crm', object_type: 'database', object_alias_name: 'kunden' };
  const schema = { id: 'crm-*-*-sales', parent_id: 'crm', object_name: 'sales', object_type: 'schema' };
  const table = { id: 'crm-*-*-sales-*-*-a', parent_id: 'crm', object_name: 'a', object_type: 'table' };
  expect(sent('batchSetObjects')).toMatchObject({
    selected: true,
    job: [
      { ...database, ...partial },
      { ...schema, ...partial, object_alias_name: 'verkauf' },
      { ...table, select: 'true', object_alias_name: 'b' },
    ],
  });
  expect(sent('batchChangeData')).toMatchObject({
    object_info: [{ id: 'crm-*-*-sales-*-*-a', select: 'true' }],
    transformation_info: { transformation_type: 'contentConditionalFilter', value: 'id > 5' },
  });
});

test('the whole instance and whole databases are chosen as the reference says', async ({ pilot, simulator }) => {
  const { objects: _, ...spec } = leastSyncSpec('mysql');
  const all = await pilot.start({ ...spec, objects: 'all', sync_database: true }, { workflow: 'synchronization' });
  await all.gate('start');
  const entry = simulator.journal().find(({ operation }) => operation === 'batchSetObjects');
  expect(entry?.body).toMatchObject({ jobs: [{ selected: false, sync_database: true, job: [] }] });
});

test('a rule whose reply was lost is added once, and the run goes on', async ({ pilot, simulator }) => {
  simulator.fault({ operation: 'batchChangeData', fault: { kind: 'lostReply' } });
  const run = await pilot.start(syncSpec(), { workflow: 'synchronization' });
  await run.gate('start');
  const added = simulator.journal().filter(({ operation, effect }) => operation === 'batchChangeData' && effect);
  expect(added).toHaveLength(3);
});

test('rules that an adopted task has are left alone, and another one on a table is for a person to look at', async ({
  pilot,
  simulator,
}) => {
  const given = syncSpec();
  const first = await pilot.start(given, { workflow: 'synchronization' });
  await first.decide('start', 'reject');
  const { result } = await first.failure();
  const adopt = { ...given, adopt: result?.jobId };
  const rules = () => simulator.journal().filter(({ operation }) => operation === 'batchChangeData').length;
  expect(rules()).toBe(3);

  const same = await pilot.start(adopt, { workflow: 'synchronization' });
  await same.approve('adopt');
  await same.decide('start', 'reject');
  expect(rules()).toBe(3);

  const [accounts, items] = given.filters;
  const other = await pilot.start(
    { ...adopt, filters: [{ ...accounts, where: 'id > 6' }, items] },
    { workflow: 'synchronization' },
  );
  await other.approve('adopt');
  const gate = await other.gate('row-filters');
  expect(gate.question).toMatch(/contentConditionalFilter of crm\.accounts has another rule already: id > 5/);
  expect(rules()).toBe(3);
});

test('policies that DRS refuses are asked about, and the run goes on with the same task', async ({
  pilot,
  simulator,
}) => {
  simulator.fault({ operation: 'batchSetPolicy', fault: { kind: 'jobError', code: 'DRS.M00304' } });
  const given = syncSpec();
  const run = await pilot.start(given, { workflow: 'synchronization' });
  const gate = await run.gate('policies');
  expect(gate).toMatchObject({ decisions: ['retry', 'abort'], question: expect.stringContaining('DRS.M00304') });
  await run.decide('policies', 'retry');
  await run.approve('start');
  expect(await run.result()).toMatchObject({ outcome: 'completed', task: 'running' });
  const created = simulator.journal().filter(({ operation }) => operation === 'batchCreateJobs');
  expect(created).toHaveLength(1);
});

test('users go along with PostgreSQL, and a full synchronisation ends with its copy', async ({ pilot, simulator }) => {
  const { task, ...spec } = leastSyncSpec('postgresql');
  const run = await pilot.start(
    { ...spec, task: { ...task, task_type: 'FULL_TRANS' }, users: 'all' },
    { workflow: 'synchronization' },
  );
  await run.approve('start');
  const result = await run.result();
  expect(result).toMatchObject({ outcome: 'completed', task: 'kept' });
  expect(result.steps.map(({ step }) => step)).toEqual(expect.arrayContaining(['Users', 'Full transfer']));
  expect(result.steps.map(({ step }) => step)).not.toContain('Incremental transfer');
  expect(simulator.job(spec.name)).toMatchObject({ status: 'FULL_TRANSFER_COMPLETE' });
  expect(simulator.journal().map(({ operation }) => operation)).toContain('batchUpdateUser');
});

test('the run is over only once the delay is known and no more than the spec says', async ({ pilot, simulator }) => {
  const given = { ...syncSpec(), inSync: { maxDelay: '5s' } };
  simulator.patch(given.name, { delay: 60 });
  const run = await pilot.start(given, { workflow: 'synchronization' });
  await run.approve('start');
  await vi.waitFor(async () => {
    const { steps } = await run.status();
    expect(steps.at(-1)).toMatchObject({ step: 'Incremental transfer', state: 'running' });
    const asked = simulator.journal().filter(({ operation }) => operation === 'batchListProgresses');
    expect(asked.length).toBeGreaterThan(4);
  }, SOON);
  simulator.patch(given.name, { delay: 5 });
  expect(await run.result()).toMatchObject({ task: 'running', delaySeconds: 5 });
});

describe('orders', () => {
  const ordered = () => {
    const spec = syncSpec();
    const period = { charging_mode: 'period', period_order: { period_type: 3, period_num: 1, is_auto_renew: 1 } };
    return { ...spec, task: { ...spec.task, ...period } };
  };

  test('of a yearly task are refused before any call where the worker says nothing else', async ({
    pilot,
    simulator,
  }) => {
    const run = await pilot.start(ordered(), { workflow: 'synchronization' });
    const { type, message } = await run.failure();
    expect({ type, message }).toEqual({
      type: 'drs.badSpec',
      message: expect.stringMatching(/task\.charging_mode: period is not allowed: .*policy\.orders is deny/),
    });
    expect(simulator.journal()).toEqual([]);
  });

  describe('that the worker allows', () => {
    test.override({ settings: { policy: { orders: 'approve' } } });

    test('are in the evidence of the start, which is paid at once', async ({ pilot }) => {
      const run = await pilot.start(ordered(), { workflow: 'synchronization' });
      const { evidence } = await run.gate('start');
      expect(evidence.items).toContainEqual({
        item: 'order',
        class: 'warning',
        value: expect.stringMatching(/an order for 1 year, renewed by itself, which is paid at once/),
      });
    });
  });
});
