import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { type Json, newTask, PlainClient, sourceTest, storing, targetTest } from './client.js';

let simulator: Simulator;
let client: PlainClient;
beforeEach(async () => {
  simulator = await startSimulator();
  client = new PlainClient(simulator);
});
afterEach(() => simulator.close());

const NOBODY = '00000000-0000-0000-0000-0000000jb101';
const tag = (index: number) => ({ key: `key-${index}`, value: 'v' });
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const dr = {
  db_use_type: 'cloudDataGuard',
  engine_type: 'cloudDataGuard-mysql',
  multi_write: false,
  is_target_readonly: true,
};

describe('a creation', () => {
  test.each<[string, Json, string]>([
    ['without a name', { name: undefined }, 'DRS.M00201'],
    ['with an empty name', { name: '' }, 'DRS.M00201'],
    ['with a null for a name', { name: null }, 'DRS.M00201'],
    ['with a name of 3 characters', { name: 'abc' }, 'DRS.M00202'],
    ['with a name of 51 characters', { name: 'a'.repeat(51) }, 'DRS.M00202'],
    ['with a name that starts with a digit', { name: '1orders' }, 'DRS.M00202'],
    ['with a dot in its name', { name: 'orders.db' }, 'DRS.M00202'],
    ['of an unknown use', { db_use_type: 'copy' }, 'DRS.M00202'],
    ['of SQL Server', { engine_type: 'sqlserver' }, 'DRS.M00202'],
    ['of an engine pair that is not for migrations', { engine_type: 'postgresql' }, 'DRS.M00302'],
    ['by eip without bind_eip', { bind_eip: undefined }, 'DRS.M00201'],
    ['by eip with bind_eip false', { bind_eip: false }, 'DRS.M00202'],
    ['with a subnet that is no UUID', { customize_sutnet_id: 'subnet-1' }, 'DRS.M00202'],
    ['with a master AZ alone', { master_az: 'az2xahz' }, 'DRS.M00201'],
    ['with a slave AZ alone', { slave_az: 'az2xahz' }, 'DRS.M00201'],
    ['with 21 tags', { tags: many(21, tag) }, 'DRS.M00271'],
    ['with a tag twice', { tags: [tag(1), tag(1)] }, 'DRS.M00269'],
    ['with a tag key of 37 characters', { tags: [{ key: 'k'.repeat(37), value: '' }] }, 'DRS.M00270'],
    ['with a tag value of 44 characters', { tags: [{ key: 'k', value: 'v'.repeat(44) }] }, 'DRS.M00270'],
    ['with a dot in a tag', { tags: [{ key: 'k.', value: 'v' }] }, 'DRS.M00202'],
    ['with an exclamation mark in its description', { description: 'now!' }, 'DRS.M00273'],
    ['with a description of 257 characters', { description: 'd'.repeat(257) }, 'DRS.M00202'],
    ['that expires in 13 days', { expired_days: '13' }, 'DRS.M00202'],
    ['that expires in 101 days', { expired_days: '101' }, 'DRS.M00202'],
    ['that expires in a number instead of a string', { expired_days: 30 }, 'DRS.M00202'],
    ['by the month', { charging_mode: 'period', period_order: { period_type: 2, period_num: 1 } }, 'DRS.M00202'],
    ['with 33 nodes', { node_num: 33 }, 'DRS.M00202'],
    ['with an instance but no region', { target_endpoint: { db_type: 'mysql', inst_id: 'x' } }, 'DRS.M00201'],
    ['with port 70000', { source_endpoint: { db_type: 'mysql', db_port: 70_000 } }, 'DRS.M00202'],
    ['of DR without multi_write', { ...dr, multi_write: undefined }, 'DRS.M00201'],
    ['of DR by vpc', { ...dr, net_type: 'vpc' }, 'DRS.M00202'],
    ['of DR without increments', { ...dr, task_type: 'FULL_TRANS' }, 'DRS.M00202'],
    ['of DR without the instance here', { ...dr, target_endpoint: { db_type: 'mysql' } }, 'DRS.M00201'],
  ])('%s is refused as a whole', async (_, over, code) => {
    const reply = await client.post('/jobs/batch-creation', { jobs: [newTask(over)] });
    expect({ status: reply.status, code: reply.body.error_code, jobs: simulator.jobs() }).toEqual({
      status: 400,
      code,
      jobs: [],
    });
  });

  test('names the field in its text and its path in a note', async () => {
    const { body, headers } = await client.post('/jobs/batch-creation', {
      jobs: [newTask(), newTask({ name: 'other', node_type: 'huge' })],
    });
    expect(body).toEqual({ error_code: 'DRS.M00202', error_msg: 'The value of parameter node_type is invalid.' });
    expect(headers.get('x-simulator-note')).toContain('jobs[1].node_type');
  });

  test('of eleven tasks is refused, of ten is not', async () => {
    const task = (index: number) => newTask({ name: `task-${index}` });
    expect((await client.post('/jobs/batch-creation', { jobs: many(11, task) })).body.error_code).toBe('DRS.M00300');
    expect((await client.post('/jobs/batch-creation', { jobs: many(10, task) })).body.count).toBe(10);
  });

  test('under a name in use is refused for that task alone, whatever the case of its letters', async () => {
    await client.create();
    const { status, body } = await client.post('/jobs/batch-creation', {
      jobs: [newTask({ name: 'Orders-To-RDS' }), newTask({ name: 'fresh' })],
    });
    expect(status).toBe(202);
    expect(body.results).toEqual([
      { name: 'Orders-To-RDS', error_code: 'DRS.M00277', error_msg: 'The task name already exists.' },
      expect.objectContaining({ name: 'fresh', status: 'CREATING' }),
    ]);
    expect(simulator.journal().at(-1)).toMatchObject({
      perJob: ['DRS.M00277'],
      effect: true,
      jobs: ['Orders-To-RDS', 'fresh'],
    });
  });

  test('with a field that the reference does not know is let through, and the journal tells', async () => {
    await client.create({ nodetype: 'high' });
    expect(simulator.journal().at(-1)?.unknownFields).toEqual(['jobs[0].nodetype']);
  });
});

const select = (job_id: string) => ({ job_id, selected: false, job: [] });
const precheck = (job_id: string) => ({ job_id, precheck_mode: 'forStartJob' });
const terminate = (job_id: string) => ({ job_id, delete_type: 'terminate' });
const password = (job_id: string) => ({ job_id, end_point_type: 'so', db_password: 'x' });

type Step = (c: PlainClient) => Promise<string>;
const created: Step = (c) => c.create();
const configured: Step = (c) => c.configured();
const tested: Step = (c) => c.tested();
const stored: Step = (c) => c.stored();
const prechecked: Step = (c) => c.prechecked();
const started: Step = (c) => c.started();
const running: Step = async (c) => {
  const id = await c.started();
  await c.until(id, 'FULL_TRANSFER_STARTED');
  return id;
};
const inStatus =
  (status: string): Step =>
  async (c) =>
    c.simulator.createForeign({ name: 'elsewhere', status }).id;
const WRONG = 'DRS.M00304';

describe('the order of calls', () => {
  test.each<[string, Step, string, string, (id: string) => Json, string | undefined]>([
    ['a connection test while it is created', created, 'POST', 'batch-connection', sourceTest, WRONG],
    ['a connection test in CONFIGURATION', configured, 'POST', 'batch-connection', sourceTest, undefined],
    ['a connection test once it runs', running, 'POST', 'batch-connection', sourceTest, WRONG],
    ['storing endpoints before the tests', configured, 'PUT', 'batch-modification', storing, WRONG],
    ['storing endpoints after the tests', tested, 'PUT', 'batch-modification', storing, undefined],
    ['storing endpoints once it runs', running, 'PUT', 'batch-modification', storing, WRONG],
    [
      'another description once it runs',
      running,
      'PUT',
      'batch-modification',
      (job_id) => ({ job_id, description: 'd' }),
      undefined,
    ],
    [
      'another description once it is stopped',
      inStatus('RELEASE_RESOURCE_COMPLETE'),
      'PUT',
      'batch-modification',
      (job_id) => ({ job_id, description: 'd' }),
      'DRS.M05004',
    ],
    [
      'another engine type',
      tested,
      'PUT',
      'batch-modification',
      (id) => storing(id, { engine_type: 'mongodb' }),
      'DRS.M00202',
    ],
    ['objects before the endpoints are stored', tested, 'PUT', 'batch-select-objects', select, WRONG],
    ['objects after', stored, 'PUT', 'batch-select-objects', select, undefined],
    ['objects once it runs', running, 'PUT', 'batch-select-objects', select, WRONG],
    ['a pre-check before the endpoints are stored', tested, 'POST', 'batch-precheck', precheck, WRONG],
    [
      'a pre-check for a retry in CONFIGURATION',
      stored,
      'POST',
      'batch-precheck',
      (job_id) => ({ job_id, precheck_mode: 'forRetryJob' }),
      WRONG,
    ],
    ['a start without a pre-check', stored, 'POST', 'batch-starting', (job_id) => ({ job_id }), WRONG],
    ['a start after the pre-check', prechecked, 'POST', 'batch-starting', (job_id) => ({ job_id }), undefined],
    ['a second start', started, 'POST', 'batch-starting', (job_id) => ({ job_id }), WRONG],
    [
      'a pause before it runs',
      prechecked,
      'POST',
      'batch-pause-task',
      (job_id) => ({ job_id, pause_mode: 'all' }),
      WRONG,
    ],
    [
      'a pause while it runs',
      running,
      'POST',
      'batch-pause-task',
      (job_id) => ({ job_id, pause_mode: 'all' }),
      undefined,
    ],
    ['a retry of what runs', running, 'POST', 'batch-retry-task', (job_id) => ({ job_id }), WRONG],
    [
      'a retry of what failed',
      inStatus('FULL_TRANSFER_FAILED'),
      'POST',
      'batch-retry-task',
      (job_id) => ({ job_id, is_sync_re_edit: true }),
      undefined,
    ],
    [
      'a retry of what was never created',
      inStatus('CREATE_FAILED'),
      'POST',
      'batch-retry-task',
      (job_id) => ({ job_id }),
      WRONG,
    ],
    ['a password in CONFIGURATION', stored, 'PUT', 'batch-modify-pwd', password, WRONG],
    [
      'a password while it waits for its start',
      inStatus('WAITING_FOR_START'),
      'PUT',
      'batch-modify-pwd',
      password,
      WRONG,
    ],
    ['a password while it runs', running, 'PUT', 'batch-modify-pwd', password, undefined],
    [
      'definers once it runs',
      running,
      'POST',
      'batch-replace-definer',
      (job_id) => ({ job_id, replace_definer: true }),
      WRONG,
    ],
    ['an end while it is created', created, 'DELETE', 'batch-jobs', terminate, 'DRS.M01504'],
    ['an end of what could not be created', inStatus('CREATE_FAILED'), 'DELETE', 'batch-jobs', terminate, WRONG],
    [
      'an end of what has ended',
      inStatus('RELEASE_RESOURCE_COMPLETE'),
      'DELETE',
      'batch-jobs',
      terminate,
      'DRS.M05004',
    ],
    ['an end of what is ending', inStatus('RELEASE_RESOURCE_STARTED'), 'DELETE', 'batch-jobs', terminate, 'DRS.M01504'],
    ['an end after an end failed', inStatus('RELEASE_RESOURCE_FAILED'), 'DELETE', 'batch-jobs', terminate, undefined],
    [
      'a deletion of what runs',
      running,
      'DELETE',
      'batch-jobs',
      (job_id) => ({ job_id, delete_type: 'delete' }),
      WRONG,
    ],
    [
      'a deletion of what could not be created',
      inStatus('CREATE_FAILED'),
      'DELETE',
      'batch-jobs',
      (job_id) => ({ job_id, delete_type: 'delete' }),
      undefined,
    ],
    [
      'policies before the endpoints are stored',
      tested,
      'POST',
      'batch-sync-policy',
      (job_id) => ({ job_id, conflict_policy: 'stop' }),
      WRONG,
    ],
    [
      'the start point of increments after',
      stored,
      'POST',
      'batch-sync-policy',
      (job_id) => ({ job_id, gtid_set: 'e4979f26-4bc3-11ee-b279-fa163ef21d64:1-23' }),
      undefined,
    ],
  ])('%s', async (_, arrive, method, call, job, code) => {
    const id = await arrive(client);
    const result = await client.one(method, `/jobs/${call}`, job(id));
    expect(result['error_code']).toBe(code);
    expect(simulator.journal().at(-1)).toMatchObject({
      status: expect.toSatisfy((status: number) => status < 300),
      effect: code === undefined,
    });
  });

  test('a change of endpoints or objects makes a pre-check necessary again', async () => {
    const id = await client.prechecked();
    await client.put('/jobs/batch-select-objects', { jobs: [select(id)] });
    expect(await client.one('POST', '/jobs/batch-starting', { job_id: id })).toMatchObject({
      status: 'failed',
      error_code: WRONG,
    });
  });

  test('a pre-check of endpoints that were not the tested ones fails', async () => {
    const id = await client.tested();
    const other = storing(id);
    other['source_endpoint'].db_password = 'mistyped';
    await client.put('/jobs/batch-modification', { jobs: [other] });
    await client.post('/jobs/batch-precheck', { jobs: [precheck(id)] });
    await client.one('POST', '/jobs/batch-precheck-result', id);
    const result = await client.one('POST', '/jobs/batch-precheck-result', id);
    expect(result).toMatchObject({ process: '100%', result: false });
    expect(result['precheck_result']).toContainEqual(
      expect.objectContaining({ item: 'srcDbConnection', result: 'FAILED' }),
    );
    expect(await client.one('POST', '/jobs/batch-starting', { job_id: id })).toMatchObject({ error_code: WRONG });
  });

  test('a pre-check that is not finished allows no start', async () => {
    const id = await client.stored();
    await client.post('/jobs/batch-precheck', { jobs: [precheck(id)] });
    await client.one('POST', '/jobs/batch-precheck-result', id);
    expect(await client.one('POST', '/jobs/batch-starting', { job_id: id })).toMatchObject({ error_code: WRONG });
  });
});

describe('each call says in its own way that a task is unknown', () => {
  test.each<[string, string, string, unknown, Json]>([
    [
      'batch-connection',
      'POST',
      'jobs',
      sourceTest('no'),
      { id: 'no', status: 'failed', success: false, error_code: 'DRS.M05003' },
    ],
    [
      'batch-modification',
      'PUT',
      'jobs',
      { job_id: 'no', name: 'renamed' },
      { id: 'no', status: 'failed', error_code: 'DRS.M05003' },
    ],
    ['batch-select-objects', 'PUT', 'jobs', select('no'), { job_id: 'no', status: false, error_code: 'DRS.M05003' }],
    ['batch-limit-speed', 'PUT', 'speed_limits', { job_id: 'no', speed_limit: [] }, { id: 'no', status: 'failed' }],
    ['batch-precheck-result', 'POST', 'jobs', 'no', { precheck_id: 'no', error_code: 'DRS.M05003' }],
    [
      'batch-detail',
      'POST',
      'jobs',
      'no',
      { id: 'no', error_code: 'DRS.M05003', error_message: 'Task information not found.' },
    ],
    [
      'batch-status',
      'POST',
      'jobs',
      'no',
      { id: 'no', error_code: 'DRS.M05003', error_message: 'Task information not found.' },
    ],
    [
      'batch-progress',
      'POST',
      'jobs',
      'no',
      { job_id: 'no', error_code: 'DRS.M05003', error_msg: 'Task information not found.' },
    ],
    ['batch-modify-pwd', 'PUT', 'jobs', password('no'), { id: 'no', status: 'failed', end_point_type: 'so' }],
    [
      'batch-update-user',
      'PUT',
      'jobs',
      { job_id: 'no', is_set_password: false, is_migrate_user: false },
      { job_id: 'no', is_success: false, message: 'DRS.M05003' },
    ],
  ])('%s', async (call, method, key, job, said) => {
    expect(await client.one(method, `/jobs/${call}`, job, key)).toMatchObject(said);
  });

  test('batch-get-params, which names no task', async () => {
    const { body } = await client.post('/jobs/batch-get-params', { jobs: ['no'], refresh: '1' });
    expect(body).toEqual({
      count: 1,
      params_list: [{ params: [], error_code: 'DRS.M05003', error_message: 'Task information not found.' }],
    });
  });

  test('a call for a single task is refused as a whole', async () => {
    expect(
      await client.post(`/jobs/${NOBODY}/params`, { group: 'common', params: [{ key: 'k', target_value: '1' }] }),
    ).toMatchObject({
      status: 400,
      body: { error_code: 'DRS.M05003' },
    });
  });
});

describe('requests as a whole', () => {
  test.each<[string, string, string, unknown, number, string]>([
    ['a route that there is not', 'POST', '/jobs/batch-nothing', {}, 404, 'APIGW.0101'],
    ['a method that there is not', 'PUT', '/jobs/batch-status', { jobs: ['x'] }, 404, 'APIGW.0101'],
    ['a body that is no JSON', 'POST', '/jobs/batch-status', '{"jobs":', 400, 'DRS.M00007'],
    ['no jobs', 'POST', '/jobs/batch-status', {}, 400, 'DRS.M00201'],
    ['an empty list of jobs', 'POST', '/jobs/batch-status', { jobs: [] }, 400, 'DRS.M00201'],
    ['a task twice', 'POST', '/jobs/batch-status', { jobs: ['x', 'x'] }, 400, 'DRS.M00301'],
    [
      'a task twice in a write',
      'POST',
      '/jobs/batch-starting',
      { jobs: [{ job_id: 'x' }, { job_id: 'x' }] },
      400,
      'DRS.M00301',
    ],
    ['an endpoint twice', 'PUT', '/jobs/batch-modify-pwd', { jobs: [password('x'), password('x')] }, 400, 'DRS.M00301'],
    ['eleven details', 'POST', '/jobs/batch-detail', { jobs: many(11, String) }, 400, 'DRS.M00300'],
    [
      'a page past the last',
      'POST',
      '/jobs/batch-status',
      { jobs: ['x'], page_req: { cur_page: 2 } },
      400,
      'DRS.M00211',
    ],
    ['a page of 101', 'POST', '/jobs/batch-status', { jobs: ['x'], page_req: { per_page: 101 } }, 400, 'DRS.M00210'],
    ['a list without a use', 'POST', '/jobs', { cur_page: 1, per_page: 10 }, 400, 'DRS.M00201'],
    ['a list of 101 a page', 'POST', '/jobs', { cur_page: 1, per_page: 101, db_use_type: 'sync' }, 400, 'DRS.M00210'],
    [
      'an unknown way to end',
      'DELETE',
      '/jobs/batch-jobs',
      { jobs: [{ job_id: 'x', delete_type: 'kill' }] },
      400,
      'DRS.M00202',
    ],
    ['parameters of no group', 'POST', `/jobs/${NOBODY}/params`, { group: 'all', params: [] }, 400, 'DRS.M00202'],
    [
      'node types without an engine',
      'GET',
      '/node-type?db_use_type=sync&job_direction=up',
      undefined,
      400,
      'DRS.M00201',
    ],
  ])('%s', async (_, method, path, body, status, code) => {
    expect(await client.call(method, path, body)).toMatchObject({ status, body: { error_code: code } });
  });
});

describe('connection tests', () => {
  test.each<[string, Json, string]>([
    ['no address', { ip: undefined }, 'DRS.M00201'],
    ['no password', { db_password: undefined }, 'DRS.M00201'],
    ['no side', { end_point_type: undefined }, 'DRS.M00201'],
    ['vpc without a subnet', { net_type: 'vpc', vpc_id: 'x' }, 'DRS.M00201'],
    ['ssl without a checksum', { ssl_link: true, ssl_cert_key: 'x', ssl_cert_name: 'x' }, 'DRS.M00201'],
    ['an instance without a region', { inst_id: 'x' }, 'DRS.M00201'],
    ['a port for MongoDB', { db_type: 'mongodb', db_port: 27017 }, 'DRS.M00202'],
  ])('%s is refused', async (_, over, code) => {
    const id = await client.configured();
    expect(await client.post('/jobs/batch-connection', { jobs: [sourceTest(id, over)] })).toMatchObject({
      status: 400,
      body: { error_code: code },
    });
  });

  test('registered databases are reached with the right address, port, user and password only', async () => {
    simulator.addDatabase({ ip: '203.0.113.10', port: 3306, user: 'repl', password: 'source-canary' });
    const id = await client.configured();
    const outcome = async (over: Json) =>
      (await client.one('POST', '/jobs/batch-connection', sourceTest(id, over)))['error_code'];
    expect(await outcome({ ip: '203.0.113.11' })).toBe('DRS.KE0001');
    expect(await outcome({ db_port: 3307 })).toBe('DRS.KE0003');
    expect(await outcome({ db_user: 'other' })).toBe('DRS.KE0002');
    expect(await outcome({ db_password: 'other' })).toBe('DRS.KE0002');
    expect(await outcome({ db_type: 'postgresql' })).toBe('DRS.KE0059');
    expect(simulator.job(id)?.tested).toEqual([]);
    expect(await outcome({})).toBeUndefined();
    expect(simulator.job(id)?.tested).toEqual(['so']);
  });

  test('in cluster mode, by an escaped property', async () => {
    const id = await client.configured({ master_az: 'az2xahz', slave_az: 'az3xahz' });
    const member = {
      dbtype: 'mysql',
      ip: '203.0.113.10:3306',
      dbuser: 'repl',
      dbpassword: 'source-canary',
      ssllink: false,
      nettype: 'eip',
      endpointtype: 'so',
    };
    const run = (property: unknown) =>
      client.post('/jobs/cluster/batch-connection', { jobs: [{ action: 'testConnection', job_id: id, property }] });
    expect((await run(JSON.stringify([member]))).body).toEqual({ count: 1, results: [{ id, status: 'true' }] });
    expect(await run([member])).toMatchObject({ status: 400, body: { error_code: 'DRS.M00202' } });
    expect(await run(JSON.stringify([{ ...member, dbuser: undefined }]))).toMatchObject({
      status: 400,
      body: { error_code: 'DRS.M00201' },
    });
    expect(simulator.job(id)?.tested).toEqual(['so']);
    expect(JSON.stringify(simulator.journal())).not.toContain('canary');
  });
});

describe('flow control', () => {
  const window = (begin: string, end: string, speed = '10') => ({ begin, end, speed });
  test.each<[string, Json[], string | undefined]>([
    ['a window', [window('08:00', '17:59')], undefined],
    ['the whole day', [window('16:00', '15:59')], undefined],
    ['none', [], undefined],
    ['two windows side by side', [window('22:00', '01:59'), window('02:00', '03:59')], undefined],
    ['windows that overlap', [window('08:00', '17:59'), window('17:00', '18:59')], 'DRS.M00305'],
    ['windows that overlap past midnight', [window('22:00', '01:59'), window('01:00', '02:59')], 'DRS.M00305'],
    ['a begin that is the end', [window('08:59', '08:59')], 'DRS.M00306'],
    ['an end at a full hour', [window('08:00', '18:00')], 'DRS.M00202'],
    ['speed 0', [window('08:00', '17:59', '0')], 'DRS.M00202'],
    ['speed 10000', [window('08:00', '17:59', '10000')], 'DRS.M00202'],
    [
      'eleven windows',
      many(11, (hour) => window(`${String(hour).padStart(2, '0')}:00`, `${String(hour).padStart(2, '0')}:59`)),
      'DRS.M00305',
    ],
  ])('%s', async (_, speed_limit, code) => {
    const id = await client.configured();
    const { body } = await client.put('/jobs/batch-limit-speed', { speed_limits: [{ job_id: id, speed_limit }] });
    expect(body.error_code).toBe(code);
  });

  test('is not for incremental tasks', async () => {
    const id = await client.configured({ task_type: 'INCR_TRANS' });
    expect(
      await client.one('PUT', '/jobs/batch-limit-speed', { job_id: id, speed_limit: [] }, 'speed_limits'),
    ).toMatchObject({ error_code: 'DRS.M00403' });
  });
});

describe('parameters', () => {
  const change = (id: string, group: string, key: string, target_value: string) =>
    client.post(`/jobs/${id}/params`, { group, params: [{ key, target_value }] });

  test('are changed after they were compared, a group at a time', async () => {
    const id = await client.configured();
    expect((await change(id, 'common', 'max_connections', '800')).body.error_code).toBe('DRS.M00303');
    expect(
      (await client.post('/jobs/batch-get-params', { jobs: [id], refresh: '0' })).body.params_list[0].error_code,
    ).toBe('DRS.M00303');
    const { body } = await client.post('/jobs/batch-get-params', { jobs: [id], refresh: '1' });
    expect(body.params_list[0].params).toContainEqual(
      expect.objectContaining({
        group: 'common',
        key: 'max_connections',
        source_value: '800',
        target_value: '500',
        compare_result: 'false',
        need_restart: 'false',
      }),
    );
    expect((await change(id, 'performance', 'max_connections', '800')).body.error_code).toBe('DRS.M00202');
    expect((await change(id, 'common', 'max_connections', '0')).body.error_code).toBe('DRS.M00202');
    expect((await change(id, 'performance', 'innodb_buffer_pool_size', '1000000000')).body.error_code).toBe(
      'DRS.M00202',
    );
    expect(await change(id, 'common', 'max_connections', '800')).toMatchObject({
      status: 202,
      body: { success: true, should_restart: 'false' },
    });
    expect((await change(id, 'common', 'character_set_server', 'utf8mb4')).body).toEqual({
      success: true,
      should_restart: 'true',
    });
    const again = await client.post('/jobs/batch-get-params', { jobs: [id], refresh: 1 });
    expect(again.body.params_list[0].params).toContainEqual(
      expect.objectContaining({ key: 'max_connections', compare_result: 'true' }),
    );
  });

  test('are for MySQL tasks into the cloud that are being configured', async () => {
    const ask = async (id: string) =>
      (await client.post('/jobs/batch-get-params', { jobs: [id], refresh: '1' })).body.params_list[0].error_code;
    expect(await ask(simulator.createForeign({ name: 'mongo', engine_type: 'mongodb' }).id)).toBe('DRS.M00302');
    expect(await ask(simulator.createForeign({ name: 'down', job_direction: 'down' }).id)).toBe('DRS.M00304');
    expect(await ask(simulator.createForeign({ name: 'runs', status: 'INCRE_TRANSFER_STARTED' }).id)).toBe(
      'DRS.M00304',
    );
  });
});

describe('users', () => {
  test('are listed and chosen after the connection tests', async () => {
    const id = await client.configured();
    expect(await client.get(`/jobs/${id}/get-src-user`)).toMatchObject({
      status: 400,
      body: { error_code: 'DRS.M00304' },
    });
    for (const job of [sourceTest(id), targetTest(id)]) await client.post('/jobs/batch-connection', { jobs: [job] });
    const { body } = await client.get(`/jobs/${id}/get-src-user`);
    expect(body.message).toBe('SUCCESS');
    const list = body.user_list.map((user: Json) => ({
      ...user,
      selected: true,
      password: 'user-canary',
      is_set_password: true,
    }));
    const update = { job_id: id, is_migrate_user: true, is_set_password: false, list, user_roles: body.roles_list };
    expect(await client.put('/jobs/batch-update-user', { jobs: [update] })).toMatchObject({
      status: 200,
      body: { all_counts: 1, results: [{ job_id: id, is_success: true }] },
    });
    expect(await client.put('/jobs/batch-update-user', { jobs: [{ ...update, list: undefined }] })).toMatchObject({
      status: 400,
      body: { error_code: 'DRS.M00201' },
    });
    expect(JSON.stringify(simulator.journal())).not.toContain('canary');
  });
});

describe('listing and paging', () => {
  test('details and statuses come five a page unless asked otherwise', async () => {
    const { body } = await client.post('/jobs/batch-creation', {
      jobs: many(8, (index) => newTask({ name: `task-${index}` })),
    });
    const jobs = body.results.map(({ id }: Json) => id);
    expect((await client.post('/jobs/batch-detail', { jobs })).body.results).toHaveLength(5);
    expect((await client.post('/jobs/batch-status', { jobs })).body.results).toHaveLength(5);
    expect((await client.post('/jobs/batch-status', { jobs, page_req: { cur_page: 2 } })).body.results).toHaveLength(3);
    expect((await client.post('/jobs/batch-status', { jobs, page_req: { per_page: 100 } })).body.results).toHaveLength(
      8,
    );
    expect((await client.post('/jobs/batch-status', { jobs, page_req: { per_page: 0 } })).body.results).toHaveLength(8);
  });

  test('tasks are found by a part of their name, by ids, by status, by tag, and engine_type is mysql where it is absent', async () => {
    const ids = await Promise.all(
      ['orders-a', 'orders-b'].map((name) => client.create({ name, tags: [{ key: 'of', value: name }] })),
    );
    simulator.createForeign({ name: 'mongo-orders', engine_type: 'mongodb' });
    simulator.createForeign({ name: 'sync-orders', db_use_type: 'sync' });
    const find = async (over: Json) => {
      const { body } = await client.post('/jobs', { cur_page: 1, per_page: 100, db_use_type: 'migration', ...over });
      return body.jobs.map(({ name }: Json) => name).sort();
    };
    expect(await find({ name: 'ORDERS' })).toEqual(['orders-a', 'orders-b']);
    expect(await find({ name: 'orders', engine_type: '' })).toEqual(['mongo-orders', 'orders-a', 'orders-b']);
    expect(await find({ name: ids.join() })).toEqual(['orders-a', 'orders-b']);
    expect(await find({ tags: { of: 'orders-b' } })).toEqual(['orders-b']);
    expect(await find({ status: 'INCRE_TRANSFER_STARTED' })).toEqual([]);
    expect((await client.post('/jobs', { cur_page: 2, per_page: 1, db_use_type: 'migration' })).body).toMatchObject({
      total_record: 2,
      jobs: [{}],
    });
  });
});
