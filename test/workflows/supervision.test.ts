import { describe, expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { rejection, test } from '../support/harness.js';
import { noted, phase, supervised, supervisedRecovery, supervisedSync } from '../support/supervised.js';
import { aWebhook, type Webhook } from '../support/webhook.js';

const RUNS = 'INCRE_TRANSFER_STARTED';
const FAILS = 'INCRE_TRANSFER_FAILED';
const SOON = { timeout: 60_000, interval: 50 };

const asked = (simulator: Simulator, operation: string) =>
  simulator.journal().filter((one) => one.operation === operation && one.effect).length;
const statusOf = (simulator: Simulator, name: string) => (simulator.job(name) as { status: string }).status;
const until = (simulator: Simulator, name: string, status: string) =>
  vi.waitFor(() => expect(statusOf(simulator, name)).toBe(status), SOON);

const withWebhooks = test.extend<{ oncall: Webhook; chat: Webhook; settings: Readonly<Record<string, unknown>> }>({
  oncall: aWebhook,
  chat: aWebhook,
  settings: async ({ oncall, chat }, use) => {
    await use({ webhooks: { oncall: { url: oncall.url }, chat: { url: chat.url } } });
  },
});

test('a failure is retried by itself within the limits, then a person is asked, and the task goes on', async ({
  pilot,
  simulator,
}) => {
  const run = await supervised(pilot, simulator, supervisedSync({ supervision: { retries: 2, within: '1h' } }));
  for (const n of [1, 2]) {
    simulator.patch(run.job, { status: FAILS });
    await until(simulator, run.name, RUNS);
    await noted(run, `retried, ${n} of 2 times`);
  }
  simulator.patch(run.job, { status: FAILS });
  const gate = await run.gate('supervision');
  expect(gate.question).toContain(FAILS);
  expect(gate.decisions).toEqual(['retry', 'abort']);
  expect(asked(simulator, 'batchRestoreTask')).toBe(2);
  await run.decide('supervision', 'retry');
  await until(simulator, run.name, RUNS);
  expect(asked(simulator, 'batchRestoreTask')).toBe(3);

  expect(await run.update('end')).toMatchObject({
    accepted: true,
    done: false,
    message: expect.stringMatching(/^ends/),
  });
  const result = await run.result();
  expect(result).toMatchObject({
    outcome: 'completed',
    task: 'terminated',
    ended: { by: 'ada', reason: 'as agreed' },
    supervision: { failures: 3, retries: 2, thresholds: 0 },
  });
  expect(result.decisions.map(({ decision, by }) => `${decision} by ${by}`)).toContain('end by ada');
});

test('whoever mends a failure elsewhere answers the question by that', async ({ pilot, simulator }) => {
  const run = await supervised(pilot, simulator, supervisedSync({ supervision: { retries: 0 } }));
  simulator.patch(run.job, { status: FAILS });
  await run.gate('supervision');
  simulator.patch(run.job, { status: RUNS });
  await vi.waitFor(async () => expect((await run.status()).gate).toBeUndefined(), SOON);
  expect(asked(simulator, 'batchRestoreTask')).toBe(0);
  simulator.patch(run.job, { status: 'RELEASE_RESOURCE_COMPLETE' });
  expect(await run.result()).toMatchObject({ task: 'terminated', endedElsewhere: 'RELEASE_RESOURCE_COMPLETE' });
});

test('a task is paused, resumed, limited and given another password by updates of its run', async ({
  pilot,
  simulator,
}) => {
  const run = await supervised(pilot, simulator, supervisedSync());
  expect(await run.update('pause')).toMatchObject({
    accepted: true,
    done: true,
    message: 'paused',
    approvals: '1 of 1',
  });
  expect(statusOf(simulator, run.name)).toBe('PAUSING');
  expect(await rejection(() => run.update('pause'))).toMatch(
    /is PAUSING; this is possible only in FULL_TRANSFER_STARTED/,
  );
  expect(await run.update('resume')).toMatchObject({ message: 'resumed, it was PAUSING' });
  await until(simulator, run.name, RUNS);
  expect(await rejection(() => run.update('resume'))).toMatch(/possible only in PAUSING, START_JOB_FAILED/);

  const speed = [{ begin: '08:00', end: '17:59', speed: 10 }];
  expect(await run.update('limitSpeed', { speed })).toMatchObject({ message: 'limited: 08:00–17:59 10 MB/s UTC' });
  const [limited] = simulator.journal().filter(({ operation }) => operation === 'batchSetSpeed');
  expect(limited?.body).toMatchObject({
    speed_limits: [{ speed_limit: [{ begin: '08:00', speed: '10', is_utc: true }] }],
  });
  expect(await run.update('limitSpeed', { speed: [] })).toMatchObject({ message: 'not limited any more' });

  expect(await run.update('rotatePassword', { source: { secret: 'orders-rotated' } })).toMatchObject({
    message: 'the password of source is changed',
  });
  const [rotated] = simulator.journal().filter(({ operation }) => operation === 'batchResetPassword');
  expect(rotated?.body).toMatchObject({ jobs: [{ job_id: run.job, end_point_type: 'so' }] });

  const { decisions } = await run.status();
  expect(decisions.map(({ decision, by }) => `${decision} by ${by}`)).toEqual([
    'approve by ada',
    'pause by ada',
    'resume by ada',
    'limitSpeed by ada',
    'limitSpeed by ada',
    'rotatePassword by ada',
  ]);
});

const REFUSED = [
  ['pause', { mode: 'source' }, /mode/],
  ['pause', { by: '' }, /by/],
  ['pause', { task: 'forward' }, /only for a dual-active/],
  ['limitSpeed', {}, /speed/],
  [
    'limitSpeed',
    {
      speed: [
        { begin: '08:00', end: '17:59', speed: 10 },
        { begin: '17:00', end: '19:59', speed: 10 },
      ],
    },
    /overlaps window 1/,
  ],
  ['rotatePassword', {}, /needs source or target/],
  ['rotatePassword', { source: { secret: 'none' } }, /has no secret "none"/],
  ['rotatePassword', { source: { secret: 'elsewhere' } }, /may not be used with this host/],
  ['rotatePassword', { source: 'canary-plain' }, /must name a secret/],
  ['edit', {}, /needs objects or policies/],
  ['edit', { objects: [] }, /objects/],
  ['edit', { policies: { conflict_policy: 'ignore' } }, /change while it runs only with mysql-to-kafka/],
  ['end', { force: true }, /force/],
] as const;

test('an update that cannot be is refused with the reason, and changes nothing', async ({ pilot, simulator }) => {
  const run = await supervised(pilot, simulator, supervisedSync());
  const effects = () => simulator.journal().filter(({ effect }) => effect).length;
  const before = effects();
  for (const [name, payload, why] of REFUSED) {
    const message = await rejection(() => run.update(name, payload));
    expect(message, `${name} ${JSON.stringify(payload)}`).toMatch(why);
    expect(message).not.toContain('canary');
  }
  expect(effects()).toBe(before);
  expect((await run.status()).decisions).toHaveLength(1);
});

test('an update before the task runs is refused', async ({ pilot }) => {
  const run = await pilot.start(supervisedSync(), { workflow: 'synchronization' });
  await run.gate('start');
  const early = () => run.handle.executeUpdate('pause', { args: [{ by: 'ada', reason: 'now' }] });
  expect(await rejection(early)).toMatch(/not supervised now/);
});

describe('a task that is paid by the year', () => {
  test.override({ settings: { policy: { orders: 'approve' } } });

  test('says at its end what must be done by hand', async ({ pilot, simulator }) => {
    const period = { charging_mode: 'period', period_order: { period_type: 3, period_num: 1, is_auto_renew: 1 } };
    const spec = supervisedSync();
    const run = await supervised(pilot, simulator, { ...spec, task: { ...spec.task, ...period } } as typeof spec);
    expect((await run.update('end')).message).toMatch(/unsubscribe from its order by hand.*before it is deleted/);
    expect(await run.result()).toMatchObject({ task: 'terminated' });
  });
});

describe('what another run holds', () => {
  test('is not changed by an update, unless that says to take it over', async ({ pilot, simulator }) => {
    const run = await supervised(pilot, simulator, supervisedSync());
    simulator.fault({
      operation: 'createObjectLevelCompareJob',
      fault: { kind: 'error', status: 400, code: 'DRS.M00202' },
    });
    const compare = { operation: 'createObjectLevelCompareJob', request: { job_id: run.job } };
    const comparison = await pilot.start(compare, { workflow: 'operation' });
    await comparison.gate('call');
    const message = await rejection(() => run.update('pause'));
    expect(message).toContain(`is held by ${comparison.id} since`);
    expect(statusOf(simulator, run.name)).toBe(RUNS);
    expect(await run.update('pause', { takeOver: true })).toMatchObject({ message: 'paused' });
    await noted(comparison, `taken over by ${run.id}, as ada decided: as agreed`);
  });
});

describe('rules of the worker', () => {
  test.override({
    settings: {
      rules: [{ gates: ['end'], approvals: 2, group: 'dba' }],
      policy: { operations: { batchStopJobs: 'deny' } },
    },
  });

  test('hold for updates: so many of a group must ask for the same, and what is denied is denied', async ({
    pilot,
    simulator,
  }) => {
    const run = await supervised(pilot, simulator, supervisedSync());
    expect(await rejection(() => run.update('end', { by: 'eve' }))).toMatch(/eve is not in the group dba/);
    expect(await run.update('end')).toMatchObject({ accepted: true, done: false, approvals: '1 of 2' });
    expect(await run.update('end')).toMatchObject({ approvals: '1 of 2' });
    expect(statusOf(simulator, run.name)).toBe(RUNS);
    expect(await rejection(() => run.update('pause'))).toMatch(/batchStopJobs is denied/);
    expect(await run.update('end', { by: 'ben' })).toMatchObject({ approvals: '2 of 2' });
    expect(await run.result()).toMatchObject({ task: 'terminated', ended: { by: 'ben' } });
  });
});

describe('thresholds', () => {
  const test = withWebhooks;

  test('are told once when they are broken for too long, and again when they are kept', async ({
    pilot,
    simulator,
    oncall,
    chat,
  }) => {
    chat.answer = 'never';
    const run = await supervised(
      pilot,
      simulator,
      supervisedSync({ notify: ['oncall', 'chat'], supervision: { maxDelay: '1m', for: '1s' } }),
    );
    simulator.patch(run.job, { delay: 300 });
    const { event } = await oncall.hears('threshold');
    expect(event).toMatchObject({ jobId: run.job, workflowId: run.id });
    expect(event.text).toMatch(/incremental delay: 300 s \(limit 60 s\), for/);
    await noted(run, 'incremental delay: 300 s');
    chat.answer = 'badly';

    // A delay that nobody knows is no small one.
    simulator.patch(run.job, { delay: -1 });
    chat.answer = 'well';
    await chat.hears('threshold');
    simulator.patch(run.job, { delay: 2 });
    const over = await oncall.hears('recovered');
    expect(over.event.text).toMatch(/incremental delay: 2 s \(limit 60 s\) again, after/);
    await chat.hears('recovered');

    await run.update('end');
    expect(await run.result()).toMatchObject({ supervision: { thresholds: 1, failures: 0 } });
    for (const webhook of [oncall, chat]) {
      const events = webhook.heard.map((one) => one.event.event).filter((name) => /threshold|recovered/.test(name));
      expect(events).toEqual(['threshold', 'recovered']);
    }
  });
});

test('a run that continues as new, in a question, a pause or a rotation, forgets none of them', async ({
  pilot,
  simulator,
}) => {
  const spec = supervisedSync({ supervision: { retries: 1, maxDelay: '1m', for: '1s' } });
  const run = await supervised(pilot, simulator, spec, 150);
  const runs = new Set<string>();
  const chained = async () => runs.add((await pilot.client.workflow.getHandle(run.id).describe()).runId).size;
  await chained();
  simulator.patch(run.job, { status: FAILS });
  await noted(run, 'retried, 1 of 1 times');
  await until(simulator, run.name, RUNS);
  simulator.patch(run.job, { status: FAILS });
  const { id } = await run.gate('supervision');
  // People write until the history is long enough.
  await vi.waitFor(async () => {
    await run.send('comment', { by: 'ada', reason: 'patience' }).catch(() => undefined);
    expect(await chained()).toBeGreaterThan(1);
  }, SOON);
  expect((await run.gate('supervision')).id).toBe(id);
  expect(asked(simulator, 'batchRestoreTask')).toBe(1);
  await run.decide('supervision', 'retry');
  await until(simulator, run.name, RUNS);
  await run.update('pause');
  await vi.waitFor(async () => {
    await run.update('limitSpeed', { speed: [] }).catch(() => undefined);
    await run.update('rotatePassword', { source: { secret: 'orders-rotated' } }).catch(() => undefined);
    expect(await chained()).toBeGreaterThan(2);
  }, SOON);
  await run.update('resume');
  await run.update('end');
  const result = await run.result();
  expect(result).toMatchObject({ task: 'terminated', supervision: { failures: 2, retries: 1 } });
  expect(result.decisions.map(({ decision }) => decision)).toEqual(
    expect.arrayContaining(['pause', 'limitSpeed', 'rotatePassword', 'resume', 'end']),
  );
});

test('a running synchronisation is given other objects, with a pre-check and its gates', async ({
  pilot,
  simulator,
}) => {
  const run = await supervised(pilot, simulator, supervisedSync());
  simulator.patch(run.job, { precheck: { items: [{ name: 'binlog_retention', result: 'ALARM', reason: 'short' }] } });
  const objects = [{ database: 'crm', tables: ['accounts', 'contacts'] }];
  expect(await run.update('edit', { objects })).toMatchObject({ done: false, message: 'edit 1 begins' });
  expect(await rejection(() => run.update('edit', { objects }))).toMatch(/edit 1 is under way/);
  await run.decide('pre-check', 'acknowledge', { items: ['binlog_retention'] });
  await vi.waitFor(async () => {
    const rows = (await run.status()).steps.filter(({ step }) => step.startsWith('Edit 1'));
    expect(rows.map(({ step, state }) => `${step}: ${state}`)).toEqual([
      'Edit 1: Objects: done',
      'Edit 1: Pre-check: done',
      'Edit 1: Pre-check alarms: done',
      'Edit 1: Take over: done',
      'Edit 1: New objects: done',
    ]);
  }, SOON);
  const effects = simulator.journal().filter(({ effect }) => effect);
  expect(effects.slice(-3).map(({ operation }) => operation)).toEqual([
    'batchSetObjects',
    'batchCheckJobs',
    'batchRestoreTask',
  ]);
  expect(effects.at(-1)?.body).toMatchObject({ jobs: [{ is_sync_re_edit: true }] });
  expect(effects.at(-2)?.body).toMatchObject({ jobs: [{ precheck_mode: 'forRetryJob' }] });
  expect(statusOf(simulator, run.name)).toBe(RUNS);
});

describe('a disaster recovery', () => {
  test('is watched by RPO, RTO and its databases', async ({ pilot, simulator }) => {
    const run = await supervised(pilot, simulator, supervisedRecovery({ supervision: { maxRpo: '30s', for: '0s' } }));
    simulator.patch(run.job, { delay: 90 });
    await noted(run, 'RPO: 90 s (limit 30 s)');
    simulator.patch(run.job, { normal: { target: false } });
    await noted(run, 'target database, as DRS finds it: not normal');
    simulator.patch(run.job, { delay: 1, normal: null });
    await noted(run, 'RPO: 1 s (limit 30 s) again');
    await noted(run, 'target database, as DRS finds it: normal again');
    expect(await rejection(() => run.update('edit', { objects: 'all' }))).toMatch(/no objects to edit/);
    await run.update('end');
    expect(await run.result()).toMatchObject({ task: 'terminated' });
  });

  test('that is dual-active is changed by its subtasks and ended by its parent', async ({ pilot, simulator }) => {
    const run = await supervised(pilot, simulator, supervisedRecovery({}, { multi_write: true }));
    const [forward, backward] = (simulator.job(run.name) as unknown as { children: string[] }).children as [
      string,
      string,
    ];
    const statuses = () => [forward, backward].map((id) => statusOf(simulator, id));
    expect(await run.update('pause', { task: 'forward' })).toMatchObject({ message: 'paused' });
    expect(statuses()).toEqual(['PAUSING', RUNS]);
    await run.update('resume', { task: 'forward' });
    simulator.patch(backward, { status: FAILS });
    await noted(run, `${backward} is ${FAILS}`);
    await vi.waitFor(() => expect(statuses()).toEqual([RUNS, RUNS]), SOON);
    expect(await run.update('rotatePassword', { source: { secret: 'orders-rotated' } })).toMatchObject({
      message: [forward, backward].map((id) => `${id}: the password of source is changed`).join('; '),
    });
    const changes = simulator.journal().filter(({ operation }) => operation === 'batchResetPassword');
    expect(changes.map(({ body }) => body)).toMatchObject([
      { jobs: [{ job_id: forward, end_point_type: 'so' }] },
      { jobs: [{ job_id: backward, end_point_type: 'ta' }] },
    ]);
    await run.update('end');
    expect(await run.result()).toMatchObject({ task: 'terminated' });
    const ends = simulator.journal().filter(({ operation, effect }) => operation === 'batchDeleteJobs' && effect);
    expect(ends.map(({ body }) => body)).toMatchObject([{ jobs: [{ job_id: run.job }] }]);
  });
});

test('a task made elsewhere is looked at, taken over at a gate, and supervised; another is refused', async ({
  pilot,
  simulator,
}) => {
  const spec = supervisedSync({ alarm_notify: { alarm_to_user: true, delay_time: 300 } });
  const { task, source, target } = spec as unknown as Record<string, Record<string, unknown>>;
  const { password: _, ...from } = source ?? {};
  const { password: __, ...to } = target ?? {};
  const made = { ...task, name: 'made-elsewhere', status: RUNS, source_endpoint: from, target_endpoint: to };
  const { id } = simulator.createForeign({ ...made, db_use_type: 'sync' });
  const other = simulator.createForeign({ ...made, name: 'another', db_use_type: 'migration' });

  const wrong = await pilot.start({ ...spec, adopt: other.id }, { workflow: 'synchronization' });
  expect(await wrong.failure()).toMatchObject({
    type: 'drs.wrongId',
    message: expect.stringContaining('db_use_type is migration, the spec says sync'),
  });

  const run = await pilot.start({ ...spec, adopt: id }, { workflow: 'synchronization' });
  const gate = await run.gate('adopt');
  expect(gate.evidence.items).toContainEqual({ item: 'status', class: 'ok', value: RUNS });
  await run.approve('adopt');
  await phase(run, 'supervises');
  const effects = simulator.journal().filter(({ effect }) => effect);
  expect(effects.map(({ operation }) => operation)).toEqual(['batchSetSmn']);
  expect(effects[0]?.body).toMatchObject({
    jobs: [{ job_id: id, status: RUNS }],
    alarm_notify_info: { delay_time: 300 },
  });
  await run.handle.executeUpdate('end', { args: [{ by: 'ada', reason: 'enough' }] });
  expect(await run.result()).toMatchObject({ task: 'terminated' });
});
