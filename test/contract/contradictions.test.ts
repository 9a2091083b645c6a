import { describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../drs/connect.js';
import type { Operation } from '../../drs/operation.js';
import { type OperationName, operations } from '../../drs/operations/index.js';
import { problemsOf } from '../../drs/operations/problems.js';
import { groupOf, PASSWORD_CHANGEABLE, RETRYABLE, TASK_STATUSES } from '../../drs/statuses.js';
import { startSimulator } from '../../simulator/server.js';
import { cloudAt, startService } from '../drs/service.js';
import { PlainClient } from '../simulator/client.js';
import { fixtures } from './fixtures.js';

/* Where the reference contradicts itself: what was decided, one test each. */

const ID = '140b5236-88ad-43c8-811c-1268453jb101';
const table: Readonly<Record<string, Operation>> = operations;

/** Paths of the problems of the first valid request with some fields changed. */
function told(name: OperationName, change: object, base: unknown = fixtures[name].valid[0]): string[] {
  const parsed = table[name]?.request.safeParse({ ...(base as object), ...change });
  return parsed?.success ? [] : problemsOf(parsed?.error as never).map(({ path }) => path);
}
const read = (name: OperationName, reply: unknown) => table[name]?.reply.parse(reply) as Record<string, unknown>;
const route = (name: OperationName) => table[name]?.route;
const endpoints = { ...(fixtures.batchUpdateJob.valid[0] as { source_endpoint: object; target_endpoint: object }) };

/** What one call sends, and what it makes of the answer. */
async function exchanged(name: OperationName, request: unknown, body: unknown, status = 200) {
  const service = await startService(() => ({ status, body }));
  const drs = connect(cloudAt(service.url), { env: {} });
  onTestFinished(() => drs.close());
  const reply = await (drs[name] as (request: unknown) => Promise<Record<string, unknown>>)(request);
  return { reply, sent: service.seen[0] };
}

describe('paths', () => {
  test('6.1.23: node-type, not node_type', () => {
    expect(route('listAvailableNodeTypes')).toBe('GET /v3/{project_id}/node-type');
  });

  test('6.1.30 to 6.1.33: /compare/{compare_job_id}/, not /table/compare/', () => {
    for (const name of [
      'listDataCompareOverview',
      'listDataCompareDetail',
      'listContentCompareOverview',
      'listContentCompareDetail',
    ] as const)
      expect(route(name)).toMatch(/^GET \/v3\/\{project_id\}\/jobs\/\{job_id\}\/compare\/\{compare_job_id\}\//);
  });

  test('8.2 names other paths for some calls: those of chapter 6 hold', () => {
    expect(route('createCompareTask')).toBe('POST /v3/{project_id}/jobs/create-compare-task');
    expect(route('updateParams')).toBe('POST /v3/{project_id}/jobs/{job_id}/params');
    expect(route('batchStopJobs')).toBe('POST /v3/{project_id}/jobs/batch-pause-task');
    expect(route('listCompareResult')).toBe('POST /v3/{project_id}/jobs/query-compare-result');
    expect(route('showJobList')).toBe('POST /v3/{project_id}/jobs');
  });

  test('4.2 creates by POST …/jobs with source_Endpoint: 6.1.1 holds', () => {
    expect(route('batchCreateJobs')).toBe('POST /v3/{project_id}/jobs/batch-creation');
    expect(told('batchCreateJobs', { source_Endpoint: {} })).toEqual(['source_Endpoint']);
  });
});

describe('requests', () => {
  test('6.1.27: transformation_type, not transformationType', () => {
    const filter = (transformation_info: object) => [{ object_info: [{ id: 'db-*-*-t' }], transformation_info }];
    const info = { transformation_type: 'contentConditionalFilter', value: 'id>1' };
    expect(told('createDataLevelTableCompareJob', { compare_transformation_infos: filter(info) })).toEqual([]);
    const other = { transformationType: 'contentConditionalFilter', value: 'id>1' };
    expect(told('createDataLevelTableCompareJob', { compare_transformation_infos: filter(other) })).toContain(
      'compare_transformation_infos[0].transformation_info.transformationType',
    );
  });

  test('6.1.27: the filter is contentConditionalFilter, its ids are db-*-*-schema-*-*-table', () => {
    const paths = (id: string, transformation_type: string) =>
      told('createDataLevelTableCompareJob', {
        compare_transformation_infos: [
          { object_info: [{ id }], transformation_info: { transformation_type, value: 'x' } },
        ],
      });
    const at = 'compare_transformation_infos[0]';
    expect(paths('db-*-*-schema-*-*-table', 'contentConditionalFilter')).toEqual([]);
    expect(paths('db---table', 'contentConditionalFilter')).toEqual([`${at}.object_info[0].id`]);
    expect(paths('db-*-*-table', 'contentConditionalFilte')).toEqual([`${at}.transformation_info.transformation_type`]);
  });

  test('6.1.9: refresh travels as the text "1"', async () => {
    expect(told('batchShowParams', { refresh: 1 })).toEqual(['refresh']);
    const { sent } = await exchanged(
      'batchShowParams',
      { job_id: ID, refresh: '1' },
      { params_list: [{ params: [] }] },
    );
    expect(sent?.body).toEqual({ jobs: [ID], refresh: '1' });
  });

  test('6.1.4: db_port is sent as a number, 0 for MongoDB; it is read as text, too', () => {
    const source = (fields: object) => ({ source_endpoint: { ...endpoints.source_endpoint, ...fields } });
    expect(told('batchUpdateJob', source({ db_port: 3306 }))).toEqual([]);
    expect(told('batchUpdateJob', source({ db_port: '3306' }))).toEqual(['source_endpoint.db_port']);
    expect(told('batchUpdateJob', source({ db_port: 0 }))).toEqual(['source_endpoint.db_port']);
    expect(told('batchUpdateJob', source({ db_type: 'mongodb', ip: '10.0.0.1:27017', db_port: 0 }))).toEqual([]);
    const details = read('batchListJobDetails', { id: ID, status: 'X', source_endpoint: { db_port: '3306' } });
    expect(details).toMatchObject({ source_endpoint: { db_port: 3306 } });
  });

  test('6.1.4: an endpoint is stored with its ip or its inst_id', () => {
    const target = (fields: object) => ({ target_endpoint: { ...endpoints.target_endpoint, ...fields } });
    expect(told('batchUpdateJob', target({}))).toEqual([]);
    expect(told('batchUpdateJob', target({ inst_id: undefined, ip: '10.0.0.1' }))).toEqual([]);
    expect(told('batchUpdateJob', target({ inst_id: undefined }))).toEqual(['target_endpoint.ip']);
  });

  test('6.1.4: delays are 0 to 3600', () => {
    const delay = (delay_time: number) => told('batchUpdateJob', { alarm_notify: { delay_time } });
    expect([delay(0), delay(3600)]).toEqual([[], []]);
    expect(delay(3601)).toEqual(['alarm_notify.delay_time']);
  });

  test('6.1.2: a Kafka without SASL has neither user nor password; the type is the table’s', () => {
    const kafka = { id: ID, ip: '192.0.2.1:9092', net_type: 'eip', db_type: 'kafka', end_point_type: 'ta' };
    const of = (type: string) => told('batchValidateConnections', { kafka_security_config: { type } }, kafka);
    expect(of('PLAINTEXT')).toEqual([]);
    expect(of('SSL').filter((path) => /db_/.test(path))).toEqual([]);
    expect(of('TLS')).toEqual(['kafka_security_config.type']);
    expect(told('batchValidateConnections', { db_user: undefined, db_password: undefined })).toEqual(
      expect.arrayContaining(['db_user', 'db_password']),
    );
  });

  test('6.1.3: dbport and dbName may be absent where the ip carries the port', () => {
    const [whole] = fixtures.batchValidateClustersConnections.valid as [{ property: { ip: string }[] }];
    const [first] = whole.property;
    const property = (fields: object) =>
      told('batchValidateClustersConnections', { property: [{ ...first, ...fields }] });
    expect(property({ ip: '10.0.0.1:3306' })).toEqual([]);
    expect(property({ ip: '10.0.0.1' })).toEqual(['property[0].dbport']);
    expect(property({ ip: '10.0.0.1', dbport: 3306 })).toEqual([]);
  });

  test('6.1.12: is_sync_re_edit may be true, and absent', () => {
    expect(told('batchRestoreTask', { is_sync_re_edit: true })).toEqual([]);
    expect(told('batchRestoreTask', { is_sync_re_edit: undefined })).toEqual([]);
  });

  test('6.1.5: selected is a boolean, null is absent', () => {
    expect(told('batchSetObjects', { selected: 'Yes' })).toEqual(['selected']);
    const job = [{ id: 'db', parent_id: null, object_name: 'db', object_type: 'database', object_alias_name: null }];
    expect(told('batchSetObjects', { selected: true, job })).toEqual([]);
  });

  test('6.1.19: "" is no filter; the enterprise project is left out instead', () => {
    expect(told('showJobList', { engine_type: '', net_type: '', status: '', name: '' })).toEqual([]);
    expect(told('showJobList', { enterprise_project_id: '' })).toEqual(['enterprise_project_id']);
  });

  test('6.1.19: tags are a map', () => {
    expect(told('showJobList', { tags: { team: 'orders' } })).toEqual([]);
    expect(told('showJobList', { tags: [{ key: 'team', value: 'orders' }] })).toEqual(['tags']);
  });

  test('6.1.1: is_auto_renew is 0 or 1', () => {
    const [, , , yearly] = fixtures.batchCreateJobs.valid as [unknown, unknown, unknown, { period_order: object }];
    const renew = (is_auto_renew: unknown) =>
      told('batchCreateJobs', { period_order: { ...yearly.period_order, is_auto_renew } }, yearly);
    expect([renew(0), renew(1)]).toEqual([[], []]);
    expect(renew('true')).toEqual(['period_order.is_auto_renew']);
  });

  test('6.1.35: compare_task_num is accepted', () => {
    expect(told('createObjectLevelCompareJob', { compare_task_num: 2 })).toEqual([]);
    expect(told('createObjectLevelCompareJob', { compare_task_num: undefined })).toEqual([]);
  });

  test('6.1.39: what is wanted stands in the query, a GET has no body', () => {
    const { route: path, query } = operations.downloadCompareResultFile;
    expect(path).toMatch(/^GET /);
    expect(query).toEqual(['compare_type', 'compare_job_id']);
  });

  test('6.3.2: gtid_set is optional', () => {
    expect(told('batchSetPolicy', { gtid_set: undefined })).toEqual([]);
  });

  test('6.3.2: topic_name_format has no default of ours, whatever topic_policy means', () => {
    for (const topic_policy of ['1', '3']) {
      const paths = told('batchSetPolicy', { topic_policy, partition_policy: '1', topic_name_format: undefined });
      expect(paths).toEqual(['topic_name_format']);
      expect(told('batchSetPolicy', { topic_policy, partition_policy: '1', topic_name_format: 'any' })).toEqual([]);
    }
  });

  test('6.3.4: how large slotAdvanceInterval may be is DRS’s to judge', () => {
    expect(told('updateTuningParams', { incre_relay: { slotAdvanceInterval: '2147483647' } })).toEqual([]);
  });

  test('ids are no strict UUIDs', () => {
    expect(told('batchStartJobs', { job_id: ID })).toEqual([]);
    expect(told('batchStartJobs', { job_id: '../jobs' })).toEqual(['job_id']);
  });
});

describe('replies', () => {
  test('5.2.2 answers with 200 or 202: any 2xx is one', async () => {
    for (const status of [200, 202]) {
      const body = { results: [{ job_id: ID, progress: '12' }] };
      expect((await exchanged('batchListProgresses', ID, body, status)).reply).toMatchObject({ progress: '12' });
    }
  });

  test('6.1.26: compare_jobs and compareJobs are the same', () => {
    for (const field of ['compare_jobs', 'compareJobs'])
      expect(read('listDataLevelTableCompareJobs', { [field]: [{ id: 'a' }] })['compare_jobs']).toMatchObject([
        { id: 'a' },
      ]);
  });

  test('6.1.20: tags are read in both forms', () => {
    const tags = (given: unknown) => read('batchListJobDetails', { id: 'a', status: 'X', tags: given })['tags'];
    expect(tags([{ a: '1', b: '2' }])).toEqual([
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
    ]);
    expect(tags([{ key: 'a', value: '1' }])).toEqual([{ key: 'a', value: '1' }]);
    expect(tags(null)).toEqual([]);
  });

  test('6.1.20: data_transformation is read in the result and beside the results', async () => {
    const data_transformation = { total_count: 1, filter_conditions: [] };
    const row = { id: ID, status: 'CONFIGURATION' };
    for (const body of [{ results: [{ ...row, data_transformation }] }, { results: [row], data_transformation }])
      expect((await exchanged('batchListJobDetails', ID, body)).reply).toMatchObject({ data_transformation });
  });

  test('6.1.20: create_time is read as milliseconds and as a date', () => {
    for (const create_time of ['1608519469412', '2020-12-21 10:57:49'])
      expect(read('batchListJobDetails', { id: ID, status: 'X', create_time })).toMatchObject({ create_time });
  });

  test('6.1.20: inst_info.status is the same in large and small letters', () => {
    for (const status of ['active', 'ACTIVE'])
      expect(read('batchListJobDetails', { id: ID, status: 'X', inst_info: { status } })).toMatchObject({
        inst_info: { status: 'active' },
      });
  });

  test('6.1.33: the dash before a status is no minus sign', () => {
    const rows = [{ status: -2 }, { status: 2 }, {}];
    const { content_compare_result_infos: infos } = operations.listContentCompareDetail.reply.parse({
      content_compare_result_infos: rows,
    });
    expect(infos?.map(({ status }) => status)).toEqual([2, 2, undefined]);
  });

  test('6.4.2: data_guard_minitor is spelt as DRS spells it', () => {
    const reply = { id: ID, data_guard_minitor: { src_normal: true, dst_normal: false } };
    expect(read('showMonitoringData', reply)).toMatchObject(reply);
  });

  test('6.1.19: an engine type that no list has is kept', () => {
    const jobs = [{ id: ID, engine_type: 'oracle-to-mysql', status: 'A_STATUS_OF_TOMORROW' }];
    expect(read('showJobList', { jobs, total_record: 1 })).toMatchObject({ jobs });
  });
});

describe('statuses', () => {
  test('6.1.15: STARTJOB_FAILED and START_JOB_FAILED are the same', () => {
    expect(groupOf('STARTJOB_FAILED')).toBe(groupOf('START_JOB_FAILED'));
    for (const list of [RETRYABLE, PASSWORD_CHANGEABLE])
      expect(list).toEqual(expect.arrayContaining(['STARTJOB_FAILED', 'START_JOB_FAILED']));
  });

  test('A.4 lacks some that 6.1.19 has: the longer list holds, and others are no failure', () => {
    expect(TASK_STATUSES).toEqual(expect.arrayContaining(['REBUILD_NODE_STARTED', 'DELETED', 'NODE_UPGRADE_START']));
    expect(groupOf('A_STATUS_OF_TOMORROW')).toBeUndefined();
  });

  test('PAUSING means paused once the current action is not STOP_JOB any more', async () => {
    const simulator = await startSimulator({ speed: 'demo' });
    const drs = connect(cloudAt(simulator.url), { env: {} });
    onTestFinished(async () => {
      await drs.close();
      await simulator.close();
    });
    const { id } = simulator.createForeign({ name: 'orders', status: 'INCRE_TRANSFER_STARTED' });
    const row = async () => {
      const { jobs } = await drs.showJobList({ cur_page: 1, per_page: 100, db_use_type: 'migration', name: id });
      return [jobs[0]?.status, jobs[0]?.job_action?.current_action];
    };
    await drs.batchStopJobs({ job_id: id, pause_mode: 'target' });
    expect(await row()).toEqual(['PAUSING', 'STOP_JOB']);
    simulator.setSpeed('instant');
    await row();
    expect(await row()).toEqual(['PAUSING', undefined]);
  });

  test('6.1.5, 6.1.6: objects of a running synchronisation are edited, checked with forRetryJob and taken over by 6.1.12', async () => {
    const simulator = await startSimulator();
    const drs = connect(cloudAt(simulator.url), { env: {} });
    onTestFinished(async () => {
      await drs.close();
      await simulator.close();
    });
    const client = new PlainClient(simulator);
    const job_id = await client.started({ db_use_type: 'sync' });
    await client.until(job_id, 'INCRE_TRANSFER_STARTED');
    const job = [{ id: 'crm', object_name: 'crm', object_type: 'database', select: 'true' }] as const;
    await drs.batchSetObjects({ job_id, selected: true, job: [...job] });
    await drs.batchCheckJobs({ job_id, precheck_mode: 'forRetryJob' });
    while ((await drs.batchCheckResults(job_id)).process !== '100%');
    await drs.batchRestoreTask({ job_id, is_sync_re_edit: true });
    const [child] = simulator.job(job_id)?.children ?? [];
    expect(TASK_STATUSES).toContain(simulator.job(child ?? '')?.status);
    expect(simulator.job(child ?? '')?.status).toMatch(/CHILD_TRANSFER/);
  });
});
