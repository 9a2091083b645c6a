import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { NotifyError, type WebhookEvent } from '../../activities/notify.js';
import { type NotifierOptions, notifier } from '../../worker/webhooks.js';
import { ENV, file, load } from './config-file.js';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A real receiver; `answer` says what becomes of a message. */
async function receiver(answer: (response: ServerResponse) => void = (response) => void response.end('ok')) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  open.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const EVENT: WebhookEvent = {
  event: 'gateOpened',
  at: '2026-01-31T02:11:09.000Z',
  workflowId: 'migration-orders',
  runId: 'run-1',
  namespace: 'default',
  kind: 'migration',
  name: 'orders',
  text: 'orders: Start the transfer?',
  gate: 'start#1',
  command: 'drs-pilot approve migration-orders --reason …',
};

const from = async (yaml: string, options: NotifierOptions = {}) =>
  notifier(await load(yaml), { env: ENV, ...options });

test('an event arrives as JSON with one text, the facts and the link to the run', async () => {
  const { url, received } = await receiver();
  const notify = await from(
    `webhooks: { oncall: { url: '${url}/hook' } }\ntemporal: { uiUrl: 'http://127.0.0.1:8233/' }`,
  );
  await notify(['oncall'], EVENT);
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ path: '/hook', headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(received[0]?.body ?? '')).toEqual({
    ...EVENT,
    link: 'http://127.0.0.1:8233/namespaces/default/workflows/migration-orders/run-1/history',
  });
  expect(received[0]?.headers).not.toHaveProperty('x-drs-pilot-signature');
});

test('with a key the message is signed with its time', async () => {
  const { url, received } = await receiver();
  const notify = await from(
    `secrets: { hmac: { file: ${file('canary-key\n')} } }\nwebhooks: { oncall: { url: '${url}', key: { secret: hmac } } }`,
    { now: () => 1_700_000_000_999 },
  );
  await notify(['oncall'], EVENT);
  const { body = '', headers } = received[0] ?? {};
  const expected = createHmac('sha256', 'canary-key').update(`1700000000.${body}`).digest('hex');
  expect(headers?.['x-drs-pilot-signature']).toBe(`t=1700000000,v1=${expected}`);
});

test('a webhook gets only the events that it asked for', async () => {
  const { url, received } = await receiver();
  const notify = await from(`webhooks: { oncall: { url: '${url}', events: [failure] } }`);
  await notify(['oncall'], EVENT);
  await notify(['oncall'], { ...EVENT, event: 'failure' });
  expect(received.map(({ body }) => JSON.parse(body).event)).toEqual(['failure']);
});

test('one that fails does not keep the event from the others, and only it is told', async () => {
  const good = await receiver();
  const bad = await receiver((response) => void response.writeHead(500).end('canary-reply'));
  const notify = await from(`webhooks: { good: { url: '${good.url}' }, bad: { url: '${bad.url}' } }`);
  const error = await notify(['bad', 'good', 'nowhere', 'good'], EVENT).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NotifyError);
  expect((error as NotifyError).failed).toEqual([
    { webhook: 'bad', reason: 'answered 500' },
    { webhook: 'nowhere', reason: "the worker's configuration has no such webhook", unknown: true },
  ]);
  expect(good.received).toHaveLength(1);
});

test('redirects are not followed', async () => {
  const elsewhere = await receiver();
  const { url } = await receiver((response) => void response.writeHead(307, { location: elsewhere.url }).end());
  const notify = await from(`webhooks: { oncall: { url: '${url}' } }`);
  await expect(notify(['oncall'], EVENT)).rejects.toThrow('webhook oncall: answered 307: redirects are not followed');
  expect(elsewhere.received).toEqual([]);
});

test('one that never answers is given up', async () => {
  const { url } = await receiver(() => undefined);
  const notify = await from(`webhooks: { oncall: { url: '${url}' } }`, { timeLimitMs: 100 });
  await expect(notify(['oncall'], EVENT)).rejects.toThrow('webhook oncall: no answer within 0.1 s');
});

test('one that never answers is given up also where memory is cleared meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const clear = runInNewContext('gc') as () => void;
  const { url } = await receiver(() => undefined);
  const notify = await from(`webhooks: { oncall: { url: '${url}' } }`, { timeLimitMs: 500 });
  const clearing = setInterval(clear, 50);
  await expect(notify(['oncall'], EVENT, new AbortController().signal)).rejects.toThrow('no answer within 0.5 s');
  clearInterval(clearing);
}, 5_000);

test('an address may be a secret, and no error repeats it', async () => {
  const { url } = await receiver();
  const port = Number(new URL(url).port);
  for (const close of open.splice(0)) close();
  const notify = await from(
    `secrets: { hook: { file: ${file(`http://127.0.0.1:${port}/canary-token`)} } }\nwebhooks: { oncall: { url: { secret: hook } } }`,
  );
  const error = await notify(['oncall'], EVENT).catch((reason: unknown) => reason);
  expect(String(error)).toBe('NotifyError: webhook oncall: could not be reached (ECONNREFUSED)');
});

test('an address in a secret that is none is told without its text', async () => {
  const notify = await from(
    `secrets: { hook: { file: ${file('canary token')} } }\nwebhooks: { oncall: { url: { secret: hook } } }`,
  );
  const error = await notify(['oncall'], EVENT).catch((reason: unknown) => reason);
  expect(String(error)).toContain('webhook oncall: could not be reached');
  expect(String(error)).not.toContain('canary');
});
