import { expect, test } from 'vitest';
import { connect } from '../../drs/connect.js';
import type { Operation } from '../../drs/operation.js';
import { type OperationName, operations } from '../../drs/operations/index.js';
import { startService } from '../drs/service.js';
import { fixtures } from './fixtures.js';

const PROJECT = '0123456789abcdef0123456789abcdef';
const ID = '140b5236-88ad-43c8-811c-1268453jb101';
const COMPARISON = '48c6acb4-1473-48fd-8676-df3705758c27';

/** Bodies that are more than `{ jobs: [request] }` or the request without what stands in path, query and headers. */
const BODIES: Partial<Record<OperationName, (request: never) => unknown>> = {
  batchValidateClustersConnections: (request) => ({ jobs: [request] }),
  batchSetSpeed: (request) => ({ speed_limits: [request] }),
  batchShowParams: () => ({ jobs: [ID], refresh: '1' }),
  batchListJobDetails: () => ({ jobs: [ID], page_req: { cur_page: 1, per_page: 100 } }),
  batchListJobStatus: () => ({ jobs: [ID], page_req: { cur_page: 1, per_page: 100 } }),
  batchSetSmn: ({ alarm_notify_info, ...job }: { alarm_notify_info: unknown }) => ({ jobs: [job], alarm_notify_info }),
  batchListStructDetail: () => ({ jobs: [ID], page_req: { cur_page: 1, per_page: 10 } }),
  updateParams: ({ job_id: _, ...body }: { job_id: string }) => body,
  modifyGroupAndStream: ({ job_id: _, ...body }: { job_id: string }) => body,
  updateTuningParams: ({ job_id: _, ...body }: { job_id: string }) => body,
  createDataLevelTableCompareJob: ({ job_id: _, ...body }: { job_id: string }) => body,
  createObjectLevelCompareJob: () => ({ compare_task_num: 2 }),
  createCompareResultFile: () => ({ compare_type: 'contents', compare_job_id: COMPARISON, time_zone: 'GMT+08:00' }),
  createCompareTask: (request) => request,
  listCompareResult: (request) => request,
  showJobList: (request) => request,
  listAvailableZone: (request) => request,
};

const QUERIES: Partial<Record<OperationName, string>> = {
  listAvailableNodeTypes:
    'engine_type=mysql&db_use_type=sync&job_direction=up&is_use_sellout_info=true&is_multi_write=false',
  listDataLevelTableCompareJobs: 'limit=10&offset=0',
  listDataCompareOverview: 'status=2&limit=10&offset=0',
  listDataCompareDetail: 'status=27&type=unCompare&db_name=a&target_db_name=b&query_tb_name=c&limit=10&offset=0',
  listContentCompareOverview: 'limit=10&offset=0',
  listContentCompareDetail: 'target_db_name=a&db_name=b&type=compare&limit=10&offset=0',
  listContentCompareDifference: 'table_name=t&db_name=d&limit=1000&offset=0',
  listObjectLevelCompareDetail: `compare_job_id=${COMPARISON}&limit=1000&offset=0`,
};

const FILES: readonly string[] = ['downloadCompareResultFile'];

const calls = Object.entries(fixtures).filter(([name]) => !FILES.includes(name)) as [
  OperationName,
  (typeof fixtures)[OperationName],
][];

test.each(calls)('%s reaches the wire as the reference says', async (name, { valid, replies }) => {
  const entry: Operation = operations[name];
  const answered = entry.batch ? { count: 1, [entry.batch.results ?? 'results']: [replies[0]] } : replies[0];
  const service = await startService(() => ({ body: answered }));
  const cloud = {
    name: 'test',
    region: 'eu-west-101',
    projectId: PROJECT,
    drsEndpoint: service.url,
    iamEndpoint: service.url,
    credentials: { ak: 'local-ak', sk: 'local-sk' },
  };
  const drs = connect(cloud, { env: {} });
  const [request] = valid;
  await (drs[name] as (request: unknown) => Promise<unknown>)(request).finally(() => drs.close());

  const [method, template] = entry.route.split(' ') as [string, string];
  const fields = (typeof request === 'object' ? request : {}) as Record<string, unknown>;
  const sent = service.seen[0];
  expect(service.seen).toHaveLength(1);
  expect(`${sent?.method} ${sent?.path}`).toBe(
    `${method} ${template.replace(/\{(\w+)\}/g, (_, field) => (field === 'project_id' ? PROJECT : String(fields[field])))}`,
  );
  expect(Object.fromEntries(sent?.query ?? [])).toEqual(Object.fromEntries(new URLSearchParams(QUERIES[name] ?? '')));
  for (const job of sent?.body?.jobs ?? []) {
    if (entry.stringify?.includes('property')) job.property = JSON.parse(job.property);
  }
  const body = BODIES[name] as ((request: unknown) => unknown) | undefined;
  const otherwise = entry.batch ? { jobs: [request] } : undefined;
  expect(sent?.body).toEqual(JSON.parse(JSON.stringify(body ? body(request) : (otherwise ?? null))) ?? undefined);
  expect(sent?.headers).toMatchObject(name === 'createCompareResultFile' ? { region: 'eu-west-101' } : {});
});

test('days as a number travel as text', async () => {
  const service = await startService(() => ({ body: { results: [{ id: ID, name: 'DRS-9228', status: 'CREATING' }] } }));
  const drs = connect(
    {
      name: 'test',
      region: 'eu-west-101',
      projectId: PROJECT,
      drsEndpoint: service.url,
      iamEndpoint: service.url,
      credentials: { ak: 'local-ak', sk: 'local-sk' },
    },
    { env: {} },
  );
  const request = { ...(fixtures.batchCreateJobs.valid[0] as object), expired_days: 30 };
  await drs.batchCreateJobs(request as never).finally(() => drs.close());
  expect(service.seen[0]?.body.jobs[0].expired_days).toBe('30');
});
