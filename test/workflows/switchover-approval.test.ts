import { expect, vi } from 'vitest';
import { signalOf } from '../../workflows/messages.js';
import { test as base, rejection, runOf } from '../support/harness.js';
import { openReceiver, type Receiver } from '../support/receiver.js';
import { hasSshKeygen, signed, sshKey } from '../support/ssh-keys.js';
import { approve, classes, protectedTask, reportOf, requests, start, switchoverSpec } from '../support/switchover.js';
import { aWebhook, type Webhook } from '../support/webhook.js';

const SOON = { timeout: 60_000, interval: 50 };

const test = base.extend<{ oncall: Webhook; receiver: Receiver }>({
  oncall: aWebhook,
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  receiver: async ({}, use) => {
    const receiver = await openReceiver();
    await use(receiver);
    receiver.close();
  },
});

const people = (...names: string[]) => ({ approvers: { dba: { members: names } } });

test.describe('signed', () => {
  const [ada, ben, cleo] = hasSshKeygen ? [sshKey(), sshKey(), sshKey()] : [];
  const member = (name: string, key = ada) => ({ name, keys: [key?.line ?? ''] });
  test.override({
    settings: async ({ oncall }, use) => {
      await use({
        webhooks: { oncall: { url: oncall.url } },
        approvers: {
          dba: { members: [member('ada'), member('ben', ben)] },
          leads: { members: [member('cleo', cleo)] },
        },
        rules: [{ kinds: ['switchover'], approvals: 2, group: 'dba', escalateTo: 'leads' }],
      });
    },
  });

  test.skipIf(!hasSshKeygen)(
    'approvals of two groups switch over, and a deadline ends a run that they do not come to in time',
    async ({ pilot, simulator, oncall }) => {
      const [id, other] = ['orders-dr', 'crm-dr'].map((name) => protectedTask(simulator, name));
      const late = await start(pilot, switchoverSpec({ task: other, gate: { deadline: '2s' } }));
      const gate = { escalate: { after: '1s', group: 'leads' }, remindEvery: '1s' };
      const run = await start(pilot, switchoverSpec({ task: id, notify: ['oncall'], gate }));
      expect(await run.gate('switchover')).toMatchObject({ signed: true, approvals: '0 of 2', group: 'dba' });

      const { currentDetails } = (await run.handle.query('__temporal_workflow_metadata')) as { currentDetails: string };
      expect(currentDetails).toContain('**What is decided here must be signed.**');
      expect(currentDetails).toContain(`drs-pilot approve ${run.id} --by your-name --reason "why" --key FILE`);
      expect(currentDetails).toContain('"time":"…","signature":"…"');
      const told = `drs-pilot approve ${run.id} --reason "…" --key FILE`;
      expect((await oncall.hears('gateOpened', 'switchover#1')).event).toMatchObject({
        command: told,
        text: expect.stringContaining(told),
      });

      expect(await rejection(() => approve(run))).toContain('must be signed, with time and signature');
      const { decision: _, ...signal } = await signed(run, 'switchover', 'approve', 'ada', ada);
      await run.handle.signal(signalOf('approve'), signal);
      await oncall.hears('escalated', 'switchover#1');
      await oncall.hears('reminder', 'switchover#1');
      expect(requests(simulator)).toEqual([]);
      await run.send('decide', await signed(run, 'switchover', 'approve', 'cleo', cleo));
      const result = await run.result();
      expect(reportOf(result).approvals).toMatchObject([{ by: ['ada', 'cleo'] }]);
      expect(result.decisions).toMatchObject([
        { by: 'ada', claimed: false, key: ada?.fingerprint, signature: expect.any(String) },
        { by: 'cleo', claimed: false, key: cleo?.fingerprint, signature: expect.any(String) },
      ]);
      expect(requests(simulator).map(({ jobs }) => jobs)).toEqual([[id]]);

      expect(await late.failure()).toMatchObject({
        type: 'drs.rejected',
        message: expect.stringMatching(/^rejected by time-out: not decided by .* \(approvals: 0 of 2\)$/),
      });
    },
  );
});

test.describe('while the group changes', () => {
  const hooks = ({ url }: Receiver) => ({ hooks: { fence: { url: `${url}/fence`, retries: 0 } } });
  test.override({
    settings: async ({ receiver }, use) => use({ ...hooks(receiver), ...people('ada', 'ben', 'cleo') }),
  });

  test('an approval counts for as long as who gave it may give it: over a continuation as new, and until the call', async ({
    pilot,
    simulator,
    receiver,
  }) => {
    const id = protectedTask(simulator, 'orders-dr');
    const stages = [{ name: 'databases', tasks: [id], hooks: { before: ['fence'] } }];
    const handle = await pilot.client.workflow.start('switchover', {
      taskQueue: pilot.taskQueue,
      workflowId: `switchover-${pilot.taskQueue}`,
      args: [switchoverSpec({ stages, gate: { approvals: 3, group: 'dba' } })],
      memo: { mostEvents: 60 },
    });
    const run = runOf(handle);
    const { evidence } = await run.gate('switchover');
    await approve(run);
    await approve(run, 'switchover', { by: 'ben' });

    await pilot.rework({ ...hooks(receiver), ...people('ben', 'cleo', 'emil', 'fred') });
    const { runId } = await handle.describe();
    for (let n = 0; (await handle.describe()).runId === runId; n += 1)
      await run.send('comment', { by: 'ada', reason: `remark ${n}` });
    expect(await run.gate('switchover')).toMatchObject({
      id: 'switchover#1',
      evidence,
      approvals: '1 of 3',
      approvers: [{ by: 'ben' }],
    });
    const notes = async () => (await run.status()).decisions.filter(({ by }) => by === 'drs-pilot');
    expect((await notes()).at(-1)?.reason).toBe('the approval of ada counts no more: who may approve has changed');

    receiver.answer = () => 503;
    await approve(run, 'switchover', { by: 'cleo' });
    await approve(run, 'switchover', { by: 'emil' });
    await run.gate('hooks-before-databases-fence');
    await pilot.rework({ ...hooks(receiver), ...people('cleo', 'emil', 'fred') });
    receiver.answer = () => 204;
    await run.decide('hooks-before-databases-fence', 'retry');
    const again = await run.gate('switchover#2');
    expect(again.evidence.items[0]).toEqual({
      item: 'opened again: approval',
      class: 'warning',
      value: 'approval is warning: ben may not approve any more; 2 of 3 approvals are left',
    });
    expect(requests(simulator)).toEqual([]);
    for (const by of ['cleo', 'emil', 'fred']) await approve(run, 'switchover', { by });
    const report = reportOf(await run.result());
    expect(report.approvals.map(({ by }) => by)).toEqual([
      ['ben', 'cleo', 'emil'],
      ['cleo', 'emil', 'fred'],
    ]);
    expect(requests(simulator)).toHaveLength(1);
  });
});

test('on the way back of what was done each call is approved, looked at and proved like any other', async ({
  pilot,
  simulator,
}) => {
  const operation = 'batchSwitchover';
  const names = ['orders-dr', 'crm-dr', 'reports-dr'];
  for (const name of names) protectedTask(simulator, name);
  const refuses = (job: string) =>
    simulator.fault({ operation, match: { job }, fault: { kind: 'jobError', code: 'DRS.M00304' } });
  refuses('reports-dr');
  const stages = [
    { name: 'databases', tasks: ['orders-dr', 'crm-dr'] },
    { name: 'reports', tasks: ['reports-dr'] },
  ];
  const run = await start(pilot, switchoverSpec({ stages }));
  await approve(run);
  await run.gate('outcome#1');
  simulator.patch('crm-dr', { delay: 90 });
  await run.decide('outcome', 'acknowledge', { items: ['switch back'] });
  expect(classes(await run.gate('switch-back'))).toMatchObject({
    'orders-dr: RPO': 'ok',
    'orders-dr: direction': 'ok',
    'crm-dr: RPO': 'blocking',
  });
  expect(await rejection(() => approve(run, 'switch-back'))).toContain('blocked by crm-dr: RPO');
  simulator.patch('crm-dr', { delay: 1 });
  await vi.waitFor(async () => expect(classes(await run.gate('switch-back'))['crm-dr: RPO']).toBe('ok'), SOON);
  simulator.clearJournal();
  simulator.fault({ operation, fault: { kind: 'drop' } });
  await approve(run, 'switch-back');

  const unmoved = await run.gate('outcome#2');
  expect(unmoved.decisions).toEqual(['retry', 'abort']);
  expect(classes(unmoved)).toEqual({ 'orders-dr': 'blocking', 'crm-dr': 'blocking' });
  expect(unmoved.evidence.items[0]?.value).toContain('it did not move');
  expect(requests(simulator)).toHaveLength(1);

  refuses('orders-dr');
  await run.decide('outcome#2', 'retry');
  const refused = await run.gate('outcome#3');
  expect(classes(refused)).toEqual({ 'orders-dr': 'blocking', 'crm-dr': 'ok' });
  expect(refused.evidence.items[0]?.value).toContain('DRS.M00304');
  simulator.patch('orders-dr', { delay: 90 });
  await run.decide('outcome#3', 'retry');
  expect(classes(await run.gate('switch-back#2'))).toMatchObject({ 'orders-dr: RPO': 'blocking' });
  simulator.patch('orders-dr', { delay: 1 });
  await vi.waitFor(async () => expect(classes(await run.gate('switch-back'))['orders-dr: RPO']).toBe('ok'), SOON);
  await approve(run, 'switch-back');
  const { type, result } = await run.failure();
  expect(type).toBe('drs.aborted');
  expect(reportOf(result as never)).toMatchObject({
    tasks: [{ state: 'switchedBack' }, { state: 'switchedBack' }, { state: 'refused' }],
    switchedBack: { approvals: [{}, {}], tasks: [{ state: 'switched' }, { state: 'switched' }] },
  });
  expect(requests(simulator).map(({ jobs }) => jobs.length)).toEqual([2, 2, 1]);
  expect(names.map((name) => simulator.job(name)?.direction)).toEqual(['up', 'up', 'up']);
});
