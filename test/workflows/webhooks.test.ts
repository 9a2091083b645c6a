import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { ENV, migrationSpec } from '../support/config.js';
import { approveAll, test as base } from '../support/harness.js';
import { aWebhook, type Webhook } from '../support/webhook.js';

const KEY = ENV.ROTATED;

const test = base.extend<{ oncall: Webhook; chat: Webhook; settings: Readonly<Record<string, unknown>> }>({
  oncall: aWebhook,
  chat: aWebhook,
  settings: async ({ oncall, chat }, use) => {
    await use({
      webhooks: { oncall: { url: oncall.url, key: { secret: 'orders-rotated' } }, chat: { url: chat.url } },
      temporal: { uiUrl: 'http://ui.example' },
    });
  },
});

test('a gate, a failure and the end are told with question, evidence, command and link, signed', async ({
  pilot,
  simulator,
  oncall,
}) => {
  simulator.fault({ operation: 'batchSetObjects', fault: { kind: 'jobError', code: 'DRS.M00201' } });
  const run = await pilot.start({ ...migrationSpec(), notify: ['oncall'] });

  const failure = await oncall.hears('failure', 'objects#1');
  expect(failure.event.text).toMatch(/DRS\.M00201/);
  expect(failure.event.command).toContain(`drs-pilot decide ${run.id} --decision retry`);
  await run.decide('objects', 'retry');

  const { event, body, headers } = await oncall.hears('gateOpened', 'start#1');
  expect(event).toMatchObject({ workflowId: run.id, kind: 'migration', gate: 'start#1', jobId: expect.any(String) });
  for (const part of [
    'Start the transfer?',
    'source: mysql 203.0.113.10',
    `drs-pilot approve ${run.id}`,
    `http://ui.example/namespaces/default/workflows/${run.id}`,
  ]) {
    expect(event.text).toContain(part);
  }
  const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-drs-pilot-signature'])) ?? [];
  expect(hex).toBe(createHmac('sha256', KEY).update(`${seconds}.${body}`).digest('hex'));

  await approveAll(run);
  expect((await oncall.hears('end')).event.text).toMatch(/is completed/);
  const times = oncall.heard.map(({ event }) => event.at);
  expect(times).toEqual([...times].sort());
});

test('who does not decide is reminded', async ({ pilot, chat }) => {
  const spec = { ...migrationSpec(), notify: ['chat'], start: { gate: { remindEvery: '1s' } } };
  const run = await pilot.start(spec);
  await chat.hears('reminder', 'start#1');
  expect((await run.status()).gate?.id).toBe('start#1');
});

test('a webhook that is down, or never answers, holds no run up and keeps the others from nothing', async ({
  pilot,
  oncall,
  chat,
}) => {
  oncall.answer = 'badly';
  const run = await pilot.start({ ...migrationSpec(), notify: ['oncall', 'chat'] });
  await run.approve('start');
  oncall.answer = 'never';
  await run.approve('cutover');
  expect((await run.result()).outcome).toBe('completed');
  expect(oncall.heard).toEqual([]);
  await chat.hears('gateOpened', 'cutover#1');
  await chat.hears('end');
  // Its end is told all the same, once, by a run that outlives it.
  const { runId } = await run.handle.describe();
  const announcement = pilot.client.workflow.getHandle(`drs-announcement-${runId}`);
  expect((await announcement.describe()).status.name).toBe('RUNNING');
  oncall.answer = 'well';
  oncall.hangUp();
  expect(await announcement.result()).toEqual({ untold: [] });
  for (const { heard } of [oncall, chat]) expect(heard.filter(({ event }) => event.event === 'end')).toHaveLength(1);
  // What comes late says when it happened.
  const [late, end, opened] = await Promise.all([
    oncall.hears('end'),
    chat.hears('end'),
    chat.hears('gateOpened', 'cutover#1'),
  ]);
  expect(late.event.at).toBe(end.event.at);
  expect(late.event.at > opened.event.at).toBe(true);
});

test('a webhook that comes back hears of the gate that is still open, once', async ({ pilot, oncall, chat }) => {
  oncall.answer = 'badly';
  const run = await pilot.start({ ...migrationSpec(), notify: ['oncall', 'chat'] });
  await chat.hears('gateOpened', 'start#1');
  oncall.answer = 'well';
  await oncall.hears('gateOpened', 'start#1');
  await approveAll(run);
  expect(chat.heard.filter(({ event }) => event.event === 'gateOpened' && event.gate === 'start#1')).toHaveLength(1);
  expect(oncall.heard.filter(({ event }) => event.event === 'gateOpened' && event.gate === 'start#1')).toHaveLength(1);
});
