import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { TaskValues } from '../../activities/comparison/known-values.js';
import type { KeptTask, NightInBrief, Reported, Summary } from '../../activities/comparison/report.js';
import type { StoredFile } from '../../activities/stores.js';
import type { Cloud } from '../../drs/auth/credentials.js';
import { connect } from '../../drs/connect.js';
import { workbook } from '../../simulator/workbook.js';
import { directoryStore } from '../../worker/stores/directory.js';
import { baseConfig, configFor } from '../support/config.js';
import { test as base } from '../support/harness.js';
import { openS3, S3_KEYS, type S3Server } from '../support/s3.js';
import { aWebhook, type Webhook } from '../support/webhook.js';

let s3: S3Server | undefined;
beforeAll(async () => {
  s3 = await openS3();
}, 600_000);
afterAll(() => s3?.close());

const test = base.extend<{ directory: string; oncall: Webhook; settings: Readonly<Record<string, unknown>> }>({
  oncall: aWebhook,
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  directory: async ({}, use) => use(await mkdtemp(join(tmpdir(), 'drs-pilot-store-'))),
  settings: async ({ directory, simulator, oncall }, use) => {
    const { secrets } = baseConfig(simulator);
    const key = async (name: string, value: string) => {
      const file = join(await mkdtemp(join(tmpdir(), 'drs-pilot-key-')), name);
      await writeFile(file, value);
      return { file };
    };
    const keys = { access: await key('access', S3_KEYS.access), key: await key('key', S3_KEYS.secret) };
    const { endpoint, bucket } = s3 ?? { endpoint: 'http://127.0.0.1:9', bucket: 'none' };
    const at = { endpoint, bucket, prefix: 'nights/', accessKey: { secret: 'access' }, secretKey: { secret: 'key' } };
    await use({
      secrets: { ...secrets, ...keys },
      stores: { local: { directory }, bucket: { s3: at } },
      webhooks: { oncall: { url: oncall.url, events: ['inconsistent', 'notFinished', 'recovered'] } },
    });
  },
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const EVIL = '<img src=x onerror=alert(1)>';

test('a night is kept: all tables, all rows, a summary and a page with its trend, and old nights go by their manifests', {
  timeout: 120_000,
}, async ({ pilot, simulator, directory }) => {
  const { id } = simulator.createForeign({ name: 'orders-sync', status: 'INCRE_TRANSFER_STARTED' });
  simulator.createForeign({ name: 'orders-paused', status: 'PAUSING' });
  const differs = Array.from({ length: 1_200 }, (_, n) => `id=${n}`);
  const data = (rows: string[]) => ({
    orders: { orders: { rows: 5_000, differs: rows }, [EVIL]: { rows: 3, targetRows: 2 } },
  });
  const night = async (more: object = {}) => {
    const spec = { name: 'nightly', store: 'local', select: {}, compare: { kinds: ['objects', 'lines', 'contents'] } };
    const run = await pilot.start({ ...spec, ...more }, { workflow: 'comparison' });
    return (await run.result()) as unknown as { verdict: string; tasks: KeptTask[]; report: Reported };
  };
  const read = async ({ name }: { name: string }) => await readFile(join(directory, name));
  const rowsOf = async (file: StoredFile | undefined) =>
    (await read(file as StoredFile))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  simulator.patch(id, { data: data(differs) });
  const first = await night();
  expect(first.verdict).toBe('inconsistent');
  const summary = JSON.parse((await read(first.report.summary)).toString()) as Summary;
  expect(summary).toMatchObject({
    name: 'nightly',
    verdict: 'inconsistent',
    tasks: { inconsistent: 1, notComparable: 1, consistent: 0, notFinished: 0 },
    differing: 1_202,
    compared: [
      { name: 'orders-sync', verdict: 'inconsistent' },
      { name: 'orders-paused', verdict: 'notComparable', reason: 'it is PAUSING' },
    ],
  });
  for (const file of summary.files) expect(sha256(await read(file))).toBe(file.sha256);
  const contents = summary.compared[0]?.kinds.find(({ kind }) => kind === 'contents');
  const [tables, rows] = contents?.files ?? [];
  expect((await rowsOf(tables)).map(({ table, verdict, differing }) => [table, verdict, differing])).toEqual([
    ['orders', 'inconsistent', 1_200],
    [EVIL, 'inconsistent', 1],
  ]);
  const all = await rowsOf(rows);
  expect(all.map(({ key }) => key)).toEqual(differs);
  expect(all[7]).toEqual({
    database: 'orders',
    table: 'orders',
    key: 'id=7',
    sql: 'select * from orders.orders where id=7',
    targetSql: 'select * from orders.orders where id=7',
  });

  // Years of nights stand between: none that came before them is forgotten, or it would never be removed.
  const store = directoryStore('local', directory);
  const state = await store.state('comparison/nightly/nights');
  const [known] = JSON.parse(state?.body.toString() ?? '[]') as NightInBrief[];
  const between = Array.from({ length: 2_000 }, (_, n) => ({ ...known, night: `20260101T000000Z-${n}` }));
  await store.compareAndSwap('comparison/nightly/nights', state?.version, JSON.stringify([known, ...between]));

  simulator.patch(id, { data: data([]) });
  const second = await night({ select: { name: 'orders-sync' } });
  expect(second.report).toMatchObject({ before: 'inconsistent', removed: 0 });
  const page = (await read(second.report.page)).toString();
  expect(page.match(/<tr><td>\d{4}-\d\d-\d\d /g)).toHaveLength(61);
  expect(page).toContain('orders.&lt;img src=x onerror=alert(1)&gt;');
  expect(page).not.toContain('<img');

  // What somebody else put there is not ours to remove.
  const folder = join(directory, first.report.summary.name, '..');
  await writeFile(join(folder, 'notes.txt'), 'mine');
  const third = await night({ retention: '0s', select: { name: 'orders-sync' } });
  expect(third.report.removed).toBe(2_002);
  expect(
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((one) => one.isFile())
      .map(({ name }) => name),
  ).toEqual(['notes.txt']);
  expect(JSON.parse((await read(third.report.summary)).toString())).toMatchObject({ name: 'nightly' });
});

test('a store that cannot be written is found before the first comparison begins', async ({
  pilot,
  simulator,
  directory,
}) => {
  simulator.createForeign({ name: 'orders-sync', status: 'INCRE_TRANSFER_STARTED' });
  await writeFile(join(directory, '.incoming'), 'no directory');
  const spec = { name: 'nightly', store: 'local', task: 'orders-sync' };
  const { type, message } = await (await pilot.start(spec, { workflow: 'comparison' })).failure();
  expect([type, message]).toEqual(['drs.store', expect.stringContaining('store "local"')]);
  expect(simulator.journal()).toEqual([]);
  const { message: unknown } = await (
    await pilot.start({ ...spec, store: 'elsewhere', retention: '1d' }, { workflow: 'comparison' })
  ).failure();
  expect(unknown).toContain('store: the worker\'s configuration has no store "elsewhere"');
});

test('the files that DRS makes are kept byte for byte, and what is no workbook is asked for again', {
  timeout: 120_000,
}, async ({ pilot, simulator, directory }) => {
  const { id } = simulator.createForeign({ name: 'orders-sync', status: 'INCRE_TRANSFER_STARTED' });
  simulator.patch(id, { data: { orders: { orders: { rows: 5 }, items: { rows: 3 } } } });
  simulator.fault({ operation: 'createCompareResultFile', fault: { kind: 'lostReply' } });
  for (const kind of ['garbage', 'cutOff'] as const)
    simulator.fault({ operation: 'downloadCompareResultFile', match: { job: id }, fault: { kind } });
  const { id: other } = simulator.createForeign({ name: 'other-sync', status: 'INCRE_TRANSFER_STARTED' });
  const resultFile = join(directory, '..', `${other}.txt`);
  await writeFile(resultFile, '<html>an error page</html>');
  simulator.patch(other, { resultFile, data: { orders: { orders: { rows: 5 } } } });
  const spec = { name: 'nightly', store: 'local', tasks: [id, other], export: ['objects', 'lines'] };
  const run = await pilot.start(spec, { workflow: 'comparison' });
  const night = (await run.result()) as unknown as { tasks: KeptTask[] };
  const tasks = night.tasks.filter(({ jobId }) => jobId === id);
  // What never is a workbook is told, and the verdict holds without it.
  const never = night.tasks.find(({ jobId }) => jobId === other);
  expect(never?.verdict).toBe('consistent');
  for (const { kind, noFile, compareJobId, files } of never?.kinds ?? []) {
    expect(noFile).toContain(`the result file of ${compareJobId} is no workbook that can be read: it is no zip`);
    expect(files?.map(({ name }) => name.split('/').at(-1))).toEqual([`${kind}.ndjson`]);
  }

  const drs = connect((await configFor(simulator)).clouds['default'] as Cloud);
  for (const [kind, compare_type] of [
    ['objects', 'objects_comparison'],
    ['lines', 'lines'],
  ] as const) {
    const found = tasks[0]?.kinds.find((one) => one.kind === kind);
    expect(found?.noFile).toBeUndefined();
    const file = found?.files?.find(({ name }) => name.endsWith('.xlsx')) as StoredFile;
    const bytes = await readFile(join(directory, file.name));
    const theirs = join(directory, '..', `${file.sha256}.xlsx`);
    await drs.download(
      'downloadCompareResultFile',
      { job_id: id, compare_type, compare_job_id: found?.compareJobId ?? '' },
      theirs,
    );
    expect(bytes.equals(await readFile(theirs))).toBe(true);
    expect(file).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
  }
  await drs.close();
  expect(await readdir(join(directory, '.incoming'))).toEqual([]);
  expect(
    simulator.journal().filter(({ operation, effect }) => operation === 'createCompareResultFile' && effect),
  ).toHaveLength(4);
});

test('a night in a bucket tells of what is not finished and of its end, and keeps large files whole', {
  timeout: 120_000,
}, async ({ pilot, simulator, directory, oncall, skip }) => {
  if (!s3) return skip('no S3 server here: Go builds one, or DRS_PILOT_VERSITYGW names one');
  const { client, bucket: Bucket } = s3;
  const { id } = simulator.createForeign({ name: 'orders-sync', status: 'INCRE_TRANSFER_STARTED' });
  const data = { orders: { orders: { rows: 5, differs: ['id=3'] }, items: { rows: 3 } } };
  simulator.patch(id, { data });
  const night = async (more: object) => {
    const spec = { name: 'nightly', store: 'bucket', task: id, notify: ['oncall'], ...more };
    const run = await pilot.start(spec, { workflow: 'comparison' });
    return (await run.result()) as unknown as { verdict: string; tasks: KeptTask[]; report: Reported };
  };
  const lines = { kinds: ['lines'], databases: [{ database: 'orders' }] };
  const late = await night({ compare: { ...lines, startAt: '2099-01-01T00:00:00Z' }, within: '1s' });
  expect(late).toMatchObject({ verdict: 'notFinished', report: { removed: 0 } });
  expect((await oncall.hears('notFinished')).event).toMatchObject({
    jobId: id,
    text: expect.stringMatching(/nightly is not finished: 1 of 1 task: 1 not finished\norders-sync .*had not begun/),
  });
  const fine = await night({ compare: lines });
  expect(fine).toMatchObject({ verdict: 'consistent', report: { before: 'notFinished' } });
  expect((await oncall.hears('recovered')).event.text).toContain('nightly is consistent');

  const resultFile = join(directory, '..', `${id}.xlsx`);
  const whole = workbook([['orders', 'x'.repeat(9_000_000)]]);
  await writeFile(resultFile, whole);
  simulator.patch(id, { resultFile });
  const kinds = ['objects', 'lines', 'contents'];
  const inTurns = { compare: { kinds }, budget: { window: '5m' }, notify: [] };
  const { tasks, report } = await night({ ...inTurns, export: kinds });
  const get = async (Key: string) => {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key: `nights/${Key}` }));
    return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), ETag };
  };
  const summary = JSON.parse((await get(report.summary.name)).bytes.toString()) as Summary;
  const exported = summary.files.filter(({ name }) => name.endsWith('.xlsx'));
  expect([exported.length, summary.files.length]).toEqual([3, 9]);
  for (const { name, size, sha256: told } of summary.files) {
    const { bytes, ETag } = await get(name);
    expect([bytes.length, sha256(bytes)]).toEqual([size, told]);
    if (!exported.some((file) => file.name === name)) continue;
    expect(bytes.equals(whole)).toBe(true);
    // Of two parts.
    expect(ETag).toMatch(/-2"$/);
  }
  expect(tasks[0]?.kinds.map(({ noFile }) => noFile)).toEqual([undefined, undefined, undefined]);
  expect(oncall.heard.map(({ event }) => event.event)).toEqual(['notFinished', 'recovered']);

  // What was remembered is lost, and two nights at once make it again: neither takes anything from the other.
  const states = '.states/comparison/nightly';
  await client.send(new DeleteObjectCommand({ Bucket, Key: `nights/${states}/values/${id}` }));
  const both = await Promise.all([night(inTurns), night(inTurns)]);
  expect(both.map(({ verdict }) => verdict)).toEqual(['inconsistent', 'inconsistent']);
  const stateOf = async (state: string) => JSON.parse((await get(`${states}/${state}`)).bytes.toString());
  const nightOf = ({ summary: { name } }: Reported) => name.split('/').at(-2);
  const values = (await stateOf(`values/${id}`)) as TaskValues;
  expect(values.nights).toContain(nightOf(report));
  expect(values.tables.map(({ table, judged }) => [table, judged?.verdict])).toEqual([
    ['orders', 'inconsistent'],
    ['items', 'consistent'],
  ]);
  const nights = (await stateOf('nights')) as NightInBrief[];
  expect(nights.map((one) => one.night)).toEqual(
    expect.arrayContaining([late, fine, { report }, ...both].map((one) => nightOf(one.report))),
  );
});

test('a disk that is full while a file is downloaded or kept leaves nothing of it, and goes on once there is room', {
  timeout: 120_000,
}, async ({ pilot, simulator, directory, skip, onTestFinished }) => {
  const mounted = await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory]).catch(
    () => undefined,
  );
  if (!mounted) return skip('a small disk can be mounted by root alone');
  const before = process.env['TMPDIR'];
  onTestFinished(async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await promisify(execFile)('umount', ['-l', directory]);
  });
  const { id } = simulator.createForeign({ name: 'orders-sync', status: 'INCRE_TRANSFER_STARTED' });
  const resultFile = join(directory, '..', `${id}.xlsx`);
  const whole = workbook([['orders', 'x'.repeat(700_000)]]);
  await writeFile(resultFile, whole);
  simulator.patch(id, { resultFile, data: { orders: { orders: { rows: 5 } } } });
  // The worker downloads to the same disk: 2 MiB, of which a file takes 0.7 for the download and 0.7 to be kept.
  const own = join(directory, 'tmp');
  await mkdir(own);
  process.env['TMPDIR'] = own;
  const fill = async (bytes: number) => await writeFile(join(directory, 'others.bin'), Buffer.alloc(bytes));
  await fill(1_500_000);
  const compare = { kinds: ['lines'], databases: [{ database: 'orders' }] };
  const spec = { name: 'nightly', store: 'local', task: id, export: ['lines'], compare };
  const run = await pilot.start(spec, { workflow: 'comparison' });
  const trouble = async (what: RegExp) =>
    await vi.waitFor(
      async () => {
        const child = (await run.handle.describe()).raw.pendingChildren?.[0]?.workflowId ?? '';
        const { pendingActivities } = (await pilot.client.workflow.getHandle(child).describe()).raw;
        expect(pendingActivities?.[0]?.lastFailure?.message).toMatch(what);
      },
      { timeout: 60_000, interval: 100 },
    );
  const kept = async () =>
    (await readdir(directory, { recursive: true })).filter((name) => /xlsx|incoming\/.|tmp\/./.test(name));
  await trouble(/no room is left on the disk of this worker.*ENOSPC/);
  expect(await kept()).toEqual([]);
  await fill(1_000_000);
  await trouble(/^store "local": writing .*lines-.*xlsx failed: no room is left; make some \(ENOSPC/);
  expect(await kept()).toEqual([]);
  await rm(join(directory, 'others.bin'));
  const { tasks } = (await run.result()) as unknown as { tasks: KeptTask[] };
  const file = tasks[0]?.kinds[0]?.files?.find(({ name }) => name.endsWith('.xlsx'));
  expect(await kept()).toEqual([file?.name]);
  expect((await readFile(join(directory, file?.name ?? ''))).equals(whole)).toBe(true);
});
