import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ENV, migrationSpec, PASSWORDS, SOURCE_IP, TARGET } from '../support/config.js';
import { approveAll, type Run } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';

const SIX = ['one', 'two', 'three', 'four', 'five', 'six'] as const;
const OTHER_IP = '203.0.113.11';
const soon = { timeout: 60_000, interval: 100 };

let stack: Stack;
beforeAll(async () => {
  stack = await openStack({ clouds: SIX });
});
afterAll(() => stack.close());

test('Temporal is killed and comes back: the worker goes on by itself, and an approval from before counts', {
  timeout: 120_000,
}, async () => {
  const worker = await stack.startWorker();
  const spec = { ...migrationSpec(), cloud: 'default', start: { gate: { approvals: 2 } } };
  const run = await stack.start(spec);
  await run.approve('start', 'ada');

  const restart = await stack.killTemporal();
  await restart();

  expect((await vi.waitFor(() => run.gate('start'), soon)).approvals).toBe('1 of 2');
  await run.approve('start', 'ben');
  await run.approve('cutover');
  expect((await run.result()).outcome).toBe('completed');
  expect(worker.running).toBe(true);
  expect(effects('batchCreateJobs', spec.name)).toBe(1);
  await worker.end('SIGTERM');
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

const effects = (operation: string, job: string): number =>
  stack.simulator.journal().filter((entry) => entry.effect && entry.operation === operation && entry.jobs.includes(job))
    .length;
