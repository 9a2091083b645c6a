import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Cloud } from '../../drs/auth/credentials.js';
import { connect, type Drs } from '../../drs/connect.js';
import { DrsError } from '../../drs/errors.js';
import { operation } from '../../drs/operation.js';
import { cloudAt, job, PROJECT, type Service, startService } from './service.js';

const connected = async (
  handler: Service['handler'],
  more?: Partial<Cloud>,
): Promise<{ drs: Drs; service: Service }> => {
  const service = await startService(handler);
  const drs = connect(cloudAt(service.url, more));
  onTestFinished(() => drs.close());
  return { drs, service };
};

const thrown = async (promise: Promise<unknown>): Promise<DrsError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DrsError);
  return error as DrsError;
};

test('a batch call carries its jobs under the key of its entry', async () => {
  const { drs, service } = await connected(({ body }) => ({
    status: 202,
    body: { results: [{ id: body.jobs[0].job_id, status: 'success' }] },
  }));
  await expect(drs.batchStartJobs({ job_id: job(1), start_time: '1608188903063' })).resolves.toMatchObject({
    id: job(1),
  });
  expect(service.seen).toMatchObject([
    {
      method: 'POST',
      path: `/v3/${PROJECT}/jobs/batch-starting`,
      headers: {
        'content-type': 'application/json',
        'x-language': 'en-us',
        'user-agent': expect.stringMatching(/^drs-pilot\/\d+\.\d+\.\d+/),
      },
      body: { jobs: [{ job_id: job(1), start_time: '1608188903063' }] },
    },
  ]);
});

test('bare ids, constant fields, shared fields, path, query, headers and texts travel where the entry says', async () => {
  const { drs, service } = await connected(({ path }) => {
    if (path.endsWith('batch-get-params')) return { status: 202, body: { params_list: [{ params: [] }] } };
    if (path.endsWith('batch-connection'))
      return { body: { results: [{ id: job(1), status: 'true', success: true }] } };
    if (path.endsWith('batch-status')) return { body: { results: [{ id: job(1), status: 'CREATING' }] } };
    return { body: {} };
  });
  await drs.batchListJobStatus(job(1));
  await drs.batchShowParams({ job_id: job(1), refresh: '1' });
  await drs.createCompareResultFile({
    job_id: job(1),
    region: 'eu-west-101',
    compare_type: 'objects_comparison',
  } as never);
  await drs.listAvailableNodeTypes({
    engine_type: 'mysql',
    db_use_type: 'migration',
    job_direction: 'up',
    is_use_sellout_info: true,
  } as never);
  expect(service.seen[0]).toMatchObject({ body: { jobs: [job(1)], page_req: { cur_page: 1, per_page: 100 } } });
  expect(service.seen[1]).toMatchObject({ body: { jobs: [job(1)], refresh: '1' } });
  expect(service.seen[2]).toMatchObject({
    path: `/v3/${PROJECT}/jobs/${job(1)}/compare/result/file`,
    headers: { region: 'eu-west-101' },
  });
  expect(service.seen[2]?.body).toEqual({ compare_type: 'objects_comparison' });
  expect(Object.fromEntries(service.seen[3]?.query ?? [])).toMatchObject({
    engine_type: 'mysql',
    is_use_sellout_info: 'true',
  });
  expect(service.seen[3]?.text).toBe('');
});

test('objects that travel as text are sent as their JSON', async () => {
  const table = {
    put: operation({
      section: '0',
      route: 'PUT /v3/{project_id}/things/{thing}',
      summary: 'A thing.',
      request: z.strictObject({ thing: z.string(), property: z.unknown(), days: z.number() }),
      reply: z.looseObject({}),
      stringify: ['property', 'days'],
      judge: () => ({ ok: true }),
      repeatable: true,
    }),
  };
  const service = await startService(() => ({ body: {} }));
  const drs = connect(cloudAt(service.url), { table });
  await drs.put({ thing: 'a/b', property: [{ dbuser: 'root' }], days: 14 });
  expect(service.seen[0]?.path).toBe(`/v3/${PROJECT}/things/a%2Fb`);
  expect(service.seen[0]?.body).toEqual({ property: '[{"dbuser":"root"}]', days: '14' });
  await drs.close();
});

test('a request that is wrong never reaches the network, and every broken path is told', async () => {
  const { drs, service } = await connected(() => ({ body: {} }));
  const error = await thrown(drs.batchStartJobs({ job_id: job(1), start_time: 'soon', strat: 1 } as never));
  expect(error).toMatchObject({ kind: 'request', at: { operation: 'batchStartJobs', jobId: job(1) } });
  expect(error.message.split('\n').slice(1)).toEqual([
    expect.stringContaining('start_time'),
    expect.stringContaining('strat'),
  ]);
  expect(service.seen).toHaveLength(0);
});

test('a 2xx is not a success: the result of the job decides', async () => {
  const { drs } = await connected(() => ({
    headers: { 'x-request-id': 'req-1' },
    status: 202,
    body: {
      results: [{ id: job(1), status: 'failed', error_code: 'DRS.M00304', error_msg: 'This API cannot be called.' }],
    },
  }));
  const error = await thrown(drs.batchStartJobs({ job_id: job(1) }));
  expect(error).toMatchObject({ kind: 'wrongState', at: { code: 'DRS.M00304', status: 202, requestId: 'req-1' } });
  expect(error.message).toMatch(/^batchStartJobs on .*jb101: DRS\.M00304, .*\. .*\. \(request req-1\)$/);
});

test('a missing result is transient where a repeat is safe, and ambiguous where it is not', async () => {
  const { drs } = await connected(() => ({ status: 202, body: { results: [] } }));
  expect(await thrown(drs.batchListJobStatus(job(1)))).toMatchObject({ kind: 'transient' });
  expect(await thrown(drs.batchStartJobs({ job_id: job(1) }))).toMatchObject({ kind: 'ambiguous' });
});

test('a result of another job is nobody’s success', async () => {
  const { drs } = await connected(() => ({ status: 202, body: { results: [{ id: job(2), status: 'success' }] } }));
  expect(await thrown(drs.batchStartJobs({ job_id: job(1) }))).toMatchObject({ kind: 'ambiguous' });
});

test('of two results for one job a failure wins', async () => {
  const { drs } = await connected(() => ({
    status: 202,
    body: {
      results: [
        { id: job(1), status: 'success' },
        { id: job(1), status: 'failed', error_code: 'DRS.M00304' },
      ],
    },
  }));
  expect(await thrown(drs.batchStartJobs({ job_id: job(1) }))).toMatchObject({ kind: 'wrongState' });
});

test('advice is a remark and no failure', async () => {
  const { drs } = await connected(({ path }) =>
    path.endsWith('/params')
      ? {
          status: 400,
          body: {
            error_code: 'DRS.10010013',
            error_msg: 'Database param modify success, please restart the database.',
          },
        }
      : {
          body: {
            results: [{ id: job(1), status: 'success', success: true, error_code: 'DRS.KE0060', error_msg: 'RAC' }],
          },
        },
  );
  const changed = await drs.many('updateParams', [
    { job_id: job(1), group: 'common', params: [{ key: 'a', target_value: '1' }] },
  ]);
  expect(changed).toMatchObject([{ ok: true, jobId: job(1), remark: expect.stringContaining('DRS.10010013') }]);
});

test('a permission error names the call and its IAM action, or says that there is none', async () => {
  const { drs } = await connected(() => ({
    status: 401,
    body: { error_code: 'DRS.M00103', error_msg: 'Operation denied.' },
  }));
  const start = await thrown(drs.batchStartJobs({ job_id: job(1) }));
  expect(start).toMatchObject({ kind: 'permission' });
  expect(start.message).toContain('batchStartJobs on');
  expect(start.message).toContain('It needs the IAM action drs:migrationJob:action.');
  expect((await thrown(drs.showQuotas({}))).message).toContain('names no IAM action');
});

test('a password that the service repeats in its refusal is masked', async () => {
  const { drs } = await connected(({ body }) => ({
    status: 400,
    body: { error_code: 'DRS.M00202', error_msg: `The value of ${body.jobs[0].db_password} is invalid.` },
  }));
  const error = await thrown(drs.batchResetPassword({ job_id: job(1), end_point_type: 'so', db_password: 'canary-1' }));
  expect(error.message).toContain('The service says: “The value of ******** is invalid.”');
  expect(JSON.stringify([error, error.message, error.stack])).not.toContain('canary');
});

test('a page that repeats the request holds no password in its error', async () => {
  const { drs } = await connected(({ text }) => ({
    status: 502,
    raw: `<html>${'x'.repeat(450)}canary-3 ${text}</html>`,
  }));
  const error = await thrown(drs.batchResetPassword({ job_id: job(1), end_point_type: 'so', db_password: 'canary-3' }));
  expect(error).toMatchObject({ kind: 'transient', at: { status: 502 } });
  expect(error.message).not.toContain('canary');
});

test('a reply that is not JSON is kept, its first 500 characters and no secret', async () => {
  const { drs } = await connected(() => ({ status: 200, raw: `<html>"db_password": "canary-2" ${'x'.repeat(900)}` }));
  const error = await thrown(drs.showQuotas({}));
  expect(error).toMatchObject({ kind: 'transient' });
  expect(error.message).toContain('<html>');
  expect(error.message).not.toContain('canary');
  expect(error.message.length).toBeLessThan(800);
  expect(await thrown(drs.batchStartJobs({ job_id: job(1) }))).toMatchObject({ kind: 'ambiguous' });
});

test.each([
  [500, undefined, 'ambiguous', 'transient'],
  [502, undefined, 'ambiguous', 'transient'],
  [503, undefined, 'ambiguous', 'transient'],
  [504, 'APIGW.0203', 'ambiguous', 'transient'],
  [500, 'DRS.M99999', 'ambiguous', 'transient'],
  [500, 'DRS.M00004', 'transient', 'transient'],
  [429, 'APIGW.0308', 'transient', 'transient'],
  [408, undefined, 'transient', 'transient'],
])('HTTP %s with %s is %s for a start and %s for a read', async (status, code, start, read) => {
  const { drs } = await connected(() => ({
    status,
    headers: { 'retry-after': '0' },
    body: code ? { error_code: code } : undefined,
  }));
  expect(await thrown(drs.batchStartJobs({ job_id: job(1) }))).toMatchObject({ kind: start, at: { status } });
  expect(await thrown(drs.showQuotas({}))).toMatchObject({ kind: read, at: { status } });
});

test('calls that rightly answer with nothing succeed, others don’t', async () => {
  const { drs } = await connected(() => ({ status: 200, raw: '' }));
  await expect(drs.modifyGroupAndStream({ job_id: job(1), job: { lts_enabled: false } })).resolves.toBeDefined();
  expect(await thrown(drs.showQuotas({}))).toMatchObject({ kind: 'transient' });
});

test('an aborted call rejects with its own reason', async () => {
  const { drs } = await connected(() => undefined);
  const stop = new AbortController();
  const call = drs.showQuotas({}, { signal: stop.signal });
  stop.abort(new Error('worker shuts down'));
  await expect(call).rejects.toThrow('worker shuts down');
  await expect(drs.batchListJobStatus(job(1), { signal: stop.signal })).rejects.toThrow('worker shuts down');
});

const pageTable = {
  rows: operation({
    section: '0',
    route: 'POST /v3/{project_id}/rows',
    summary: 'Rows.',
    request: z.strictObject({ cur_page: z.int(), per_page: z.int() }),
    reply: z.looseObject({ rows: z.array(z.number()) }),
    paging: { from: 'cur_page', size: 'per_page', most: 3, rows: ['rows'], totals: ['total'] },
    judge: () => ({ ok: true }),
    repeatable: true,
  }),
  offsets: operation({
    section: '0',
    route: 'GET /v3/{project_id}/offsets',
    summary: 'Rows.',
    request: z.strictObject({ offset: z.int(), limit: z.int(), db: z.string() }),
    reply: z.looseObject({ rows: z.array(z.number()) }),
    query: ['offset', 'limit', 'db'],
    paging: { from: 'offset', size: 'limit', most: 3, rows: ['rows'], totals: [] },
    judge: () => ({ ok: true }),
    repeatable: true,
  }),
};

const paged = async (length: number, withTotal = true) => {
  const all = Array.from({ length }, (_one, n) => n);
  const service = await startService(({ body, query }) => {
    const from = body ? (body.cur_page - 1) * body.per_page : Number(query.get('offset'));
    const rows = all.slice(from, from + 3);
    return { body: withTotal ? { rows, total: length } : { rows } };
  });
  const drs = connect(cloudAt(service.url), { table: pageTable });
  onTestFinished(() => drs.close());
  return { all, service, drs };
};

test.each([0, 1, 3, 4, 6, 7])(
  'all %i rows come, page after page, and no page past the last is asked for',
  async (length) => {
    const { all, service, drs } = await paged(length);
    const seen: number[] = [];
    for await (const page of drs.pages('rows', {} as never)) seen.push(...page.rows);
    expect(seen).toEqual(all);
    expect(service.seen).toHaveLength(Math.max(1, Math.ceil(length / 3)));
  },
);

test('without a total, a page that is not full is the last', async () => {
  const { all, service, drs } = await paged(7, false);
  const seen: number[] = [];
  for await (const page of drs.pages('offsets', { db: 'orders' } as never)) seen.push(...page.rows);
  expect(seen).toEqual(all);
  expect(service.seen.map(({ query }) => query.get('offset'))).toEqual(['0', '3', '6']);
  expect(service.seen[0]?.query.get('db')).toBe('orders');
});

test('pages are asked for when they are wanted', async () => {
  const { service, drs } = await paged(9);
  for await (const page of drs.pages('rows', {} as never)) {
    expect(page.rows).toHaveLength(3);
    break;
  }
  expect(service.seen).toHaveLength(1);
});

const inFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};
const file = { job_id: job(1), compare_type: 'objects_comparison', region: 'eu-west-101' } as never;

test('a file is streamed byte for byte', async () => {
  const content = Buffer.from(Array.from({ length: 300_000 }, (_one, n) => (n * 31) % 256));
  const { drs } = await connected(() => ({ headers: { 'content-type': 'application/octet-stream' }, raw: content }));
  const folder = await inFolder();
  await expect(drs.download('downloadCompareResultFile', file, join(folder, 'result.xlsx'))).resolves.toEqual({
    bytes: content.length,
  });
  expect(Buffer.compare(await readFile(join(folder, 'result.xlsx')), content)).toBe(0);
});

test('a file that is cut off, refused or missing leaves nothing behind', async () => {
  const folder = await inFolder();
  const { drs, service } = await connected((_seen, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 1000 });
    response.write('half of it', () => response.destroy());
    return undefined;
  });
  const download = () => thrown(drs.download('downloadCompareResultFile', file, join(folder, 'result.xlsx')));
  expect(await download()).toMatchObject({ kind: 'transient' });
  service.handler = () => ({ status: 200, body: { error_code: 'DRS.M00289', error_msg: 'Missing query result' } });
  expect(await download()).toMatchObject({ kind: 'request', at: { code: 'DRS.M00289' } });
  service.handler = () => ({ status: 400, body: { error_code: 'DRS.M05003' } });
  expect(await download()).toMatchObject({ kind: 'notFound' });
  service.handler = () => ({ status: 200 });
  expect(await download()).toMatchObject({ kind: 'transient' });
  expect(await readdir(folder)).toEqual([]);
});
