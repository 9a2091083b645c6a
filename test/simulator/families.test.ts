import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultKind } from '../../simulator/faults.js';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { type Json, newTask, PlainClient, sourceTest, storing, targetTest } from './client.js';

let simulator: Simulator;
let client: PlainClient;
beforeEach(async () => {
  simulator = await startSimulator();
  client = new PlainClient(simulator);
});
afterEach(() => simulator.close());

const running = (over: Json = {}) =>
  simulator.createForeign({ name: 'orders', status: 'INCRE_TRANSFER_STARTED', ...over }).id;
const drTask = (over: Json = {}) =>
  running({ db_use_type: 'cloudDataGuard', engine_type: 'cloudDataGuard-mysql', ...over });

/** Topics that are made for each database. */
const BY_DATABASE = {
  topic_policy: '2',
  topic_name_format: '$database$',
  partitions_num: '1',
  replication_factor: '1',
};

describe('comparisons', () => {
  const lines = {
    type: 'lines',
    compare_object: [{ db_name: 'orders' }, { db_name: 'crm', table_name: ['accounts'] }],
  };
  const create = async (id: string, body: Json = lines) => (await client.post(`/jobs/${id}/table/compare`, body)).body;
  const list = async (id: string) => (await client.get(`/jobs/${id}/table/compare`)).body.compare_jobs;

  test('of lines run, end, and find what differs', async () => {
    const id = running();
    simulator.patch(id, {
      data: {
        orders: { orders: { rows: 10 }, items: { rows: 20, targetRows: 19 } },
        crm: { accounts: { rows: 5, targetRows: null }, contacts: { rows: 1 } },
      },
    });
    const { id: compareId } = await create(id);
    const get = async (what: string) => (await client.get(`/jobs/${id}/compare/${compareId}/${what}`)).body;
    expect(await get('line-overview')).toMatchObject({ data_compare_overview_infos: [{ status: 5 }, { status: 5 }] });
    expect(await get('line-overview')).toEqual({
      total_count: 2,
      data_compare_overview_infos: [
        expect.objectContaining({ status: 0, source_db_name: 'orders', compare_num: 2, data_inconsistent_num: 1 }),
        expect.objectContaining({ status: 0, source_db_name: 'crm', compare_num: 1 }),
      ],
    });
    expect(await get('line-detail?db_name=orders&target_db_name=orders')).toMatchObject({
      total_count: 2,
      table_line_compare_result_infos: [
        { source_table_name: 'orders', status: 2 },
        { source_table_name: 'items', source_row_num: 20, target_row_num: 19, difference_row_num: 1, status: 0 },
      ],
    });
    expect((await get('line-detail?status=12')).table_line_compare_result_infos).toMatchObject([
      { source_table_name: 'accounts' },
    ]);
    expect(await list(id)).toMatchObject([
      { id: compareId, type: 'lines', status: 'SUCCESSFUL', export_status: 'INIT', report_remain_seconds: -1 },
    ]);
  });

  test('of values name the rows that differ and set apart what can not be compared', async () => {
    const id = running();
    simulator.patch(id, {
      data: { orders: { orders: { rows: 10, differs: ['id=5'] }, blobs: { rows: 1, uncomparable: 'no primary key' } } },
    });
    const { id: compareId } = await create(id, {
      type: 'contents',
      compare_object: [{ db_name: 'orders' }],
      options: { contentCompareType: 'static' },
    });
    const get = async (what: string) => (await client.get(`/jobs/${id}/compare/${compareId}/${what}`)).body;
    await get('content-overview');
    expect((await get('content-overview')).content_compare_result_infos).toMatchObject([
      { status: 0, data_inconsistent_num: 1, uncomparable_num: 1 },
    ]);
    expect((await get('content-detail')).content_compare_result_infos).toMatchObject([
      { source_table_name: 'orders', line_compare_result: true, content_compare_result: false, status: 2 },
    ]);
    expect((await get('content-detail?type=unCompare')).content_compare_result_infos).toMatchObject([
      { source_table_name: 'blobs', message: 'no primary key' },
    ]);
    expect(await get('content-difference?db_name=orders&table_name=orders')).toMatchObject({
      count: 1,
      contents_infos: [{ source_key_value: ['id=5'], select_sql: 'select * from orders.orders where id=5' }],
    });
  });

  test('of objects answer with nothing, and the overview shows the latest', async () => {
    const id = running();
    const overview = () => client.get(`/jobs/${id}/object/compare`);
    expect(await overview()).toMatchObject({ status: 400, body: { error_code: 'DRS.M00289' } });
    expect(await client.post(`/jobs/${id}/object/compare`, {})).toMatchObject({ status: 202, body: {} });
    expect((await overview()).body).toMatchObject({
      status: 'RUNNING',
      compare_result: [{ type: 'DB', status: 3 }, {}, {}, {}],
    });
    const { body } = await overview();
    expect(body).toMatchObject({
      status: 'SUCCESSFUL',
      compare_result: [{ type: 'DB', status: 2, source_count: 2 }, { type: 'TABLE', source_count: 4 }, {}, {}],
    });
    const { body: details } = await client.get(
      `/jobs/${id}/object/compare/TABLE?compare_job_id=${body.compare_job_id}`,
    );
    expect(details.compare_detail).toContainEqual({
      source_db_value: 'accounts',
      target_db_value: 'accounts',
      source_db_name: 'crm',
      target_db_name: 'crm',
      status: 2,
    });
    expect(await client.get(`/jobs/${id}/object/compare/NONSENSE`)).toMatchObject({ status: 400 });
  });

  test('run one at a time, never objects and values together, and only on a task that carries changes', async () => {
    const id = running();
    await create(id);
    expect((await create(id)).error_code).toBe('DRS.10000024');
    expect((await client.post(`/jobs/${id}/object/compare`, {})).status).toBe(202);
    const other = running({ name: 'other' });
    await create(other, { ...lines, type: 'contents' });
    expect((await client.post(`/jobs/${other}/object/compare`, {})).body.error_code).toBe('DRS.10000024');
    const objects = running({ name: 'objects' });
    expect((await client.post(`/jobs/${objects}/object/compare`, {})).status).toBe(202);
    expect((await create(objects, { ...lines, type: 'contents' })).error_code).toBe('DRS.10000024');
    expect(await create(objects)).toHaveProperty('id');
    expect((await create(running({ name: 'third', status: 'FULL_TRANSFER_STARTED' }))).error_code).toBe('DRS.M00304');
    expect((await create(running({ name: 'fourth' }), { type: 'lines', compare_object: [] })).error_code).toBe(
      'DRS.M00201',
    );
  });

  test('at a time wait, start now when told so, and can be cancelled', async () => {
    const id = running();
    const { id: compareId } = await create(id, { ...lines, start_time: String(Date.now() + 3600_000) });
    expect(await list(id)).toMatchObject([{ status: 'WAITING_FOR_RUNNING' }]);
    expect((await client.post(`/jobs/${id}/table/compare/${compareId}`, {})).body).toEqual({});
    expect(await list(id)).toMatchObject([{ status: 'RUNNING' }]);
    expect((await client.call('DELETE', `/jobs/${id}/compare/${compareId}`)).body).toEqual({});
    expect(await list(id)).toMatchObject([{ status: 'CANCELLED' }]);
    expect((await client.call('DELETE', `/jobs/${id}/compare/${compareId}`)).body.error_code).toBe('DRS.M00304');
  });

  test('of values go on where they are dynamic until they are cancelled, and look at large objects where they are told to', async () => {
    const id = running({ name: 'dynamic' });
    simulator.patch(id, { data: { orders: { orders: { rows: 10, lobs: ['id=9'] } } } });
    const values = async (options: Json): Promise<Json> => {
      const { id: compareId } = await create(id, {
        type: 'contents',
        compare_object: [{ db_name: 'orders' }],
        options,
      });
      const statuses = [(await list(id))[0].status, (await list(id))[0].status];
      const detail = (await client.get(`/jobs/${id}/compare/${compareId}/content-detail`)).body;
      return { compareId, statuses, rows: detail.content_compare_result_infos };
    };
    const dynamic = await values({ contentCompareType: 'dynamic', lobCompare: 'length' });
    expect(dynamic).toMatchObject({
      statuses: ['FULL_DOING', 'INCRE_DOING'],
      rows: [{ status: 2, content_compare_result: false }],
    });
    expect((await create(id)).error_code).toBe('DRS.10000024');
    expect((await client.call('DELETE', `/jobs/${id}/compare/${dynamic['compareId']}`)).body).toEqual({});
    expect(await values({ contentCompareType: 'static', lobCompare: 'ignore' })).toMatchObject({
      statuses: ['RUNNING', 'SUCCESSFUL'],
      rows: [{ status: 2, content_compare_result: true }],
    });
  });

  test('are exported and downloaded as a workbook', async () => {
    const id = running();
    const { id: compare_job_id } = await create(id);
    const file = { compare_type: 'lines', compare_job_id };
    const path = `/jobs/${id}/compare/result/file`;
    const region = { Region: 'eu-west-101' };
    expect((await client.call('POST', path, file, region)).body.error_code).toBe('DRS.10000024');
    for (let reads = 0; reads < 2; reads++) await list(id);
    expect((await client.call('POST', path, file)).body.error_code).toBe('DRS.M00201');
    expect(await client.call('POST', path, file, region)).toMatchObject({ status: 200, body: '' });
    expect(await list(id)).toMatchObject([{ export_status: 'EXPORTING' }]);
    expect(await list(id)).toMatchObject([{ export_status: 'EXPORT_COMPLETE' }]);
    const query = new URLSearchParams(file);
    const token = { 'X-Auth-Token': await client.authorized() };
    const reply = await fetch(`${simulator.url}/v3/${simulator.project.id}${path}?${query}`, { headers: token });
    const bytes = Buffer.from(await reply.arrayBuffer());
    expect(reply.headers.get('content-type')).toContain('spreadsheetml');
    expect(bytes.subarray(0, 2).toString()).toBe('PK');
    expect(bytes.includes('order_items')).toBe(true);
  });

  test('of the older form: both kinds at once, keep or cancel, and all results in one reply', async () => {
    const id = running();
    const ask = (conflict_policy: string) =>
      client.post('/jobs/create-compare-task', {
        job_id: id,
        object_level_compare_type: conflict_policy === 'keep' ? '' : 'objects',
        data_level_compare_info: {
          conflict_policy,
          compare_type: 'lines',
          compare_mode: null,
          start_time: null,
          compare_object_infos: [{ db_name: 'orders' }],
        },
      });
    const first = (await ask('cancel')).body;
    expect((await ask('keep')).body.data_level_compare_create_result).toMatchObject({ error_code: 'DRS.10000024' });
    const asked = {
      job_id: id,
      object_level_compare_id: first.object_level_compare_create_result.compare_task_id,
      line_compare_id: first.data_level_compare_create_result.compare_task_id,
      current_page: 1,
      per_page: 10,
    };
    await client.post('/jobs/query-compare-result', asked);
    expect((await client.post('/jobs/query-compare-result', asked)).body).toMatchObject({
      object_level_compare_results: {
        object_compare_overview: [{ object_type: 'DB', object_compare_result: 'CONSISTENT' }, {}, {}, {}],
      },
      line_compare_results: {
        line_compare_overview: [{ source_db_name: 'orders', line_compare_result: 'CONSISTENT' }],
      },
      compare_task_list_results: {
        compare_task_list_count: 2,
        compare_task_list: [
          { compare_type: 'lines' },
          { compare_type: 'object_comparison', compare_task_status: 'SUCCESSFUL' },
        ],
      },
    });
  });
});

describe('disaster recovery', () => {
  const dual = newTask({
    name: 'dual',
    db_use_type: 'cloudDataGuard',
    engine_type: 'cloudDataGuard-mysql',
    multi_write: true,
    is_target_readonly: true,
  });
  const configure = async (id: string, job_direction: string) => {
    for (const job of [sourceTest(id), targetTest(id)]) await client.post('/jobs/batch-connection', { jobs: [job] });
    await client.put('/jobs/batch-modification', {
      jobs: [storing(id, { engine_type: 'cloudDataGuard-mysql', job_direction })],
    });
  };

  test('dual-active: the backward task waits for the forward one, and each call knows parent and subtask', async () => {
    const { body } = await client.post('/jobs/batch-creation', { jobs: [dual] });
    const { id: parent, child_ids } = body.results[0];
    expect(child_ids).toHaveLength(2);
    const [row] = (
      await client.post('/jobs', { cur_page: 1, per_page: 10, db_use_type: 'cloudDataGuard', engine_type: '' })
    ).body.jobs;
    expect(row.children.map(({ job_direction }: Json) => job_direction)).toEqual(['up', 'down']);
    const [forward, backward] = child_ids;
    for (const id of [parent, forward, backward]) await client.until(id, 'CONFIGURATION');

    expect(await client.one('POST', '/jobs/batch-connection', sourceTest(parent))).toMatchObject({
      error_code: 'DRS.M00307',
    });
    expect(await client.one('DELETE', '/jobs/batch-jobs', { job_id: forward, delete_type: 'terminate' })).toMatchObject(
      { error_code: 'DRS.M00308' },
    );
    expect(await client.one('POST', '/jobs/batch-connection', sourceTest(backward))).toMatchObject({
      error_code: 'DRS.M00304',
    });

    await configure(forward, 'up');
    await client.post('/jobs/batch-precheck', { jobs: [{ job_id: forward, precheck_mode: 'forStartJob' }] });
    for (let reads = 0; reads < 2; reads++) await client.post('/jobs/batch-precheck-result', { jobs: [forward] });
    await client.post('/jobs/batch-starting', { jobs: [{ job_id: forward }] });
    await client.until(forward, 'INCRE_TRANSFER_STARTED');
    await configure(backward, 'down');
    simulator.patch(forward, { delay: 61 });
    expect(await client.one('POST', '/jobs/batch-starting', { job_id: backward })).toMatchObject({
      error_code: 'DRS.M00304',
    });
    simulator.patch(forward, { delay: 1 });
    expect(await client.one('POST', '/jobs/batch-rpo-and-rto', forward)).toMatchObject({
      rpo_info: { delay: '1000' },
      rto_info: { delay: '1000' },
    });
    expect(await client.one('POST', '/jobs/batch-starting', { job_id: backward })).toEqual({
      id: backward,
      status: 'success',
    });
    expect(await client.one('POST', '/jobs/batch-switchover', forward)).toMatchObject({ error_code: 'DRS.M00304' });

    await client.call('DELETE', '/jobs/batch-jobs', { jobs: [{ job_id: parent, delete_type: 'terminate' }] });
    for (const id of [parent, forward, backward]) await client.until(id, 'RELEASE_RESOURCE_COMPLETE');
    await client.call('DELETE', '/jobs/batch-jobs', { jobs: [{ job_id: parent, delete_type: 'delete' }] });
    expect(simulator.jobs()).toEqual([]);
  });

  test('a switchover turns the direction round after its reply, and is told while it runs', async () => {
    const id = drTask();
    simulator.patch(id, { hold: 'SWITCH_OVER' });
    const truth = async () => {
      const { job_direction, original_job_direction, is_target_readonly } = await client.one(
        'POST',
        '/jobs/batch-detail',
        id,
      );
      return { job_direction, original_job_direction, is_target_readonly };
    };
    expect(await client.one('POST', '/jobs/batch-switchover', id)).toMatchObject({
      job_id: id,
      job_direction: 'up',
      source_db: { db_password: '********' },
    });
    const row = async () =>
      (await client.post('/jobs', { cur_page: 1, per_page: 10, db_use_type: 'cloudDataGuard', engine_type: '' })).body
        .jobs[0];
    expect((await row()).job_action.current_action).toBe('SWITCH_OVER');
    expect(await client.one('POST', '/jobs/batch-switchover', id)).toMatchObject({ error_code: 'DRS.M01504' });
    expect((await truth()).job_direction).toBe('up');
    simulator.patch(id, { hold: null });
    await row();
    expect(await truth()).toEqual({ job_direction: 'down', original_job_direction: 'up', is_target_readonly: false });
    expect((await row()).job_action.current_action).toBeUndefined();
  });

  test('only the database that takes over must be reachable: the target, and after a switchover the source', async () => {
    const id = drTask();
    const direction = () => simulator.job(id)?.direction;
    simulator.patch(id, { normal: { source: false } });
    await client.post('/jobs/batch-switchover', { jobs: [id] });
    await client.until(id, 'INCRE_TRANSFER_FAILED');
    expect(direction()).toBe('down');
    expect(await client.one('POST', '/jobs/batch-switchover', id)).toMatchObject({ error_code: 'DRS.M00304' });
    simulator.patch(id, { normal: { source: true, target: false }, status: 'INCRE_TRANSFER_STARTED' });
    await client.post('/jobs/batch-switchover', { jobs: [id] });
    await client.until(id, 'INCRE_TRANSFER_FAILED');
    expect(direction()).toBe('up');
  });

  test('a switchover can be accepted and ignored, or begin only later', async () => {
    const id = drTask();
    const plan = (fault: FaultKind) => simulator.fault({ operation: 'batchSwitchover', match: { job: id }, fault });
    const row = async () =>
      (await client.post('/jobs', { cur_page: 1, per_page: 10, db_use_type: 'cloudDataGuard', engine_type: '' })).body
        .jobs[0];
    plan({ kind: 'ignored' });
    plan({ kind: 'late', ms: 0 });
    const accepted = { job_id: id, job_direction: 'up' };
    expect(await client.one('POST', '/jobs/batch-switchover', id)).toMatchObject(accepted);
    for (let reads = 0; reads < 4; reads += 1)
      expect(await row()).not.toMatchObject({ job_action: { current_action: expect.anything() } });
    expect(await client.one('POST', '/jobs/batch-switchover', id)).toMatchObject(accepted);
    expect((await row()).job_action.current_action).toBe('SWITCH_OVER');
    await row();
    expect((await row()).job_direction).toBe('down');
  });

  test('a switchover that fails leaves the direction as it was', async () => {
    const id = drTask();
    simulator.patch(id, { failNext: 'SWITCH_OVER' });
    await client.post('/jobs/batch-switchover', { jobs: [id] });
    await client.until(id, 'INCRE_TRANSFER_FAILED');
    expect(await client.one('POST', '/jobs/batch-detail', id)).toMatchObject({ job_direction: 'up' });
  });

  test('monitoring tells which database is well, leaves out what is no disaster recovery', async () => {
    const id = drTask();
    const other = running({ name: 'migration' });
    simulator.patch(id, { normal: { target: false } });
    const { body } = await client.post('/jobs/disaster-recovery-monitoring-data', { jobs: [id, other] });
    expect(body).toMatchObject({
      count: 1,
      results: [{ id, data_guard_minitor: { src_normal: true, dst_normal: false } }],
    });
    expect(await client.one('POST', '/jobs/batch-switchover', id)).toMatchObject({ error_code: 'DRS.M00304' });
  });

  test('the initialisation has its counts and its objects, paged', async () => {
    const id = drTask();
    const { struct_process } = await client.one('POST', '/jobs/batch-struct-process', id);
    expect(struct_process.result).toContainEqual(
      expect.objectContaining({ type: 'table_indexs', status: 2, src_count: 4, dst_count: 4 }),
    );
    const ask = async (page_req?: Json) =>
      (await client.post('/jobs/table/batch-struct-detail', { jobs: [id], page_req })).body.results[0].struct_detail;
    expect((await ask()).list).toHaveLength(4);
    expect((await ask({ per_page: 3, cur_page: 2 })).list).toHaveLength(1);
    expect((await client.post('/jobs/tables/batch-struct-detail', { jobs: [id] })).body.error_code).toBe('DRS.M00202');
  });
});

describe('synchronisations', () => {
  const sync = { db_use_type: 'sync' };

  test('filter rows, one rule a table', async () => {
    const id = await client.stored(sync);
    const rule = {
      job_id: id,
      object_info: [{ id: 'orders-*-*-orders', select: 'true' }],
      transformation_info: { transformation_type: 'contentConditionalFilter', value: 'id>5' },
    };
    const add = () => client.one('POST', '/jobs/batch-transformation', rule);
    expect(await add()).toMatchObject({ error_code: 'DRS.M00304' });
    await client.put('/jobs/batch-select-objects', { jobs: [{ job_id: id, selected: false }] });
    expect(await add()).toEqual({ id, status: 'success' });
    expect(await add()).toMatchObject({ error_code: 'DRS.M07000' });
    expect((await client.one('POST', '/jobs/batch-detail', id))['data_transformation']).toMatchObject({
      total_count: 1,
      filter_conditions: [
        {
          transformation_info: { value: 'id>5' },
          data_transformation_object_infos: [{ db_name: 'orders', table_name: 'orders' }],
        },
      ],
    });
  });

  test('can be edited while they run: objects, pre-check, retry, and a subtask carries them over', async () => {
    const id = await client.started(sync);
    await client.until(id, 'INCRE_TRANSFER_STARTED');
    await client.put('/jobs/batch-select-objects', { jobs: [{ job_id: id, selected: false }] });
    expect(
      await client.one('POST', '/jobs/batch-precheck', { job_id: id, precheck_mode: 'forStartJob' }),
    ).toMatchObject({ error_code: 'DRS.M00304' });
    await client.post('/jobs/batch-precheck', { jobs: [{ job_id: id, precheck_mode: 'forRetryJob' }] });
    for (let reads = 0; reads < 2; reads++) await client.post('/jobs/batch-precheck-result', { jobs: [id] });
    expect(await client.one('POST', '/jobs/batch-retry-task', { job_id: id, is_sync_re_edit: true })).toEqual({
      id,
      status: 'success',
    });
    const children = async () =>
      (await client.post('/jobs', { cur_page: 1, per_page: 10, db_use_type: 'sync' })).body.jobs[0].children;
    expect(await children()).toMatchObject([{ status: 'CHILD_TRANSFER_STARTED' }]);
    expect(await client.one('PUT', '/jobs/batch-select-objects', { job_id: id, selected: false })).toMatchObject({
      error_code: 'DRS.M00402',
    });
    for (let reads = 0; reads < 3; reads++) await children();
    expect(await children()).toMatchObject([{ status: 'RELEASE_CHILD_TRANSFER_COMPLETE' }]);
    expect(await client.status(id)).toBe('INCRE_TRANSFER_STARTED');
  });

  test('to Kafka have policies of their own', async () => {
    const id = running({ ...sync, engine_type: 'mysql-to-kafka', name: 'kafka' });
    const set = (over: Json) => client.one('POST', '/jobs/batch-sync-policy', { job_id: id, ...over });
    expect(await set({ topic_policy: '0' })).toMatchObject({ error_code: 'DRS.M00201' });
    expect(await set({ topic_policy: '2', partition_policy: '2' })).toMatchObject({ error_code: 'DRS.M00202' });
  });

  test.each<[string, string, Json]>([
    ['topics for another target', 'mysql', { topic_policy: '0', topic: 'a', partition_policy: '1' }],
    ['topics by database', 'mysql-to-kafka', { ...BY_DATABASE, partition_policy: '1' }],
    ['topics by DN', 'gaussdbv5ha-to-kafka', { topic_policy: '4', partition_policy: '1', slot_name: 's' }],
    ['partitions by DN', 'gaussdbv5ha-to-kafka', { ...BY_DATABASE, partition_policy: '4', slot_name: 's' }],
    [
      'data as avro',
      'taurus-to-kafka',
      { topic_policy: '0', topic: 'a', partition_policy: '1', kafka_data_format: 'avro' },
    ],
  ])('refuse %s where the pair has them not', async (_, engine_type, policy) => {
    const source = engine_type.split('-')[0] === 'gaussdbv5ha' ? 'gaussdbv5ha' : 'mysql';
    const id = running({ ...sync, engine_type, status: 'CONFIGURATION', source_endpoint: { db_type: source } });
    await client.post('/jobs/batch-connection', { jobs: [{ ...sourceTest(id), db_type: source }] });
    await client.post('/jobs/batch-connection', { jobs: [targetTest(id)] });
    const body = { ...storing(id), engine_type };
    await client.put('/jobs/batch-modification', { jobs: [body] });
    expect(await client.one('POST', '/jobs/batch-sync-policy', { job_id: id, ...policy })).toMatchObject({
      error_code: 'DRS.M00202',
    });
  });

  test('start only once objects are selected', async () => {
    const id = await client.stored(sync);
    await client.post('/jobs/batch-precheck', { jobs: [{ job_id: id, precheck_mode: 'forStartJob' }] });
    for (let reads = 0; reads < 2; reads++) await client.post('/jobs/batch-precheck-result', { jobs: [id] });
    const start = () => client.one('POST', '/jobs/batch-starting', { job_id: id });
    expect(await start()).toMatchObject({ error_code: 'DRS.M00304' });
  });
});

describe('settings and resources', () => {
  test('tuning is initialised first, and an interval above 999 is refused', async () => {
    const id = running();
    const set = async (body: Json) => (await client.put(`/job/${id}/tuning-params/modify-params`, body)).body;
    const interval = (value: string) => ({ incre_relay: { slotAdvanceInterval: value } });
    expect((await set(interval('5'))).error_code).toBe('DRS.M00201');
    expect(await set({ recovery: true })).toMatchObject({ modify_result: 'success' });
    expect((await set(interval('1000'))).error_code).toBe('DRS.M00414');
    expect(await set(interval('5'))).toEqual({
      full_sync: [],
      incre_capture: [],
      incre_apply: [],
      incre_relay: [{ param_name: 'slotAdvanceInterval', param_value: '5' }],
      modify_result: 'success',
    });
    const { body } = await client.get(`/job/${id}/tuning-params/query-params`);
    expect(body.incre_relay).toContainEqual(
      expect.objectContaining({ param_name: 'slotAdvanceInterval', param_value: '5' }),
    );
  });

  test('log shipping is written with an empty reply and read back', async () => {
    const id = running();
    const job = { log_group_id: 'group', log_stream_id: 'stream', lts_enabled: true };
    expect(await client.put(`/jobs/${id}/lts-log-switch`, { job })).toMatchObject({ status: 200, body: {} });
    expect((await client.get(`/jobs/${id}/lts-log-switch`)).body).toEqual({ job });
    expect((await client.put(`/jobs/${id}/lts-log-switch`, { job: { lts_enabled: true } })).body.error_code).toBe(
      'DRS.M00201',
    );
  });

  test('notifications, quotas, zones and node types', async () => {
    const id = running();
    const alarm = {
      jobs: [{ job_id: id, status: 'INCRE_TRANSFER_STARTED', engine_type: 'mysql' }],
      alarm_notify_info: { topic_urn: 'urn:smn:eu-west-101:p:drs', delay_time: 60 },
    };
    expect((await client.post('/jobs/batch-set-smn', alarm)).body.results).toEqual([{ id, status: 'success' }]);
    expect(await client.one('POST', '/jobs/batch-detail', id)).toMatchObject({
      alarm_notify: { topic_name: 'drs', delay_time: 60 },
    });
    expect((await client.get('/quotas')).body.quotas.resource).toMatchObject({ type: 'instances', used: 1 });
    const zones = { engine_type: 'mysql', db_use_type: 'sync', job_direction: 'up', node_type: 'medium' };
    expect((await client.post('/available-zone', zones)).body.az_infos[0]).toEqual({
      code: 'az1xahz',
      name: 'az1xahz',
      status: 'DISABLED',
    });
    const types = 'db_use_type=sync&engine_type=mysql&job_direction=up';
    const soldOut = async (query: string) =>
      (await client.get(`/node-type?${query}`)).body.node_types.filter(({ is_sellout }: Json) => is_sellout);
    expect(await soldOut(types)).toEqual([]);
    expect(await soldOut(`${types}&is_use_sellout_info=true`)).toMatchObject([{ node_type: 'micro' }]);
    expect((await client.get(`/node-type?${types.replace('up', 'sideways')}`)).body.error_code).toBe('DRS.M00202');
  });

  test('a yearly task is ordered at its start', async () => {
    const id = await client.prechecked({
      db_use_type: 'sync',
      charging_mode: 'period',
      period_order: { period_type: 2, period_num: 1 },
    });
    expect(await client.one('POST', '/jobs/batch-starting', { job_id: id })).toMatchObject({
      status: 'success',
      order_id: expect.stringMatching(/^CS/),
    });
  });
});
