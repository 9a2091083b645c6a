import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOf } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack.close());

test('a call whose worker dies while it is on its way is asked about, and never sent again by itself', async () => {
  const { simulator, checkpoint, client } = stack;
  const { id } = simulator.createForeign({ name: 'orders', status: 'INCRE_TRANSFER_STARTED' });
  const held = checkpoint.hold(({ path }) => path.endsWith('/batch-pause-task'));
  const worker = await stack.startWorker();
  const spec = { operation: 'batchStopJobs', request: { job_id: id, pause_mode: 'target' } };
  const workflowId = `operation-${randomUUID()}`;
  const run = runOf(await client.workflow.start('operation', { taskQueue: 'drs-pilot', workflowId, args: [spec] }));
  await run.approve('approval');

  await held.arrived;
  await worker.end('SIGKILL');
  await stack.startWorker();
  await held.release();
  const gate = await run.gate('unknown');
  expect(gate.question).toContain('Nobody knows whether batchStopJobs was done');
  expect(simulator.job(id)?.status).toBe('PAUSING');

  await run.decide('unknown', 'skip', { reason: 'it is paused' });
  expect((await run.result()).outcome).toBe('completed');
  expect(simulator.journal().filter(({ operation }) => operation === 'batchStopJobs')).toHaveLength(1);
});
