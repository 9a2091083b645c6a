import { expect } from 'vitest';
import { test as base } from '../support/harness.js';
import { openReceiver, type Receiver } from '../support/receiver.js';
import { approve, protectedTask, reportOf, requests, start, switchoverSpec } from '../support/switchover.js';

const test = base.extend<{ receiver: Receiver; settings: Readonly<Record<string, unknown>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  receiver: async ({}, use) => {
    const receiver = await openReceiver();
    await use(receiver);
    receiver.close();
  },
  settings: async ({ receiver: { url } }, use) => {
    await use({
      hooks: {
        fence: { url: `${url}/fence`, retries: 0 },
        dns: { url: `${url}/dns` },
        check: { url: `${url}/check`, drillSafe: true },
      },
    });
  },
});

const stages = [{ name: 'databases', tasks: ['orders-dr'], hooks: { before: ['check', 'fence'], after: ['dns'] } }];

test('hooks come between the approval and the call, and after the proof; one that fails is a question', async ({
  pilot,
  simulator,
  receiver,
}) => {
  const id = protectedTask(simulator, 'orders-dr');
  const seen: unknown[] = [];
  let failing = true;
  receiver.answer = ({ path }) => {
    const { direction } = simulator.job(id) ?? {};
    seen.push([path, direction, requests(simulator).length]);
    return path === '/fence' && failing ? 503 : 204;
  };
  const run = await start(pilot, switchoverSpec({ stages }));
  await run.gate('switchover');
  expect(seen).toEqual([]);
  await approve(run);
  await run.gate('hooks-before-databases-fence');
  failing = false;
  await run.decide('hooks-before-databases-fence', 'retry');
  const result = await run.result();
  expect(seen).toEqual([
    ['/check', 'up', 0],
    ['/fence', 'up', 0],
    ['/fence', 'up', 0],
    ['/dns', 'down', 1],
  ]);
  expect(receiver.received.at(-1)?.json).toMatchObject({
    phase: 'after',
    occasion: 'switchover: databases to down',
    tasks: [{ jobId: id, name: 'orders-dr' }],
    drill: false,
  });
  const phases = reportOf(result).phases.map(({ phase }) => phase);
  expect(phases.slice(-5)).toEqual(['hooks before', 'final readiness', 'switchover', 'verification', 'hooks after']);
});

test('a drill calls only hooks that are declared safe for it', async ({ pilot, simulator, receiver }) => {
  protectedTask(simulator, 'orders-dr');
  const run = await start(pilot, switchoverSpec({ stages, drill: true }));
  await run.result();
  expect(receiver.received.map(({ path, json }) => [path, json.drill])).toEqual([['/check', true]]);
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});
