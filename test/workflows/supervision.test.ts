import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { rejection, test } from '../support/harness.js';
import { noted, supervised, supervisedSync } from '../support/supervised.js';

const RUNS = 'INCRE_TRANSFER_STARTED';
const FAILS = 'INCRE_TRANSFER_FAILED';
const SOON = { timeout: 30_000, interval: 50 };

const asked = (simulator: Simulator, operation: string) =>
  simulator.journal().filter((one) => one.operation === operation && one.effect).length;
const statusOf = (simulator: Simulator, name: string) => (simulator.job(name) as { status: string }).status;
const until = (simulator: Simulator, name: string, status: string) =>
  vi.waitFor(() => expect(statusOf(simulator, name)).toBe(status), SOON);

test('a failure is retried by itself within the limits, then a person is asked, and the task goes on', async ({
  pilot,
  simulator,
}) => {
  const run = await supervised(pilot, simulator, supervisedSync({ supervision: { retries: 2, within: '1h' } }));
  for (const n of [1, 2]) {
    simulator.patch(run.job, { status: FAILS });
    await until(simulator, run.name, RUNS);
    await noted(run, `retried, ${n} of 2 times`);
  }
  simulator.patch(run.job, { status: FAILS });
  const gate = await run.gate('supervision');
  expect(gate.question).toContain(FAILS);
  expect(gate.decisions).toEqual(['retry', 'abort']);
  expect(asked(simulator, 'batchRestoreTask')).toBe(2);
  await run.decide('supervision', 'retry');
  await until(simulator, run.name, RUNS);
  expect(asked(simulator, 'batchRestoreTask')).toBe(3);

  expect(await run.update('end')).toMatchObject({ accepted: true, done: false, message: expect.stringMatching(/^ends/) });
  const result = await run.result();
  expect(result).toMatchObject({
    outcome: 'completed',
    task: 'terminated',
    ended: { by: 'ada', reason: 'as agreed' },
    supervision: { failures: 3, retries: 2, thresholds: 0 },
  });
  expect(result.decisions.map(({ decision, by }) => `${decision} by ${by}`)).toContain('end by ada');
});
