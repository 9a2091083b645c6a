import { expect } from 'vitest';
import { runOf, test } from '../support/harness.js';
import { approve, classes, protectedTask, reportOf, requests, start, switchoverSpec } from '../support/switchover.js';

const operation = 'batchSwitchover';
const stages = [
  { name: 'databases', tasks: ['orders-dr', 'crm-dr'] },
  { name: 'reports', tasks: ['reports-dr'] },
];
const names = stages.flatMap(({ tasks }) => tasks);

test('stages go one after another, each task in one request of its stage; the way back waits at its own gate', async ({
  pilot,
  simulator,
}) => {
  const [orders, crm, reports] = names.map((name) => protectedTask(simulator, name)) as [string, string, string];
  const run = await start(pilot, switchoverSpec({ stages, switchback: true }));
  await approve(run);
  const result = await run.result();
  expect(requests(simulator).map(({ jobs }) => [...jobs].sort())).toEqual([[orders, crm].sort(), [reports]]);
  const verified = simulator
    .journal()
    .findIndex(({ operation: one, jobs }) => one === operation && jobs[0] === reports);
  const before = simulator.journal().slice(0, verified);
  expect(before.filter(({ operation: one }) => one === 'batchListJobDetails').length).toBeGreaterThan(3);
  expect(reportOf(result).tasks.map(({ name, state }) => `${name}: ${state}`)).toEqual(
    names.map((name) => `${name}: switched`),
  );
  expect(reportOf(result).switchback).toEqual({ workflowId: `${run.id}-back` });

  const back = runOf(pilot.client.workflow.getHandle(`${run.id}-back`));
  const gate = await back.gate('switchover');
  expect(gate.question).toBe('Switch over reports-dr, orders-dr, crm-dr to up?');
  await approve(back);
  expect((await back.result()).name).toBe('region-down-back');
  expect(requests(simulator).map(({ jobs }) => jobs.length)).toEqual([2, 1, 1, 2]);
  expect(names.map((name) => simulator.job(name)?.direction)).toEqual(['up', 'up', 'up']);
});

test('a failure in a group is a question: what is done can be switched back, with an approval of its own', async ({
  pilot,
  simulator,
}) => {
  const [orders] = names.map((name) => protectedTask(simulator, name));
  simulator.fault({ operation, match: { job: 'crm-dr' }, fault: { kind: 'jobError', code: 'DRS.M00304' } });
  const run = await start(pilot, switchoverSpec({ stages }));
  await approve(run);
  const gate = await run.gate('outcome');
  expect(gate.decisions).toEqual(['retry', 'skip', 'acknowledge', 'abort']);
  expect(classes(gate)).toEqual({ 'crm-dr': 'blocking', 'orders-dr': 'ok', 'switch back': 'warning' });
  await run.decide('outcome', 'acknowledge', { items: ['switch back'] });
  expect((await run.gate('switch-back')).question).toBe('Switch over orders-dr to up?');
  await approve(run, 'switch-back');
  const { type, message, result } = await run.failure();
  expect(type).toBe('drs.aborted');
  expect(message).toContain('switched back to up');
  expect(reportOf(result as never)).toMatchObject({
    tasks: [{ state: 'switchedBack' }, { state: 'refused' }, { state: 'pending' }],
    switchedBack: { tasks: [{ jobId: orders, state: 'switched' }] },
  });
  expect(names.map((name) => simulator.job(name)?.direction)).toEqual(['up', 'up', 'up']);
});

test('a group goes on without a task that somebody leaves at that', async ({ pilot, simulator }) => {
  for (const name of names) protectedTask(simulator, name);
  simulator.fault({ operation, match: { job: 'crm-dr' }, fault: { kind: 'jobError', code: 'DRS.M00304' } });
  const run = await start(pilot, switchoverSpec({ stages }));
  await approve(run);
  await run.decide('outcome', 'skip');
  const report = reportOf(await run.result());
  expect(report.tasks.map(({ state }) => state)).toEqual(['switched', 'skipped', 'switched']);
  expect(report.rto).toBeUndefined();
});

test('a drill asks nobody, changes nothing, and says what would have blocked', async ({ pilot, simulator }) => {
  for (const name of names) protectedTask(simulator, name);
  simulator.patch('crm-dr', { delay: 90 });
  const run = await start(pilot, switchoverSpec({ stages, drill: true, switchback: true }));
  const result = await run.result();
  expect(result.outcome).toBe('completed');
  expect(reportOf(result)).toMatchObject({
    drill: true,
    tasks: [{ state: 'rehearsed' }, { state: 'rehearsed' }, { state: 'rehearsed' }],
    wouldBlock: [
      { item: 'crm-dr: RPO', value: '90 s (limit 60 s)' },
      { item: 'crm-dr: RTO', value: '90 s (limit 60 s)' },
    ],
  });
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});
