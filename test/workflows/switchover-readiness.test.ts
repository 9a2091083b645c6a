import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { rejection, test } from '../support/harness.js';
import { approve, classes, protectedTask, reportOf, requests, start, switchoverSpec } from '../support/switchover.js';

const SOON = { timeout: 60_000, interval: 50 };

const rules = [{ kinds: ['switchover'], force: true }];

/** The region of the active database is gone: nothing is known of it, and of the delay. */
const disaster = (simulator: Simulator, id: string) =>
  simulator.patch(id, { status: 'INCRE_TRANSFER_FAILED', delay: -1, normal: { source: false } });

test.describe('where a rule allows force', () => {
  test.override({ settings: { rules } });

  test('a disaster is switched over by force, and what does not come back by itself is left to a person', async ({
    pilot,
    simulator,
  }) => {
    const id = protectedTask(simulator, 'orders-dr');
    disaster(simulator, id);
    const run = await start(pilot, switchoverSpec({ task: id, within: '1s' }));
    const gate = await run.gate('switchover');
    expect(classes(gate)).toMatchObject({
      'orders-dr: RPO': 'blocking',
      'orders-dr: RTO': 'blocking',
      'orders-dr: active database': 'blocking',
      'orders-dr: status': 'warning',
      'orders-dr: DR database': 'ok',
    });
    expect(await rejection(() => approve(run))).toContain('must say "force": true');
    await approve(run, 'switchover', { force: true });
    const outcome = await run.gate('outcome');
    expect(outcome).toMatchObject({ decisions: ['retry', 'skip', 'abort'] });
    expect(outcome.evidence.items[0]?.value).toContain('it moved, and is not verified: it is INCRE_TRANSFER_FAILED');
    await run.decide('outcome', 'skip');
    const report = reportOf(await run.result());
    expect(report).toMatchObject({
      approvals: [{ forced: true }],
      tasks: [{ state: 'skipped', after: { direction: 'down' } }],
    });
    expect(report.rto).toBeUndefined();
    expect(requests(simulator)).toHaveLength(1);
  });

  test('what DRS itself refuses is never overridden', async ({ pilot, simulator }) => {
    const id = protectedTask(simulator, 'orders-dr');
    simulator.patch(id, { normal: { target: false }, hold: 'SWITCH_OVER' });
    const run = await start(pilot, switchoverSpec({ task: id }));
    await run.gate('switchover');
    const why = () => rejection(() => approve(run, 'switchover', { force: true }));
    expect(await why()).toContain('force never overrides orders-dr: DR database');
    simulator.patch(id, { normal: null, status: 'PAUSING' });
    await vi.waitFor(async () => expect(await why()).toContain('force never overrides orders-dr: status'), SOON);
    simulator.patch(id, { status: 'INCRE_TRANSFER_STARTED', direction: 'down' });
    await vi.waitFor(async () => expect(await why()).toContain('force never overrides orders-dr: switched'), SOON);
    simulator.patch(id, { direction: 'non-dbs' });
    await vi.waitFor(
      async () => expect(classes(await run.gate('switchover'))['orders-dr: direction']).toBe('blocking'),
      SOON,
    );
    await approve(run, 'switchover', { force: true });
    await run.running('Verification');
    // It is switching over now.
    const second = await start(pilot, switchoverSpec({ name: 'second', task: id }));
    expect(classes(await second.gate('switchover'))).toMatchObject({ 'orders-dr: operation': 'blocking' });
    expect(await rejection(() => approve(second, 'switchover', { force: true }))).toContain(
      'force never overrides orders-dr: operation',
    );
    expect(requests(simulator)).toHaveLength(1);
  });
});

test('an approval that expires before the call is sent is asked for again', async ({ pilot, simulator }) => {
  const id = protectedTask(simulator, 'orders-dr');
  const other = await start(pilot, switchoverSpec({ name: 'other', task: id }));
  await other.gate('switchover');
  const run = await start(pilot, switchoverSpec({ task: id, gate: { validFor: '1s' } }));
  await run.gate('switchover');
  // The other run holds the lock until somebody has thought about an outcome.
  simulator.fault({ operation: 'batchSwitchover', fault: { kind: 'jobError', code: 'DRS.M00304' } });
  await approve(other);
  await other.gate('outcome');
  const lock = async () => classes(await run.gate('switchover'))['orders-dr: lock'];
  await vi.waitFor(async () => expect(await lock()).toBe('warning'), SOON);
  await approve(run);
  await run.gate('lock');
  const given = Date.parse((await run.status()).decisions.at(-1)?.at ?? '');
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(given + 1_000), SOON);
  await run.decide('lock', 'approve');
  const gate = await run.gate('switchover#2');
  expect(classes(gate)['opened again: approval']).toBe('warning');
  expect(requests(simulator)).toHaveLength(1);
  await approve(run);
  expect((await run.result()).outcome).toBe('completed');
  expect(requests(simulator)).toHaveLength(2);
});

test('the last comparison counts: an inconsistent one blocks', async ({ pilot, simulator }) => {
  const id = protectedTask(simulator, 'orders-dr');
  const run = await start(pilot, switchoverSpec({ task: id, limits: { comparison: '24h' } }));
  expect(classes(await run.gate('switchover'))['orders-dr: comparison']).toBe('warning');
  simulator.patch(id, { data: { orders: { items: { rows: 10, targetRows: 9 } } } });
  const compare = await pilot.start(
    {
      operation: 'createDataLevelTableCompareJob',
      request: { job_id: id, type: 'lines', compare_object: [{ db_name: 'orders', table_name: [] }] },
    },
    { workflow: 'operation' },
  );
  await compare.result();
  await vi.waitFor(async () => {
    const { evidence } = await run.gate('switchover');
    expect(evidence.items.find(({ item }) => item === 'orders-dr: comparison')).toMatchObject({
      class: 'blocking',
      value: expect.stringContaining('inconsistent (lines)'),
    });
  }, SOON);
});

test('what cannot be switched over is refused before anybody is asked, all of it at once', async ({
  pilot,
  simulator,
}) => {
  protectedTask(simulator, 'orders-dr');
  protectedTask(simulator, 'there-dr', { job_direction: 'down' });
  protectedTask(simulator, 'both-dr', { multi_write: true });
  const { id } = simulator.createForeign({ name: 'orders', status: 'INCRE_TRANSFER_STARTED' });
  const stages = [
    { name: 'one', tasks: ['orders-dr', 'there-dr', 'both-dr'] },
    { name: 'two', tasks: [id, 'nobody-knows'] },
  ];
  const run = await start(pilot, switchoverSpec({ stages }));
  const { type, message } = await run.failure();
  expect(type).toBe('drs.badSpec');
  expect(message.split('\n').slice(1)).toEqual([
    'stages[0].tasks[1]: there-dr has the direction down already: a switchover would take it away from there',
    'stages[0].tasks[2]: both-dr is dual-active: both sides are in use, and DRS has no switchover for it (§6.4.1)',
    `stages[1].tasks[0]: ${id} is a migration, no disaster recovery: only that is switched over`,
    'stages[1].tasks[1]: there is no disaster recovery task "nobody-knows" in this project',
  ]);
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});

test('evidence is renewed only when a class changes; one that gets worse voids approvals, and blocks', async ({
  pilot,
  simulator,
}) => {
  const id = protectedTask(simulator, 'orders-dr');
  const run = await start(
    pilot,
    switchoverSpec({ task: id, limits: { rpo: '5s', rto: '5s' }, gate: { approvals: 2 } }),
  );
  await approve(run);
  simulator.patch(id, { delay: 3 });
  simulator.clearJournal();
  await vi.waitFor(() => {
    const reads = simulator.journal().filter(({ operation }) => operation === 'batchListRposAndRtos').length;
    expect(reads).toBeGreaterThan(3);
  }, SOON);
  expect(await run.gate('switchover')).toMatchObject({ approvals: '1 of 2', evidence: { snapshot: 1 } });

  simulator.patch(id, { delay: 30 });
  await vi.waitFor(async () => expect((await run.gate('switchover')).evidence.snapshot).toBe(2), SOON);
  const gate = await run.gate('switchover');
  expect(gate.approvals).toBe('0 of 2');
  expect(classes(gate)).toMatchObject({ 'orders-dr: RPO': 'blocking', 'orders-dr: RTO': 'blocking' });
  expect(gate.evidence.items[0]).toMatchObject({ item: 'orders-dr: RPO', value: '30 s (limit 5 s)' });
  expect(await rejection(() => approve(run))).toContain('blocked by orders-dr: RPO, orders-dr: RTO');

  simulator.patch(id, { delay: -1 });
  const row = async () => (await run.gate('switchover')).evidence.items[0];
  expect(await row()).toMatchObject({ class: 'blocking' });
  simulator.patch(id, { delay: 0 });
  await vi.waitFor(async () => expect((await run.gate('switchover')).evidence.snapshot).toBe(3), SOON);
  await approve(run);
  await approve(run, 'switchover', { by: 'ben' });
  expect(reportOf(await run.result()).approvals).toMatchObject([{ snapshot: 3, by: ['ada', 'ben'] }]);
});

test('what has become worse after the approval is not sent, but asked again', async ({ pilot, simulator }) => {
  const id = protectedTask(simulator, 'orders-dr');
  const run = await start(pilot, switchoverSpec({ task: id }));
  await run.gate('switchover');
  // The watching reads every 150 ms at this pace; monitoring and lag are old for as long as the service is slow.
  simulator.fault({ operation: 'showMonitoringData', fault: { kind: 'delay', ms: 5_000 } });
  simulator.clearJournal();
  await vi.waitFor(() => {
    expect(simulator.journal().some(({ operation }) => operation === 'batchListRposAndRtos')).toBe(true);
  }, SOON);
  simulator.patch(id, { normal: { source: false } });
  await approve(run);
  const gate = await run.gate('switchover#2');
  expect(classes(gate)).toMatchObject({
    'opened again: orders-dr: active database': 'warning',
    'orders-dr: active database': 'blocking',
  });
  expect(requests(simulator)).toEqual([]);
  const { steps } = await run.status();
  expect(steps.find(({ step }) => step.startsWith('Switchover'))).toMatchObject({
    note: expect.stringContaining('stopped: orders-dr: active database is blocking'),
  });
});
