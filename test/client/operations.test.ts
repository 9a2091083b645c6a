import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test as offline } from 'vitest';
import { parse } from 'yaml';
import { PASSWORDS, SOURCE_IP } from '../support/config.js';
import { test as base, type Pilot } from '../support/harness.js';
import { begin, type Ended, file, PROJECT, run, runHere } from './cli.js';

const onServer = () => ({ TEMPORAL_ADDRESS: inject('temporal') });

interface Cli {
  /** `drs-pilot call`, on the server and the worker of this test. */
  call: (...args: string[]) => Promise<Ended>;
}
const test = base.extend<Cli>({
  call: async ({ pilot }, use) => use((...args) => run(calling(pilot, ...args), { env: onServer() })),
});
const calling = ({ taskQueue }: Pilot, ...args: string[]) => ['call', ...args, '--task-queue', taskQueue];

const RUNS = 'INCRE_TRANSFER_STARTED';

describe('without any server', () => {
  offline('the table has a line for each call', async () => {
    const { code, out } = await run(['operations', '--json']);
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(rows).toHaveLength(53);
    expect(rows.find(({ id }) => id === 'batchStopJobs')).toEqual({
      id: 'batchStopJobs',
      method: 'POST',
      path: '/v3/{project_id}/jobs/batch-pause-task',
      section: '6.1.13',
      batch: 10,
      iamAction: 'drs:migrationJob:action',
      roles: [],
      repeatable: false,
      what: expect.any(String),
    });
    expect(rows.find(({ id }) => id === 'showQuotas')).toMatchObject({ batch: null, iamAction: null });
    const text = (await run(['operations'])).out;
    expect(text).toMatch(
      /^batchStopJobs +6\.1\.13 +POST +\/v3\/\{project_id\}\/jobs\/batch-pause-task +10 +drs:migration/m,
    );
  });

  offline('one call is shown with the JSON Schema of its request', async () => {
    const { json } = await runHere(['operations', 'batchResetPassword', '--json']);
    expect(json()).toMatchObject({
      id: 'batchResetPassword',
      request: {
        required: ['job_id', 'end_point_type', 'db_password'],
        properties: { db_password: { writeOnly: true }, end_point_type: { enum: ['so', 'ta'] } },
      },
    });
    const { out } = await runHere(['operations', 'batchStartJobs']);
    expect(out).toContain('not safe to repeat');
  });

  offline.each([
    ['DRS.M00277', { kind: 'duplicateName', retried: false, mend: expect.stringMatching(/^Take another name/) }],
    ['m01504', { code: 'DRS.M01504', kind: 'transient', retried: true }],
    ['APIG.0308', { code: 'APIG.0308', kind: 'transient' }],
  ])('%s is explained', async (code, entry) => {
    expect((await runHere(['explain', code, '--json'])).json()).toMatchObject({ code, ...entry });
  });

  offline.each([
    ['an unknown code', ['explain', 'DRS.M99999'], 1, 'Neither the reference nor the gateway lists DRS.M99999'],
    ['an unknown call to show', ['operations', 'batchStop'], 1, 'is no call of DRS'],
    ['an unknown call', ['call', 'batchStop'], 2, 'is no call of DRS'],
    ['a request that is wrong', ['call', 'batchStopJobs', '-f', file({ job_id: 'a' })], 2, 'request.pause_mode: '],
    [
      'a spec of another call',
      ['call', 'batchStopJobs', '-f', file({ operation: 'batchDeleteJobs', request: {} })],
      2,
      'is a spec of batchDeleteJobs',
    ],
    ['a file that is not there', ['call', 'showQuotas', '-f', 'nowhere.yaml'], 2, 'cannot be read'],
  ])('%s is told', async (_, args, code, told) => {
    const ended = await runHere(args);
    expect([ended.code, ended.out]).toEqual([code, '']);
    expect(ended.err).toContain(told);
  });
});

test('a call that needs nobody prints its outcome', async ({ call, simulator }) => {
  const { id } = simulator.createForeign({ name: 'orders', status: RUNS });
  const people = await call('batchListJobStatus', '-f', file(JSON.stringify(id)));
  expect([people.code, people.out]).toEqual([0, `done  ${id}\n  status: ${RUNS}\n`]);
  const program = (await call('batchListJobStatus', '-f', file([id]), '--json')).json();
  expect(program).toMatchObject({ outcome: 'completed', outcomes: [{ ok: true, result: { status: RUNS } }] });
  expect((await call('showQuotas')).out).toContain('quotas:');
});

test('a call that waits for an approval says what to type, and prints its outcomes then', async ({
  pilot,
  simulator,
}) => {
  const jobs = ['orders', 'crm'].map((name) => simulator.createForeign({ name, status: RUNS }));
  const id = `operation-${pilot.taskQueue}`;
  const requests = jobs.map((job) => ({ job_id: job.id, pause_mode: 'target' }));
  const args = calling(pilot, 'batchStopJobs', '-f', '-', '--id', id, '--reason', 'maintenance');
  const waiting = begin(args, { env: onServer(), input: JSON.stringify(requests) });
  await waiting.said(/drs-pilot approve/);
  const approved = await run(['approve', id, '--reason', 'agreed'], { env: onServer() });
  expect(approved.err).toMatch(/reason: maintenance[\s\S]*pause_mode: target[\s\S]*orders \(/);
  const { code, out, err } = await waiting.ended;
  expect(code).toBe(0);
  expect(out).toBe(jobs.map((job) => `done  ${job.name} (${job.id})\n`).join(''));
  expect(err).toContain('2 of 2 done');
});

test('jobs that failed end it with exit code 1', async ({ pilot, simulator }) => {
  const jobs = [RUNS, 'CONFIGURATION'].map((status, n) => simulator.createForeign({ name: `orders-${n}`, status }));
  const id = `operation-${pilot.taskQueue}`;
  const requests = jobs.map((job) => ({ job_id: job.id, pause_mode: 'target' }));
  const waiting = begin(calling(pilot, 'batchStopJobs', '-f', file(requests), '--id', id), { env: onServer() });
  await waiting.said(/drs-pilot approve/);
  await run(['approve', id, '--reason', 'agreed'], { env: onServer() });
  await waiting.said(/--decision skip/);
  await run(['decide', id, '--decision', 'skip', '--reason', 'never mind'], { env: onServer() });
  const { code, out } = await waiting.ended;
  expect(code).toBe(1);
  expect(out).toMatch(/done {2}orders-0 .*\nfailed {2}orders-1 .*DRS\.M00304.*left at that by .*: never mind/);
});

test('a run that is denied says why', async ({ call, simulator }) => {
  const request = {
    ...parse(readFileSync(join(PROJECT, 'examples', 'migration.yaml'), 'utf8')).task,
    name: 'orders',
    db_use_type: 'sync',
    source_endpoint: { db_type: 'mysql' },
    target_endpoint: { db_type: 'mysql' },
    charging_mode: 'period',
    period_order: { period_type: 2, period_num: 1 },
  };
  const { replace_definer: _, ...task } = request;
  const { code, json, err } = await call('batchCreateJobs', '-f', file(task), '--json');
  expect(code).toBe(1);
  expect(json()).toMatchObject({ outcome: 'failed', failure: expect.stringContaining('policy.orders is deny') });
  expect(err).toContain('policy.orders is deny');
  expect(simulator.jobs()).toEqual([]);
});

test('--no-wait only starts', async ({ call, pilot, simulator }) => {
  const { id } = simulator.createForeign({ name: 'orders', status: RUNS });
  const request = file({ job_id: id, pause_mode: 'all' });
  const started = await call('batchStopJobs', '-f', request, '--name', pilot.taskQueue, '--no-wait', '--json');
  expect(started.json()).toEqual({ workflowId: `operation-${pilot.taskQueue}`, runId: expect.any(String) });
  const again = await call('batchStopJobs', '-f', request, '--name', pilot.taskQueue, '--no-wait');
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('is in use by a run')]);
});

const EXAMPLES = readdirSync(join(PROJECT, 'examples')).filter((name) => name.startsWith('operation'));

test.for(EXAMPLES)('examples/%s does what it says', async (name, { pilot, simulator }) => {
  const spec = parse(readFileSync(join(PROJECT, 'examples', name), 'utf8'));
  const source_endpoint = { db_type: 'mysql', ip: SOURCE_IP, db_port: 3306, db_user: 'repl' };
  for (const request of spec.jobs ?? [spec.request]) {
    const title = `orders-${request.job_id.slice(0, 4)}`;
    request.job_id = simulator.createForeign({ name: title, status: RUNS, source_endpoint }).id;
  }
  const run = await pilot.start(spec, { workflow: 'operation' });
  const approvals = name === 'operation-end.yaml' ? ['ada', 'ben'] : name === 'operation-speed.yaml' ? [] : ['ada'];
  for (const by of approvals) await run.approve('approval', by);
  expect(await run.result()).toMatchObject({
    outcome: 'completed',
    operation: spec.operation,
    outcomes: (spec.jobs ?? [spec.request]).map(({ job_id }: { job_id: string }) => ({ ok: true, jobId: job_id })),
  });
  expect(simulator.journal().filter(({ effect }) => effect)).toHaveLength(1);
  expect(JSON.stringify(simulator.journal())).not.toContain(PASSWORDS.source);
});
