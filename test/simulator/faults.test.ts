import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { newTask, PlainClient, send, sourceTest, targetTest } from './client.js';

let simulator: Simulator;
let client: PlainClient;
beforeEach(async () => {
  simulator = await startSimulator();
  client = new PlainClient(simulator);
});
afterEach(async () => {
  expect(simulator.pendingFaults()).toEqual([]);
  await simulator.close();
});

const create = (...names: string[]) =>
  client.post('/jobs/batch-creation', { jobs: names.map((name) => newTask({ name })) });
const names = () => simulator.jobs().map(({ name }) => name);

test('an error refuses the request as a whole, as often as planned, and changes nothing', async () => {
  simulator.fault({
    operation: 'batchCreateJobs',
    times: 2,
    fault: { kind: 'error', status: 500, code: 'DRS.M00004', message: 'boom' },
  });
  for (let call = 0; call < 2; call++) {
    const { status, body } = await create('orders');
    expect({ status, body }).toEqual({ status: 500, body: { error_code: 'DRS.M00004', error_msg: 'boom' } });
    expect(simulator.journal().at(-1)).toMatchObject({ fault: 'error', effect: false, jobs: ['orders'] });
  }
  expect(names()).toEqual([]);
  expect(await create('orders')).toMatchObject({ status: 202 });
});

test('a job error strikes one job inside a 2xx', async () => {
  simulator.fault({
    operation: 'batchCreateJobs',
    match: { job: 'second' },
    fault: { kind: 'jobError', code: 'DRS.M01504' },
  });
  const { status, body } = await create('first', 'second', 'third');
  expect(status).toBe(202);
  expect(body.results[1]).toMatchObject({
    name: 'second',
    error_code: 'DRS.M01504',
    error_msg: expect.stringContaining('Another operation'),
  });
  expect(names()).toEqual(['first', 'third']);
  expect(simulator.journal().at(-1)).toMatchObject({ perJob: ['DRS.M01504'], fault: 'jobError' });
});

test('a job error strikes a single-job call, too', async () => {
  const id = await client.configured();
  await client.post('/jobs/batch-get-params', { jobs: [id], refresh: '1' });
  simulator.fault({ operation: 'updateParams', match: { job: id }, fault: { kind: 'jobError', code: 'DRS.M01504' } });
  const change = { group: 'common', params: [{ key: 'max_connections', target_value: '800' }] };
  expect(await client.post(`/jobs/${id}/params`, change)).toMatchObject({
    status: 202,
    body: { success: false, error_code: 'DRS.M01504' },
  });
  expect((await client.post(`/jobs/${id}/params`, change)).body.success).toBe(true);
});

test('a fault can be for one side of a connection test', async () => {
  const id = await client.configured();
  simulator.fault({
    operation: 'batchValidateConnections',
    match: { job: 'orders-to-rds', endPointType: 'ta' },
    fault: { kind: 'jobError', code: 'DRS.KE0002' },
  });
  expect(await client.one('POST', '/jobs/batch-connection', sourceTest(id))).toMatchObject({ success: true });
  expect(await client.one('POST', '/jobs/batch-connection', targetTest(id))).toEqual({
    success: false,
    id,
    status: 'failed',
    error_code: 'DRS.KE0002',
    error_msg: 'The username or password is incorrect.',
  });
});

test('a missing result has its effect all the same', async () => {
  simulator.fault({ operation: 'batchCreateJobs', match: { job: 'second' }, fault: { kind: 'missingResult' } });
  const { body } = await create('first', 'second');
  expect(body.results.map(({ name }: { name: string }) => name)).toEqual(['first']);
  expect(names()).toEqual(['first', 'second']);
});

test('a lost reply has its effect, a dropped connection has none', async () => {
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'drop' } });
  await expect(create('dropped')).rejects.toThrow();
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'lostReply' } });
  await expect(create('lost')).rejects.toThrow();
  expect(names()).toEqual(['lost']);
  expect(simulator.journal().slice(-2)).toMatchObject([
    { status: 0, fault: 'drop', effect: false },
    { status: 0, fault: 'lostReply', effect: true },
  ]);
});

test('a throttle says when to come back, of IAM, too', async () => {
  simulator.fault({ operation: 'keystoneCreateUserToken', fault: { kind: 'throttle', retryAfter: 7 } });
  const { status, body, headers } = await send(simulator, 'POST', '/v3/auth/tokens', {}, {});
  expect({ status, code: body.error_code, after: headers.get('retry-after') }).toEqual({
    status: 429,
    code: 'APIGW.0308',
    after: '7',
  });
});

test('garbage is a 2xx whose JSON is cut off, after the effect', async () => {
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'garbage' } });
  await expect(create('cut-off')).rejects.toThrow(SyntaxError);
  expect(names()).toEqual(['cut-off']);
  expect(simulator.journal().at(-1)).toMatchObject({ status: 202, fault: 'garbage', effect: true });
});

test('a reply that is cut off is announced as a whole, after the effect', async () => {
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'cutOff' } });
  await expect(create('halved')).rejects.toThrow();
  expect(names()).toEqual(['halved']);
  expect(simulator.journal().at(-1)).toMatchObject({ status: 202, fault: 'cutOff', effect: true });
});

test('a delay comes before whatever else is planned, and counts as time inside', async () => {
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'delay', ms: 60 } });
  simulator.fault({ operation: 'batchCreateJobs', fault: { kind: 'error', status: 503, code: 'APIGW.0106' } });
  expect(await create('late')).toMatchObject({ status: 503 });
  expect(simulator.journal().at(-1)?.ms).toBeGreaterThanOrEqual(55);
});

test('a delay planned for several requests strikes each of them once', async () => {
  simulator.fault({ operation: 'batchCreateJobs', times: 2, fault: { kind: 'delay', ms: 30 } });
  await create('first');
  expect(simulator.pendingFaults()).toMatchObject([{ left: 1 }]);
  await create('second');
  expect(simulator.pendingFaults()).toEqual([]);
});

test('the admin API plans, tells and takes back, and refuses what it does not know', async () => {
  const admin = (method: string, path: string, body?: unknown) =>
    send(simulator, method, `/_simulator${path}`, body, {});
  const fault = { operation: 'batchStartJobs', times: 3, fault: { kind: 'drop' } };
  expect(await admin('POST', '/faults', fault)).toMatchObject({ status: 201, body: [{ ...fault, left: 3 }] });
  expect(await admin('POST', '/faults', { operation: 'batchStartJobs', fault: { kind: 'fire' } })).toMatchObject({
    status: 400,
  });
  expect((await admin('GET', '/faults')).body).toHaveLength(1);
  await admin('DELETE', '/faults');
  expect((await admin('GET', '/faults')).body).toEqual([]);

  expect(await admin('PATCH', '/jobs/later', { hold: 'CREATING', tags: { team: 'a' } })).toMatchObject({ status: 202 });
  const id = await client.create({ name: 'later' });
  expect(await client.status(id)).toBe('CREATING');
  expect(await admin('PATCH', '/jobs/later', { hold: null })).toMatchObject({
    status: 200,
    body: { tags: [{ key: 'team', value: 'a' }] },
  });
  expect(await client.status(id)).toBe('CONFIGURATION');
  expect(await admin('PATCH', `/jobs/${id}`, { stauts: 'x' })).toMatchObject({ status: 400 });
  expect(await admin('GET', '/jobs/nobody')).toMatchObject({ status: 404 });

  expect(await admin('POST', '/jobs', { name: 'theirs', status: 'INCRE_TRANSFER_STARTED' })).toMatchObject({
    status: 201,
    body: { status: 'INCRE_TRANSFER_STARTED' },
  });
  expect((await admin('GET', '/jobs')).body).toHaveLength(2);
  expect((await admin('GET', '/journal')).body.at(-1)).toMatchObject({
    operation: 'batchListJobStatus',
    method: 'POST',
    auth: 'token',
  });
  await admin('DELETE', '/journal');
  expect((await admin('GET', '/journal')).body).toEqual([]);
});

test('a fault that could never strike is refused, and the refusal names what is wrong', async () => {
  const plan = async (body: object) => (await send(simulator, 'POST', '/_simulator/faults', body, {})).body.error;
  expect(await plan({ operation: 'batchStartJob', fault: { kind: 'drop' } })).toContain('no operation "batchStartJob"');
  expect(await plan({ operation: 'batchStartJobs', fault: { kind: 'drpo' } })).toContain('fault.kind: ');
  expect(await plan({ operation: 'keystoneCreateUserToken', fault: { kind: 'delay' } })).toContain('fault.ms: ');
});
