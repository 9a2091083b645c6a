import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { signalOf } from '../../workflows/messages.js';
import { type Run, runOf } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';
import { protectedTask, reportOf, switchoverSpec } from '../support/switchover.js';
import type { WorkerProcess } from '../support/worker-process.js';

const SOON = { timeout: 60_000, interval: 100 };
const BUSY = { timeout: 180_000 };

let stack: Stack;
let worker: WorkerProcess;
beforeAll(async () => {
  stack = await openStack();
  worker = await stack.startWorker();
});
afterAll(() => stack.close());

const start = async (task: string, more: object = {}): Promise<Run> => {
  const workflowId = `switchover-${randomUUID()}`;
  const args = [switchoverSpec({ task, name: task, settle: '60s', ...more })];
  return runOf(await stack.client.workflow.start('switchover', { taskQueue: 'drs-pilot', workflowId, args }));
};
const effects = (id: string) =>
  stack.simulator
    .journal()
    .filter(({ operation, effect, jobs }) => operation === 'batchSwitchover' && effect && jobs.includes(id)).length;
/** Signals need nobody who runs. */
const approve = (run: Run) =>
  run.handle.signal(signalOf('approve'), {
    gate: 'switchover#1',
    by: 'ada',
    reason: 'the region is down',
    snapshot: 1,
  });
const switched = async (run: Run, id: string) => {
  expect(reportOf(await run.result()).tasks).toMatchObject([{ jobId: id, state: 'switched' }]);
  expect(effects(id)).toBe(1);
  expect(stack.simulator.job(id)).toMatchObject({ direction: 'down', readonly: false });
};

test('a worker that dies and a Temporal that restarts between approval and call: one switchover', BUSY, async () => {
  const id = protectedTask(stack.simulator, 'before-dr');
  const run = await start(id);
  await run.gate('switchover');
  await worker.end('SIGKILL');
  await approve(run);
  expect(effects(id)).toBe(0);
  const restart = await stack.killTemporal();
  await restart();
  worker = await stack.startWorker();
  await switched(run, id);
});

test(
  'a worker that dies while its call is under way: what became of it is looked up, nothing is sent again',
  BUSY,
  async () => {
    const id = protectedTask(stack.simulator, 'during-dr');
    const run = await start(id);
    await run.gate('switchover');
    const held = stack.checkpoint.hold(({ path, body }) => path.endsWith('batch-switchover') && body.includes(id));
    await approve(run);
    await held.arrived;
    await worker.end('SIGKILL');
    worker = await stack.startWorker();
    await run.running('Settling');
    expect(effects(id)).toBe(0);
    await held.release();
    await switched(run, id);
  },
);

test('both may happen between call and verification', BUSY, async () => {
  const id = protectedTask(stack.simulator, 'after-dr');
  stack.simulator.patch(id, { hold: 'SWITCH_OVER' });
  const run = await start(id);
  await run.gate('switchover');
  await approve(run);
  await vi.waitFor(() => expect(effects(id)).toBe(1), SOON);
  await run.running('Verification');
  await worker.end('SIGKILL');
  const restart = await stack.killTemporal();
  await restart();
  stack.simulator.patch(id, { hold: null });
  worker = await stack.startWorker();
  await switched(run, id);
});
