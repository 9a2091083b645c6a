import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KeptTask, Reported, Summary } from '../../activities/comparison/report.js';
import type { StoredFile } from '../../activities/stores.js';
import type { Cloud } from '../../drs/auth/credentials.js';
import { connect } from '../../drs/connect.js';
import { configFor } from '../support/config.js';
import { test as base } from '../support/harness.js';

const test = base.extend<{ directory: string; settings: Readonly<Record<string, unknown>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  directory: async ({}, use) => use(await mkdtemp(join(tmpdir(), 'drs-pilot-store-'))),
  settings: async ({ directory }, use) => use({ stores: { local: { directory } } }),
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

  simulator.patch(id, { data: data([]) });
  const second = await night({ select: { name: 'orders-sync' } });
  expect(second.report).toMatchObject({ before: 'inconsistent', removed: 0 });
  const page = (await read(second.report.page)).toString();
  expect(page.match(/<tr><td>\d{4}-\d\d-\d\d /g)).toHaveLength(2);
  expect(page).toContain('orders.&lt;img src=x onerror=alert(1)&gt;');
  expect(page).not.toContain('<img');

  // What somebody else put there is not ours to remove.
  const folder = join(directory, first.report.summary.name, '..');
  await writeFile(join(folder, 'notes.txt'), 'mine');
  const third = await night({ retention: '0s', select: { name: 'orders-sync' } });
  expect(third.report.removed).toBe(2);
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
  simulator.fault({ operation: 'downloadCompareResultFile', fault: { kind: 'garbage' } });
  simulator.fault({ operation: 'downloadCompareResultFile', fault: { kind: 'drop' } });
  const spec = { name: 'nightly', store: 'local', task: id, export: ['objects', 'lines'] };
  const run = await pilot.start(spec, { workflow: 'comparison' });
  const { tasks } = (await run.result()) as unknown as { tasks: KeptTask[] };

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
  ).toHaveLength(2);
});
