import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { migrationSpec } from '../support/config.js';
import { type Run, test } from '../support/harness.js';

const POLICIES = ['keep', 'pause', 'terminate'] as const;
const SOON = { timeout: 30_000, interval: 20 };

/** Pauses and ends that a task was given. */
function callsFor(simulator: Simulator, jobId: string | undefined): string[] {
  return simulator
    .journal()
    .filter(({ operation, effect }) => effect && ['batchStopJobs', 'batchDeleteJobs'].includes(operation))
    .flatMap(({ body }) => (body as { jobs: { job_id: string; pause_mode?: string; delete_type?: string }[] }).jobs)
    .filter(({ job_id }) => job_id === jobId)
    .map(({ pause_mode, delete_type }) => (pause_mode ? `pause ${pause_mode}` : `${delete_type}`));
}

/** Three runs, one for each policy, whose tasks carry changes and whose cutover gates are open. */
const atCutover = (pilot: { start(spec: unknown): Promise<Run> }, gate: Record<string, unknown> = {}) =>
  Promise.all(
    POLICIES.map(async (onAbort) => {
      const run = await pilot.start({ ...migrationSpec(), onAbort, cutover: { maxDelay: '5s', gate } });
      await run.approve('start');
      return run;
    }),
  );

const BECAME = [
  { task: 'kept', calls: [], status: 'INCRE_TRANSFER_STARTED' },
  { task: 'paused', calls: ['pause target'], status: 'PAUSING' },
  { task: 'terminated', calls: ['terminate'], status: /^RELEASE_RESOURCE/ },
] as const;

test('after a rejection the task is kept, paused or terminated, as the spec says, and the record tells', async ({
  pilot,
  simulator,
}) => {
  const runs = await atCutover(pilot);
  for (const [index, run] of runs.entries()) {
    await run.decide('cutover', 'reject', { by: 'ben', reason: 'not tonight' });
    const { type, message, result } = await run.failure();
    const { task, calls, status } = BECAME[index] as (typeof BECAME)[number];
    expect({ type, message }).toEqual({ type: 'drs.rejected', message: 'rejected by ben: not tonight' });
    expect(result).toMatchObject({ outcome: 'rejected', phase: 'rejected', task });
    expect(result?.steps.find(({ step }) => step === 'Cutover approval')).toMatchObject({ state: 'failed' });
    expect(callsFor(simulator, result?.jobId)).toEqual(calls);
    expect(simulator.job(result?.jobId ?? '')?.status).toMatch(status);
  }
});

test('after an abort the task is kept, paused or terminated, as the spec says', async ({ pilot, simulator }) => {
  const runs = await atCutover(pilot, { timeout: '1s', onTimeout: 'abort' });
  for (const [index, run] of runs.entries()) {
    const { type, result } = await run.failure();
    const { task, calls } = BECAME[index] as (typeof BECAME)[number];
    expect(type).toBe('drs.aborted');
    expect(result).toMatchObject({ outcome: 'aborted', task });
    expect(callsFor(simulator, result?.jobId)).toEqual(calls);
  }
});

test('after a cancellation the task is kept, paused or terminated, as the spec says, and no gate stays open', async ({
  pilot,
  simulator,
}) => {
  const runs = await atCutover(pilot);
  for (const [index, run] of runs.entries()) {
    await run.gate('cutover');
    await run.handle.cancel();
    expect((await run.failure()).type).toBe('CancelledFailure');
    const { task, calls } = BECAME[index] as (typeof BECAME)[number];
    const record = await run.status();
    expect(record).toMatchObject({ outcome: 'cancelled', phase: 'cancelled', task });
    expect(record).not.toHaveProperty('gate');
    expect(record.steps.find(({ step }) => step === 'Cutover approval')).toMatchObject({
      state: 'failed',
      note: 'cancelled',
    });
    expect(callsFor(simulator, record.jobId)).toEqual(calls);
    const { status, searchAttributes } = await run.handle.describe();
    expect(status.name).toBe('CANCELLED');
    expect(searchAttributes['DrsPhase']).toEqual(['cancelled']);
    expect((searchAttributes['DrsGate'] ?? []).filter(Boolean)).toEqual([]);
  }
});

test('a run is cancelled in the middle of a wait, of a failed step and of a call', async ({ pilot, simulator }) => {
  const [waiting, failed, calling] = [migrationSpec(), migrationSpec(), migrationSpec()];
  simulator.patch(waiting.name, { hold: 'FULL_TRANSFER_STARTED' });
  simulator.patch(failed.name, { failNext: 'FULL_TRANSFER_FAILED' });
  simulator.fault({
    operation: 'batchSetObjects',
    match: { job: calling.name },
    fault: { kind: 'delay', ms: 2_000 },
  });
  const onAbort = 'terminate';
  const [inWait, atGate, inCall] = await Promise.all([
    pilot.start({ ...waiting, onAbort }),
    pilot.start({ ...failed, onAbort }),
    pilot.start({ ...calling, onAbort }),
  ]);
  await vi.waitFor(() => expect(simulator.pendingFaults()).toEqual([]), SOON);
  await inWait.approve('start');
  await inWait.running('Full transfer');
  await atGate.approve('start');
  await atGate.gate('full-transfer');
  for (const run of [inWait, atGate, inCall]) {
    await run.handle.cancel();
    await run.failure();
    const { outcome, task, jobId, gate } = await run.status();
    expect({ outcome, task, gate }).toEqual({ outcome: 'cancelled', task: 'terminated', gate: undefined });
    expect(callsFor(simulator, jobId)).toEqual(['terminate']);
  }
});

test('a run that is cancelled while it creates its task finds the task, or says that there is none', async ({
  pilot,
  simulator,
}) => {
  simulator.fault({ operation: 'showJobList', fault: { kind: 'delay', ms: 2_000 } });
  const early = await pilot.start(migrationSpec());
  await vi.waitFor(() => expect(simulator.pendingFaults()).toEqual([]), SOON);
  await early.handle.cancel();
  await early.failure();
  expect((await early.status()).task).toBe('none');
  expect(simulator.jobs()).toEqual([]);

  // The task is made, and no reply says so.
  const [kept, ended] = [migrationSpec(), migrationSpec()];
  for (const { name } of [kept, ended])
    simulator.fault({ operation: 'batchCreateJobs', match: { job: name }, fault: { kind: 'lostReply' } });
  const runs = await Promise.all([pilot.start(kept), pilot.start({ ...ended, onAbort: 'terminate' })]);
  await vi.waitFor(() => expect(simulator.pendingFaults()).toEqual([]), SOON);
  await Promise.all(runs.map((run) => run.handle.cancel()));
  await Promise.all(runs.map((run) => run.failure()));
  const [first, second] = await Promise.all(runs.map((run) => run.status()));
  expect(first).toMatchObject({ task: 'kept', jobId: simulator.job(kept.name)?.id });
  expect(second).toMatchObject({ task: 'terminated', jobId: simulator.job(ended.name)?.id });
});

test('what cannot be paused or ended is told with its status, or is deleted where only that is possible', async ({
  pilot,
  simulator,
}) => {
  const [scheduled, uncreated] = [migrationSpec(), migrationSpec()];
  const later = new Date(Date.now() + 3_600_000).toISOString();
  simulator.patch(uncreated.name, { failNext: 'CREATE_FAILED' });
  const [paused, deleted] = await Promise.all([
    pilot.start({ ...scheduled, onAbort: 'pause', start: { at: later } }),
    pilot.start({ ...uncreated, onAbort: 'terminate' }),
  ]);
  await paused.approve('start');
  await paused.running('Start transfer');
  await paused.handle.cancel();
  await paused.failure();
  expect((await paused.status()).task).toBe('kept: it is WAITING_FOR_START');

  await deleted.decide('create', 'abort');
  expect(await deleted.failure()).toMatchObject({ type: 'drs.aborted', result: { task: 'deleted' } });
  expect(simulator.job(uncreated.name)).toBeUndefined();
});

test('a run that is cancelled while its task ends says that the task was terminated', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.gate('cutover');
  simulator.patch(spec.name, { hold: 'RELEASE_RESOURCE_STARTED' });
  await run.approve('cutover');
  await run.running('Release');
  await run.handle.cancel();
  await run.failure();
  expect(await run.status()).toMatchObject({ outcome: 'cancelled', task: 'terminated' });
});

test('a decision to abort at a failed step ends the run as the spec wants it', async ({ pilot, simulator }) => {
  const spec = { ...migrationSpec(), onAbort: 'terminate' };
  simulator.fault({ operation: 'batchSetObjects', fault: { kind: 'jobError', code: 'DRS.M00201' } });
  const run = await pilot.start(spec);
  await run.decide('objects', 'abort', { reason: 'wrong plan' });
  const { type, message, result } = await run.failure();
  expect({ type, message }).toEqual({ type: 'drs.aborted', message: 'aborted by ada: wrong plan' });
  expect(result).toMatchObject({ outcome: 'aborted', task: 'terminated' });
  expect(callsFor(simulator, result?.jobId)).toEqual(['terminate']);
});

test('a policy that DRS refuses ends the run all the same, and says so', async ({ pilot, simulator }) => {
  const run = await pilot.start({ ...migrationSpec(), onAbort: 'terminate' });
  await run.gate('start');
  simulator.fault({ operation: 'batchDeleteJobs', fault: { kind: 'error', status: 401, code: 'DRS.M00103' } });
  await run.decide('start', 'reject');
  const { type, result } = await run.failure();
  expect(type).toBe('drs.rejected');
  expect(result?.task).toMatch(/^kept: terminate failed: .*DRS\.M00103/);
});
