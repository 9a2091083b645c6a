import { expect, vi } from 'vitest';
import { rejection, test } from '../support/harness.js';
import { approve, classes, protectedTask, reportOf, requests, start, switchoverSpec } from '../support/switchover.js';

const SOON = { timeout: 60_000, interval: 50 };

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
