import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { openStack, type Stack } from '../support/stack.js';

const soon = { timeout: 60_000, interval: 100 };

let stack: Stack;
beforeAll(async () => {
  stack = await openStack({ file: false });
});
afterAll(() => stack.close());

test('SIGTERM ends a worker in good order while it holds 200 waits, and they go on in the next one', {
  timeout: 180_000,
}, async () => {
  const { simulator } = stack;
  const worker = await stack.startWorker();
  const names = Array.from({ length: 200 }, (_, n) => `wait-${n}`);
  for (const name of names) simulator.patch(name, { hold: 'CREATING' });
  const runs = await Promise.all(names.map((name) => stack.start(migrationSpec(name))));
  await vi.waitFor(() => expect(watched(names)).toBe(200), soon);
  const asking = await stack.start(migrationSpec());
  await asking.approve('start');
  await asking.gate('cutover');

  expect(await worker.end('SIGTERM')).toBe(0);

  simulator.clearJournal();
  await stack.startWorker();
  await vi.waitFor(() => expect(watched(names)).toBe(200), soon);
  simulator.patch('wait-0', { hold: null });
  await runs[0]?.gate('start');
  await asking.approve('cutover');
  expect((await asking.result()).outcome).toBe('completed');
});

/** How many of these tasks were asked for. */
function watched(names: readonly string[]): number {
  const { simulator } = stack;
  const asked = new Set(
    simulator
      .journal()
      .filter(({ operation }) => operation === 'showJobList')
      .flatMap(({ body }) => (body as { name: string }).name.split(',')),
  );
  return names.filter((name) => asked.has(simulator.job(name)?.id ?? '')).length;
}
