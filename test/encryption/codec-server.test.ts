import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DefaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { EncryptionCodec } from '../../encryption/codec.js';
import { type CodecServer, startCodecServer } from '../../encryption/server.js';
import { loadCodecServer } from '../../encryption/server-settings.js';
import { begin, files } from '../client/cli.js';
import { ENV } from '../support/config.js';

const { Payloads } = proto.temporal.api.common.v1;
const UI = 'http://127.0.0.1:8233';
const TOKEN = randomUUID() + randomUUID();
const encryption = { active: 'k1', keys: { k1: { secret: 'k1' } } };
const secrets = { k1: { env: 'KEY_1' }, token: { env: 'TOKEN' }, other: { env: 'KEY_2' } };
const env = { ...ENV, TOKEN };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Open extends CodecServer {
  readonly warnings: string[];
  post(path: string, payloads: unknown, headers?: Record<string, string>): Promise<Response>;
}

async function open(auth: object, more: object = {}): Promise<Open> {
  const file = `${files({ 'drs-pilot.yaml': { encryption, secrets, codecServer: { auth }, temporal: { uiUrl: UI }, ...more } })}/drs-pilot.yaml`;
  const warnings: string[] = [];
  const server = await startCodecServer({
    ...(await loadCodecServer({ file, env })),
    warn: (line) => warnings.push(line),
  });
  closing.push(server.close);
  return {
    ...server,
    warnings,
    post: (path, payloads, headers = {}) =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-namespace': 'default', origin: UI, ...headers },
        body: typeof payloads === 'string' ? payloads : JSON.stringify({ payloads }),
      }),
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asJson = (payloads: Payload[]) =>
  (Payloads.toObject(Payloads.create({ payloads }), { bytes: String }) as { payloads: unknown[] }).payloads;
const asValues = async (reply: Response) => {
  const { payloads } = Payloads.fromObject((await reply.json()) as object);
  return payloads.map((payload) => new DefaultPayloadConverter().fromPayload(payload));
};

/** Payloads of a run, as history has them. */
async function sealed(...values: unknown[]): Promise<unknown[]> {
  const file = `${files({ 'drs-pilot.yaml': { encryption, secrets, codecServer: { auth: { token: { secret: 'token' } }, origins: [UI] } } })}/drs-pilot.yaml`;
  const codec = new EncryptionCodec((await loadCodecServer({ file, env })).keyRing);
  const payloads = values.map((value) => new DefaultPayloadConverter().toPayload(value));
  return asJson(await codec.encode(payloads, { namespace: 'default', workflowId: 'migration-orders' }));
}

test('what a run holds is decrypted for who knows the token, and what is encoded is read by workers', async () => {
  const { post, url } = await open({ token: { secret: 'token' } });
  const plain = asJson([new DefaultPayloadConverter().toPayload('plain')]);
  const decoded = await post('/decode', [...(await sealed({ canary: 1 })), ...plain], bearer(TOKEN));
  expect(decoded.status).toBe(200);
  expect(decoded.headers.get('access-control-allow-origin')).toBe(UI);
  expect(decoded.headers.get('cache-control')).toBe('no-store');
  expect(await asValues(decoded)).toEqual([{ canary: 1 }, 'plain']);

  const encoded = (await (await post('/encode', plain, bearer(TOKEN))).json()) as { payloads: unknown[] };
  expect(Object.keys(encoded.payloads[0] as object).sort()).toEqual(['data', 'metadata']);
  expect(JSON.stringify(encoded)).not.toContain(Buffer.from('"plain"').toString('base64'));
  expect(await asValues(await post('/decode', encoded.payloads, bearer(TOKEN)))).toEqual(['plain']);
  // As a browser sends what it asked its user for.
  const basic = { authorization: `Basic ${Buffer.from(`anybody:${TOKEN}`).toString('base64')}` };
  expect((await fetch(url, { headers: basic })).status).toBe(200);
  expect((await post('/decode', [], basic)).status).toBe(200);
});

test('what cannot be decrypted comes back as a sentence', async () => {
  const { post } = await open(
    { token: { secret: 'token' } },
    { encryption: { active: 'k2', keys: { k2: { secret: 'other' } } } },
  );
  const reply = await post('/decode', await sealed('x'), bearer(TOKEN));
  expect(await asValues(reply)).toEqual([
    expect.objectContaining({
      '~undecodable': expect.stringContaining('key "k1", which the key ring here lacks (it has k2)'),
    }),
  ]);
  const elsewhere = await open({ token: { secret: 'token' } });
  const foreign = await elsewhere.post('/decode', await sealed('x'), { ...bearer(TOKEN), 'x-namespace': 'other' });
  expect(await asValues(foreign)).toMatchObject([
    { '~undecodable': expect.stringContaining('encrypted for another run') },
  ]);
});

test('without a token or with a wrong one nothing is decoded and nothing logged', async () => {
  const { post, url, warnings } = await open({ token: { secret: 'token' } });
  const payloads = await sealed({ canary: 'in-clear' });
  for (const headers of [
    {},
    bearer(''),
    bearer(`${TOKEN}x`),
    { authorization: TOKEN },
    { authorization: `Basic ${Buffer.from('ada:').toString('base64')}` },
    { authorization: 'Basic %%%' },
  ]) {
    for (const path of ['/decode', '/encode', '/nowhere']) {
      const reply = await post(path, payloads, headers as Record<string, string>);
      expect(reply.status, JSON.stringify(headers)).toBe(401);
      expect(await reply.text()).toBe('{"error":"a valid token is needed"}');
    }
  }
  expect((await fetch(url)).headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  expect(warnings).toEqual([]);
});

test("pages from elsewhere are refused, whatever they know, and the UI's may ask before", async () => {
  const { post, url } = await open({ token: { secret: 'token' } });
  const foreign = await post('/decode', await sealed('x'), { ...bearer(TOKEN), origin: 'https://evil.example' });
  expect(foreign.status).toBe(403);
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  const preflight = (origin: string) =>
    fetch(`${url}/decode`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-namespace' },
    });
  expect((await preflight('https://evil.example')).status).toBe(403);
  const { headers, status } = await preflight(UI);
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-headers')).toContain('x-namespace');
  expect(headers.get('access-control-allow-credentials')).toBe('true');
});

test('what is no list of payloads is refused with a sentence', async () => {
  const { post } = await open({ token: { secret: 'token' } });
  for (const body of ['', '{', 'null', '{}', '{"payloads":1}', '{"payloads":[7]}', '{"payloads":[{"data":{}}]}']) {
    const reply = await post('/decode', body, bearer(TOKEN));
    expect(reply.status, body).toBe(400);
    expect(await reply.text()).toContain('the body must be');
  }
});

const HOUR = Math.floor(Date.now() / 1_000) + 3_600;
const jwt = (claims: Record<string, unknown>, alg = 'HS256') =>
  new SignJWT({ exp: HOUR, ...claims }).setProtectedHeader({ alg, kid: 'one' });

test('a JWT of a shared key is checked for its signature, its end and what it is for', async () => {
  const { post } = await open({ jwt: { key: { secret: 'token' }, audience: 'codec' } });
  const key = new TextEncoder().encode(TOKEN);
  const status = async (token: string) => (await post('/decode', [], bearer(token))).status;
  expect(await status(await jwt({ aud: 'codec' }).sign(key))).toBe(200);
  expect(await status(await jwt({ aud: 'codec' }, 'HS512').sign(key))).toBe(200);
  expect(await status(await jwt({ aud: 'other' }).sign(key))).toBe(401);
  expect(await status(await jwt({ aud: 'codec', exp: HOUR - 7_200 }).sign(key))).toBe(401);
  expect(await status(await new SignJWT({ aud: 'codec' }).setProtectedHeader({ alg: 'HS256' }).sign(key))).toBe(401);
  expect(await status(await jwt({ aud: 'codec' }).sign(new TextEncoder().encode(`${TOKEN}x`)))).toBe(401);
  const none = ['{"alg":"none"}', JSON.stringify({ aud: 'codec', exp: HOUR }), ''].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
  expect(await status(none.join('.'))).toBe(401);
  expect(await status(TOKEN)).toBe(401);
});

test("a JWT of an identity provider is checked with the provider's keys; where they cannot be had nobody is let in", async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
  const provider: Server = createServer((_, reply) =>
    reply.setHeader('content-type', 'application/json').end(JSON.stringify(keys)),
  );
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks.json`;
  const auth = { jwt: { jwksUrl: address, issuer: 'https://idp.example', audience: 'temporal-ui' } };
  const claims = { iss: 'https://idp.example', aud: 'temporal-ui' };
  const first = await open(auth);
  const status = async ({ post }: Open, token: string) => (await post('/decode', [], bearer(token))).status;
  const good = await jwt(claims, 'ES256').sign(privateKey);
  expect(await status(first, good)).toBe(200);
  expect(await status(first, await jwt({ ...claims, iss: 'https://other.example' }, 'ES256').sign(privateKey))).toBe(
    401,
  );
  expect(await status(first, await jwt(claims, 'ES256').sign(stranger.privateKey))).toBe(401);
  expect(await status(first, await jwt(claims).sign(new TextEncoder().encode(JSON.stringify(keys.keys[0]))))).toBe(401);
  expect(first.warnings).toEqual([]);

  await new Promise((resolve) => {
    provider.close(resolve);
    provider.closeAllConnections();
  });
  const second = await open(auth);
  expect(await status(second, good)).toBe(503);
  expect(second.warnings).toEqual([expect.stringMatching(/^Tokens cannot be checked: .*codecServer\.auth/)]);
  expect(second.warnings.join()).not.toContain(good);
});

test('the command listens on loopback, and without keys or authentication tells all that is missing', async () => {
  const complete = {
    encryption,
    secrets,
    codecServer: { auth: { token: { secret: 'token' } } },
    temporal: { uiUrl: UI },
  };
  const folder = files({
    'complete.yaml': complete,
    'nothing.yaml': {},
    'weak.yaml': {
      ...complete,
      codecServer: { auth: { token: { secret: 'weak' } } },
      secrets: { weak: { env: 'WEAK' } },
      temporal: {},
    },
    'open.yaml': {
      ...complete,
      codecServer: { auth: { jwt: { jwksUrl: 'http://idp.example/jwks' } }, origins: ['https://ui/'] },
    },
  });
  const start = (name: string) =>
    begin(['codec-server', '--port', '0', '--config', `${folder}/${name}.yaml`], {
      env: { ...env, WEAK: 'canary-short' },
    });
  const server = start('complete');
  const refused = await Promise.all(['nothing', 'weak', 'open'].map((name) => start(name).ended));
  expect(refused.map(({ code }) => code)).toEqual([2, 2, 2]);
  const [nothing, weak, unsafe] = refused.map(({ err }) => err);
  expect(nothing).toMatch(/2 problems:\n.*encryption: is missing.*\n.*codecServer: is missing/);
  expect(weak).toMatch(
    /encryption\.keys\.k1: secrets has no "k1"\n.*codecServer\.origins: is missing.*\n.*codecServer\.auth\.token: must have at least 32 characters/,
  );
  expect(weak).not.toContain('canary-short');
  for (const path of [
    'auth.jwt.jwksUrl: must be an https',
    'auth.jwt.issuer',
    'auth.jwt.audience',
    'origins[0]: must be scheme, host and port',
  ])
    expect(unsafe).toContain(`codecServer.${path}`);

  await server.said(/decoding at http:\/\/127\.0\.0\.1:\d+ for http:\/\/127\.0\.0\.1:8233, with the keys k1/);
  server.kill('SIGTERM');
  expect((await server.ended).code).toBe(0);
});
