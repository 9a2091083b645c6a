import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LockView } from '../../activities/lock-view.js';
import { migrationSpec } from '../support/config.js';
import { type Run, runOf } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';
import { phase, supervisedSync } from '../support/supervised.js';

const SOON = { timeout: 60_000, interval: 100 };

let stack: Stack;
beforeAll(async () => {
  stack = await openStack({ file: false });
});
afterAll(() => stack.close());

const start = async (workflow: string, spec: unknown): Promise<Run> => {
  const workflowId = `${workflow}-${randomUUID()}`;
  return runOf(await stack.client.workflow.start(workflow, { taskQueue: 'drs-pilot', workflowId, args: [spec] }));
};
const idOf = (name: string) => stack.simulator.job(name)?.id ?? 'none yet';
const effects = (operation: string) =>
  stack.simulator.journal().filter((call) => call.operation === operation && call.effect).length;

test('a run keeps its lock while no worker runs it, and gives it back when it is done', {
  timeout: 120_000,
}, async () => {
  const killed = await stack.startWorker();
  const spec = migrationSpec();
  const holder = await stack.start(spec);
  await holder.gate('start');
  const job = idOf(spec.name);
  const waiting = await start('operation', {
    operation: 'batchSetSpeed',
    request: { job_id: job, speed_limit: [] },
  });
  await waiting.gate('lock');
  await killed.end('SIGKILL');

  const worker = await stack.startWorker();
  const lock = stack.client.workflow.getHandle(`drs-lock-default-${job}`);
  const { holders, queue } = await vi.waitFor(() => lock.query<LockView>('lock'), SOON);
  expect(holders.map(({ owner }) => owner.workflowId)).toEqual([holder.id]);
  expect(queue.map(({ owner }) => owner.workflowId)).toEqual([waiting.id]);
  expect(effects('batchSetSpeed')).toBe(0);

  await holder.approve('start');
  expect((await waiting.result()).outcome).toBe('completed');
  expect(effects('batchSetSpeed')).toBe(1);
  await holder.handle.terminate('enough was seen');
  await worker.end('SIGTERM');
});

test('a worker killed in the middle of a retry retries nothing twice, and the task is supervised on', {
  timeout: 120_000,
}, async () => {
  const { simulator, checkpoint } = stack;
  const killed = await stack.startWorker();
  const spec = supervisedSync();
  const run = await start('synchronization', spec);
  await run.approve('start');
  await phase(run, 'supervises');
  const job = idOf(spec.name);
  const held = checkpoint.hold(({ path, body }) => path.endsWith('batch-retry-task') && body.includes(job));
  simulator.patch(job, { status: 'INCRE_TRANSFER_FAILED' });
  await held.arrived;
  await killed.end('SIGKILL');
  await held.release();

  const worker = await stack.startWorker();
  await vi.waitFor(() => expect(simulator.job(job)?.status).toBe('INCRE_TRANSFER_STARTED'), SOON);
  await run.handle.executeUpdate('pause', { args: [{ by: 'ada', reason: 'a look' }] });
  expect(simulator.job(job)?.status).toBe('PAUSING');
  expect(effects('batchRestoreTask')).toBe(1);
  await run.handle.executeUpdate('end', { args: [{ by: 'ada', reason: 'enough' }] });
  expect(await run.result()).toMatchObject({ task: 'terminated', supervision: { failures: 1, retries: 1 } });
  await worker.end('SIGTERM');
});
