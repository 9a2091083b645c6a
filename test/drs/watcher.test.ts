import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { connect, type Drs } from '../../drs/connect.js';
import { Watcher } from '../../drs/watcher.js';
import { type Simulator, startSimulator } from '../../simulator/server.js';

const TASKS = 200;
const ROUNDS = 12;

let simulator: Simulator;
let drs: Drs;

beforeEach(async () => {
  simulator = await startSimulator({ speed: 'demo' });
  const { ak, sk } = simulator.account;
  drs = connect(
    {
      name: 'default',
      region: 'eu-west-101',
      projectId: simulator.project.id,
      drsEndpoint: simulator.url,
      iamEndpoint: simulator.url,
      credentials: { ak, sk },
    },
    { env: {} },
  );
});
afterEach(async () => {
  await drs.close();
  await simulator.close();
});

const bodies = (operation: string) =>
  simulator
    .journal()
    .filter((call) => call.operation === operation)
    .map(({ body }) => body as { name: string; jobs: string[] });

test('many tasks are asked for together: a hundred a list, the progress of ten in a request', async () => {
  const watcher = new Watcher(drs, { pace: 0.01 });
  const jobs = Array.from({ length: TASKS }, (_, n) => {
    const job = simulator.createForeign({ name: `orders-${n}`, status: 'FULL_TRANSFER_STARTED' });
    simulator.patch(job.id, { hold: 'FULL_TRANSFER_STARTED' });
    return job.id;
  });
  await Promise.all(
    jobs.map((jobId) => {
      let seen = 0;
      const watched = { jobId, useType: 'migration', everyMs: 30_000 } as const;
      return watcher.watch(watched, () => ++seen >= ROUNDS, AbortSignal.timeout(30_000));
    }),
  );

  const lists = bodies('showJobList').map(({ name }) => name.split(',').length);
  expect(lists.length).toBeLessThan((TASKS * ROUNDS) / 20);
  const progress = bodies('batchListProgresses').map(({ jobs: asked }) => asked.length);
  expect(progress.filter((asked) => asked < 10)).toEqual([]);
  expect(progress.length).toBeLessThanOrEqual(10 * lists.length);
});

test('the delay is known in the first round in which there is one', async () => {
  const watcher = new Watcher(drs, { pace: 0.001 });
  const { id: jobId } = simulator.createForeign({ name: 'orders', status: 'FULL_TRANSFER_STARTED' });
  simulator.patch(jobId, { hold: 'FULL_TRANSFER_STARTED' });
  let first: unknown;
  await watcher.watch(
    { jobId, useType: 'migration', everyMs: 30_000, delay: true },
    ({ status, progress, delay }) => {
      if (status === 'FULL_TRANSFER_STARTED' && progress !== undefined)
        simulator.patch(jobId, { status: 'INCRE_TRANSFER_STARTED', hold: null, delay: 7 });
      first = delay;
      return status === 'INCRE_TRANSFER_STARTED';
    },
    AbortSignal.timeout(30_000),
  );
  expect(first).toBe(7_000);
});

test('once nobody waits any more nothing keeps the process up until the next round', async () => {
  const watcher = new Watcher(drs);
  const { id: jobId } = simulator.createForeign({ name: 'orders', status: 'FULL_TRANSFER_STARTED' });
  const stop = new AbortController();
  const set = vi.spyOn(globalThis, 'setTimeout');
  const cleared = vi.spyOn(globalThis, 'clearTimeout');
  onTestFinished(() => void vi.restoreAllMocks());
  const nextRound = () => set.mock.results[set.mock.calls.findLastIndex(([, ms = 0]) => ms > 3_000_000)]?.value;
  let told = () => {};
  const seen = new Promise<void>((resolve) => {
    told = resolve;
  });
  const watched = { jobId, useType: 'migration', everyMs: 3_600_000 } as const;
  const wait = watcher.watch(watched, () => Boolean(told()), stop.signal).catch((error: unknown) => error);
  await seen;
  await vi.waitFor(() => expect(nextRound()).toBeDefined());
  stop.abort(new Error('the worker ends'));
  expect(await wait).toMatchObject({ message: 'the worker ends' });
  expect(cleared).toHaveBeenCalledWith(nextRound());
});

test('each wait hears of its task in its own context, whoever the round was made for', async () => {
  const watcher = new Watcher(drs, { pace: 0.001 });
  const caller = new AsyncLocalStorage<string>();
  const heard: string[] = [];
  const jobs = ['orders', 'crm'].map((name) => simulator.createForeign({ name, status: 'INCRE_TRANSFER_STARTED' }).id);
  await Promise.all(
    jobs.map((jobId) =>
      caller.run(jobId, () => {
        const see = () => heard.push(caller.getStore() ?? 'nobody') > 0;
        return watcher.watch({ jobId, useType: 'migration', everyMs: 30_000 }, see, AbortSignal.timeout(30_000));
      }),
    ),
  );
  expect(heard.sort()).toEqual([...jobs].sort());
});
