import { temporal } from '@temporalio/proto';
import { describe, expect } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { PASSWORDS, SOURCE_IP } from '../support/config.js';
import { type Pilot, type Run, runOf, test } from '../support/harness.js';
import { type Operation as Result, resultOf } from '../support/operation.js';

const RUNS = 'INCRE_TRANSFER_STARTED';

const start = (pilot: Pilot, spec: unknown) => pilot.start(spec, { workflow: 'operation' });
const task = (simulator: Simulator, name: string, more: object = {}) =>
  simulator.createForeign({ name, status: RUNS, ...more });
const pausing = (jobs: readonly { id: string }[]) => ({
  kind: 'operation',
  operation: 'batchStopJobs',
  jobs: jobs.map(({ id }) => ({ job_id: id, pause_mode: 'target' })),
});
/** What was asked of the service, looks at tasks apart. */
const calls = (simulator: Simulator) =>
  simulator.journal().filter(({ operation }) => operation !== 'batchListJobDetails');
const values = ({ evidence }: { evidence: { items: readonly { item: string; value: string }[] } }) =>
  Object.fromEntries(evidence.items.map(({ item, value }) => [item, value]));

const firstTaskOf = async ({ handle }: Run) =>
  (await handle.fetchHistory()).events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId ?? null;

describe('a call that the policy allows', () => {
  test('is made at once, and answered', async ({ pilot, simulator }) => {
    const { id } = task(simulator, 'orders');
    const run = await start(pilot, { operation: 'batchListJobStatus', request: id });
    expect(await run.result()).toMatchObject({
      kind: 'operation',
      name: 'batchListJobStatus',
      outcome: 'completed',
      operation: 'batchListJobStatus',
      outcomes: [{ ok: true, jobId: id, result: { id, status: RUNS } }],
    });
    expect(simulator.journal().map(({ operation }) => operation)).toEqual(['batchListJobStatus']);
  });

  test('is not sent again by a run that is reset, before a person has looked', async ({ pilot, simulator }) => {
    const jobs = ['orders', 'crm'].map((name) => task(simulator, name));
    const first = await start(pilot, { ...pausing(jobs), gate: {} });
    await first.approve('approval');
    expect(await first.result()).toMatchObject({ summary: '2 of 2 done' });
    const paused = () => calls(simulator).length;
    expect(paused()).toBe(1);

    const { runId } = await first.handle.describe();
    await pilot.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: first.id, runId },
      workflowTaskFinishEventId: await firstTaskOf(first),
      requestId: runId,
      reason: 'the wrong run',
    });
    const run = runOf(pilot.client.workflow.getHandle(first.id));
    await run.approve('approval');
    const { question, evidence } = await run.gate('unknown');
    expect(question).toMatch(/^Nobody knows whether batchStopJobs was done for 2 jobs: the run was reset\. Look at/);
    expect(values({ evidence })[`orders (${jobs[0]?.id}) now`]).toMatch(/PAUSING.*; before:/);
    expect(paused()).toBe(1);
    await run.decide('unknown', 'skip');
    expect(await run.result()).toMatchObject({ outcome: 'completed', summary: '0 of 2 done, 2 unknown' });
    expect(paused()).toBe(1);
  });

  test('is approved all the same where the spec wants that', async ({ pilot, simulator }) => {
    const { id } = task(simulator, 'orders');
    const request = { job_id: id, speed_limit: [{ begin: '08:00', end: '17:59', speed: '10' }] };
    const run = await start(pilot, {
      operation: 'batchSetSpeed',
      request,
      gate: { group: 'dba' },
      reason: 'office hours',
    });
    const gate = await run.gate('approval');
    expect(gate).toMatchObject({ group: 'dba' });
    expect(values(gate)).toMatchObject({
      reason: 'office hours',
      speed_limit: '[{"begin":"08:00","end":"17:59","speed":"10"}]',
      [`orders (${id})`]: RUNS,
    });
    expect(calls(simulator)).toEqual([]);
    await run.approve('approval', 'ben');
    expect((await run.result()).outcome).toBe('completed');
    expect(calls(simulator)).toHaveLength(1);
  });
});

describe('a call that the policy wants approved', () => {
  test('shows what it does to which tasks, then goes out in tens with one outcome each', async ({
    pilot,
    simulator,
  }) => {
    const jobs = Array.from({ length: 12 }, (_, n) => task(simulator, `orders-${n}`));
    const run = await start(pilot, pausing(jobs));
    const gate = await run.gate('approval');
    expect(gate.question).toBe('Call batchStopJobs for 12 jobs?');
    expect(values(gate)).toMatchObject({
      batchStopJobs: expect.stringMatching(/^Pauses tasks.*\(§6\.1\.13\)$/),
      policy: 'by default policy.operations.batchStopJobs is approve',
      pause_mode: 'target',
      ...Object.fromEntries(jobs.map(({ id, name }) => [`${name} (${id})`, RUNS])),
    });
    expect(calls(simulator)).toEqual([]);
    const { searchAttributes } = await run.handle.describe();
    expect([...(searchAttributes['DrsJobId'] ?? [])].sort()).toEqual(jobs.map(({ id }) => id).sort());

    await run.approve('approval');
    const { outcomes } = resultOf(await run.result());
    expect(outcomes.map(({ jobId, name, ok }) => ({ jobId, name, ok }))).toEqual(
      jobs.map(({ id, name }) => ({ jobId: id, name, ok: true })),
    );
    expect(calls(simulator).map(({ jobs }) => jobs.length)).toEqual([10, 2]);
  });

  test('is not made after a rejection', async ({ pilot, simulator }) => {
    const run = await start(pilot, pausing([task(simulator, 'orders')]));
    await run.decide('approval', 'reject');
    expect(await run.failure()).toMatchObject({ type: 'drs.rejected', result: { outcome: 'rejected', task: 'kept' } });
    expect(calls(simulator)).toEqual([]);
  });

  test('shows requests that differ beside their tasks', async ({ pilot, simulator }) => {
    const [a, b] = [task(simulator, 'orders'), task(simulator, 'crm', { status: 'RELEASE_RESOURCE_COMPLETE' })];
    const run = await start(pilot, {
      operation: 'batchDeleteJobs',
      jobs: [
        { job_id: a.id, delete_type: 'terminate' },
        { job_id: b.id, delete_type: 'delete' },
      ],
    });
    expect(values(await run.gate('approval'))).toMatchObject({
      [`orders (${a.id})`]: `${RUNS} · {"delete_type":"terminate"}`,
      [`crm (${b.id})`]: 'RELEASE_RESOURCE_COMPLETE · {"delete_type":"delete"}',
    });
  });
});

describe('rules of the worker', () => {
  test.override({
    settings: {
      rules: [{ operations: ['batchSetSpeed'], tasks: ['prod-*'], approvals: 2, group: 'dba' }],
      policy: { tasks: ['prod-*', 'stage-*'], operations: { batchDeleteJobs: 'deny', batchStopJobs: 'allow' } },
    },
  });

  test('hold for the tasks that a call is about, whatever the run is called', async ({ pilot, simulator }) => {
    const jobs = [task(simulator, 'stage-1'), task(simulator, 'PROD-orders')];
    const run = await start(pilot, {
      operation: 'batchSetSpeed',
      name: 'stage-1',
      jobs: jobs.map(({ id }) => ({ job_id: id, speed_limit: [] })),
    });
    const gate = await run.gate('approval');
    expect(gate).toMatchObject({ approvals: '0 of 2', group: 'dba' });
    expect(values(gate)['policy']).toBe('rules[0] wants approvals for batchSetSpeed');
    await expect(run.approve('approval', 'zoe')).rejects.toThrow();
    await run.approve('approval', 'ada');
    await run.approve('approval', 'ben');
    expect((await run.result()).outcome).toBe('completed');
  });

  test('need nobody for a task that they do not name', async ({ pilot, simulator }) => {
    const request = { job_id: task(simulator, 'stage-1').id, speed_limit: [] };
    const run = await start(pilot, { operation: 'batchSetSpeed', request });
    expect((await run.result()).outcome).toBe('completed');
  });

  test('deny an operation before any call, naming the rule and the mend', async ({ pilot, simulator }) => {
    const request = { job_id: task(simulator, 'prod-orders').id, delete_type: 'terminate' };
    const { type, message } = await (await start(pilot, { operation: 'batchDeleteJobs', request })).failure();
    expect(type).toBe('drs.denied');
    expect(message).toMatch(/nothing was sent: policy\.operations\.batchDeleteJobs is deny\. Whoever runs the worker/);
    expect(calls(simulator)).toEqual([]);
  });

  test('deny a list for the sake of one task that is out of bounds', async ({ pilot, simulator }) => {
    const jobs = [task(simulator, 'stage-1'), task(simulator, 'billing')];
    const { type, message } = await (await start(pilot, pausing(jobs))).failure();
    expect([type, message]).toEqual([
      'drs.denied',
      expect.stringContaining('policy.tasks do not cover the task billing'),
    ]);
    expect(calls(simulator)).toEqual([]);
  });

  test('deny a change of a task that nobody can read', async ({ pilot, simulator }) => {
    const { type } = await (await start(pilot, pausing([{ id: 'c2a61a77-6e55-4cd8-8be1-a562cc6jb101' }]))).failure();
    expect(type).toBe('drs.denied');
    expect(calls(simulator)).toEqual([]);
  });
});

const NEW_TASK = {
  name: 'orders-copy',
  db_use_type: 'sync',
  engine_type: 'mysql',
  job_direction: 'up',
  net_type: 'eip',
  bind_eip: true,
  node_type: 'high',
  task_type: 'FULL_INCR_TRANS',
  customize_sutnet_id: '352ad828-3467-4f03-987a-c55a5a9dd417',
  source_endpoint: { db_type: 'mysql' },
  target_endpoint: { db_type: 'mysql' },
};

test('a task that would be paid at once is not created unless policy.orders says so', async ({ pilot, simulator }) => {
  const request = { ...NEW_TASK, charging_mode: 'period', period_order: { period_type: 2, period_num: 1 } };
  const { type, message } = await (await start(pilot, { operation: 'batchCreateJobs', request })).failure();
  expect([type, message]).toEqual(['drs.denied', expect.stringContaining('policy.orders is deny')]);
  expect(simulator.jobs()).toEqual([]);
});

describe('what cannot be right', () => {
  const refused = async (pilot: Pilot, simulator: Simulator, spec: object) => {
    const { type, message } = await (await start(pilot, spec)).failure();
    expect(type).toBe('drs.badSpec');
    expect(simulator.journal()).toEqual([]);
    return message.split('\n').slice(1);
  };

  test('is told with all its paths before any call', async ({ pilot, simulator }) => {
    const lines = await refused(pilot, simulator, {
      operation: 'batchStopJobs',
      jobs: [
        { job_id: 'a', pause_mode: 'target' },
        { job_id: 'b', pause_mode: 'soon' },
        { pause_mode: 'all', mode: 1 },
        { job_id: 'a', pause_mode: 'target' },
        'c',
      ],
      gates: {},
      notify: ['nobody'],
    });
    expect(lines.sort()).toEqual([
      'gates: is not known here',
      'jobs[1].pause_mode: must be: one of target, all',
      'jobs[2].job_id: is missing',
      'jobs[2].mode: is not known here',
      'jobs[3]: is the same as jobs[0]: it would be sent twice',
      'jobs[4]: must be an object',
      `notify[0]: the worker's configuration has no webhook "nobody"`,
    ]);
  });

  test.for([
    [{ operation: 'batchStopJob' }, /^operation: is no call of DRS/],
    [{ operation: 'batchStopJobs' }, /^request: is missing/],
    [{ operation: 'batchStopJobs', jobs: [] }, /^jobs: must not be empty/],
    [{ operation: 'showQuotas', request: {}, jobs: [{}] }, /^jobs: does not go with request/],
    [
      { operation: 'downloadCompareResultFile', request: { job_id: 'a', compare_type: 'objects_comparison' } },
      /^operation: .* answers with a file/,
    ],
    [
      { operation: 'batchUpdateJob', request: { job_id: 'a', description: { secret: 'orders-source' } } },
      /^request\.description: no secret may stand here/,
    ],
    [
      {
        operation: 'batchResetPassword',
        request: { job_id: 'a', end_point_type: 'so', db_password: { secret: 'none' } },
      },
      /^request\.db_password: the worker's configuration has no secret "none"/,
    ],
    [{ operation: 'showQuotas', request: {}, gate: { group: 'ops' } }, /^gate\.group: .* no group "ops"/],
  ] as const)('%j', async ([spec, line], { pilot, simulator }) => {
    const lines = await refused(pilot, simulator, spec);
    expect(lines).toEqual([expect.stringMatching(line)]);
  });

  test('is a password in plain text, which is not repeated', async ({ pilot, simulator }) => {
    const request = { job_id: 'a', end_point_type: 'so', db_password: 'canary-plain' };
    const [line, ...more] = await refused(pilot, simulator, { operation: 'batchResetPassword', request });
    expect(line).toMatch(/^request\.db_password: is a password in plain text/);
    expect([line, ...more].join()).not.toContain('canary');
  });
});

describe('a new password', () => {
  const endpoint = { db_type: 'mysql', ip: SOURCE_IP, db_port: 3306, db_user: 'repl' };
  const change = (id: string, secret: string) => ({
    operation: 'batchResetPassword',
    request: { job_id: id, end_point_type: 'so', db_password: { secret } },
  });

  test('goes to the endpoint that the task has, and is seen by nobody', async ({ pilot, simulator }) => {
    const { id } = task(simulator, 'orders', { source_endpoint: endpoint });
    const run = await start(pilot, change(id, 'orders-rotated'));
    expect(values(await run.gate('approval'))).toMatchObject({ db_password: 'secret orders-rotated' });
    await run.approve('approval');
    expect((await run.result()).outcome).toBe('completed');
    const { History } = temporal.api.history.v1;
    const history = Buffer.from(History.encode(await run.handle.fetchHistory()).finish()).toString('latin1');
    const [sent] = calls(simulator);
    expect(sent?.body).toMatchObject({ jobs: [{ job_id: id, end_point_type: 'so' }] });
    expect(history).toContain('orders-rotated');
    expect(history).not.toContain(PASSWORDS.rotated);
  });

  test.for([
    ['another host', { ...endpoint, ip: '198.51.100.66' }, /may not be used with this host/],
    ['another user', { ...endpoint, db_user: 'root' }, /may not be used with this user/],
    ['no endpoint yet', undefined, /no host or instance stands beside it/],
  ] as const)(
    'is refused before anybody is asked where the task has %s',
    async ([, stored, why], { pilot, simulator }) => {
      const { id } = task(simulator, 'orders', stored ? { source_endpoint: stored } : {});
      const { type, message } = await (await start(pilot, change(id, 'orders-rotated'))).failure();
      expect([type, message]).toEqual(['drs.permission', expect.stringMatching(why)]);
      expect(calls(simulator)).toEqual([]);
    },
  );
});

describe('a failure', () => {
  test('of a single call is mended and tried again', async ({ pilot, simulator }) => {
    const { id } = task(simulator, 'orders', { status: 'CONFIGURATION' });
    const run = await start(pilot, { operation: 'batchStopJobs', request: { job_id: id, pause_mode: 'all' } });
    await run.approve('approval');
    const gate = await run.gate('call');
    expect(gate.question).toMatch(/^batchStopJobs failed\. .*DRS\.M00304/);
    expect(gate.decisions).toEqual(['retry', 'abort']);
    simulator.patch(id, { status: RUNS });
    await run.decide('call', 'retry');
    expect(resultOf(await run.result()).outcomes).toMatchObject([{ ok: true, jobId: id }]);
  });

  test('that ends the run leaves its outcomes in the record', async ({ pilot, simulator }) => {
    const { id } = task(simulator, 'orders', { status: 'CONFIGURATION' });
    const run = await start(pilot, pausing([{ id }]));
    await run.approve('approval');
    await run.decide('call', 'abort');
    const { type, result } = await run.failure();
    expect(type).toBe('drs.aborted');
    expect(result).toMatchObject({
      outcome: 'aborted',
      outcomes: [{ ok: false, jobId: id, kind: 'wrongState', code: 'DRS.M00304' }],
    });
  });

  test('in a list is sent again alone, or left at that', async ({ pilot, simulator }) => {
    const jobs = ['a', 'b', 'c', 'd'].map((letter) => task(simulator, `orders-${letter}`));
    const [, b, , d] = jobs.map(({ id }) => id) as [string, string, string, string];
    for (const id of [b, d]) simulator.patch(id, { status: 'CONFIGURATION' });
    const run = await start(pilot, pausing(jobs));
    await run.approve('approval');
    const gate = await run.gate('call');
    expect(gate).toMatchObject({
      question: expect.stringMatching(/^batchStopJobs failed for 2 of 4 jobs/),
      decisions: ['retry', 'skip', 'abort'],
    });
    expect(gate.evidence.items.map(({ item }) => item)).toEqual([`orders-b (${b})`, `orders-d (${d})`]);
    simulator.patch(b, { status: RUNS });
    await run.decide('call#1', 'retry');
    expect((await run.gate('call#2')).evidence.items.map(({ item }) => item)).toEqual([`orders-d (${d})`]);
    await run.decide('call#2', 'skip', { reason: 'it never ran' });
    const result = await run.result();
    expect(resultOf(result)).toMatchObject({
      outcome: 'completed',
      summary: '3 of 4 done, 1 failed',
      outcomes: [
        { ok: true },
        { ok: true },
        { ok: true },
        { ok: false, kind: 'wrongState', accepted: 'ada: it never ran' },
      ],
    });
    expect(calls(simulator).map(({ jobs }) => jobs)).toEqual([jobs.map(({ id }) => id), [b, d]]);
  });

  test('is still the only one to be sent again after the run has continued as new', async ({ pilot, simulator }) => {
    const jobs = ['a', 'b', 'c'].map((letter) => task(simulator, `orders-${letter}`));
    const [, b] = jobs.map(({ id }) => id) as [string, string, string];
    simulator.patch(b, { status: 'CONFIGURATION' });
    const run = await start(pilot, pausing(jobs));
    await run.approve('approval');
    await run.gate('call#1');
    const { runId } = await run.handle.describe();
    // Long histories end a run, whatever they are made of.
    while ((await run.handle.describe()).runId === runId) {
      await run.handle.signal('comment', 'x'.repeat(300_000));
      // Signals that nobody has read yet fill the history up to where the server ends the run.
      await run.status();
    }
    expect((await run.gate('call#1')).evidence.items.map(({ item }) => item)).toEqual([`orders-b (${b})`]);
    simulator.patch(b, { status: RUNS });
    await run.decide('call#1', 'retry');
    const { outcomes } = resultOf(await run.result());
    expect(outcomes.map(({ ok, jobId }) => ok && jobId)).toEqual(jobs.map(({ id }) => id));
    expect(calls(simulator).map(({ jobs }) => jobs)).toEqual([jobs.map(({ id }) => id), [b]]);
  });

  test('that is only bad luck is tried again by itself', async ({ pilot, simulator }) => {
    const { id } = task(simulator, 'orders');
    simulator.fault({ operation: 'batchStopJobs', fault: { kind: 'jobError', code: 'DRS.M01504' } });
    const run = await start(pilot, pausing([{ id }]));
    await run.approve('approval');
    expect((await run.result()).outcome).toBe('completed');
    expect(calls(simulator)).toHaveLength(2);
  });
});

describe('a reply that was lost', () => {
  const lost = async (pilot: Pilot, simulator: Simulator) => {
    const { id } = task(simulator, 'orders');
    simulator.fault({ operation: 'batchStopJobs', fault: { kind: 'lostReply' } });
    const run = await start(pilot, { operation: 'batchStopJobs', request: { job_id: id, pause_mode: 'target' } });
    await run.approve('approval');
    return { id, run, gate: await run.gate('unknown') };
  };

  test('is a question that says what to look at, and nothing is sent again by itself', async ({ pilot, simulator }) => {
    const { id, run, gate } = await lost(pilot, simulator);
    expect(gate.question).toMatch(/Nobody knows whether batchStopJobs was done.*the status of the task/);
    expect(gate.decisions).toEqual(['retry', 'skip', 'abort']);
    expect(values(gate)[`orders (${id}) now`]).toBe(`PAUSING; before: ${RUNS}`);
    await run.decide('unknown', 'skip', { reason: 'it is paused' });
    const result = resultOf(await run.result());
    expect(result.outcomes).toMatchObject([{ ok: false, kind: 'ambiguous', accepted: 'ada: it is paused' }]);
    expect(calls(simulator)).toHaveLength(1);
  });

  test('is sent again where a person says so', async ({ pilot, simulator }) => {
    const { id, run } = await lost(pilot, simulator);
    simulator.patch(id, { status: RUNS });
    await run.decide('unknown', 'retry');
    expect(resultOf(await run.result()).outcomes).toMatchObject([{ ok: true }]);
    expect(calls(simulator)).toHaveLength(2);
  });
});

describe('a list that pages', () => {
  const listed = (result: Result) => result.outcomes[0]?.result as { jobs: { id: string }[] };

  test('comes whole where the request names no page', async ({ pilot, simulator }) => {
    const ids = Array.from({ length: 230 }, (_, n) => task(simulator, `orders-${n}`).id);
    const run = await start(pilot, {
      operation: 'showJobList',
      request: { db_use_type: 'migration', engine_type: '' },
    });
    const { jobs } = listed(resultOf(await run.result()));
    expect(new Set(jobs.map(({ id }) => id))).toEqual(new Set(ids));
    expect(calls(simulator)).toHaveLength(3);
  });

  test('comes as the page that the request names', async ({ pilot, simulator }) => {
    for (let n = 0; n < 8; n += 1) task(simulator, `orders-${n}`);
    const request = { db_use_type: 'migration', cur_page: 2, per_page: 5 };
    const run = await start(pilot, { operation: 'showJobList', request });
    expect(listed(resultOf(await run.result())).jobs).toHaveLength(3);
  });

  test('is cut with a remark before it is too large for a history', async ({ pilot, simulator }) => {
    for (let n = 0; n < 1_000; n += 1) task(simulator, `orders-${n}`, { description: 'x'.repeat(256) });
    const run = await start(pilot, {
      operation: 'showJobList',
      request: { db_use_type: 'migration', engine_type: '' },
    });
    const result = resultOf(await run.result());
    const { jobs } = listed(result);
    expect(jobs.length).toBeGreaterThan(300);
    expect(jobs.length).toBeLessThan(1_000);
    expect(JSON.stringify(result).length).toBeLessThan(1_100_000);
    expect(result.outcomes[0]).toMatchObject({ remark: expect.stringMatching(/only the first rows/) });
  });
});
