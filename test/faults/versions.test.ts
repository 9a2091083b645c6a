import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { examine, type Finding } from '../../worker/doctor.js';
import { changeUpdate } from '../../workflows/messages.js';
import { run as cli } from '../client/cli.js';
import { baseConfig, configFile, ENV, migrationSpec } from '../support/config.js';
import type { Run } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';
import { phase, supervisedSync } from '../support/supervised.js';

const soon = { timeout: 60_000, interval: 100 };

let stack: Stack;
beforeAll(async () => {
  stack = await openStack({ file: false });
});
afterAll(() => stack.close());

const worker = (buildId: string) =>
  stack.startWorker({ TEMPORAL_DEPLOYMENT_NAME: 'drs-pilot', TEMPORAL_WORKER_BUILD_ID: buildId });
const versions = (...args: readonly string[]) =>
  cli(['versions', ...args], { env: { TEMPORAL_ADDRESS: stack.address } });

/** What doctor finds of versions for a worker of this one. */
async function finding(buildId: string): Promise<Finding | undefined> {
  const { client, address, simulator } = stack;
  const config = await configFile(simulator, {
    ...baseConfig(simulator),
    temporal: { taskQueue: 'drs-pilot', deployment: { buildId } },
  });
  const temporal = async () => ({ client, address, namespace: 'default' });
  for await (const found of examine({ env: ENV, config, temporal })) if (found.check === 'versions') return found;
  return undefined;
}

/** The versions that did the tasks of a run's workflow, without repetition. */
async function doneBy({ handle }: Run): Promise<string[]> {
  const { events = [] } = await handle.fetchHistory();
  const ids = (events ?? []).flatMap(
    ({ workflowTaskCompletedEventAttributes: done }) => done?.deploymentVersion?.buildId ?? [],
  );
  return [...new Set(ids)];
}

test('two versions of the workers side by side: a run ends on the version that it began on, a supervised one moves, and nothing is lost', {
  timeout: 180_000,
}, async () => {
  const old = await worker('1.0.0');
  const waits = await stack.start(migrationSpec('before-any'));
  const none = await vi.waitFor(async () => {
    const told = await versions('list');
    expect(told.code).toBe(0);
    return told;
  }, soon);
  expect(none.err).toContain('No version is current: new runs wait until drs-pilot versions set-current names one.');
  expect(await finding('1.0.0')).toMatchObject({
    state: 'problem',
    what: 'no version is current, so new runs wait; workers poll as drs-pilot:1.0.0',
    mend: expect.stringContaining('drs-pilot versions set-current'),
  });
  expect((await versions('set-current', '9.9.9')).err).toContain('has no version "9.9.9"; it has: 1.0.0');

  expect((await versions('set-current', '1.0.0', '--if-none', '--json')).json()).toMatchObject({ current: '1.0.0' });
  await waits.gate('start');
  const [pinned, sync] = await Promise.all([
    stack.start(migrationSpec('pinned')),
    stack.start(supervisedSync(), 'synchronization'),
  ]);
  await Promise.all([pinned.gate('start'), sync.approve('start')]);
  await phase(sync, 'supervises');

  await worker('2.0.0');
  const ramping = await vi.waitFor(async () => {
    const told = await versions('ramp', '2.0.0', '100');
    expect(told.code).toBe(0);
    return told;
  }, soon);
  expect(ramping.out).toMatch(/^2\.0\.0\s+ramping 100 %\s/m);
  const ramped = await stack.start(migrationSpec('ramped'));
  await ramped.gate('start');
  expect((await versions('set-current', '2.0.0', '--if-none', '--json')).json()).toMatchObject({ current: '1.0.0' });
  expect((await versions('ramp', '2.0.0', '0')).out).not.toContain('ramping');

  expect((await versions('set-current', '2.0.0')).code).toBe(0);
  expect(await finding('1.0.0')).toMatchObject({ state: 'warning', what: expect.stringContaining('2.0.0') });
  expect(await finding('2.0.0')).toMatchObject({ state: 'ok' });
  const fresh = await stack.start(migrationSpec('fresh'));
  await fresh.gate('start');
  const both = (await versions('list', '--json')).json();
  expect(both).toMatchObject({
    deployment: 'drs-pilot',
    current: '2.0.0',
    versions: expect.arrayContaining([
      expect.objectContaining({ version: '1.0.0', state: 'draining', workers: 1 }),
      expect.objectContaining({ version: '2.0.0', state: 'current', workers: 1 }),
    ]),
  });

  expect((await versions('upgrade', '--json')).json()).toMatchObject({ told: [sync.id] });
  await vi.waitFor(async () => expect(await doneBy(sync)).toEqual(['2.0.0']), soon);
  await phase(sync, 'supervises');
  await sync.handle.executeUpdate(changeUpdate('end'), { args: [{ by: 'ada', reason: 'as agreed' }] });

  for (const run of [waits, pinned, ramped, fresh]) {
    await run.approve('start');
    await run.approve('cutover');
  }
  const ended = await Promise.all([waits, pinned, ramped, fresh, sync].map((run) => run.result()));
  expect(ended.map(({ outcome }) => outcome)).toEqual(Array(5).fill('completed'));
  expect(await Promise.all([waits, pinned, ramped, fresh].map(doneBy))).toEqual(
    ['1.0.0', '1.0.0', '2.0.0', '2.0.0'].map((version) => [version]),
  );
  for (const name of ['before-any', 'pinned', 'ramped', 'fresh'])
    expect(
      stack.simulator
        .journal()
        .filter(({ operation, body }) => operation === 'batchCreateJobs' && JSON.stringify(body).includes(`"${name}"`)),
    ).toHaveLength(1);

  expect(await old.end('SIGTERM')).toBe(0);
  const human = await versions('list');
  expect(human.out).toMatch(/^VERSION OF drs-pilot\s+STATE\s+SINCE\s+WORKERS\s+OPEN RUNS\n/);
  expect(human.out).toMatch(/^2\.0\.0\s+current\s+\S+ \(.*\)\s+1\s+\d+$/m);
});
