import { expect, vi } from 'vitest';
import { test } from '../support/harness.js';
import { approve, protectedTask, reportOf, requests, start, switchoverSpec } from '../support/switchover.js';

const SOON = { timeout: 60_000, interval: 50 };
const operation = 'batchSwitchover';

test('a reply that is lost is settled by the direction: what was done is verified, and nothing is sent again', async ({
  pilot,
  simulator,
}) => {
  const id = protectedTask(simulator, 'orders-dr');
  simulator.fault({ operation, fault: { kind: 'lostReply' } });
  const run = await start(pilot, switchoverSpec({ task: id, settle: '60s' }));
  await approve(run);
  const { tasks } = reportOf(await run.result());
  expect(tasks).toMatchObject([{ state: 'switched', after: { direction: 'down' } }]);
  expect(requests(simulator)).toHaveLength(1);
});

test('one that was lost before its effect is sent again only when a person says so, after another look', async ({
  pilot,
  simulator,
}) => {
  const id = protectedTask(simulator, 'orders-dr');
  simulator.fault({ operation, fault: { kind: 'drop' } });
  const run = await start(pilot, switchoverSpec({ task: 'orders-dr' }));
  await approve(run);
  const gate = await run.gate('outcome');
  expect(gate).toMatchObject({ decisions: ['retry', 'abort'] });
  expect(gate.evidence.items).toEqual([
    { item: 'orders-dr', class: 'blocking', value: expect.stringContaining('it did not move') },
  ]);
  const before = requests(simulator).length;
  simulator.clearJournal();
  await run.decide('outcome', 'retry');
  const result = await run.result();
  expect(reportOf(result).tasks).toMatchObject([{ jobId: id, state: 'switched' }]);
  expect(before).toBe(1);
  const after = simulator.journal().map((call) => call.operation);
  expect(after.filter((one) => one === operation)).toHaveLength(1);
  expect(after.indexOf('batchListRposAndRtos')).toBeLessThan(after.indexOf(operation));
});

test('a switchover that begins long after its lost reply closes the question by itself', async ({
  pilot,
  simulator,
}) => {
  const id = protectedTask(simulator, 'orders-dr');
  simulator.fault({ operation, fault: { kind: 'late', ms: 4_000 } });
  simulator.fault({ operation, fault: { kind: 'lostReply' } });
  const run = await start(pilot, switchoverSpec({ task: id }));
  await approve(run);
  await run.gate('outcome');
  const result = await run.result();
  expect(reportOf(result).tasks).toMatchObject([{ state: 'switched' }]);
  expect(requests(simulator)).toHaveLength(1);
});

test('a switchover that is accepted and ignored is a question and no success', async ({ pilot, simulator }) => {
  const id = protectedTask(simulator, 'orders-dr');
  simulator.fault({ operation, fault: { kind: 'ignored' } });
  const run = await start(pilot, switchoverSpec({ task: id, within: '1s' }));
  await approve(run);
  const { question } = await run.gate('outcome');
  expect(question).toContain('orders-dr is not switched over as it must be');
  await run.decide('outcome', 'abort');
  const { type, result } = await run.failure();
  expect(type).toBe('drs.aborted');
  expect(reportOf(result as never).tasks).toMatchObject([
    { state: 'still', why: expect.stringContaining('its direction is up, not down') },
  ]);
});

test('a side that is not read-only as it must be is no success, though all else is as it must be', async ({
  pilot,
  simulator,
}) => {
  const [orders, crm] = ['orders-dr', 'crm-dr'].map((name) => protectedTask(simulator, name));
  const back = protectedTask(simulator, 'back-dr', { job_direction: 'down' });
  const ends = (job: string | undefined, value: boolean | null) =>
    simulator.fault({ operation, match: { job: job ?? '' }, fault: { kind: 'readonly', value } });
  ends(orders, true);
  ends(crm, null);
  ends(back, false);
  const stages = [{ name: 'databases', tasks: [orders, crm] }];
  const runs = await Promise.all([
    start(pilot, switchoverSpec({ stages, within: '1s' })),
    start(pilot, switchoverSpec({ task: back, direction: 'up', within: '1s' })),
  ]);
  for (const run of runs) await approve(run);
  const [down, up] = await Promise.all(
    runs.map(async (run) => {
      const gate = await run.gate('outcome');
      await run.decide('outcome', 'skip');
      return { gate, tasks: reportOf(await run.result()).tasks };
    }),
  );
  const told = (name: string, value: string) => ({
    item: name,
    class: 'blocking',
    value: `it moved, and is not verified: is_target_readonly is ${value}`,
  });
  expect(down?.gate.evidence.items[0]).toEqual(told('orders-dr', 'true, not false'));
  expect(up?.gate.evidence.items[0]).toEqual(told('back-dr', 'false, not true'));
  expect(down?.tasks).toMatchObject([{ state: 'skipped', after: { direction: 'down' } }, { state: 'switched' }]);
  expect(up?.tasks).toMatchObject([{ state: 'skipped', after: { direction: 'up' } }]);
});

test('one that ends without effect is told at once, however long it might have taken', async ({ pilot, simulator }) => {
  const id = protectedTask(simulator, 'orders-dr');
  simulator.patch(id, { failNext: 'SWITCH_OVER' });
  const run = await start(pilot, switchoverSpec({ task: id, within: '1d' }));
  await approve(run);
  const { evidence } = await run.gate('outcome');
  expect(evidence.items[0]?.value).toContain('INCRE_TRANSFER_FAILED');
  await run.decide('outcome', 'abort');
  expect((await run.failure()).type).toBe('drs.aborted');
});

test('a refusal is told with its code; busy is tried again by itself', async ({ pilot, simulator }) => {
  const id = protectedTask(simulator, 'orders-dr');
  simulator.fault({ operation, fault: { kind: 'jobError', code: 'DRS.M01504' } });
  const run = await start(pilot, switchoverSpec({ task: id }));
  await approve(run);
  await vi.waitFor(() => expect(requests(simulator)).toHaveLength(2), SOON);
  expect((await run.result()).outcome).toBe('completed');

  const other = protectedTask(simulator, 'crm-dr');
  simulator.fault({ operation, match: { job: other }, fault: { kind: 'jobError', code: 'DRS.M00304' } });
  const refused = await start(pilot, switchoverSpec({ task: other }));
  await approve(refused);
  const { evidence } = await refused.gate('outcome');
  expect(evidence.items[0]).toMatchObject({ item: 'crm-dr', class: 'blocking' });
  expect(evidence.items[0]?.value).toContain('DRS.M00304');
  await refused.decide('outcome', 'retry');
  expect((await refused.result()).outcome).toBe('completed');
});
