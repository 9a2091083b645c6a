import { expect } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { approveAll, test } from '../support/harness.js';

test('a migration goes through the whole sequence of §4.1 in its order, and ends the task', async ({
  pilot,
  simulator,
}) => {
  const spec = {
    ...migrationSpec(),
    users: 'all',
    alarm_notify: { alarm_to_user: true, subscriptions: [{ protocol: 'email', endpoints: ['dba@example.com'] }] },
    speed: [{ begin: '22:00', end: '05:59', speed: 50 }],
    parameters: 'align',
    finish: { delete: true },
  };
  const run = await pilot.start(spec);
  const result = await approveAll(run);

  expect(result).toMatchObject({ kind: 'migration', outcome: 'completed', task: 'deleted' });
  expect(result).toMatchObject({
    cutover: { delaySeconds: 0, position: expect.stringMatching(/\w/), endedAt: expect.any(String) },
  });
  expect(result.steps.map(({ step, state }) => `${step}: ${state}`)).toEqual([
    'Create: done',
    'Test connections: done',
    'Store endpoints: done',
    'Notification: done',
    'Users: done',
    'Objects: done',
    'Flow control: done',
    'Pre-check: done',
    'Parameters: done',
    'Start approval: done',
    'Start request: done',
    'Start transfer: done',
    'Full transfer: done',
    'Incremental transfer: done',
    'Cutover approval: done',
    'Cutover delay: done',
    'End: done',
    'Release: done',
    'Delete: done',
  ]);
  const effects = simulator.journal().filter(({ effect }) => effect);
  expect(effects.map(({ operation }) => operation)).toEqual([
    'batchCreateJobs',
    'batchValidateConnections',
    'batchValidateConnections',
    'batchUpdateJob',
    'batchUpdateJob',
    'batchUpdateUser',
    'batchSetObjects',
    'batchSetSpeed',
    'batchCheckJobs',
    'batchShowParams',
    'updateParams',
    'updateParams',
    'batchStartJobs',
    'batchDeleteJobs',
    'batchDeleteJobs',
  ]);

  const events = (await run.handle.fetchHistory()).events ?? [];
  const activities = events.filter(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled);
  expect(activities.length).toBeLessThanOrEqual(26);
  expect(events.length).toBeLessThan(200);
});

test('a full migration has its cutover gate before the end, and no incremental part', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const run = await pilot.start({ ...spec, task: { ...spec.task, task_type: 'FULL_TRANS' } });
  const result = await approveAll(run);
  expect(result.outcome).toBe('completed');
  expect(result.steps.map(({ step }) => step)).not.toContain('Incremental transfer');
  expect(simulator.job(spec.name)).toMatchObject({ status: 'RELEASE_RESOURCE_COMPLETE' });
});

test('an incremental migration begins at its start point and has no full part', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const run = await pilot.start({
    ...spec,
    task: { ...spec.task, task_type: 'INCR_TRANS' },
    startPoint: { file_and_position: 'mysql-bin.000277:805' },
  });
  const result = await approveAll(run);
  expect(result.outcome).toBe('completed');
  expect(result.steps.map(({ step }) => step)).not.toContain('Full transfer');
  const [policy] = simulator.journal().filter(({ operation }) => operation === 'batchSetPolicy');
  expect(policy?.body).toMatchObject({ jobs: [{ file_and_position: 'mysql-bin.000277:805' }] });
});
