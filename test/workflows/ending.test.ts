import { CancelledFailure, type WorkflowFailedError } from '@temporalio/client';
import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import type { Result } from '../../workflows/messages.js';
import { migrationSpec } from '../support/config.js';
import { type Run, test } from '../support/harness.js';

const changesAfter = (simulator: Simulator, operation: string): string[] => {
  const effects = simulator
    .journal()
    .filter(({ effect }) => effect)
    .map((entry) => entry.operation);
  return effects.slice(effects.lastIndexOf(operation) + 1);
};

/** The record of a cancelled run: Temporal keeps no details of a cancellation, so it is asked for. */
async function cancelled(run: Run): Promise<Result> {
  const error = await run.handle.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  return (await run.status()) as Result;
}

/** At the cutover gate the task is in its incremental part. */
async function atCutover(run: Run): Promise<void> {
  await run.approve('start');
  await run.gate('cutover');
}

for (const [onAbort, task, status, calls] of [
  ['keep', 'kept', 'INCRE_TRANSFER_STARTED', []],
  ['pause', 'paused', 'PAUSING', ['batchStopJobs']],
  ['terminate', 'terminated', 'RELEASE_RESOURCE_STARTED', ['batchDeleteJobs']],
] as const) {
  test(`a rejection with onAbort ${onAbort} ends the run, its task is ${task}`, async ({ pilot, simulator }) => {
    const spec = { ...migrationSpec(), onAbort };
    const run = await pilot.start(spec);
    await atCutover(run);
    await run.decide('cutover', 'reject', { by: 'ben', reason: 'not tonight' });
    const { type, message, result } = await run.failure();
    expect(type).toBe('drs.rejected');
    expect(message).toBe('rejected by ben: not tonight');
    expect(result).toMatchObject({
      outcome: 'rejected',
      task,
      decisions: expect.arrayContaining([expect.objectContaining({ decision: 'reject', by: 'ben' })]),
    });
    expect(changesAfter(simulator, 'batchStartJobs')).toEqual(calls);
    expect(simulator.job(spec.name)?.status).toBe(status);
  });

  test(`a cancellation with onAbort ${onAbort} ends the run, its task is ${task}`, async ({ pilot, simulator }) => {
    const spec = { ...migrationSpec(), onAbort };
    const run = await pilot.start(spec);
    await atCutover(run);
    await run.handle.cancel();
    expect(await cancelled(run)).toMatchObject({ outcome: 'cancelled', task });
    expect(changesAfter(simulator, 'batchStartJobs')).toEqual(calls);
  });
}

test('a decision to abort a failed step ends the run as the spec wants it', async ({ pilot, simulator }) => {
  const spec = { ...migrationSpec(), onAbort: 'terminate' };
  simulator.fault({ operation: 'batchSetObjects', fault: { kind: 'jobError', code: 'DRS.M00201' } });
  const run = await pilot.start(spec);
  await run.decide('objects', 'abort', { reason: 'wrong plan' });
  expect(await run.failure()).toMatchObject({
    type: 'drs.aborted',
    message: 'aborted by ada: wrong plan',
    result: { outcome: 'aborted', task: 'terminated' },
  });
  expect(changesAfter(simulator, 'batchValidateConnections')).toContain('batchDeleteJobs');
});

test('a run that waits for the service is cancelled within its wait', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { hold: 'FULL_TRANSFER_STARTED' });
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.running('Full transfer');
  await run.handle.cancel();
  const record = await cancelled(run);
  expect(record).toMatchObject({ outcome: 'cancelled', task: 'kept' });
  expect(record.steps.find(({ step }) => step === 'Full transfer')).toMatchObject({
    state: 'failed',
    note: 'cancelled',
  });
});

test('what onAbort cannot do is said in the record, and the run ends all the same', async ({ pilot, simulator }) => {
  const spec = { ...migrationSpec(), onAbort: 'pause' };
  const run = await pilot.start(spec);
  await atCutover(run);
  simulator.fault({ operation: 'batchStopJobs', fault: { kind: 'jobError', code: 'DRS.M00102' } });
  await run.handle.cancel();
  expect((await cancelled(run)).task).toMatch(/^kept: pause failed: .*DRS\.M00102/);
  expect(simulator.job(spec.name)?.status).toBe('INCRE_TRANSFER_STARTED');
});

test('a run is found by what it waits for, and by how it ended', async ({ pilot }) => {
  const run = await pilot.start(migrationSpec());
  const found = async (query: string) => {
    const ids: string[] = [];
    for await (const { workflowId } of pilot.client.workflow.list({ query })) ids.push(workflowId);
    return ids;
  };
  const finds = (query: string) =>
    vi.waitFor(async () => expect(await found(`WorkflowId = "${run.id}" AND ${query}`)).toEqual([run.id]), {
      timeout: 20_000,
      interval: 100,
    });

  await run.gate('start');
  await finds(`DrsGate = 'start#1' AND DrsKind = 'migration' AND DrsPhase = 'waits for a person'`);
  await finds(`DrsJobId = '${(await run.status()).jobId}'`);
  await run.decide('start', 'reject');
  await run.failure();
  await finds(`DrsPhase = 'rejected' AND DrsGate IS NULL`);
});
