import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import type { LockAnswer, LockView, Owner } from '../../activities/lock-view.js';
import { migrationSpec } from '../support/config.js';
import { approveAll, test as base, type Pilot, type Run, runOf } from '../support/harness.js';

const SOON = { timeout: 60_000, interval: 50 };
const RUNS = 'INCRE_TRANSFER_STARTED';
const policy = { operations: { batchStopJobs: 'allow', batchRestoreTask: 'allow' } };

const test = base.extend({ settings: { policy } });

const lockOf = (pilot: Pilot, jobId: string) => pilot.client.workflow.getHandle(`drs-lock-default-${jobId}`);
const look = (pilot: Pilot, jobId: string) => lockOf(pilot, jobId).query<LockView>('lock');
const holdersOf = async (pilot: Pilot, jobId: string) =>
  (await look(pilot, jobId)).holders.map(({ owner, mode }) => [owner.workflowId, mode]);

const call = (pilot: Pilot, operation: string, request: unknown) =>
  pilot.start({ operation, request }, { workflow: 'operation' });
const limitSpeed = (pilot: Pilot, job: string) => call(pilot, 'batchSetSpeed', { job_id: job, speed_limit: [] });
const compare = (pilot: Pilot, job: string) => call(pilot, 'createObjectLevelCompareJob', { job_id: job });

/** Somebody else who wants a lock, by what a run would send. */
const other: Owner = { workflowId: 'somebody-else', runId: 'r-1', kind: 'operation', name: 'somebody else' };
const takeOver = (pilot: Pilot, jobId: string) =>
  lockOf(pilot, jobId).executeUpdate<LockAnswer, [unknown]>('takeOver', {
    args: [{ owner: other, mode: 'exclusive', reason: 'to mend it', by: 'cleo', why: 'an emergency' }],
  });

async function atStart(
  pilot: Pilot,
  simulator: { job: (name: string) => unknown },
  memo: { readonly mostEvents?: number } = {},
): Promise<{ run: Run; job: string }> {
  const spec = migrationSpec();
  const workflowId = `migration-${randomUUID()}`;
  const { taskQueue } = pilot;
  const run = runOf(await pilot.client.workflow.start('migration', { taskQueue, workflowId, args: [spec], memo }));
  await run.gate('start');
  return { run, job: (simulator.job(spec.name) as { id: string }).id };
}

test('a call waits for the lock that a migration holds, and goes on by itself once it is free, if its approval holds', async ({
  pilot,
  simulator,
}) => {
  const { run, job } = await atStart(pilot, simulator);
  expect(await holdersOf(pilot, job)).toEqual([[run.id, 'exclusive']]);

  const sent = () => simulator.journal().filter(({ operation }) => operation === 'batchSetSpeed');
  const speed = await limitSpeed(pilot, job);
  const gate = await speed.gate('lock');
  expect(gate.question).toContain(`${run.id} since`);
  expect(gate.question).toContain('to configure and start it');
  expect(gate.decisions).toEqual(['approve', 'retry', 'abort']);
  expect((await look(pilot, job)).queue).toMatchObject([
    { owner: { workflowId: speed.id }, reason: 'for batchSetSpeed' },
  ]);
  const bounded = await pilot.start(
    { operation: 'batchSetSpeed', request: { job_id: job, speed_limit: [] }, gate: { validFor: '1s' } },
    { workflow: 'operation' },
  );
  await bounded.approve('approval');
  await bounded.gate('lock');
  const { at = '' } = (await bounded.status()).decisions.at(-1) ?? {};
  await vi.waitUntil(() => Date.now() > Date.parse(at) + 1_000, SOON);
  expect(sent()).toHaveLength(0);

  await run.approve('start');
  expect(await speed.result()).toMatchObject({ outcome: 'completed' });
  expect((await bounded.gate('approval#2')).evidence.items[0]).toEqual({
    item: 'opened again: approval',
    class: 'warning',
    value: 'it expired, or its window closed, before the call was sent',
  });
  expect(sent()).toHaveLength(1);
  expect((await look(pilot, job)).holders).toEqual([]);
  await bounded.approve('approval#2');
  expect(await bounded.result()).toMatchObject({ outcome: 'completed', summary: '1 of 1 done' });
  expect(sent()).toHaveLength(2);
  await run.approve('cutover');
  expect(await run.result()).toMatchObject({ outcome: 'completed' });
  expect((await look(pilot, job)).holders).toEqual([]);
});

test('a lock is taken over only as somebody decides, and both runs tell of it', async ({ pilot, simulator }) => {
  const { run, job } = await atStart(pilot, simulator, { mostEvents: 100 });
  const speed = await limitSpeed(pilot, job);
  await speed.decide('lock', 'approve', { by: 'ben', reason: 'the application is slow' });
  const result = await speed.result();
  expect(result.outcome).toBe('completed');
  expect(result.decisions).toMatchObject([
    { gate: 'lock#1', decision: 'approve', by: 'ben' },
    { decision: 'comment', by: 'drs-pilot', reason: expect.stringContaining(`over from ${run.id}`) },
  ]);
  expect((await look(pilot, job)).taken).toMatchObject([
    { from: { workflowId: run.id }, to: { workflowId: speed.id }, by: 'ben', reason: 'the application is slow' },
  ]);

  // Nor does it forget that when it continues as new.
  const { runId } = await run.handle.describe();
  await vi.waitFor(async () => {
    await run.send('comment', { by: 'ada', reason: 'patience' }).catch(() => undefined);
    expect((await run.handle.describe()).runId).not.toBe(runId);
  }, SOON);

  // The migration acts no more before a person has seen it.
  await run.approve('start');
  const failure = await run.gate('start-request');
  expect(failure.question).toContain(`was taken over by ${speed.id}, as ben decided: the application is slow`);
  expect(simulator.journal().map(({ operation }) => operation)).not.toContain('batchStartJobs');
  await run.decide('start-request', 'retry');
  await run.approve('cutover');
  const migrated = await run.result();
  expect(migrated.outcome).toBe('completed');
  expect(migrated.decisions).toMatchObject(
    expect.arrayContaining([expect.objectContaining({ by: 'drs-pilot', reason: expect.stringContaining(speed.id) })]),
  );
});

test('whoever decides against the wait changes nothing, and leaves the queue', async ({ pilot, simulator }) => {
  const { run, job } = await atStart(pilot, simulator);
  const speed = await limitSpeed(pilot, job);
  await speed.decide('lock', 'abort');
  expect(await speed.failure()).toMatchObject({ type: 'drs.aborted' });
  await vi.waitFor(async () => expect((await look(pilot, job)).queue).toEqual([]), 20_000);
  expect(await holdersOf(pilot, job)).toEqual([[run.id, 'exclusive']]);
  expect(simulator.journal().map(({ operation }) => operation)).not.toContain('batchSetSpeed');
});

test('the lock of a run that is gone is free', async ({ pilot, simulator }) => {
  const { run, job } = await atStart(pilot, simulator);
  const speed = await limitSpeed(pilot, job);
  await speed.gate('lock');
  await run.handle.terminate('gone');
  expect(await speed.result()).toMatchObject({ outcome: 'completed' });
});

test('a call that comes late, under a lock that was lost meanwhile, is never sent', async ({ pilot, simulator }) => {
  simulator.fault({ operation: 'batchSetObjects', fault: { kind: 'error', status: 503, code: 'APIGW.0503' } });
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  const asked = () => simulator.journal().filter(({ operation }) => operation === 'batchSetObjects').length;
  await vi.waitFor(() => expect(asked()).toBe(1), 20_000);
  const { id } = simulator.job(spec.name) as { id: string };
  await takeOver(pilot, id);
  const gate = await run.gate('objects');
  expect(gate.question).toContain('is not held any more, so nothing was sent');
  expect(asked()).toBe(1);
  await lockOf(pilot, id).signal('release', { runId: other.runId });
  await run.decide('objects', 'retry');
  expect(await approveAll(run)).toMatchObject({ outcome: 'completed' });
  expect(asked()).toBe(2);
});

test('comparisons share a lock; whoever changes the task waits for them, and new ones wait behind it', async ({
  pilot,
  simulator,
}) => {
  const { id } = simulator.createForeign({ name: 'orders', status: RUNS });
  // Calls that fail keep their locks until somebody has decided.
  simulator.fault({
    operation: 'createObjectLevelCompareJob',
    times: 2,
    fault: { kind: 'error', status: 400, code: 'DRS.M00202' },
  });
  const [first, second] = [await compare(pilot, id), await compare(pilot, id)];
  await Promise.all([first.gate('call'), second.gate('call')]);
  expect(await holdersOf(pilot, id)).toEqual(
    expect.arrayContaining([
      [first.id, 'shared'],
      [second.id, 'shared'],
    ]),
  );

  const pause = await call(pilot, 'batchStopJobs', { job_id: id, pause_mode: 'target' });
  await pause.gate('lock');
  const third = await compare(pilot, id);
  await third.gate('lock');
  await first.decide('call', 'abort');
  expect(simulator.job('orders')).toMatchObject({ status: RUNS });
  await second.decide('call', 'abort');
  expect(await pause.result()).toMatchObject({ outcome: 'completed' });
  expect(simulator.job('orders')).toMatchObject({ status: 'PAUSING' });
  await third.handle.terminate('enough was seen');
});

test('what a person retries is retried only under the lock', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  await run.gate('start');
  simulator.patch(spec.name, { failNext: 'FULL_TRANSFER_FAILED' });
  await run.approve('start');
  await run.gate('full-transfer');
  const { id } = simulator.job(spec.name) as { id: string };
  simulator.fault({
    operation: 'createObjectLevelCompareJob',
    fault: { kind: 'error', status: 400, code: 'DRS.M00202' },
  });
  const comparison = await compare(pilot, id);
  await comparison.gate('call');
  await run.decide('full-transfer', 'retry');
  await vi.waitFor(async () => {
    const { raw } = await run.handle.describe();
    const failures = raw.pendingActivities?.map(({ lastFailure }) => lastFailure?.message);
    expect(failures).toEqual([expect.stringContaining(`held by ${comparison.id} since`)]);
  }, 20_000);
  expect(simulator.journal().map(({ operation }) => operation)).not.toContain('batchRestoreTask');
  await comparison.decide('call', 'abort');
  await run.approve('cutover');
  expect(await run.result()).toMatchObject({ outcome: 'completed' });
});

test('two calls for the same two tasks never wait for each other', async ({ pilot, simulator }) => {
  const ids = ['a-task', 'b-task'].map((name) => simulator.createForeign({ name, status: RUNS }).id);
  const jobs = (order: readonly string[]) => order.map((job_id) => ({ job_id, speed_limit: [] }));
  const start = (order: readonly string[]) =>
    pilot.start({ operation: 'batchSetSpeed', jobs: jobs(order) }, { workflow: 'operation' });
  const runs = await Promise.all([start(ids), start([...ids].reverse())]);
  for (const run of runs) expect(await run.result()).toMatchObject({ outcome: 'completed' });
});
