import { expect } from 'vitest';
import { test } from '../support/harness.js';
import { approve, classes, protectedTask, reportOf, requests, start, switchoverSpec } from '../support/switchover.js';

test('a task is switched over once it is approved, and only its details count as the proof', async ({
  pilot,
  simulator,
}) => {
  const id = protectedTask(simulator, 'orders-dr');
  const run = await start(pilot, switchoverSpec({ task: 'orders-dr', target: { rto: '10m' } }));
  expect(classes(await run.gate('switchover'))).toEqual({
    'orders-dr: status': 'ok',
    'orders-dr: operation': 'ok',
    'orders-dr: direction': 'ok',
    'orders-dr: RPO': 'ok',
    'orders-dr: RTO': 'ok',
    'orders-dr: active database': 'ok',
    'orders-dr: DR database': 'ok',
    'orders-dr: lock': 'ok',
  });
  expect(requests(simulator)).toEqual([]);
  await approve(run);
  const result = await run.result();

  expect(result).toMatchObject({ kind: 'switchover', outcome: 'completed', jobId: id, task: 'running' });
  const { tasks, rto, phases, approvals } = reportOf(result);
  expect(tasks).toEqual([
    expect.objectContaining({
      jobId: id,
      name: 'orders-dr',
      state: 'switched',
      before: expect.objectContaining({ direction: 'up', readonly: true, rpoMs: 1_000 }),
      after: expect.objectContaining({ direction: 'down', readonly: false, status: 'INCRE_TRANSFER_STARTED' }),
      tookMs: expect.any(Number),
    }),
  ]);
  expect(rto).toEqual({ measuredMs: expect.any(Number), targetMs: 600_000, met: true });
  expect(phases.map(({ phase }) => phase)).toEqual([
    'tasks',
    'readiness',
    'approval',
    'lock',
    'final readiness',
    'switchover',
    'verification',
  ]);
  expect(approvals).toEqual([expect.objectContaining({ by: ['ada'], forced: false, snapshot: 1 })]);
  expect(result.steps.map(({ step, state }) => `${step}: ${state}`)).toEqual([
    'Tasks: done',
    'Readiness: done',
    'Approval: done',
    'Switchover: done',
    'Verification: done',
  ]);
  expect(requests(simulator).map(({ jobs }) => jobs)).toEqual([[id]]);
  expect((await run.handle.fetchHistory()).events?.length).toBeLessThanOrEqual(70);
});
