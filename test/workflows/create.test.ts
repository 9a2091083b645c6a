import { expect } from 'vitest';
import { migrationSpec, SOURCE_IP, TARGET } from '../support/config.js';
import { approveAll, test } from '../support/harness.js';

test('a creation whose reply was lost makes one task, and the run goes on with it', async ({ pilot, simulator }) => {
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'lostReply' } });
  const spec = migrationSpec();
  const result = await approveAll(await pilot.start(spec));
  expect(result.jobId).toBe(simulator.job(spec.name)?.id);
  expect(simulator.journal().filter(({ operation, effect }) => operation === 'batchCreateJobs' && effect)).toHaveLength(
    1,
  );
});

test("another's task of that name stops the run, which says whose it is not and what to do", async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const theirs = simulator.createForeign({ name: spec.name.toUpperCase(), status: 'CONFIGURATION' });
  const { type, message, result } = await (await pilot.start(spec)).failure();
  expect(type).toBe('drs.duplicateName');
  expect(message).toContain(theirs.id);
  expect(message).toMatch(/did not create it.*another name.*adopt/);
  expect(result).toMatchObject({ outcome: 'failed', task: 'none' });
  expect(simulator.job(theirs.id)).toMatchObject({ status: 'CONFIGURATION' });
});

test('a task of another kind that has the name cannot be seen, and stops the run as well', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.createForeign({ name: spec.name, status: 'INCRE_TRANSFER_STARTED', db_use_type: 'sync' });
  const { type, message } = await (await pilot.start(spec)).failure();
  expect(type).toBe('drs.duplicateName');
  expect(message).toContain('DRS.M00277');
});

const foreign = (name: string, more: object = {}) => ({
  name,
  status: 'INCRE_TRANSFER_STARTED',
  source_endpoint: { db_type: 'mysql', ip: SOURCE_IP, db_user: 'repl' },
  target_endpoint: { db_type: 'mysql', ...TARGET, db_user: 'root' },
  ...more,
});

test('a task made elsewhere is taken over once a person has seen how it stands, and goes on from there', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const theirs = simulator.createForeign(foreign(spec.name));
  const run = await pilot.start({ ...spec, adopt: theirs.id });
  const gate = await run.gate('adopt');
  expect(gate.evidence.items).toContainEqual({ item: 'status', class: 'ok', value: expect.stringMatching(/TRANSFER/) });
  await run.approve('adopt');
  await run.approve('cutover');
  expect(await run.result()).toMatchObject({ outcome: 'completed', jobId: theirs.id, task: 'terminated' });
  const changes = simulator
    .journal()
    .filter(({ effect }) => effect)
    .map(({ operation }) => operation);
  expect(changes).toEqual(['batchDeleteJobs']);
});

test('a difference to the spec is evidence; a rejection leaves the task alone', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const theirs = simulator.createForeign(
    foreign(spec.name, { source_endpoint: { db_type: 'mysql', ip: '203.0.113.77', db_user: 'repl' } }),
  );
  const run = await pilot.start({ ...spec, adopt: theirs.id });
  const { evidence } = await run.gate('adopt');
  expect(evidence.items).toContainEqual({
    item: 'source.ip',
    class: 'warning',
    value: `the task has 203.0.113.77, the spec ${SOURCE_IP}`,
  });
  await run.decide('adopt', 'reject');
  expect(await run.failure()).toMatchObject({ type: 'drs.rejected', result: { task: 'none' } });
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});

test('a task of another kind is not taken over', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const theirs = simulator.createForeign(foreign(spec.name, { db_use_type: 'sync' }));
  const { message } = await (await pilot.start({ ...spec, adopt: theirs.id })).failure();
  expect(message).toMatch(/db_use_type is sync, the spec says migration/);
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});
