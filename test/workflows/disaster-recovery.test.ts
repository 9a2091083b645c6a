import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import type { Result } from '../../workflows/messages.js';
import { PASSWORDS, SOURCE_IP, TARGET } from '../support/config.js';
import { type Pilot, test } from '../support/harness.js';
import { recoverySpec as spec } from '../support/specs.js';

const workflow = 'disasterRecovery';
const SOON = { timeout: 60_000, interval: 50 };

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

test('the backward subtask waits as long as the forward one is too far behind', async ({ pilot, simulator }) => {
  const given = { ...spec({ multi_write: true }), inSync: { maxRpo: '5m', maxRto: '5m' } };
  const forward = `${given.name}_forward`;
  simulator.patch(forward, { delay: 75 });
  const run = await pilot.start(given, { workflow });
  await run.approve('start');
  await vi.waitFor(async () => {
    const row = (await run.status()).steps.find(({ step }) => step === 'Forward: In place');
    expect(row).toMatchObject({ state: 'running' });
    expect(simulator.journal().filter(({ operation }) => operation === 'batchListRposAndRtos').length).toBeGreaterThan(
      3,
    );
  }, SOON);
  const { id } = simulator.job(`${given.name}_backward`) ?? {};
  expect(simulator.journal().filter(({ jobs }) => jobs.includes(id ?? ''))).toEqual([]);

  simulator.patch(forward, { delay: 59 });
  await vi.waitFor(async () => expect((await run.gate('start')).id).toBe('start#2'), SOON);
  const { evidence } = await run.gate('start');
  expect(evidence.items).toContainEqual({
    item: 'forward subtask',
    class: 'ok',
    value: expect.stringMatching(/^RPO 59 s, RTO 59 s, read at /),
  });
});

test('an approval of the backward start counts only while the forward subtask is close behind', async ({
  pilot,
  simulator,
}) => {
  const given = spec({ multi_write: true });
  const run = await pilot.start(given, { workflow });
  await run.approve('start');
  await vi.waitFor(async () => expect((await run.gate('start')).id).toBe('start#2'), SOON);
  simulator.patch(`${given.name}_forward`, { delay: 300 });
  await run.approve('start');

  await vi.waitFor(async () => expect((await run.gate('start')).id).toBe('start#3'), SOON);
  const { evidence } = await run.gate('start');
  expect(evidence.items).toContainEqual({
    item: 'forward subtask',
    class: 'warning',
    value: expect.stringMatching(/^RPO 300 s, RTO 300 s, read at /),
  });
  const started = () => simulator.journal().filter(({ operation }) => operation === 'batchStartJobs');
  expect(started()).toHaveLength(1);

  simulator.patch(`${given.name}_forward`, { delay: 3 });
  await run.approve('start');
  expect(await run.result()).toMatchObject({ outcome: 'completed', task: 'running' });
  expect(started()).toHaveLength(2);
  expect(started().filter(({ perJob }) => perJob)).toEqual([]);
});

/** A dual-active task whose subtasks both have this direction. */
async function alike(pilot: Pilot, simulator: Simulator, direction: string) {
  const given = spec({ multi_write: true });
  for (const child of ['forward', 'backward']) simulator.patch(`${given.name}_${child}`, { direction });
  const run = await pilot.start(given, { workflow });
  const gate = await run.gate('forward');
  const ids = ['forward', 'backward'].map((child) => simulator.job(`${given.name}_${child}`)?.id ?? '');
  return { run, gate, ids };
}

test('where both subtasks have the direction of their parent, a person says which is forward', async ({
  pilot,
  simulator,
}) => {
  const { run, gate, ids } = await alike(pilot, simulator, 'up');
  expect(gate).toMatchObject({ decisions: ['acknowledge', 'retry', 'abort'] });
  expect(gate.evidence.items.map(({ item }) => item)).toEqual(ids);

  await expect(run.decide('forward', 'acknowledge', { items: ids })).rejects.toThrow();
  await run.decide('forward', 'acknowledge', { items: [ids[1]] });
  await run.gate('start');
  const tested = simulator.journal().filter(({ operation }) => operation === 'batchValidateConnections');
  expect(new Set(tested.flatMap(({ jobs }) => jobs))).toEqual(new Set([ids[1]]));
  expect((await run.status()).steps).toContainEqual(
    expect.objectContaining({ step: 'Forward subtask', state: 'done', note: `${ids[1]}, said ada` }),
  );
});

test('where neither has it, a person is asked, too, and "retry" looks again', async ({ pilot, simulator }) => {
  const { run, ids } = await alike(pilot, simulator, 'down');
  simulator.patch(ids[0] ?? '', { direction: 'up' });
  await run.decide('forward', 'retry');
  await run.gate('start');
  const tested = simulator.journal().filter(({ operation }) => operation === 'batchValidateConnections');
  expect(new Set(tested.flatMap(({ jobs }) => jobs))).toEqual(new Set([ids[0]]));
});

test('a failed initialisation is mended and goes on with the same task; what has arrived is told', async ({
  pilot,
  simulator,
}) => {
  const given = spec();
  simulator.patch(given.name, { failNext: 'FULL_TRANSFER_FAILED' });
  const run = await pilot.start(given, { workflow });
  await run.approve('start');
  const gate = await run.gate('initialisation');
  expect(gate.question).toContain('FULL_TRANSFER_FAILED');
  await run.decide('initialisation', 'retry');
  const result = await run.result();
  expect(result).toMatchObject({ outcome: 'completed', task: 'running' });
  expect(result.steps).toContainEqual(
    expect.objectContaining({ step: 'Initialisation', note: 'table 4, table_structure 4, database 2, table_indexs 4' }),
  );
  const operations = simulator.journal().map(({ operation }) => operation);
  expect(operations.filter((one) => one === 'batchRestoreTask')).toHaveLength(1);
  expect(operations.filter((one) => one === 'batchCreateJobs')).toHaveLength(1);
});

test('a backward subtask whose connection fails is told in the words of the spec, and mended by them', async ({
  pilot,
  simulator,
}) => {
  const given = spec({ multi_write: true });
  simulator.addDatabase({ ip: SOURCE_IP, user: 'repl', password: PASSWORDS.source });
  simulator.addDatabase({ ip: TARGET.ip, user: 'root', password: PASSWORDS.target });
  const run = await pilot.start(given, { workflow });
  await run.gate('start');
  simulator.clearDatabases();
  simulator.addDatabase({ ip: '203.0.113.11', user: 'repl', password: PASSWORDS.source });
  simulator.addDatabase({ ip: TARGET.ip, user: 'root', password: PASSWORDS.target });
  await run.approve('start');

  const gate = await run.gate('backward-test-connections');
  expect(gate.evidence.items).toMatchObject([{ item: 'source', value: expect.stringContaining('DRS.KE0001') }]);
  await run.decide('backward-test-connections', 'retry', { change: { source: { ip: '203.0.113.11' } } });
  await vi.waitFor(async () => expect((await run.gate('start')).id).toBe('start#2'), SOON);
  const stored = simulator.journal().filter(({ operation }) => operation === 'batchUpdateJob');
  const bodies = stored.map(({ body }) => (body as { jobs: Record<string, { ip: string }>[] }).jobs[0]);
  expect(bodies.map((body) => [body?.['source_endpoint']?.ip, body?.['target_endpoint']?.ip])).toEqual([
    [SOURCE_IP, TARGET.ip],
    [TARGET.ip, '203.0.113.11'],
  ]);
});

test('a dual-active run that is stopped pauses each subtask for itself, and ends them by their parent', async ({
  pilot,
  simulator,
}) => {
  const stopped = async (onAbort: string) => {
    const given = { ...spec({ multi_write: true }), onAbort };
    const run = await pilot.start(given, { workflow });
    await run.approve('start');
    await vi.waitFor(async () => expect((await run.gate('start')).id).toBe('start#2'), SOON);
    await run.decide('start', 'reject');
    const { result } = await run.failure();
    return { result, status: (child: string) => simulator.job(`${given.name}_${child}`)?.status };
  };
  const [paused, ended] = await Promise.all([stopped('pause'), stopped('terminate')]);
  expect(paused.result?.task).toMatch(/^\S+ paused, \S+ kept: it is CONFIGURATION$/);
  expect(paused.status('forward')).toBe('PAUSING');
  expect(paused.status('backward')).toBe('CONFIGURATION');
  expect(ended.result?.task).toBe('terminated');
  expect(ended.status('forward')).toMatch(/^RELEASE_RESOURCE/);
  expect(ended.status('backward')).toMatch(/^RELEASE_RESOURCE/);
});

test('what only a worker or DRS could refuse later is refused at once, with every problem', async ({
  pilot,
  simulator,
}) => {
  const { multi_write: _, ...task } = spec({ net_type: 'vpc' }).task;
  const run = await pilot.start({ ...spec(), task, objects: 'all' }, { workflow });
  const { type, message } = await run.failure();
  expect(type).toBe('drs.badSpec');
  for (const path of ['task.net_type', 'task.multi_write', 'objects'])
    expect(message).toMatch(new RegExp(`^${path.replace('.', '\\.')}: `, 'm'));
  expect(simulator.journal()).toEqual([]);
});
