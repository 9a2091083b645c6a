import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/server.js';
import { type Json, PlainClient } from './client.js';

let simulator: Simulator;
let client: PlainClient;
let now: number;

async function start(options: SimulatorOptions): Promise<void> {
  simulator = await startSimulator({ now: () => now, ...options });
  client = new PlainClient(simulator);
}
beforeEach(() => {
  now = Date.parse('2026-01-31T02:00:00Z');
});
afterEach(() => simulator.close());

const look = async (id: string) => {
  const row = await client.one('POST', '/jobs/batch-progress', id);
  return `${row['transfer_status']} ${row['progress']} ${row['incre_trans_delay']}`;
};

describe('by the clock', () => {
  /** A started task without waiting: the steps before it at `instant`. */
  async function startedAt(speed: SimulatorOptions['speed'], over: Json = {}): Promise<string> {
    await start({});
    const id = await client.started(over);
    simulator.setSpeed(speed ?? 'demo');
    return id;
  }

  test('a demo transfer takes 20 seconds, rises smoothly and catches up', async () => {
    const id = await startedAt('demo');
    const seen: string[] = [];
    for (let second = 0; second <= 20; second += 2) {
      seen.push(await look(id));
      now += 2_000;
    }
    expect(seen).toEqual([
      'STARTJOBING 0 -1',
      'FULL_TRANSFER_STARTED 0 -1',
      'FULL_TRANSFER_STARTED 16 -1',
      'FULL_TRANSFER_STARTED 33 -1',
      'FULL_TRANSFER_STARTED 50 -1',
      'FULL_TRANSFER_STARTED 66 -1',
      'FULL_TRANSFER_STARTED 83 -1',
      'FULL_TRANSFER_COMPLETE 100 -1',
      'INCRE_TRANSFER_STARTED 100 12',
      'INCRE_TRANSFER_STARTED 100 6',
      'INCRE_TRANSFER_STARTED 100 0',
    ]);
  });

  test('ten times as fast is ten times as fast', async () => {
    const id = await startedAt(10);
    now += 800;
    expect(await look(id)).toBe('FULL_TRANSFER_STARTED 50 -1');
    now += 1_200;
    expect(await look(id)).toBe('INCRE_TRANSFER_STARTED 100 0');
  });

  test('reading does not move it', async () => {
    const id = await startedAt('demo');
    now += 8_000;
    const seen = new Set(await Promise.all([1, 2, 3].map(() => look(id))));
    expect([...seen]).toEqual(['FULL_TRANSFER_STARTED 50 -1']);
  });

  test('a full transfer stops where it is complete; an incremental one has no full part', async () => {
    const full = await startedAt('demo', { task_type: 'FULL_TRANS' });
    now += 60_000;
    expect(await look(full)).toBe('FULL_TRANSFER_COMPLETE 100 -1');
    simulator.setSpeed('instant');
    const incremental = await client.started({ name: 'increments', task_type: 'INCR_TRANS' });
    expect(await look(incremental)).toBe('INCRE_TRANSFER_STARTED 100 -1');
  });
});

describe('starts', () => {
  test('at a time wait for it, at any speed', async () => {
    await start({});
    const id = await client.prechecked();
    await client.post('/jobs/batch-starting', { jobs: [{ job_id: id, start_time: String(now + 3600_000) }] });
    expect(await client.status(id)).toBe('WAITING_FOR_START');
    now += 3599_000;
    expect(await client.status(id)).toBe('WAITING_FOR_START');
    now += 1_000;
    expect(await client.status(id)).toBe('FULL_TRANSFER_STARTED');
  });
});

describe('what an admin plans', () => {
  test.each([
    ['CREATE_FAILED', 'CONFIGURATION'],
    ['START_JOB_FAILED', 'FULL_TRANSFER_STARTED'],
    ['FULL_TRANSFER_FAILED', 'FULL_TRANSFER_COMPLETE'],
    ['INCRE_TRANSFER_FAILED', 'INCRE_TRANSFER_STARTED'],
  ])('%s comes once, with its reason in the details, and a retry goes on', async (failure, later) => {
    await start({});
    const plan = { status: failure, code: 'DRS.M01501', message: 'disk full' };
    let id: string;
    if (failure === 'CREATE_FAILED') {
      simulator.patch('orders-to-rds', { failNext: plan });
      id = await client.create();
    } else {
      id = await client.started();
      simulator.patch(id, { failNext: plan });
    }
    await client.until(id, failure);
    expect(await client.status(id)).toBe(failure);
    expect(await client.one('POST', '/jobs/batch-detail', id)).toMatchObject({
      failed_reason: 'disk full',
      error_code: 'DRS.M01501',
    });
    const retried = await client.one('POST', '/jobs/batch-retry-task', { job_id: id, is_sync_re_edit: true });
    if (failure === 'CREATE_FAILED') return expect(retried['error_code']).toBe('DRS.M00304');
    expect(retried).toEqual({ id, status: 'success' });
    await client.until(id, later);
  });

  test('RELEASE_RESOURCE_FAILED, and the next end succeeds', async () => {
    await start({});
    const id = await client.started();
    simulator.patch(id, { failNext: 'RELEASE_RESOURCE_FAILED' });
    const end = { jobs: [{ job_id: id, delete_type: 'terminate' }] };
    await client.call('DELETE', '/jobs/batch-jobs', end);
    await client.until(id, 'RELEASE_RESOURCE_FAILED');
    await client.call('DELETE', '/jobs/batch-jobs', end);
    await client.until(id, 'RELEASE_RESOURCE_COMPLETE');
  });

  test('a status is held until it is released; progress and delay are as said', async () => {
    await start({});
    const id = await client.started();
    simulator.patch(id, { hold: 'FULL_TRANSFER_STARTED', progress: 63 });
    for (let reads = 0; reads < 6; reads++) expect(await client.status(id)).toBe('FULL_TRANSFER_STARTED');
    expect(await look(id)).toBe('FULL_TRANSFER_STARTED 63 -1');
    simulator.patch(id, { hold: null, progress: null, delay: 90 });
    await client.until(id, 'INCRE_TRANSFER_STARTED');
    expect(await look(id)).toBe('INCRE_TRANSFER_STARTED 100 90');
  });

  test('a pre-check with an alarm allows a start, one with a failure does not, and the next is clean', async () => {
    await start({});
    const id = await client.stored();
    const run = async () => {
      await client.post('/jobs/batch-precheck', { jobs: [{ job_id: id, precheck_mode: 'forStartJob' }] });
      const first = await client.one('POST', '/jobs/batch-precheck-result', id);
      expect(first).toMatchObject({ process: '50%', result: false });
      return client.one('POST', '/jobs/batch-precheck-result', id);
    };
    const item = { name: 'srcDbBinlogExpireLogsDays', reason: 'BINLOG_TOO_SHORT' };
    simulator.patch(id, { precheck: { items: [{ ...item, result: 'FAILED' }] } });
    expect(await run()).toMatchObject({ result: false, total_passed_rate: '97%' });
    simulator.patch(id, { precheck: { items: [{ ...item, result: 'ALARM' }] } });
    const alarmed = await run();
    expect(alarmed).toMatchObject({ result: true, total_passed_rate: '100%' });
    expect(alarmed['precheck_result']).toContainEqual(
      expect.objectContaining({ item: item.name, result: 'ALARM', failed_reason: item.reason, group: 'db_params' }),
    );
    expect((await run())['precheck_result']).not.toContainEqual(expect.objectContaining({ result: 'ALARM' }));
  });
});

test('a pause stops a transfer where it is, and a resume goes on from there', async () => {
  await start({});
  const id = await client.started();
  await client.until(id, 'INCRE_TRANSFER_STARTED');
  await client.post('/jobs/batch-pause-task', { jobs: [{ job_id: id, pause_mode: 'target' }] });
  const row = async () =>
    (await client.post('/jobs', { cur_page: 1, per_page: 10, db_use_type: 'migration', name: id })).body.jobs[0];
  expect(simulator.job(id)?.status).toBe('PAUSING');
  expect(await client.one('POST', '/jobs/batch-retry-task', { job_id: id })).toMatchObject({
    error_code: 'DRS.M01504',
  });
  expect((await row()).job_action.current_action).toBeUndefined();
  await client.post('/jobs/batch-retry-task', { jobs: [{ job_id: id }] });
  expect(await client.status(id)).toBe('INCRE_TRANSFER_STARTED');
});

test('with a file, tasks and their plans are there again after a restart, and no password is in it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'simulator-'));
  const file = join(directory, 'state.json');
  await start({ file });
  const id = await client.stored();
  simulator.patch('later', { hold: 'CREATING' });
  await simulator.close();

  await start({ file });
  expect(simulator.job(id)).toMatchObject({ status: 'CONFIGURATION', stored: true, tested: ['so', 'ta'] });
  const held = await client.create({ name: 'later' });
  expect(await client.status(held)).toBe('CREATING');
  const { readFile } = await import('node:fs/promises');
  expect(await readFile(file, 'utf8')).not.toContain('canary');
  await rm(directory, { recursive: true });
});

test('a port in use is told, and closing twice does no harm', async () => {
  await start({});
  await expect(startSimulator({ port: simulator.port })).rejects.toThrow('EADDRINUSE');
  await simulator.close();
});
