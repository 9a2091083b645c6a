import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, vi } from 'vitest';
import { bundleParts } from '../../worker/worker.js';
import type { Answer } from '../../workflows/gate.js';
import type { Item } from '../../workflows/messages.js';
import { asideDone, evolve } from '../support/asking-workflow.js';
import { test as base, type Pilot, type Run, rejection, runOf } from '../support/harness.js';
import { aWebhook, type Webhook } from '../support/webhook.js';

const SOON = { timeout: 60_000, interval: 50 };

const test = base.extend<{ oncall: Webhook; chat: Webhook; settings: Readonly<Record<string, unknown>> }>({
  oncall: aWebhook,
  chat: aWebhook,
  settings: async ({ oncall, chat }, use) => {
    await use({
      webhooks: { oncall: { url: oncall.url }, chat: { url: chat.url } },
      approvers: { dba: { members: ['ada', 'ben', 'cleo'] }, leads: { members: ['emil'] } },
      rules: [{ tasks: ['forced-*'], force: true }],
    });
  },
});
const workflowsPath = fileURLToPath(new URL('../support/asking-workflow.ts', import.meta.url));
test.override({
  bundle: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-asking-'));
      const { code } = await bundleWorkflowCode({ ...bundleParts, workflowsPath, logger: new DefaultLogger('WARN') });
      await writeFile(join(folder, 'bundle.js'), code);
      await use(join(folder, 'bundle.js'));
      await rm(folder, { recursive: true });
    },
    { scope: 'file' },
  ],
});

const item = (name: string, c: Item['class'], value = '1 s'): Item => ({ item: name, class: c, value });
const OK = [item('RPO', 'ok'), item('source', 'ok', 'normal')];
const spec = (gate: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  name: `orders-${Math.random().toString(36).slice(2, 10)}`,
  gate: { approvals: 2, group: 'dba', ...gate },
  items: OK,
  ...more,
});
const start = (pilot: Pilot, one: object): Promise<Run> => pilot.start(one, { workflow: 'asking' });
const show = async (run: Run, items: readonly Item[], snapshot: number) => {
  await run.handle.signal(evolve, items);
  await vi.waitFor(async () => expect((await run.status()).gate?.evidence.snapshot).toBe(snapshot), SOON);
};
const approve = (run: Run, by: string, snapshot?: number, more: object = {}) =>
  run.send('approve', { gate: 'switchover#1', by, reason: 'as agreed', ...(snapshot && { snapshot }), ...more });
const answerOf = async (run: Run): Promise<Answer> => ((await run.result()) as unknown as { answer: Answer }).answer;
const events = async ({ handle }: Run): Promise<number> =>
  ((await handle.fetchHistory()).events ?? []).filter(({ workflowTaskScheduledEventAttributes: a, ...e }) => {
    return !a && !e.workflowTaskStartedEventAttributes && !e.workflowTaskCompletedEventAttributes;
  }).length;

test('evidence that gets worse voids what was approved, and who is to approve anew is told', async ({
  pilot,
  oncall,
}) => {
  const run = await start(pilot, spec({}, { notify: ['oncall'] }));
  await run.gate('switchover');
  expect(await rejection(() => approve(run, 'ada'))).toBe(
    'an approval names the evidence that was seen: "snapshot": 1',
  );
  await approve(run, 'ada', 1);
  const before = await events(run);
  await show(run, [item('RPO', 'warning', '9 s'), item('source', 'ok', 'normal')], 2);
  expect(await events(run)).toBeLessThanOrEqual(before + 8);

  const { gate, decisions } = await run.status();
  expect(gate).toMatchObject({ id: 'switchover#1', approvals: '0 of 2', approvers: [] });
  expect(decisions.at(-1)).toMatchObject({
    gate: 'switchover#1',
    by: 'drs-pilot',
    reason: 'the approval of ada is void, snapshot 2 is worse: RPO is warning (9 s)',
  });
  const { event } = await oncall.hears('approvalsVoided', 'switchover#1');
  expect(event.text).toMatch(/those given are void.*\n- warning: RPO: 9 s/);
  expect(await rejection(() => approve(run, 'ada', 1))).toMatch(/snapshot 1 was seen, 2 is shown now/);

  // The same words, on what is shown now.
  expect(await approve(run, 'ada', 2)).toMatchObject({ approvals: '1 of 2' });
  await show(run, OK, 3);
  expect((await run.status()).gate).toMatchObject({ approvals: '1 of 2', approvers: [{ by: 'ada' }] });
  await approve(run, 'ben', 3);
  expect(await answerOf(run)).toMatchObject({
    by: ['ada', 'ben'],
    forced: false,
    evidence: { snapshot: 3, hash: expect.stringMatching(/^[0-9a-f]{64}$/), items: OK },
  });
  expect(oncall.heard.filter(({ event: one }) => one.event === 'approvalsVoided')).toHaveLength(1);
});

test('a run that continues as new keeps the evidence, its number and who has approved it', async ({ pilot }) => {
  const handle = await pilot.client.workflow.start('asking', {
    taskQueue: pilot.taskQueue,
    workflowId: `asking-${Math.random()}`,
    args: [spec({ validFor: '1h' })],
    memo: { mostEvents: 60 },
  });
  const run = runOf(handle);
  await run.gate('switchover');
  const first = (await handle.describe()).runId;
  await approve(run, 'ada', 1);
  const { gate: was } = await run.status();
  let snapshot = 1;
  while ((await handle.describe()).runId === first) {
    snapshot += 1;
    await show(run, [item('RPO', 'ok', `${snapshot} s`), item('source', 'ok', 'normal')], snapshot);
  }
  expect(await run.gate('switchover')).toMatchObject({
    id: 'switchover#1',
    evidence: { snapshot },
    approvers: was?.approvers,
  });
  await show(run, OK, snapshot + 1);
  await approve(run, 'ben', snapshot + 1);
  expect((await answerOf(run)).by).toEqual(['ada', 'ben']);
});

test('what is said while a run is about to continue as new counts: a decision, and a cancellation', async ({
  pilot,
}) => {
  const [run, cancelled] = await Promise.all(
    [1, 2].map(async () => {
      const handle = await pilot.client.workflow.start('asking', {
        taskQueue: pilot.taskQueue,
        workflowId: `asking-${Math.random()}`,
        args: [spec({}, { aside: true })],
        memo: { mostEvents: 60 },
      });
      const one = runOf(handle);
      await one.gate('switchover');
      await approve(one, 'ada', 1);
      for (let n = 0; n < 14; n += 1) await one.send('comment', { by: 'ada', reason: 'patience' });
      return one;
    }),
  );
  if (!run || !cancelled) throw new Error('two were started');
  expect(await approve(run, 'ben', 1)).toMatchObject({ approvals: '2 of 2' });
  await cancelled.handle.cancel();
  const { runId } = await run.handle.describe();
  await Promise.all([run, cancelled].map(({ handle }) => handle.signal(asideDone)));
  expect((await answerOf(run)).by).toEqual(['ada', 'ben']);
  expect((await run.handle.describe()).runId).not.toBe(runId);
  expect((await cancelled.failure()).type).toBe('CancelledFailure');
  expect(await cancelled.status()).toMatchObject({ outcome: 'cancelled' });
});

test('evidence that can no longer be read closes the gate; the deadline counts from its first opening', async ({
  pilot,
}) => {
  const run = await start(pilot, spec({ deadline: '3s', onTimeout: 'abort' }));
  const { expires } = await run.gate('switchover#1');
  await run.handle.signal(evolve, null);
  expect((await run.gate('switchover#2')).expires).toBe(expires);
  expect(await run.failure()).toMatchObject({
    type: 'drs.aborted',
    message: `aborted by time-out: not decided by ${expires} (approvals: 0 of 2)`,
  });
});

test('an approval that has expired is missing, shown with its time, and given anew by the same words', async ({
  pilot,
}) => {
  const run = await start(pilot, spec({ validFor: '2s' }));
  await run.gate('switchover');
  await approve(run, 'ada', 1);
  const [ada] = (await run.status()).gate?.approvers ?? [];
  expect(ada).toMatchObject({ by: 'ada', expires: expect.stringMatching(/Z$/) });
  const details = (await run.handle.query('__temporal_workflow_metadata')) as { currentDetails?: string };
  expect(details.currentDetails).toContain(`Approved by ada (until ${ada?.expires?.slice(0, 10)}`);
  await vi.waitUntil(() => Date.now() > Date.parse(ada?.expires ?? ''), SOON);
  expect(await approve(run, 'ben', 1)).toMatchObject({ approvals: '1 of 2' });
  expect(await approve(run, 'ada', 1)).toMatchObject({ approvals: '2 of 2' });
  const { by, until } = await answerOf(run);
  expect(by).toEqual(['ben', 'ada']);
  expect(until).toBeGreaterThan(Date.parse(ada?.expires ?? ''));
});

test('a group that was escalated to is told and may decide; outside the window nobody approves', async ({
  pilot,
  oncall,
  chat,
}) => {
  const hour = (ahead: number) => `${new Date(Date.now() + ahead * 3_600_000).toISOString().slice(11, 13)}:00`;
  const escalate = { after: '1s', group: 'leads', notify: ['chat'] };
  const soon = spec({ approvals: 1, escalate, window: `${hour(2)}–${hour(4)} UTC` }, { notify: ['oncall'] });
  const run = await start(pilot, soon);
  const gate = await run.gate('switchover');
  expect(gate).toMatchObject({ escalation: { group: 'leads' }, window: `${hour(2)}–${hour(4)} UTC` });
  const { event } = await chat.hears('escalated', 'switchover#1');
  expect(event.text).toMatch(/still waits for a decision, now of leads, too/);
  expect(oncall.heard.map((one) => one.event.event)).toEqual(['gateOpened']);
  expect(await rejection(() => approve(run, 'emil', 1))).toMatch(
    /^outside the window .* UTC, which opens at \d{4}-.*:00:00Z$/,
  );
  await run.send('reject', { gate: 'switchover#1', by: 'emil', reason: 'not tonight' });
  expect((await run.failure()).type).toBe('drs.rejected');
});

test('what blocks is overridden by force, where the rules and every approval say so, and never all of it', async ({
  pilot,
}) => {
  const blocked = [item('RPO', 'blocking', '90 s'), item('status', 'ok', 'INCRE_TRANSFER_STARTED')];
  const more = { items: blocked, forcible: ['RPO'] };
  const [run, ruled] = await Promise.all([
    start(pilot, spec({}, { ...more, name: `forced-${Math.random().toString(36).slice(2)}` })),
    start(pilot, spec({}, more)),
  ]);
  await Promise.all([run.gate('switchover'), ruled.gate('switchover')]);
  expect(await rejection(() => approve(ruled, 'ada', 1, { force: true }))).toMatch(
    /^blocked by RPO: force is not allowed/,
  );
  expect(await rejection(() => approve(run, 'ada', 1))).toMatch(/^blocked by RPO: an approval must say "force": true/);
  await approve(run, 'ada', 1, { force: true });
  expect((await run.status()).gate).toMatchObject({
    blocked: { by: ['RPO'], force: 'allowed' },
    approvers: [{ by: 'ada', force: true }],
  });
  await show(run, [item('RPO', 'blocking'), item('status', 'blocking', 'PAUSED')], 2);
  expect(await rejection(() => approve(run, 'ben', 2, { force: true }))).toMatch(/force never overrides status$/);
  await show(run, blocked, 3);
  await approve(run, 'ada', 3, { force: true });
  await approve(run, 'ben', 3, { force: true });
  expect(await answerOf(run)).toMatchObject({ forced: true, by: ['ada', 'ben'] });
});
