import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { examine, type Finding } from '../../worker/doctor.js';
import { run as cli } from '../client/cli.js';
import { baseConfig, configFile, ENV, migrationSpec, PASSWORDS, SOURCE_IP, TARGET } from '../support/config.js';
import { approveAll, type Run } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';

const SIX = ['one', 'two', 'three', 'four', 'five', 'six'] as const;
const OTHER_IP = '203.0.113.11';
/** WORKER_VERSIONING_MODE_VERSIONED of Temporal's API. */
const VERSIONED = 2;
/** So often DRS is asked while Temporal is away. */
const POLLS = 50;
const soon = { timeout: 60_000, interval: 100 };

let stack: Stack;
beforeAll(async () => {
  stack = await openStack({ clouds: SIX, settings: { telemetry: { address: '127.0.0.1:0' } } });
});
afterAll(() => stack.close());

test('Temporal is away and comes back: the worker says so and stays, and runs, gates and waits go on with nothing done twice', {
  timeout: 180_000,
}, async () => {
  const { simulator, checkpoint } = stack;
  const worker = await stack.startWorker();
  const monitor = await vi.waitFor(() => {
    const [, told] = /"monitor":"([^"]+)"/.exec(worker.output()) ?? [];
    if (!told) throw new Error(worker.output());
    return told;
  }, soon);
  const ready = async () => {
    const reply = await fetch(`http://${monitor}/readyz`);
    return [reply.status, await reply.text()];
  };
  expect(await ready()).toEqual([200, 'ready\n']);
  const named = (name: string) => ({ ...migrationSpec(name), cloud: 'default' });
  const two = { ...named('waits-for-two'), start: { gate: { approvals: 2 } } };
  const [asks, follows, starts] = await Promise.all(
    [two, named('follows'), named('starts')].map((spec) => stack.start(spec)),
  );
  if (!asks || !follows || !starts) throw new Error('three were started');
  await Promise.all([asks.approve('start', 'ada'), follows.approve('start'), starts.gate('start')]);
  await follows.gate('cutover');
  const held = checkpoint.hold(({ path }) => path.endsWith('/batch-starting'));
  await starts.approve('start');
  await held.arrived;

  const restart = await stack.killTemporal();
  // It is done at the cloud, and nobody can be told.
  await held.release();
  const polls = () => simulator.journal().filter(({ operation }) => operation === 'showJobList').length;
  const before = polls();
  await vi.waitFor(async () => {
    expect(await ready()).toEqual([503, expect.stringContaining('Temporal does not answer')]);
    expect(polls()).toBeGreaterThan(before + POLLS);
  }, soon);
  expect(worker.running).toBe(true);
  await restart();

  await vi.waitFor(async () => expect(await ready()).toEqual([200, 'ready\n']), soon);
  expect((await vi.waitFor(() => asks.gate('start'), soon)).approvals).toBe('1 of 2');
  await asks.approve('start', 'ben');
  const ended = [asks, follows, starts].map(async (run) => {
    await run.approve('cutover');
    return (await run.result()).outcome;
  });
  expect(await Promise.all(ended)).toEqual(['completed', 'completed', 'completed']);
  for (const name of ['waits-for-two', 'follows', 'starts'])
    for (const once of ['batchCreateJobs', 'batchStartJobs', 'batchDeleteJobs'])
      expect(effects(once, name), `${once} of ${name}`).toBe(1);
  expect(worker.running).toBe(true);
  expect(await worker.end('SIGTERM')).toBe(0);
});

test('doctor and versions tell of a version that is current and of which no worker polls any more', {
  timeout: 120_000,
}, async () => {
  const { client, address, simulator } = stack;
  const taskQueue = 'versioned';
  const deployment = { deploymentName: 'drs-pilot', workerVersioningMode: VERSIONED };
  const asks = (buildId: string) => {
    const poll = { namespace: 'default', taskQueue: { name: taskQueue }, identity: buildId };
    const deploymentOptions = { ...deployment, buildId };
    const ask = () => client.workflowService.pollWorkflowTaskQueue({ ...poll, deploymentOptions });
    const over = new AbortController();
    const within = () => client.connection.withDeadline(Date.now() + 60_000, ask);
    void client.connection.withAbortSignal(over.signal, within).catch(() => undefined);
    return over;
  };
  const versions = (...args: readonly string[]) => cli(['versions', ...args], { env: { TEMPORAL_ADDRESS: address } });
  const gone = asks('1.0.0');
  await vi.waitFor(async () => expect((await versions('set-current', '1.0.0')).code).toBe(0), soon);
  gone.abort();
  // With the memory of the server goes who asked for work a moment ago.
  await (await stack.killTemporal())();
  await vi.waitFor(() => client.workflowService.getSystemInfo({}), soon);
  const there = asks('2.0.0');

  const config = await configFile(simulator, {
    ...baseConfig(simulator),
    temporal: { taskQueue, deployment: { buildId: '2.0.0' } },
  });
  const temporal = async () => ({ client, address, namespace: 'default' });
  await vi.waitFor(async () => {
    const found: Finding[] = [];
    for await (const one of examine({ env: ENV, config, temporal })) found.push(one);
    expect(found).toContainEqual({
      check: 'versions',
      state: 'problem',
      what: 'new runs are given to drs-pilot:1.0.0, of which no worker polls; workers poll as drs-pilot:2.0.0',
      mend: 'Start a worker of that version, or drs-pilot versions set-current BUILD-ID, for instance 2.0.0.',
    });
  }, soon);
  const { out, err } = await versions('list');
  expect(out).toMatch(/^1\.0\.0\s+current\s+\S+ \(.*\)\s+0\s+0$/m);
  expect(err).toContain('No worker of 1.0.0 asks for work: new runs wait. Start its workers.');
  expect(await versions('ramp', '1.0.0', '10')).toMatchObject({
    code: 1,
    err: expect.stringContaining('No worker of version "1.0.0" asked for work in the last minutes'),
  });
  there.abort();
});

test('of two workers one is killed in the middle of its calls: the other takes them over', {
  timeout: 120_000,
}, async () => {
  const { simulator, checkpoint } = stack;
  const [killed, other] = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const runs = await Promise.all(
    SIX.map(async (cloud) => {
      const spec = { ...migrationSpec(`pair-${cloud}`), cloud };
      const held = checkpoint.hold(
        ({ path, body }) =>
          path.endsWith('batch-select-objects') && body.includes(simulator.job(spec.name)?.id ?? 'none yet'),
      );
      const run = await stack.start(spec);
      await held.arrived;
      return { run, held };
    }),
  );

  await killed.end('SIGKILL');
  await Promise.all(runs.map(({ held }) => held.release()));

  for (const { outcome } of await Promise.all(runs.map(({ run }) => approveAll(run))))
    expect(outcome).toBe('completed');
  for (const cloud of SIX) expect(effects('batchCreateJobs', `pair-${cloud}`)).toBe(1);
  await other.end('SIGTERM');
});

test('nothing that a worker writes holds a secret, whatever goes wrong', { timeout: 120_000 }, async () => {
  const { simulator } = stack;
  const { source, target } = PASSWORDS;
  simulator.addDatabase({ ip: OTHER_IP, user: 'repl', password: 'changed at the source' });
  simulator.addDatabase({ ip: TARGET.ip, user: 'root', password: target });
  simulator.fault({
    operation: 'batchUpdateJob',
    fault: { kind: 'error', status: 400, code: 'DRS.M00201', message: `db_password ${source}` },
  });
  const worker = await stack.startWorker();
  const spec = { ...migrationSpec(), cloud: 'default' };
  const run = await stack.start(spec);
  const toSource = (ip: string) => ({ change: { source: { ip } } });

  expect(await itemsOf(run, 'test-connections#1')).toMatch(/DRS\.KE0001/);
  await run.decide('test-connections#1', 'retry', toSource(OTHER_IP));
  expect(await itemsOf(run, 'test-connections#2')).toMatch(/password/i);
  simulator.addDatabase({ ip: SOURCE_IP, user: 'repl', password: source });
  await run.decide('test-connections#2', 'retry', toSource(SOURCE_IP));
  expect(await itemsOf(run, 'store-endpoints#1')).toMatch(/DRS\.M00201/);
  await run.decide('store-endpoints#1', 'abort');
  await run.failure();
  await worker.end('SIGTERM');

  const written = worker.output();
  expect(written).toContain('DRS.M00201');
  for (const secret of [...Object.values(PASSWORDS), ENV.SK]) expect(written.includes(secret), secret).toBe(false);
});

const itemsOf = async (run: Run, gate: string): Promise<string> =>
  JSON.stringify((await run.gate(gate)).evidence.items);

/** Calls that changed the task of this name. */
function effects(operation: string, name: string): number {
  const { simulator } = stack;
  const task = [name, simulator.job(name)?.id];
  return simulator
    .journal()
    .filter((entry) => entry.effect && entry.operation === operation && entry.jobs.some((job) => task.includes(job)))
    .length;
}
