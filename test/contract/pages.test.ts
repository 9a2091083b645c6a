import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Drs } from '../../drs/connect.js';
import type { Operation } from '../../drs/operation.js';
import { operations } from '../../drs/operations/index.js';
import { addPage } from '../../drs/paging.js';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { cloudAt } from '../drs/service.js';
import { fetchToken } from '../simulator/client.js';

/* The six ways in which calls page, against the simulator, which answers five rows where 6.1.20 does. */

const TABLES = 2_345;
const RUNS = 'INCRE_TRANSFER_STARTED';

let simulator: Simulator;
let drs: Drs;
let job_id: string;
let dr: string;
const comparisons: Record<string, string> = {};

beforeAll(async () => {
  simulator = await startSimulator({ speed: 'instant' });
  drs = connect(cloudAt(simulator.url), { env: {} });
  const tables = Object.fromEntries(Array.from({ length: TABLES }, (_, n) => [`t${n}`, { rows: 1 }]));
  const differs = Array.from({ length: 1_500 }, (_, n) => `id=${n}`);
  const data = { orders: { ...tables, t0: { rows: 2_000, differs } }, crm: { accounts: { rows: 1 } } };
  job_id = simulator.createForeign({ name: 'orders', status: RUNS }).id;
  simulator.patch(job_id, { data });
  dr = simulator.createForeign({
    name: 'orders-dr',
    status: RUNS,
    db_use_type: 'cloudDataGuard',
    engine_type: 'cloudDataGuard-mysql',
  }).id;
  simulator.patch(dr, { data });
  const compare_object = [{ db_name: 'orders' }, { db_name: 'crm' }];
  for (const type of ['lines', 'contents'] as const) {
    const { id } = await drs.createDataLevelTableCompareJob({ job_id, type, compare_object });
    comparisons[type] = id;
    await finished(id);
  }
  await drs.createObjectLevelCompareJob({ job_id });
  comparisons['objects'] = (await drs.listObjectLevelCompareOverview({ job_id })).compare_job_id ?? '';
  while ((await drs.listObjectLevelCompareOverview({ job_id })).status !== 'SUCCESSFUL');
});
afterAll(async () => {
  await drs.close();
  await simulator.close();
});

async function finished(id: string): Promise<void> {
  for (;;) {
    const { compare_jobs = [] } = await drs.listDataLevelTableCompareJobs({ job_id });
    if (compare_jobs.find((one) => one.id === id)?.status === 'SUCCESSFUL') return;
  }
}

/** All rows of a call in the list at `path`, and how many requests that took. */
async function all(name: keyof typeof operations, request: object, path: string) {
  simulator.clearJournal();
  const { paging }: Operation = operations[name];
  let whole: unknown;
  for await (const page of drs.pages(name, request as never)) {
    if (whole === undefined) whole = structuredClone(page);
    else if (paging) addPage(paging, whole, page);
  }
  const rows = path.split('.').reduce<unknown>((at, field) => (at as Record<string, unknown>)[field], whole);
  return { rows: rows as Record<string, unknown>[], requests: simulator.journal().length };
}

test('showJobList: cur_page and per_page', async () => {
  const names = Array.from({ length: 250 }, (_, n) => `sync-${n}`);
  for (const name of names) simulator.createForeign({ name, db_use_type: 'sync' });
  const { rows, requests } = await all('showJobList', { db_use_type: 'sync', engine_type: '' }, 'jobs');
  expect(rows.map(({ name }) => name).sort()).toEqual(names.sort());
  expect(requests).toBe(3);
});

test('batchListJobDetails and batchListJobStatus: page_req, five rows unless asked for more', async () => {
  const ids = Array.from({ length: 10 }, (_, n) => simulator.createForeign({ name: `page-${n}` }).id);
  for (const name of ['batchListJobDetails', 'batchListJobStatus'] as const) {
    simulator.clearJournal();
    const outcomes = await drs.many(name, ids);
    expect(outcomes.map(({ ok, jobId }) => ok && jobId)).toEqual(ids);
    expect(simulator.journal()).toHaveLength(1);
  }
});

test('batchListStructDetail: page_req of one task', async () => {
  const { rows, requests } = await all('batchListStructDetail', { job_id: dr, type: 'table' }, 'struct_detail.list');
  expect(new Set(rows.map(({ src_TB }) => src_TB)).size).toBe(TABLES + 1);
  expect(requests).toBe(Math.ceil((TABLES + 1) / 100));
});

test('listCompareResult: current_page and per_page, several lists in one reply', async () => {
  const request = { job_id, line_compare_id: comparisons['lines'] };
  const { rows, requests } = await all('listCompareResult', request, 'line_compare_results.line_compare_details');
  const details = rows as { source_db_name?: string; line_compare_detail?: { source_table_name: string }[] }[];
  const tables = details.map(({ source_db_name, line_compare_detail = [] }) => [
    source_db_name,
    new Set(line_compare_detail.map(({ source_table_name }) => source_table_name)).size,
  ]);
  expect(Object.fromEntries(tables)).toEqual({ orders: TABLES, crm: 1 });
  expect(requests).toBe(Math.ceil(TABLES / 100));
});

test.for([
  ['listDataLevelTableCompareJobs', undefined, 'compare_jobs', 2],
  ['listDataCompareOverview', 'lines', 'data_compare_overview_infos', 2],
  ['listDataCompareDetail', 'lines', 'table_line_compare_result_infos', TABLES + 1],
  ['listContentCompareOverview', 'contents', 'content_compare_result_infos', 2],
  ['listContentCompareDetail', 'contents', 'content_compare_result_infos', TABLES + 1],
  ['listContentCompareDifference', 'contents', 'contents_infos', 1_500],
] as const)('%s: offset and limit', async ([name, type, path, count]) => {
  const request = { job_id, ...(type && { compare_job_id: comparisons[type] }) };
  const { rows, requests } = await all(name, request, path);
  expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(count);
  expect(requests).toBe(Math.ceil(count / 1_000));
});

test('listObjectLevelCompareDetail: offset and limit, at most a thousand', async () => {
  const request = { job_id, compare_type: 'TABLE', compare_job_id: comparisons['objects'] };
  const { rows, requests } = await all('listObjectLevelCompareDetail', request, 'compare_detail');
  expect(rows).toHaveLength(TABLES + 1);
  expect(requests).toBe(3);
});

test('the result file of a comparison comes byte for byte', async () => {
  const file = { job_id, compare_type: 'lines', compare_job_id: comparisons['lines'] } as const;
  await drs.createCompareResultFile({ ...file, region: 'eu-west-101' });
  const row = async () =>
    (await drs.listDataLevelTableCompareJobs({ job_id })).compare_jobs?.find(({ id }) => id === comparisons['lines']);
  while ((await row())?.export_status !== 'EXPORT_COMPLETE');

  const token = await fetchToken(simulator);
  const query = new URLSearchParams({ compare_type: 'lines', compare_job_id: comparisons['lines'] ?? '' });
  const path = `/v3/${simulator.project.id}/jobs/${job_id}/compare/result/file?${query}`;
  const plain = await fetch(`${simulator.url}${path}`, { headers: { 'x-auth-token': token } });
  const wanted = Buffer.from(await plain.arrayBuffer());
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-'));
  const { bytes } = await drs.download('downloadCompareResultFile', file, join(folder, 'result.xlsx'));
  const got = await readFile(join(folder, 'result.xlsx'));
  await rm(folder, { recursive: true });
  expect(bytes).toBe(wanted.length);
  expect(got.equals(wanted)).toBe(true);
  expect(wanted.subarray(0, 2).toString()).toBe('PK');
});

test('every call that pages is among these', () => {
  const paged = Object.entries(operations as Record<string, Operation>).flatMap(([name, { paging }]) =>
    paging ? [name] : [],
  );
  expect(paged.sort()).toEqual([
    'batchListStructDetail',
    'listCompareResult',
    'listContentCompareDetail',
    'listContentCompareDifference',
    'listContentCompareOverview',
    'listDataCompareDetail',
    'listDataCompareOverview',
    'listDataLevelTableCompareJobs',
    'listObjectLevelCompareDetail',
    'showJobList',
  ]);
});
