import { expect } from 'vitest';
import { migrationSpec, SOURCE_IP, TARGET } from '../support/config.js';
import { test } from '../support/harness.js';

test('the password of a clustered source, several tasks in one, changes by the call of clusters', async ({
  pilot,
  simulator,
}) => {
  const { task, source, target, ...spec } = migrationSpec();
  const mongo = (ip: string) => ({ db_type: 'mongodb', ip: `${ip}:27017`, db_port: 0, db_name: 'admin' });
  const run = await pilot.start({
    ...spec,
    task: { ...task, engine_type: 'mongodb' },
    source: { ...source, ...mongo(SOURCE_IP) },
    shards: [{ ...source, ...mongo(SOURCE_IP) }],
    target: { ...target, ...mongo(TARGET.ip) },
  });
  await run.gate('start');
  simulator.patch(spec.name, { failNext: 'FULL_TRANSFER_FAILED' });
  await run.approve('start');
  await run.decide('full-transfer', 'retry', { change: { source: { password: { secret: 'orders-rotated' } } } });
  await run.approve('cutover');
  expect(await run.result()).toMatchObject({ outcome: 'completed' });
  const calls = simulator.journal().map(({ operation }) => operation);
  expect(calls).not.toContain('batchResetPassword');
  expect(calls.filter((name) => name === 'batchValidateClustersConnections')).toHaveLength(3);
});
