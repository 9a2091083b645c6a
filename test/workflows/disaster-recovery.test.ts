import { expect, vi } from 'vitest';
import type { Result } from '../../workflows/messages.js';
import { test } from '../support/harness.js';
import { recoverySpec as spec } from '../support/specs.js';

const workflow = 'disasterRecovery';
const SOON = { timeout: 30_000, interval: 50 };

test('single-active disaster recovery goes through the sequence of §4.1 in its order, until it is in place', async ({
  pilot,
  simulator,
}) => {
  const given = spec();
  const run = await pilot.start(given, { workflow });
  await run.approve('start');
  const result = await run.result();

  expect(result).toMatchObject({ kind: 'disaster-recovery', outcome: 'completed', task: 'running' });
  expect(result).toMatchObject({ rpoSeconds: expect.any(Number), rtoSeconds: expect.any(Number) });
  expect(result.steps.map(({ step, state }) => `${step}: ${state}`)).toEqual([
    'Create: done',
    'Test connections: done',
    'Store endpoints: done',
    'Flow control: done',
    'Pre-check: done',
    'Parameters: done',
    'Start approval: done',
    'Start request: done',
    'Start transfer: done',
    'Initialisation: done',
    'In place: done',
  ]);
  const effects = simulator.journal().filter(({ effect }) => effect);
  expect(effects.map(({ operation }) => operation)).toEqual([
    'batchCreateJobs',
    'batchValidateConnections',
    'batchValidateConnections',
    'batchUpdateJob',
    'batchSetSpeed',
    'batchCheckJobs',
    'batchShowParams',
    'batchStartJobs',
  ]);
  const events = (await run.handle.fetchHistory()).events ?? [];
  expect(events.length).toBeLessThanOrEqual(250);
});

const FORWARD = [
  'Pre-check',
  'Parameters',
  'Start approval',
  'Start request',
  'Start transfer',
  'Initialisation',
  'In place',
];
const BACKWARD = [
  'Start approval',
  'Forward in place',
  'Start request',
  'Start transfer',
  'Initialisation',
  'In place',
];

test('the backward subtask of a dual-active task is never touched before the forward one is in place', async ({
  pilot,
  simulator,
}) => {
  const given = spec({ multi_write: true });
  const run = await pilot.start(given, { workflow });
  await run.approve('start');
  await vi.waitFor(async () => expect((await run.gate('start')).id).toBe('start#2'), SOON);
  await run.approve('start');
  const result = (await run.result()) as Result & Record<'forward' | 'backward', { jobId: string }>;

  expect(result).toMatchObject({ outcome: 'completed', task: 'running' });
  const configure = ['Test connections', 'Store endpoints', 'Flow control'];
  expect(result.steps.map(({ step, state }) => `${step}: ${state}`)).toEqual(
    [
      'Create',
      'Subtasks',
      ...[...configure, ...FORWARD].map((step) => `Forward: ${step}`),
      ...[...configure, ...BACKWARD].map((step) => `Backward: ${step}`),
    ].map((step) => `${step}: done`),
  );

  const { forward, backward, jobId: parent = '' } = result;
  expect(simulator.job(forward.jobId)).toMatchObject({ name: `${given.name}_forward`, parent });
  const journal = simulator.journal();
  const calls = (id: string) => journal.filter(({ jobs }) => jobs.includes(id)).map(({ operation }) => operation);
  expect(calls(parent)).toEqual([]);
  expect(calls(backward.jobId).filter((operation) => !operation.startsWith('batchList'))).toEqual([
    'batchValidateConnections',
    'batchValidateConnections',
    'batchUpdateJob',
    'batchSetSpeed',
    'batchStartJobs',
  ]);
  const near = journal.findIndex(({ operation }) => operation === 'batchListRposAndRtos');
  const touched = journal.findIndex(({ jobs }) => jobs.includes(backward.jobId));
  expect(near).toBeGreaterThan(0);
  expect(touched).toBeGreaterThan(near);
  expect(journal.filter(({ perJob, code }) => perJob ?? code)).toEqual([
    expect.objectContaining({ operation: 'batchCheckResults' }),
  ]);

  const tests = journal.filter(
    ({ operation, jobs }) => operation === 'batchValidateConnections' && jobs.includes(backward.jobId),
  );
  expect(tests.map(({ body }) => (body as { jobs: { end_point_type: string; ip: string }[] }).jobs[0])).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ end_point_type: 'so', ip: given.target.ip }),
      expect.objectContaining({ end_point_type: 'ta', ip: given.source.ip }),
    ]),
  );
  const events = (await run.handle.fetchHistory()).events ?? [];
  expect(events.length).toBeLessThanOrEqual(450);
});
