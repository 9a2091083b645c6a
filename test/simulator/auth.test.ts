import { createHash, createHmac } from 'node:crypto';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { fetchToken, login, newTask, type Reply, send, signed } from './client.js';

let simulator: Simulator;
let now: number;
beforeEach(async () => {
  now = Date.now();
  simulator = await startSimulator({ now: () => now });
});
afterEach(() => simulator.close());

const jobs = '/v3/0123456789abcdef0123456789abcdef/jobs/batch-status';
const ask = (headers: Record<string, string>, path = jobs, body: unknown = { jobs: ['x'] }) =>
  send(simulator, 'POST', path, body, headers);
const saying = ({ status, body }: Reply) => ({ status, code: body.error_code });

test('a token is given for user, password and domain, for a project by name or by id', async () => {
  const byName = await send(simulator, 'POST', '/v3/auth/tokens', login(), {});
  expect(byName.status).toBe(201);
  expect(byName.headers.get('x-subject-token')).toMatch(/^MII/);
  expect(byName.body.token).toMatchObject({ methods: ['password'], project: { id: simulator.project.id } });
  expect(Date.parse(byName.body.token.expires_at) - now).toBe(24 * 3600_000);

  const byId = await send(
    simulator,
    'POST',
    '/v3/auth/tokens',
    login('local', { project: { id: simulator.project.id } }),
    {},
  );
  expect(await ask({ 'X-Auth-Token': byId.headers.get('x-subject-token') ?? '' })).toMatchObject({ status: 200 });
});

test('a wrong password, an unknown project and half a body get no token', async () => {
  for (const [body, status] of [
    [login('wrong'), 401],
    [login('local', { project: { name: 'eu-west-9' } }), 404],
    [{ auth: {} }, 400],
  ] as const) {
    const reply = await send(simulator, 'POST', '/v3/auth/tokens', body, {});
    expect(reply).toMatchObject({ status, body: { error: { code: status } } });
    expect(reply.headers.get('x-subject-token')).toBeNull();
  }
  expect(JSON.stringify(simulator.journal())).not.toContain('wrong');
});

test('credentials that are missing or bad are refused with the code of whoever refuses', async () => {
  expect(saying(await ask({}))).toEqual({ status: 401, code: 'APIGW.0301' });
  expect(saying(await ask({ 'X-Auth-Token': 'made-up' }))).toEqual({ status: 403, code: 'DRS.M00100' });
  const token = await fetchToken(simulator);
  expect(await ask({ 'X-Auth-Token': token })).toMatchObject({ status: 200 });
  now += 24 * 3600_000;
  expect(saying(await ask({ 'X-Auth-Token': token }))).toEqual({ status: 403, code: 'DRS.M00100' });
});

test('an admin can expire all tokens', async () => {
  const token = await fetchToken(simulator);
  expect((await fetch(`${simulator.url}/_simulator/tokens/expire`, { method: 'POST' })).status).toBe(204);
  expect(saying(await ask({ 'X-Auth-Token': token }))).toEqual({ status: 403, code: 'DRS.M00100' });
});

test('a token holds for its project only, and a path for a project that exists', async () => {
  const token = await fetchToken(simulator, { project: { name: 'eu-west-101_team' } });
  expect(saying(await ask({ 'X-Auth-Token': token }))).toEqual({ status: 403, code: 'DRS.M00261' });
  const unscoped = await fetchToken(simulator, { domain: { name: 'local' } });
  expect(saying(await ask({ 'X-Auth-Token': unscoped }))).toEqual({ status: 403, code: 'DRS.M00100' });
  const nowhere = '/v3/ffffffffffffffffffffffffffffffff/jobs/batch-status';
  expect(saying(await ask({ 'X-Auth-Token': token }, nowhere))).toEqual({ status: 403, code: 'DRS.M00261' });
});

test('what the signer of Huawei signs is accepted, with a body, a query and without either', async () => {
  const body = { jobs: [newTask()] };
  const create = jobs.replace('status', 'creation');
  expect(await ask(signed(simulator, 'POST', create, body), create, body)).toMatchObject({ status: 202 });
  for (const path of ['/v3/projects', '/v3/projects?name=eu-west-101', jobs.replace('jobs/batch-status', 'quotas')])
    expect(await send(simulator, 'GET', path, undefined, signed(simulator, 'GET', path, undefined))).toMatchObject({
      status: 200,
    });
  const types = `${jobs.replace('jobs/batch-status', 'node-type')}?job_direction=up&engine_type=mysql&db_use_type=sync&is_use_sellout_info=true`;
  expect(await send(simulator, 'GET', types, undefined, signed(simulator, 'GET', types, undefined))).toMatchObject({
    status: 200,
  });
});

test('the host need not be signed, and the body of a GET counts: so the SDKs for Go and Python download', async () => {
  const { id } = simulator.createForeign({ name: 'orders' });
  const path = jobs.replace('batch-status', `${id}/compare/result/file`);
  const headers: Record<string, string> = { 'Content-Type': 'application/json', 'X-Sdk-Date': sdkDate(now) };
  for (const [body, code] of [
    ['{"compare_type":"objects_comparison"}', 'DRS.10000010'],
    ['{}', 'DRS.M00201'],
  ] as const) {
    const lines = ['GET', `${path}/`, '', `x-sdk-date:${headers['X-Sdk-Date']}`, '', 'x-sdk-date', hash(body)];
    const toSign = ['SDK-HMAC-SHA256', headers['X-Sdk-Date'], hash(lines.join('\n'))].join('\n');
    const signature = createHmac('sha256', 'local-sk').update(toSign).digest('hex');
    headers['Authorization'] = `SDK-HMAC-SHA256 Access=local-ak, SignedHeaders=x-sdk-date, Signature=${signature}`;
    const sent = await request(`${simulator.url}${path}`, { method: 'GET', headers, body });
    expect(await sent.body.json()).toMatchObject({ error_code: code });
  }
});

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const sdkDate = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');

test.each<[string, (body: unknown) => Record<string, string>, unknown]>([
  ['another secret key', (body) => signed(simulator, 'POST', jobs, body, { sk: 'other' }), { jobs: ['x'] }],
  ['another access key', (body) => signed(simulator, 'POST', jobs, body, { ak: 'other' }), { jobs: ['x'] }],
  ['another body', (body) => signed(simulator, 'POST', jobs, body), { jobs: ['y'] }],
  ['another path', (body) => signed(simulator, 'POST', jobs.replace('status', 'detail'), body), { jobs: ['x'] }],
  ['another method', (body) => signed(simulator, 'PUT', jobs, body), { jobs: ['x'] }],
  [
    'a header that is not what was signed',
    (body) => ({ ...signed(simulator, 'POST', jobs, body), 'Content-Type': 'application/json;charset=utf8' }),
    { jobs: ['x'] },
  ],
  ['no signature at all', () => ({ Authorization: 'SDK-HMAC-SHA256 Access=local-ak' }), { jobs: ['x'] }],
])('a request signed with %s is refused', async (_, sign, sent) => {
  const headers = sign({ jobs: ['x'] });
  delete headers['host'];
  expect(saying(await ask(headers, jobs, sent))).toEqual({ status: 401, code: 'APIGW.0301' });
  expect(simulator.journal().at(-1)).toMatchObject({ auth: 'none', effect: false, code: 'APIGW.0301' });
});

test.each([
  [-16, 401],
  [-14, 200],
  [14, 200],
  [16, 401],
])('a clock that is %i minutes off gets %i', async (minutes, status) => {
  const body = { jobs: ['x'] };
  now += minutes * 60_000;
  expect(await ask(signed(simulator, 'POST', jobs, body), jobs, body)).toMatchObject({ status });
});

test('the projects are listed, the one of the region among others', async () => {
  const token = await fetchToken(simulator);
  const { body } = await send(simulator, 'GET', '/v3/projects/', undefined, { 'X-Auth-Token': token });
  expect(body.projects.map(({ name }: { name: string }) => name)).toEqual([
    'eu-west-101_team',
    'eu-west-101',
    'eu-west-0',
  ]);
  expect(await send(simulator, 'GET', '/v3/projects', undefined, {})).toMatchObject({ status: 401 });
});
