import { readFileSync } from 'node:fs';
import { expect, inject, vi } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { test as base, type Pilot } from '../support/harness.js';
import { begin, type Ended, file, files, run } from './cli.js';

type Cli = (...args: string[]) => Promise<Ended>;

/** The CLI on the server and the worker of this test. */
const test = base.extend<{ cli: Cli }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  cli: async ({}, use) => use((...args) => run(args, { env: onServer() })),
});

const onServer = () => ({ TEMPORAL_ADDRESS: inject('temporal') });

/** A run that waits at its first gate. */
async function waiting({ start }: Pilot) {
  const started = await start(migrationSpec());
  const { id } = await started.gate('start');
  return { started, run: started.handle.workflowId, gate: id };
}

test('a migration is started, approved and watched to its end by the CLI alone', { timeout: 120_000 }, async ({
  cli,
  pilot,
}) => {
  const spec = migrationSpec();
  const id = `migration-${spec.name}`;
  const started = await cli('start', file(spec), '--task-queue', pilot.taskQueue, '--json');
  expect(started.json()).toEqual({ runs: [{ file: expect.any(String), workflowId: id, runId: expect.any(String) }] });
  expect(started.err).toContain('mysql 203.0.113.10:3306');
  expect(started.err).toContain('orders, crm (2 tables)');
  expect(started.err).toContain('before the start (1), before the cutover (1)');

  const watching = begin(['watch', id], { env: onServer() });
  await watching.said(/start#1 waits for a person/);
  const approved = await cli('approve', id, '--reason', 'target is empty', '--by', 'ada', '--gate', 'start', '--json');
  expect(approved.json()).toEqual({ gate: 'start#1', accepted: true, approvals: expect.any(String) });
  expect(approved.err).toContain('start#1: Start the transfer?');

  await watching.said(/cutover#1 waits for a person/);
  const open = (await cli('status', id, '--json')).json();
  expect(open).toMatchObject({ workflowId: id, execution: 'RUNNING', answered: true, gate: { id: 'cutover#1' } });
  expect((await cli('status', id)).out).toMatch(/✓ Create .*\n[\s\S]*drs-pilot approve/);
  expect((await cli('approve', id, '--reason', 'application is stopped')).out).toContain('cutover#1 approved');

  const { code, out } = await watching.ended;
  expect(code).toBe(0);
  expect(out).toMatch(/Release done/);
  expect(out.trim().split('\n').at(-1)).toContain('completed');
  const ended = (await cli('status', id, '--json')).json();
  expect(ended).toMatchObject({ execution: 'COMPLETED', outcome: 'completed', task: 'terminated' });
  expect(ended['decisions']).toMatchObject([
    { by: 'ada', reason: 'target is empty', snapshot: expect.any(Number) },
    {},
  ]);
  expect((await cli('approve', id, '--reason', 'late')).err).toContain('has ended (completed)');
});

test('an id in use is refused, and then none of the others is started either', async ({ cli, pilot }) => {
  const { run: used } = await waiting(pilot);
  const single = await cli('start', file(migrationSpec()), '--id', used, '--task-queue', pilot.taskQueue);
  expect(single.code).toBe(1);
  expect(single.err).toContain(`"${used}" is in use`);

  const [first, second] = [migrationSpec(), migrationSpec()];
  await pilot.start(second, { id: `migration-${second.name}` });
  const both = await cli('start', files({ 'a.json': first, 'b.json': second }), '--task-queue', pilot.taskQueue);
  expect(both.code).toBe(1);
  expect((await cli('status', `migration-${first.name}`)).err).toContain('There is no run');
});

test('a decision for another gate than the open one, or that it does not offer, is not sent', async ({
  cli,
  pilot,
}) => {
  const { started, run: id } = await waiting(pilot);
  const other = await cli('approve', id, '--gate', 'cutover', '--reason', 'r');
  expect(other).toMatchObject({ code: 1, err: expect.stringContaining('waits at start#1, not at cutover') });
  const unknown = await cli('decide', id, '--decision', 'skip', '--reason', 'r');
  expect(unknown.code).toBe(1);
  expect(unknown.err).toContain(`drs-pilot approve ${id}`);
  expect((await started.status()).decisions).toEqual([]);
});

test('what the run refuses is told with its reason', async ({ cli, pilot }) => {
  const started = await pilot.start({ ...migrationSpec(), start: { gate: { group: 'dba', approvals: 2 } } });
  await started.gate('start');
  const stranger = await cli('approve', started.handle.workflowId, '--by', 'mallory', '--reason', 'r', '--json');
  expect(stranger.code).toBe(1);
  expect(stranger.json()).toMatchObject({ error: expect.stringMatching(/Refused: .*mallory/), exitCode: 1 });
  const member = await cli('approve', started.handle.workflowId, '--by', 'ada', '--reason', 'r');
  expect(member.out).toContain('approvals 1 of 2');
});

test('a rejected run ends the watch with exit code 1 and says who and why', async ({ cli, pilot }) => {
  const { run: id } = await waiting(pilot);
  const watching = begin(['watch', id, '--json'], { env: onServer() });
  await watching.said(/start#1/);
  expect((await cli('reject', id, '--by', 'ben', '--reason', 'wrong target')).code).toBe(0);
  const { code, out } = await watching.ended;
  expect(code).toBe(1);
  const last = JSON.parse(out.trim().split('\n').at(-1) ?? '');
  expect(last).toMatchObject({
    execution: 'FAILED',
    outcome: 'rejected',
    failure: expect.stringContaining('wrong target'),
  });
});

test('a failed connection is mended by a decision with other endpoints', async ({ cli, pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.fault({
    operation: 'batchValidateConnections',
    fault: { kind: 'jobError', code: 'DRS.KE0001', message: 'no' },
  });
  const started = await pilot.start(spec);
  const { id } = await started.gate('test-connections');
  const runId = started.handle.workflowId;
  expect((await cli('status', runId)).out).toContain(`drs-pilot decide ${runId} --decision retry`);
  const nonsense = await cli(
    'decide',
    runId,
    '--decision',
    'retry',
    '--reason',
    'r',
    '--change',
    'source.db_port=many',
  );
  expect(nonsense).toMatchObject({ code: 2, err: expect.stringContaining('source.db_port') });
  const change = ['--change', 'source.ip=203.0.113.11', '--change', 'source.db_port=3307'];
  const decided = await cli(
    'decide',
    runId,
    '--decision',
    'retry',
    '--gate',
    id,
    '--reason',
    'moved',
    ...change,
    '--json',
  );
  expect(decided.json()).toMatchObject({ gate: id, accepted: true });
  await started.gate('start');
  const stored = simulator.journal().findLast(({ operation }) => operation === 'batchUpdateJob');
  expect(JSON.stringify(stored?.body)).toMatch(/"source_endpoint":\{[^}]*"ip":"203\.0\.113\.11"[^}]*\}/);
  expect(JSON.stringify(stored?.body)).toContain('"db_port":3307');
});

test('a comment stands in the record', async ({ cli, pilot }) => {
  const { started, run: id } = await waiting(pilot);
  expect((await cli('comment', id, 'the', 'team', 'knows', '--by', 'cleo')).code).toBe(0);
  expect((await started.status()).decisions).toMatchObject([
    { decision: 'comment', by: 'cleo', reason: 'the team knows' },
  ]);
});

test('a cancelled run ends the watch with exit code 1', async ({ cli, pilot }) => {
  const { run: id } = await waiting(pilot);
  const watching = begin(['watch', id], { env: onServer() });
  await watching.said(/start#1/);
  expect((await cli('cancel', id, '--reason', 'postponed', '--json')).json()).toEqual({
    workflowId: id,
    cancelRequested: true,
  });
  const { code, out } = await watching.ended;
  expect(code).toBe(1);
  expect(out).toContain('cancelled');
  expect((await cli('cancel', id)).err).toContain('nothing to cancel');
});

test('Ctrl-C ends the watching and says that the run goes on', async ({ pilot }) => {
  const { started, run: id } = await waiting(pilot);
  const watching = begin(['watch', id], { env: onServer() });
  await watching.said(/start#1/);
  watching.kill('SIGINT');
  const { code, err } = await watching.ended;
  expect(code).toBe(130);
  expect(err).toContain('The run goes on');
  expect((await started.status()).gate?.id).toBe('start#1');
});

test('those that wait for a person are listed with their gate, beside one that cannot answer', async ({
  cli,
  pilot,
}) => {
  const { run: id } = await waiting(pilot);
  // No workflow of ours answers to the status of another kind.
  await pilot.client.workflow.start('jobLock', {
    taskQueue: pilot.taskQueue,
    workflowId: `mute-${id}`,
    args: [{ jobId: 'none', cloud: 'default' }],
    searchAttributes: { DrsKind: ['migration'], DrsGate: ['start#1'] },
  });
  const row = await vi.waitFor(
    async () => {
      const { out } = await cli('list', '--waiting', '--kind', 'migration', '--limit', '500', '--json');
      const rows = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const found = rows.find(({ workflowId }) => workflowId === id);
      expect(found).toBeDefined();
      expect(rows.map(({ workflowId }) => workflowId)).toContain(`mute-${id}`);
      return found;
    },
    { timeout: 30_000, interval: 500 },
  );
  expect(row).toMatchObject({ kind: 'migration', execution: 'RUNNING', phase: 'waits for a person', gate: 'start#1' });
  expect(Date.parse(row.since)).toBeGreaterThanOrEqual(Date.parse(row.started));
});

test('without a worker, status and approve say so; status shows what the server knows', async ({ cli, pilot }) => {
  const { handle } = await pilot.start(migrationSpec());
  const lonely = `migration-lonely-${handle.workflowId}`;
  await pilot.client.workflow.start('migration', {
    workflowId: lonely,
    taskQueue: 'nobody-listens',
    args: [migrationSpec()],
  });
  const status = await cli('status', lonely, '--json');
  expect(status.code).toBe(0);
  expect(status.json()).toMatchObject({
    workflowId: lonely,
    execution: 'RUNNING',
    answered: false,
    taskQueue: 'nobody-listens',
  });
  expect(status.err).toContain('No worker answers');
  const approved = await cli('approve', lonely, '--reason', 'r');
  expect(approved).toMatchObject({ code: 1, err: expect.stringContaining('nothing was sent') });
  await pilot.client.workflow.getHandle(lonely).terminate();

  // As when its history is of another version: a worker is there, and starting another would mend nothing.
  const stuck = await pilot.client.workflow.start('unheardOf', {
    taskQueue: pilot.taskQueue,
    workflowId: `x-${lonely}`,
  });
  await vi.waitUntil(async () => ((await stuck.describe()).raw.pendingWorkflowTask?.attempt ?? 0) > 1, 20_000);
  const told = /fail \(attempt \d+\): .*no such function.*; it stands still until a worker comes that can/;
  expect((await cli('status', stuck.workflowId)).out).toMatch(told);
  expect((await cli('approve', stuck.workflowId, '--reason', 'r')).err).toMatch(told);
  await stuck.terminate();
});

test('a worker tells what only it knows about a spec', async ({ cli, pilot }) => {
  const spec = { ...migrationSpec(), start: { gate: { group: 'nobodies' } } };
  const path = file({ ...spec, source: { ...spec.source, password: { secret: 'unheard-of' } } });
  const refused = await cli('validate', path, '--worker', '--task-queue', pilot.taskQueue);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('source.password');
  expect(refused.err).toContain('nobodies');
  const taken = await cli('validate', file(migrationSpec()), '--worker', '--task-queue', pilot.taskQueue);
  expect(taken).toMatchObject({ code: 0, out: expect.stringContaining('is valid') });
});

test('what does not exist is told: a run, a namespace', async ({ cli }) => {
  const ghost = await cli('status', 'ghost');
  expect(ghost).toMatchObject({ code: 1, err: expect.stringContaining('There is no run "ghost"') });
  for (const args of [['status', 'ghost'], ['list'], ['setup'], ['start', file(migrationSpec())]]) {
    const { code, err } = await cli(...args, '--namespace', 'nowhere');
    expect({ args, code }).toEqual({ args, code: 1 });
    expect(err).toContain('no namespace "nowhere"');
  }
});

test('setup finds every search attribute there', async ({ cli }) => {
  expect(await cli('setup', '--check', '--json')).toMatchObject({ code: 0 });
  expect((await cli('setup')).out).toContain('every search attribute is there');
});

test('text from outside cannot steer the terminal', async ({ cli, pilot }) => {
  const { run: id } = await waiting(pilot);
  await pilot.client.workflow
    .getHandle(id)
    .signal('approve', { gate: '\u001b[2J', by: 'x', reason: '\u001b]0;gotcha\u0007' });
  const { out } = await cli('status', id);
  expect(out).toContain('1 signals were refused');
  expect(out).not.toContain('\u001b');
});

test('the worker refuses a configuration with all its problems', async ({ cli }) => {
  const config = file('clouds: { a: { region: NOWHERE! } }\ncolour: red', 'drs-pilot.yaml');
  const { code, err } = await cli('worker', '--config', config);
  expect(code).toBe(2);
  expect(err).toContain('clouds.a.region');
  expect(err).toContain('colour');
  expect(readFileSync(config, 'utf8')).toContain('red');
});

test('a plan tells what is there already, what would stop the run, and who decides', async ({
  cli,
  pilot,
  simulator,
}) => {
  const spec = { ...migrationSpec(), cutover: { gate: { approvals: 2, group: 'dba', timeout: '2h' } } };
  const plan = (...args: string[]) => cli('plan', file(spec), '--online', '--task-queue', pilot.taskQueue, ...args);
  const free = await plan('--json', '--days', '3');
  expect(free.code).toBe(0);
  expect(free.json()).toMatchObject({
    workflowId: `migration-${spec.name}`,
    cost: { tasks: 1, taskDays: 3 },
    online: {
      found: [
        { item: 'task', class: 'ok', value: `there is none named ${spec.name} yet` },
        { item: 'quota', class: 'ok' },
        { item: 'flavour', class: 'ok', value: 'high is there for mysql' },
      ],
      gates: { start: { approvals: 1, group: null }, cutover: { approvals: 2, group: 'dba' } },
    },
  });
  const { id } = simulator.createForeign({ name: spec.name });
  const taken = await plan();
  expect(taken.code).toBe(1);
  expect(taken.out).toContain(`✗ task: there is one named ${spec.name}: ${id}, CONFIGURATION.`);
  expect(taken.out).toMatch(/Cutover approval: 2 approvals of dba \(.+\); waits 2h 0m, then asks again/);
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);

  const source = { ...spec.source, password: { secret: 'nowhere' } };
  const refused = await cli('plan', file({ ...spec, source }), '--online', '--task-queue', pilot.taskQueue);
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toContain('source.password');
});
