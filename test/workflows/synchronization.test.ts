import { expect } from 'vitest';
import { test } from '../support/harness.js';
import { syncSpec } from '../support/specs.js';

test('a synchronisation goes through the sequence of §4.1 in its order, and its task runs on', async ({
  pilot,
  simulator,
}) => {
  const given = syncSpec();
  const run = await pilot.start(given, { workflow: 'synchronization' });
  await run.approve('start');
  const result = await run.result();

  expect(result).toMatchObject({ kind: 'synchronization', outcome: 'completed', task: 'running' });
  expect(result).toMatchObject({ delaySeconds: expect.any(Number) });
  expect(result.steps.map(({ step, state }) => `${step}: ${state}`)).toEqual([
    'Create: done',
    'Test connections: done',
    'Store endpoints: done',
    'Policies: done',
    'Objects: done',
    'Row filters: done',
    'Flow control: done',
    'Pre-check: done',
    'Start approval: done',
    'Start request: done',
    'Start transfer: done',
    'Full transfer: done',
    'Incremental transfer: done',
  ]);
  const effects = simulator.journal().filter(({ effect }) => effect);
  expect(effects.map(({ operation }) => operation)).toEqual([
    'batchCreateJobs',
    'batchValidateConnections',
    'batchValidateConnections',
    'batchUpdateJob',
    'batchSetPolicy',
    'batchSetObjects',
    'batchChangeData',
    'batchChangeData',
    'batchChangeData',
    'batchSetSpeed',
    'batchCheckJobs',
    'batchStartJobs',
  ]);
  expect(simulator.job(given.name)).toMatchObject({ status: 'INCRE_TRANSFER_STARTED' });

  const events = (await run.handle.fetchHistory()).events ?? [];
  expect(events.length).toBeLessThanOrEqual(250);
});
