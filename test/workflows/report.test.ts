import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { StoredFile } from '../../activities/stores.js';
import type { Result } from '../../workflows/messages.js';
import { test as base } from '../support/harness.js';
import { approve, protectedTask, start, switchoverSpec } from '../support/switchover.js';

const test = base.extend<{ folder: string; settings: Readonly<Record<string, unknown>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-reports-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
  settings: async ({ folder }, use) => use({ stores: { reports: { directory: folder } } }),
});

const spec = () => switchoverSpec({ task: 'orders-dr', target: { rto: '10m' }, report: { store: 'reports' } });
const fileOf = (result: Result | undefined) => (result as unknown as { report: StoredFile }).report;

test('the report of a switchover lies in its store, and the result says where and what', async ({
  pilot,
  simulator,
  folder,
}) => {
  protectedTask(simulator, 'orders-dr');
  const run = await start(pilot, spec());
  await approve(run);
  const result = await run.result();

  const report = fileOf(result);
  expect(report).toEqual({
    store: 'reports',
    name: expect.stringMatching(/^switchover\/region-down\/\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{8}\.html$/),
    size: expect.any(Number),
    sha256: expect.any(String),
  });
  const page = await readFile(join(folder, report.name));
  expect([page.length, createHash('sha256').update(page).digest('hex')]).toEqual([report.size, report.sha256]);
  for (const part of ['Switchover region-down: completed', 'orders-dr: RPO', 'verification', 'claimed', run.id])
    expect(page.toString()).toContain(part);
  expect(result.steps.at(-1)).toMatchObject({ step: 'Report', state: 'done', note: report.name });
});

test('one that is rejected has its report, too', async ({ pilot, simulator, folder }) => {
  protectedTask(simulator, 'orders-dr');
  const run = await start(pilot, spec());
  await run.decide('switchover', 'reject', { reason: 'not tonight' });
  const { type, result } = await run.failure();
  expect(type).toBe('drs.rejected');
  const page = (await readFile(join(folder, fileOf(result).name))).toString();
  expect(page).toContain('Switchover region-down: rejected');
  expect(page).toContain('not tonight');
});

test('a store that is gone changes nothing of the switchover, and is told', async ({ pilot, simulator, folder }) => {
  protectedTask(simulator, 'orders-dr');
  const run = await start(pilot, spec());
  await run.gate('switchover');
  await rm(folder, { recursive: true });
  await approve(run);
  const result = await run.result();
  expect(result.outcome).toBe('completed');
  expect(fileOf(result)).toEqual({
    store: 'reports',
    problem: expect.stringContaining('its directory is not there: is its disk mounted?'),
  });
  expect(await readdir(join(folder, '..'))).not.toContain(folder.split('/').at(-1));
});

test('validate tries whether the store can be written', async ({ pilot, folder }) => {
  const validate = (more: object = {}) =>
    pilot.client.workflow.execute('validate', {
      taskQueue: pilot.taskQueue,
      workflowId: `validate-${randomUUID()}`,
      args: [{ kind: 'switchover', spec: { ...spec(), ...more } }],
    });
  expect(await validate()).toEqual({ problems: [] });
  expect(await validate({ report: { store: 'elsewhere' } })).toEqual({
    problems: [{ path: 'report.store', message: 'the worker\'s configuration has no store "elsewhere"' }],
  });
  await rm(folder, { recursive: true });
  expect(await validate()).toEqual({
    problems: [
      { path: 'report.store', message: expect.stringContaining('its directory is not there: is its disk mounted?') },
    ],
  });
});
