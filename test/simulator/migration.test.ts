import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { PlainClient, sourceTest, storing, targetTest } from './client.js';

let simulator: Simulator;
let client: PlainClient;
beforeEach(async () => {
  simulator = await startSimulator();
  client = new PlainClient(simulator);
});
afterEach(() => simulator.close());

test('a whole migration, as somebody with curl would do it', async () => {
  const id = await client.create({ tags: [{ key: 'drs-pilot', value: 'run-1' }] });
  expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{7}jb101$/);
  await client.until(id, 'CONFIGURATION');

  for (const job of [sourceTest(id), targetTest(id)])
    expect((await client.post('/jobs/batch-connection', { jobs: [job] })).body).toEqual({
      results: [{ success: true, id, status: 'success' }],
      count: 1,
    });
  expect(await client.one('PUT', '/jobs/batch-modification', storing(id))).toEqual({ id, status: 'success' });
  const selection = {
    job_id: id,
    selected: true,
    job: [
      {
        id: 'orders',
        parent_id: null,
        object_name: 'orders',
        object_type: 'database',
        select: 'true',
        object_alias_name: null,
      },
    ],
  };
  expect(await client.put('/jobs/batch-select-objects', { jobs: [selection] })).toMatchObject({
    status: 202,
    body: { all_counts: 1, results: [{ job_id: id, status: true }] },
  });
  const window = { begin: '16:00', end: '15:59', speed: '15' };
  expect(
    await client.one('PUT', '/jobs/batch-limit-speed', { job_id: id, speed_limit: [window] }, 'speed_limits'),
  ).toEqual({ id, status: 'success' });

  expect(await client.one('POST', '/jobs/batch-precheck', { job_id: id, precheck_mode: 'forStartJob' })).toEqual({
    id,
    status: 'success',
    precheck_id: id,
  });
  expect(await client.one('POST', '/jobs/batch-precheck-result', id)).toMatchObject({
    precheck_id: id,
    process: '50%',
    result: false,
  });
  expect(await client.one('POST', '/jobs/batch-precheck-result', id)).toMatchObject({
    process: '100%',
    result: true,
    total_passed_rate: '100%',
  });

  const { status, body } = await client.post('/jobs/batch-starting', { jobs: [{ job_id: id }] });
  expect({ status, body }).toEqual({ status: 202, body: { count: 1, results: [{ id, status: 'success' }] } });

  const seen: string[] = [];
  for (let reads = 0; reads < 8; reads++) {
    const row = await client.one('POST', '/jobs/batch-progress', id);
    seen.push(`${row['transfer_status']} ${row['progress']} ${row['incre_trans_delay']}`);
  }
  expect(seen).toEqual([
    'FULL_TRANSFER_STARTED 0 -1',
    'FULL_TRANSFER_STARTED 50 -1',
    'FULL_TRANSFER_COMPLETE 100 -1',
    'INCRE_TRANSFER_STARTED 100 -1',
    'INCRE_TRANSFER_STARTED 100 12',
    'INCRE_TRANSFER_STARTED 100 6',
    'INCRE_TRANSFER_STARTED 100 0',
    'INCRE_TRANSFER_STARTED 100 0',
  ]);

  const end = { jobs: [{ job_id: id, delete_type: 'terminate', is_show_breakpoint_position: true }] };
  expect(await client.call('DELETE', '/jobs/batch-jobs', end)).toMatchObject({
    status: 202,
    body: { results: [{ id, status: 'success' }] },
  });
  expect(simulator.job(id)?.status).toBe('RELEASE_RESOURCE_STARTED');
  await client.until(id, 'RELEASE_RESOURCE_COMPLETE');
  expect(await client.one('POST', '/jobs/batch-detail', id)).toMatchObject({
    status: 'RELEASE_RESOURCE_COMPLETE',
    tags: [{ key: 'drs-pilot', value: 'run-1' }],
    source_endpoint: { ip: '203.0.113.10', db_user: 'repl', db_password: '******' },
    gtid: expect.stringMatching(/:1-\d+$/),
    object_infos: [{ id: 'orders', type: 'database', name: 'orders', select: 'true' }],
    speed_limit: [window],
  });
  expect(await client.one('DELETE', '/jobs/batch-jobs', { job_id: id, delete_type: 'delete' })).toEqual({
    id,
    status: 'success',
  });
  expect(await client.one('POST', '/jobs/batch-status', id)).toMatchObject({ id, error_code: 'DRS.M05003' });
  expect(JSON.stringify(simulator.journal())).not.toContain('canary');
});
