import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HookError, HookFacts } from '../../activities/hooks.js';
import { openHooks } from '../../worker/hooks.js';
import { openReceiver, type Receiver } from '../support/receiver.js';
import { ENV, file, load, problems } from './config-file.js';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(() => receiver.close());

const SECRETS = `secrets: { hmac: { file: ${file('canary-key')} }, token: { file: ${file('Bearer canary-token\n')} } }`;
const FACTS: HookFacts = {
  hook: 'fence',
  phase: 'before',
  occasion: 'cutover#1',
  drill: false,
  tasks: [{ jobId: 'job-1', name: 'orders' }],
  workflowId: 'migration-orders',
  runId: 'run-1',
  namespace: 'default',
  kind: 'migration',
  name: 'orders',
  key: 'drs-pilot-1',
};
const NEVER = new AbortController().signal;

const hook = async (entry: string) =>
  openHooks(await load(`${SECRETS}\nhooks: { fence: ${entry} }`), ENV, () => 1_700_000_000_999)('fence');
const failure = async (entry: string): Promise<HookError> =>
  (await hook(entry)).call(FACTS, NEVER).then(
    () => {
      throw new Error('it succeeded');
    },
    (error: HookError) => error,
  );

test('a hook is told all that there is to say, signed, under a key of the call', async () => {
  const fence = await hook(
    `{ url: '${receiver.url}/fence', key: { secret: hmac }, headers: { Authorization: { secret: token }, X-Team: dba } }`,
  );
  expect(await fence.call(FACTS, NEVER)).toEqual({ status: 204 });
  const [{ method, path, headers, body, json } = { body: '' } as never] = receiver.received;
  expect([method, path, json]).toEqual(['POST', '/fence', FACTS]);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'idempotency-key': 'drs-pilot-1',
    authorization: 'Bearer canary-token',
    'x-team': 'dba',
    'x-drs-pilot-signature': `t=1700000000,v1=${createHmac('sha256', 'canary-key').update(`1700000000.${body}`).digest('hex')}`,
  });
});

test('a body of its own is filled in, secrets as they are', async () => {
  const entry = `{ url: '${receiver.url}/dns', method: PUT, body: { record: 'db.{{name}}', why: '{{kind}} {{phase}} {{jobIds}}', all: ['{{tasks}}'], drill: '{{drill}}', token: { secret: token }, ttl: 5 } }`;
  await (await hook(entry)).call({ ...FACTS, name: '{{key}}' }, NEVER);
  expect(receiver.received[0]).toMatchObject({
    method: 'PUT',
    json: {
      record: 'db.{{key}}',
      why: 'migration before ["job-1"]',
      all: [FACTS.tasks],
      drill: false,
      token: 'Bearer canary-token',
      ttl: 5,
    },
  });
  await (await hook(`{ url: '${receiver.url}/status', method: GET }`)).call(FACTS, NEVER);
  expect(receiver.received[1]).toMatchObject({ method: 'GET', body: '' });
});

test.each([
  [500, 'busy', 'answered 500: busy', true],
  [429, '', 'answered 429', true],
  [409, 'the zone\nis \u001b[31mlocked by canary-key', 'answered 409: the zone is [31mlocked by ********', false],
  [307, '/elsewhere', 'answered 307: redirects are not followed', false],
])('an answer %i is told, and tried again where that may help', async (status, text, reason, again) => {
  receiver.answer = () => [status, text];
  const error = await failure(`{ url: '${receiver.url}/fence', key: { secret: hmac } }`);
  expect([error.message, error.again]).toEqual([`hook "fence": ${reason}`, again]);
  expect(receiver.received).toHaveLength(1);
});

test('one that hangs is given up in its time, one that is not there at once, and no error holds an address', async () => {
  receiver.answer = () => 'never';
  const hangs = await failure(`{ url: '${receiver.url}/fence', timeout: 1s }`);
  expect([hangs.message, hangs.again]).toEqual(['hook "fence": no answer within 1 s', true]);
  const nobody = await failure(`{ url: 'http://127.0.0.1:9/canary' }`);
  expect([nobody.message, nobody.again]).toEqual(['hook "fence": could not be reached (ECONNREFUSED)', true]);
});

test('all that is wrong with a hook is told', async () => {
  const told = await problems(`${SECRETS}
hooks:
  fence: { url: fence.example.com, timeout: 0s, retries: -1, headers: { Host: x, 'a b': y }, key: canary-key }
  dns: { url: 'http://dns.example.com', method: GET, headers: { Authorization: { secret: nobody } }, body: { text: '{{nme}}' } }`);
  expect(told.sort()).toEqual([
    'hooks.dns.body.text: {{nme}} is not known: hook, phase, occasion, drill, tasks, jobIds, key, kind, name, workflowId, runId, namespace, link',
    'hooks.dns.body: does not go with GET',
    'hooks.dns.headers.Authorization.secret: secrets has no "nobody"',
    'hooks.dns.url: must be https: over http, the secrets beside it could be read on the way',
    'hooks.fence.headers.Host: is set by drs-pilot itself',
    'hooks.fence.headers["a b"]: is no name of a header',
    'hooks.fence.key: must name a secret: { secret: NAME }',
    expect.stringMatching(/^hooks\.fence\.retries: /),
    'hooks.fence.timeout: must be between 1s and 1h',
    'hooks.fence.url: must be an address: https://…',
  ]);
});
