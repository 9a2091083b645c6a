import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { migrationSpec, PASSWORDS, SOURCE_IP, TARGET } from '../support/config.js';
import { approveAll, type Run, rejection, test } from '../support/harness.js';

const OTHER_IP = '203.0.113.11';

/** Calls that changed something, in their order. */
const effects = (simulator: Simulator, operation?: string) =>
  simulator.journal().filter((entry) => entry.effect && (operation === undefined || entry.operation === operation));

const bodies = (simulator: Simulator, operation: string) =>
  effects(simulator, operation).map(({ body }) => body as { jobs: Record<string, unknown>[] });

/** The databases as they should be, but for what a test makes different. */
function databases(simulator: Simulator, source: { ip?: string; password?: string } = {}): void {
  simulator.addDatabase({ ip: SOURCE_IP, user: 'repl', password: PASSWORDS.source, ...source });
  simulator.addDatabase({ ip: TARGET.ip, user: 'root', password: PASSWORDS.target });
}

const evidenceOf = (gate: Awaited<ReturnType<Run['gate']>>) =>
  gate.evidence.items.map(({ item, value }) => `${item}: ${value}`).join('\n');

/** Where the task was created once, and the run that mended a failure on it went to its good end. */
async function finishedOnOneTask(run: Run, simulator: Simulator, name: string): Promise<void> {
  const { jobId } = await run.status();
  const result = await approveAll(run);
  expect(result).toMatchObject({ outcome: 'completed', jobId, task: 'terminated' });
  expect(effects(simulator, 'batchCreateJobs')).toHaveLength(1);
  expect(simulator.job(name)).toMatchObject({ id: jobId, status: 'RELEASE_RESOURCE_COMPLETE' });
}

test('a source that cannot be reached is shown with its KE code and mend; its new address is tested and stored, and stands in the next gates', async ({
  pilot,
  simulator,
}) => {
  databases(simulator, { ip: OTHER_IP });
  const spec = migrationSpec();
  const run = await pilot.start(spec);

  const failed = await run.gate('test-connections');
  expect(failed).toMatchObject({ id: 'test-connections#1', decisions: ['retry', 'abort'] });
  expect(failed.evidence.items).toEqual([
    { item: 'source', class: 'blocking', value: expect.stringMatching(/DRS\.KE0001.*\. Open the way/) },
  ]);
  const before = (await run.status()).jobId;
  await run.decide('test-connections', 'retry', { by: 'ben', change: { source: { ip: OTHER_IP } } });

  const start = await run.gate('start');
  expect(evidenceOf(start)).toMatch(/^source: mysql 203\.0\.113\.11$/m);
  expect(evidenceOf(start)).toMatch(/^change: source\.ip → 203\.0\.113\.11, by ben: as agreed$/m);
  expect((await run.status()).jobId).toBe(before);
  await finishedOnOneTask(run, simulator, spec.name);

  const tests = bodies(simulator, 'batchValidateConnections').map(({ jobs }) => jobs[0]);
  expect(tests.filter((job) => job?.['end_point_type'] === 'so').map((job) => job?.['ip'])).toEqual([OTHER_IP]);
  const stored = bodies(simulator, 'batchUpdateJob').map(({ jobs }) => jobs[0]?.['source_endpoint']);
  expect(stored).toEqual([expect.objectContaining({ ip: OTHER_IP })]);
});

test('an address that changes after the endpoints were stored is tested and stored again', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { precheck: { items: [{ name: 'binlogRetention', result: 'FAILED' }] } });
  const run = await pilot.start(spec);
  await run.gate('pre-check');
  simulator.patch(spec.name, { precheck: { items: [{ name: 'binlogRetention', result: 'FAILED' }] } });
  await run.decide('pre-check', 'retry', { change: { source: { ip: OTHER_IP } } });
  await run.decide('pre-check#2', 'retry');
  // Whoever approves must have seen it, whoever else has.
  expect(evidenceOf(await run.gate('start'))).toMatch(/^change: source\.ip → 203\.0\.113\.11, by ada: as agreed$/m);
  const stored = bodies(simulator, 'batchUpdateJob').map(({ jobs }) => jobs[0]?.['source_endpoint']);
  expect(stored).toMatchObject([{ ip: SOURCE_IP }, { ip: OTHER_IP }]);
  await finishedOnOneTask(run, simulator, spec.name);
});

test('source and target that fail together are told together, and go on once the databases are mended', async ({
  pilot,
  simulator,
}) => {
  simulator.addDatabase({ ip: SOURCE_IP, user: 'repl', password: 'another' });
  simulator.addDatabase({ ip: TARGET.ip, port: 3307, user: 'root', password: PASSWORDS.target });
  const spec = { ...migrationSpec() };
  const run = await pilot.start({ ...spec, target: { ...spec.target, db_port: 3306 } });
  const failed = await run.gate('test-connections');
  expect(failed.question).toMatch(/source: .*KE0002.*target: .*KE0003/);
  expect(failed.evidence.items.map(({ item }) => item)).toEqual(['source', 'target']);
  simulator.clearDatabases();
  await run.decide('test-connections', 'retry');
  await finishedOnOneTask(run, simulator, spec.name);
});

test('a password that the source refuses is mended by the name of another secret', async ({ pilot, simulator }) => {
  databases(simulator, { password: PASSWORDS.rotated });
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  expect((await run.gate('test-connections')).question).toContain('DRS.KE0002');
  await run.decide('test-connections', 'retry', { change: { source: { password: { secret: 'orders-rotated' } } } });
  await finishedOnOneTask(run, simulator, spec.name);
});

test('a change is refused that would make the spec wrong, that holds a password, or for a host of another secret', async ({
  pilot,
  simulator,
}) => {
  databases(simulator, { ip: OTHER_IP });
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  const retry = (source: Record<string, unknown>) => run.decide('test-connections', 'retry', { change: { source } });
  const why = (change: Record<string, unknown>) => rejection(() => retry(change));

  expect(await why({ ipp: OTHER_IP })).toMatch(/source\.ipp/);
  expect(await why({ db_port: 0 })).toMatch(/^source\.db_port: /);
  expect(await why({ password: PASSWORDS.source })).toMatch(/^(?!.*canary).*a password is never sent/);
  expect((await run.status()).decisions).toEqual([]);

  // The worker's configuration lets this secret go to the first address only.
  await retry({ ip: OTHER_IP, password: { secret: 'orders-rotated' } });
  const again = await run.gate('test-connections#2');
  expect(again.question).toContain('refused before any call');
  expect(evidenceOf(again)).toMatch(/^change: source\.ip → 203\.0\.113\.11, source\.password → .*orders-rotated/m);
  const tried = simulator.journal().filter(({ operation }) => operation === 'batchValidateConnections');
  expect(tried.filter(({ body }) => JSON.stringify(body).includes(OTHER_IP))).toEqual([]);

  await retry({ password: { secret: 'orders-source' } });
  await finishedOnOneTask(run, simulator, spec.name);
});

test('a task that failed to be created is deleted and created again under its name, and the result names both', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { failNext: { status: 'CREATE_FAILED', message: 'no such subnet' } });
  const run = await pilot.start(spec);
  const failed = await run.gate('create');
  expect(failed.question).toMatch(/CREATE_FAILED: no such subnet/);
  const { jobId: first } = await run.status();
  expect(effects(simulator, 'batchDeleteJobs')).toEqual([]);
  await run.decide('create', 'retry');
  const result = await approveAll(run);

  const { jobId: second } = result;
  expect(second).not.toBe(first);
  expect(result.steps.find(({ step }) => step === 'Create')?.note).toBe(
    `CONFIGURATION, in place of ${first}, which failed to be created`,
  );
  expect(simulator.jobs().map(({ id, name, status }) => [id, name, status])).toEqual([
    [second, spec.name, 'RELEASE_RESOURCE_COMPLETE'],
  ]);
  expect(bodies(simulator, 'batchDeleteJobs')[0]?.jobs).toEqual([{ job_id: first, delete_type: 'delete' }]);
});

const TRANSFERS = [
  { status: 'START_JOB_FAILED', gate: 'start-transfer', row: 'Start transfer' },
  { status: 'FULL_TRANSFER_FAILED', gate: 'full-transfer', row: 'Full transfer' },
  { status: 'INCRE_TRANSFER_FAILED', gate: 'incremental-transfer', row: 'Incremental transfer' },
] as const;

test.for(TRANSFERS)(
  '$status is mended by a retry (§6.1.12) on the same task',
  async (failure, { pilot, simulator }) => {
    const spec = migrationSpec();
    simulator.patch(spec.name, {
      failNext: { status: failure.status, code: 'DRS.M01501', message: 'the disk is full' },
    });
    const run = await pilot.start(spec);
    await run.approve('start');

    const gate = await run.gate(failure.gate);
    expect(gate).toMatchObject({ id: `${failure.gate}#1`, decisions: ['retry', 'abort'] });
    expect(gate.question).toMatch(`${failure.row} failed. DRS task ${(await run.status()).jobId} is ${failure.status}`);
    const stops = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    expect(evidenceOf(gate)).toMatch(/^cause: DRS\.M01501 the disk is full$/m);
    expect(evidenceOf(gate)).toContain(
      `DRS stops it by itself: about ${stops}, 30 days after it failed (expired_days)`,
    );
    expect((await run.status()).steps.find(({ step }) => step === failure.row)?.state).toBe('failed');
    expect(effects(simulator, 'batchRestoreTask')).toEqual([]);
    await run.decide(failure.gate, 'retry');
    await run.approve('cutover');
    expect(await run.result()).toMatchObject({ outcome: 'completed', task: 'terminated' });
    expect(effects(simulator, 'batchRestoreTask')).toHaveLength(1);
    expect(effects(simulator, 'batchCreateJobs')).toHaveLength(1);
    expect(effects(simulator, 'batchStartJobs')).toHaveLength(1);
  },
);

test('a task that fails while the cutover gate is open closes it; the failed step asks, and the gate opens anew', async ({
  pilot,
  simulator,
}) => {
  const spec = { ...migrationSpec(), cutover: { maxDelay: '5s', gate: { approvals: 2 } } };
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.approve('cutover#1', 'ada');
  simulator.patch(spec.name, { status: 'INCRE_TRANSFER_FAILED' });

  await run.gate('incremental-transfer#1');
  expect(await rejection(() => run.send('approve', { gate: 'cutover#1', by: 'ben', reason: 'too late' }))).toMatch(
    /cutover#1 is not open/,
  );
  await run.decide('incremental-transfer', 'retry');
  expect(await run.gate('cutover')).toMatchObject({ id: 'cutover#2', approvals: '0 of 2' });
  await run.approve('cutover', 'ada');
  await run.approve('cutover', 'ben');
  expect(await run.result()).toMatchObject({ outcome: 'completed' });
  expect(effects(simulator, 'batchRestoreTask')).toHaveLength(1);
});

test('a task that somebody else ended while the cutover gate is open is no success', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.gate('cutover');
  simulator.patch(spec.name, { status: 'RELEASE_RESOURCE_COMPLETE' });
  expect((await run.gate('incremental-transfer')).question).toContain('RELEASE_RESOURCE_COMPLETE');
  await run.decide('incremental-transfer', 'abort');
  expect(await run.failure()).toMatchObject({ type: 'drs.aborted', result: { outcome: 'aborted' } });
});

test('a release that failed is asked for again, and by force where the decision says so', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.gate('cutover');
  simulator.patch(spec.name, { failNext: 'RELEASE_RESOURCE_FAILED' });
  await run.approve('cutover');

  const gate = await run.gate('release');
  expect(gate).toMatchObject({ id: 'release#1', decisions: ['retry', 'abort'] });
  simulator.patch(spec.name, { failNext: 'RELEASE_RESOURCE_FAILED' });
  await run.decide('release', 'retry');
  await run.gate('release#2');
  await run.decide('release', 'retry', { force: true });
  expect(await run.result()).toMatchObject({ outcome: 'completed', task: 'terminated' });
  expect(bodies(simulator, 'batchDeleteJobs').map(({ jobs }) => jobs[0]?.['delete_type'])).toEqual([
    'terminate',
    'terminate',
    'force_terminate',
  ]);
});

const REFUSALS = [
  { what: 'permission', status: 401, code: 'DRS.M00103', says: /grant the DRS permissions in IAM/ },
  { what: 'quota', status: 400, code: 'DRS.10130014', says: /Delete tasks that have ended/ },
  { what: 'credentials', status: 403, code: 'DRS.M00100', says: /Check user, password and domain, or the key pair/ },
] as const;

test.for(REFUSALS)(
  'a refusal for $what asks a person once the task exists, and ends the run before',
  async (refusal, { pilot, simulator }) => {
    const { status, code, says } = refusal;
    const [before, after] = [migrationSpec(), migrationSpec()];
    simulator.fault({
      operation: 'batchCreateJobs',
      match: { job: before.name },
      fault: { kind: 'error', status, code },
    });
    const early = await pilot.start(before);
    const failure = await early.failure();
    expect(failure).toMatchObject({ type: `drs.${refusal.what}`, result: { outcome: 'failed', task: 'none' } });
    expect(failure.message).toMatch(new RegExp(`^batchCreateJobs.*${code.replace('.', '\\.')}, `));
    expect(failure.message).toMatch(says);
    expect(failure.message).not.toContain('\n');

    simulator.fault({ operation: 'batchSetObjects', fault: { kind: 'error', status, code } });
    const late = await pilot.start(after);
    const gate = await late.gate('objects');
    expect(gate).toMatchObject({ id: 'objects#1', decisions: ['retry', 'abort'] });
    expect(gate.question).toMatch(says);
    const { jobId } = await late.status();
    await late.decide('objects', 'retry');
    const result = await approveAll(late);
    expect(result).toMatchObject({ outcome: 'completed', jobId });
  },
);

test('a wait that DRS refuses to answer asks a person, and goes on where it was', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { hold: 'FULL_TRANSFER_STARTED' });
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.running('Full transfer');
  simulator.fault({ operation: 'showJobList', fault: { kind: 'error', status: 401, code: 'DRS.M00103' } });
  expect((await run.gate('full-transfer')).question).toMatch(/DRS\.M00103/);
  simulator.patch(spec.name, { hold: null });
  await run.decide('full-transfer', 'retry');
  await run.approve('cutover');
  expect(await run.result()).toMatchObject({ outcome: 'completed' });
  expect(effects(simulator, 'batchRestoreTask')).toEqual([]);
});

test('an open gate outlives a refusal of DRS to tell of the task', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.gate('cutover');
  simulator.fault({ operation: 'showJobList', fault: { kind: 'error', status: 401, code: 'DRS.M00103' } });
  await expect.poll(() => simulator.pendingFaults(), { timeout: 20_000 }).toEqual([]);
  simulator.patch(spec.name, { status: 'INCRE_TRANSFER_FAILED' });
  await run.gate('incremental-transfer');
});

test('only what a migration can do without may be skipped', async ({ pilot, simulator }) => {
  const spec = {
    ...migrationSpec(),
    alarm_notify: { alarm_to_user: true, subscriptions: [{ protocol: 'email', endpoints: ['dba@example.com'] }] },
    users: 'all',
    speed: [{ begin: '22:00', end: '05:59', speed: 50 }],
    finish: { delete: true },
  };
  const refuse = (operation: string) =>
    simulator.fault({ operation, fault: { kind: 'error', status: 401, code: 'DRS.M00103' } });
  for (const operation of ['listUsers', 'batchSetObjects', 'batchSetSpeed', 'batchCheckJobs', 'batchShowParams'])
    refuse(operation);
  const run = await pilot.start(spec);
  // The call that stores the endpoints sets the notification, too.
  await vi.waitFor(() => expect(effects(simulator, 'batchUpdateJob')).toHaveLength(1), {
    timeout: 20_000,
    interval: 1,
  });
  refuse('batchUpdateJob');

  const offered: Record<string, readonly string[]> = {};
  const answer = async (name: string) => {
    const { decisions } = await run.gate(name);
    offered[name] = decisions;
    await run.decide(name, decisions.includes('skip') ? 'skip' : 'retry', { by: 'ben', reason: 'not needed' });
  };
  for (const name of ['notification', 'users', 'objects', 'flow-control', 'pre-check', 'parameters'])
    await answer(name);
  await run.approve('start');
  await run.gate('cutover');
  simulator.patch(spec.name, { hold: 'RELEASE_RESOURCE_STARTED' });
  await run.approve('cutover');
  await run.running('Release');
  refuse('batchDeleteJobs');
  simulator.patch(spec.name, { hold: null });
  await answer('delete');

  const result = await run.result();
  expect(offered).toEqual({
    notification: ['retry', 'skip', 'abort'],
    users: ['retry', 'skip', 'abort'],
    objects: ['retry', 'abort'],
    'flow-control': ['retry', 'skip', 'abort'],
    'pre-check': ['retry', 'abort'],
    parameters: ['retry', 'skip', 'abort'],
    delete: ['retry', 'skip', 'abort'],
  });
  expect(result).toMatchObject({ outcome: 'completed', task: 'terminated' });
  expect(result.steps.filter(({ state }) => state === 'skipped').map(({ step, note }) => `${step}: ${note}`)).toEqual(
    ['Notification', 'Users', 'Flow control', 'Parameters', 'Delete'].map(
      (step) => `${step}: skipped by ben: not needed`,
    ),
  );
  expect(simulator.job(spec.name)?.status).toBe('RELEASE_RESOURCE_COMPLETE');
});

test('once a transfer has been started another address is refused, saying so, and a password changes by §6.1.15', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { failNext: 'START_JOB_FAILED' });
  const run = await pilot.start(spec);
  await run.approve('start');
  const retry = (gate: string, source: Record<string, unknown>) => run.decide(gate, 'retry', { change: { source } });
  expect(await rejection(() => retry('start-transfer', { ip: OTHER_IP }))).toBe(
    'ip cannot change any more: once a task has been started, DRS changes only passwords (§6.1.15)',
  );

  simulator.patch(spec.name, { failNext: 'FULL_TRANSFER_FAILED' });
  await retry('start-transfer', { password: { secret: 'orders-rotated' } });
  const gate = await run.gate('full-transfer');
  expect(evidenceOf(gate)).toMatch(/^change: source\.password → \{"secret":"orders-rotated"\}, by ada: as agreed$/m);
  expect(bodies(simulator, 'batchResetPassword').map(({ jobs }) => jobs)).toEqual([
    [{ job_id: (await run.status()).jobId, end_point_type: 'so', db_password: '******' }],
  ]);

  // A secret that may not be used with this host goes nowhere.
  await retry('full-transfer', { password: { secret: 'elsewhere' } });
  expect((await run.gate('change-passwords')).question).toMatch(/refused before any call: .*"elsewhere"/);
  expect(effects(simulator, 'batchResetPassword')).toHaveLength(1);
  await retry('change-passwords', { password: { secret: 'orders-source' } });
  await run.approve('cutover');
  expect(await run.result()).toMatchObject({ outcome: 'completed' });
  expect(effects(simulator, 'batchResetPassword')).toHaveLength(2);
  expect(effects(simulator, 'batchRestoreTask')).toHaveLength(2);
});

test('a change voids the approval that was given before it, and stands in the evidence of the next one', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  await run.gate('start');
  simulator.fault({ operation: 'batchStartJobs', fault: { kind: 'error', status: 401, code: 'DRS.M00103' } });
  await run.approve('start');
  await run.decide('start-request', 'retry', { by: 'ben', change: { source: { ip: OTHER_IP } } });
  expect(evidenceOf(await run.gate('start#2'))).toMatch(/^change: source\.ip → 203\.0\.113\.11, by ben: as agreed$/m);
  expect(effects(simulator, 'batchCheckJobs')).toHaveLength(2);
  expect(effects(simulator, 'batchStartJobs')).toEqual([]);
  await run.approve('start#2');

  await run.gate('cutover#1');
  simulator.patch(spec.name, { delay: 60 });
  await run.approve('cutover#1');
  await run.running('Cutover delay');
  simulator.patch(spec.name, { status: 'INCRE_TRANSFER_FAILED' });
  await run.decide('cutover-delay', 'retry', { change: { target: { password: { secret: 'orders-target' } } } });
  simulator.patch(spec.name, { delay: 0 });
  expect(evidenceOf(await run.gate('cutover#2'))).toMatch(/^change: target\.password → .*, by ada: as agreed$/m);
  expect(effects(simulator, 'batchDeleteJobs')).toEqual([]);
  await run.approve('cutover#2');
  expect(await run.result()).toMatchObject({ outcome: 'completed' });
});

test('a mended failure adds at most 20 events to the history beside workflow tasks, its decision included', async ({
  pilot,
  simulator,
}) => {
  // How many workflow tasks there are depends on what happens to come together.
  const events = async (run: Run) =>
    ((await run.handle.fetchHistory()).events ?? []).filter((event) => !isWorkflowTask(event)).length;
  const smooth = await pilot.start(migrationSpec());
  await approveAll(smooth);
  const spec = migrationSpec();
  simulator.patch(spec.name, { failNext: 'FULL_TRANSFER_FAILED' });
  const mended = await pilot.start(spec);
  await mended.approve('start');
  await mended.decide('full-transfer', 'retry');
  await mended.approve('cutover');
  await mended.result();
  expect((await events(mended)) - (await events(smooth))).toBeLessThanOrEqual(20);
});

const isWorkflowTask = (event: object): boolean =>
  Object.entries(event).some(([key, value]) => key.startsWith('workflowTask') && value);
