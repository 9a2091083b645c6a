import { expect } from 'vitest';
import { migrationSpec, TARGET } from '../support/config.js';
import { approveAll, runOf, test } from '../support/harness.js';

const RUNS = 'INCRE_TRANSFER_STARTED';

test('a lost reply of the creation makes no second task', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'lostReply' } });
  const run = await pilot.start(spec);
  const result = await approveAll(run);
  expect(simulator.jobs().map(({ id, name }) => [id, name])).toEqual([[result.jobId, spec.name]]);
  expect(simulator.journal().filter(({ operation }) => operation === 'batchCreateJobs')).toHaveLength(1);
});

test('a result that is missing in the reply of the creation makes no second task', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'missingResult' } });
  await approveAll(await pilot.start(spec));
  expect(simulator.jobs()).toHaveLength(1);
});

test("another's task of the same name ends the run and is left alone, whatever the case of its letters", async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const theirs = simulator.createForeign({
    name: spec.name.toUpperCase(),
    tags: [{ key: 'drs-pilot', value: 'another' }],
  });
  const { type, message, result } = await (await pilot.start(spec)).failure();
  expect(type).toBe('drs.duplicateName');
  expect(message).toContain(theirs.id);
  expect(message).toMatch(/Choose another name, or take it over with "adopt: /);
  expect(result).toMatchObject({ outcome: 'failed', task: 'none' });
  expect(result).not.toHaveProperty('jobId');
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});

test('a name that is taken by a task that nobody here can see is refused with DRS.M00277 and its mend', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.createForeign({ name: spec.name, db_use_type: 'sync' });
  const { type, message } = await (await pilot.start(spec)).failure();
  expect(type).toBe('drs.duplicateName');
  expect(message).toMatch(/DRS\.M00277, .*Take another name/);
});

test('the task of the same run is taken up again after a reset', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const run = await pilot.start(spec);
  await run.gate('start');
  const { jobId } = await run.status();
  const { events = [] } = await run.handle.fetchHistory();
  const first = events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
  const { runId } = await pilot.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: run.id, runId: (await run.handle.describe()).runId },
    reason: 'test',
    workflowTaskFinishEventId: first ?? null,
    requestId: run.id,
  });
  expect(runId).toBeTruthy();
  const result = await approveAll(runOf(pilot.client.workflow.getHandle(run.id)));
  expect(result).toMatchObject({ jobId, outcome: 'completed' });
  expect(simulator.jobs()).toHaveLength(1);
});

test('a task made elsewhere is adopted after a gate that shows what differs, and goes on from where it stands', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const theirs = simulator.createForeign({
    name: 'made-in-the-console',
    status: RUNS,
    source_endpoint: { db_type: 'mysql', ip: '203.0.113.99', db_user: 'repl' },
    target_endpoint: { db_type: 'mysql', ...TARGET, db_user: 'root' },
  });
  const run = await pilot.start({ ...spec, adopt: theirs.id });
  const gate = await run.gate('adopt');
  expect(gate).toMatchObject({ id: 'adopt#1', question: `Take over the task ${theirs.id}?` });
  const items = Object.fromEntries(gate.evidence.items.map(({ item, class: c, value }) => [item, `${c}: ${value}`]));
  expect(items).toMatchObject({
    status: `ok: ${RUNS}`,
    name: `warning: the task has made-in-the-console, the spec ${spec.name}`,
    'source.ip': 'warning: the task has 203.0.113.99, the spec 203.0.113.10',
    'target.ip': `ok: ${TARGET.ip}`,
  });
  expect((await run.status()).jobId).toBeUndefined();
  await run.approve('adopt');
  await run.approve('cutover');
  expect(await run.result()).toMatchObject({ outcome: 'completed', jobId: theirs.id });
  expect(simulator.jobs()).toHaveLength(1);
  expect(
    simulator
      .journal()
      .filter(({ effect }) => effect)
      .map(({ operation }) => operation),
  ).toEqual(['batchDeleteJobs']);
});

test('an adopted task that is not configured yet is configured and started', async ({ pilot, simulator }) => {
  const theirs = simulator.createForeign({ name: 'half-done' });
  const run = await pilot.start({ ...migrationSpec(), adopt: theirs.id });
  await run.approve('adopt');
  expect(await approveAll(run)).toMatchObject({ outcome: 'completed', jobId: theirs.id });
});

test('an adoption that is rejected touches nothing', async ({ pilot, simulator }) => {
  const theirs = simulator.createForeign({ name: 'not-mine', status: RUNS });
  const run = await pilot.start({ ...migrationSpec(), adopt: theirs.id, onAbort: 'terminate' });
  await run.decide('adopt', 'reject');
  expect(await run.failure()).toMatchObject({ type: 'drs.rejected', result: { task: 'none' } });
  expect(simulator.job(theirs.id)?.status).toBe(RUNS);
});

test('a task of another kind, engine or direction, or none, is no task to adopt', async ({ pilot, simulator }) => {
  const others = [
    { name: 'a-sync', db_use_type: 'sync' },
    { name: 'a-mongo', engine_type: 'mongodb' },
    { name: 'a-way-back', job_direction: 'down' },
    { name: 'a-full-one', task_type: 'FULL_TRANS' },
  ].map((foreign) => simulator.createForeign(foreign));
  const ends = await Promise.all(
    others.map(async ({ id }) => await (await pilot.start({ ...migrationSpec(), adopt: id })).failure()),
  );
  for (const [index, { type, message, result }] of ends.entries()) {
    expect(type).toBe('drs.wrongId');
    expect(message).toContain(`${others[index]?.id} is not the task of this spec: `);
    expect(result?.task).toBe('none');
  }
  const missing = await pilot.start({ ...migrationSpec(), adopt: '00000000-0000-0000-0000-0000000jb101' });
  expect(await missing.failure()).toMatchObject({ type: 'drs.notFound', result: { task: 'none' } });
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});
