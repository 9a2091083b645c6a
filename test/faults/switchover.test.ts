import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { signalOf } from '../../workflows/messages.js';
import { type Run, rejection, runOf } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';
import { approve as approveSeen, protectedTask, reportOf, switchoverSpec } from '../support/switchover.js';
import type { WorkerProcess } from '../support/worker-process.js';

const SOON = { timeout: 60_000, interval: 100 };
const BUSY = { timeout: 180_000 };
const operation = 'batchSwitchover';

let stack: Stack;
let worker: WorkerProcess;
let closing: Awaited<ReturnType<typeof approvedAsItsWindowCloses>>;
beforeAll(async () => {
  stack = await openStack();
  worker = await stack.startWorker();
  closing = await approvedAsItsWindowCloses();
}, BUSY.timeout);
afterAll(() => stack.close());

const start = async (task: string, more: object = {}): Promise<Run> => {
  const workflowId = `switchover-${randomUUID()}`;
  const args = [switchoverSpec({ task, name: task, settle: '60s', ...more })];
  return runOf(await stack.client.workflow.start('switchover', { taskQueue: 'drs-pilot', workflowId, args }));
};
const effects = (id: string) =>
  stack.simulator
    .journal()
    .filter(({ operation: one, effect, jobs }) => one === operation && effect && jobs.includes(id)).length;
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

/** A run that is approved inside its window, which closes within a minute or so, and that waits for the lock of another run. */
async function approvedAsItsWindowCloses() {
  const id = protectedTask(stack.simulator, 'window-dr');
  const minute = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  const closes = Math.ceil((Date.now() + 10_000) / 60_000) * 60_000;
  const window = `${minute(closes - 3_600_000)}–${minute(closes)} UTC`;
  const [holder, run] = [await start(id), await start(id, { gate: { window } })];
  await Promise.all([holder.gate('switchover'), run.gate('switchover')]);
  stack.simulator.fault({ operation, match: { job: id }, fault: { kind: 'jobError', code: 'DRS.M00304' } });
  await approve(holder);
  await holder.gate('outcome');
  await vi.waitFor(() => approveSeen(run), SOON);
  await run.gate('lock');
  return { id, run, holder, closes, window };
}

// The last one: meanwhile its window closes.
test('a window that closes between approval and call opens the gate again, and nothing is sent', BUSY, async () => {
  const { id, run, holder, closes, window } = closing;
  await vi.waitUntil(() => Date.now() > closes, BUSY);
  await holder.decide('outcome', 'abort');
  const gate = await run.gate('switchover#2');
  expect(gate.window).toBe(window);
  expect(gate.evidence.items[0]).toMatchObject({
    item: 'opened again: approval',
    value: expect.stringContaining('its window closed, before the call was sent'),
  });
  expect(await rejection(() => approveSeen(run))).toContain(`outside the window ${window}`);
  expect(effects(id)).toBe(0);
});
