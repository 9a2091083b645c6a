import { expect } from 'vitest';
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
  await run.decide('pre-check', 'retry', { change: { source: { ip: OTHER_IP } } });
  await run.gate('start');
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
