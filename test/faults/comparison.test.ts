import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeptTask, Summary } from '../../activities/comparison/report.js';
import { runOf } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';

interface Scene {
  /** The request that is under way when everything is killed: the end of its path. */
  readonly path: string;
  readonly method: string;
  /** Data-level comparisons that there must be before. */
  readonly after?: number;
  readonly budget?: { readonly window: string };
}

const SCENES: Readonly<Record<string, Scene>> = {
  'objects-are-created': { path: '/object/compare', method: 'POST' },
  'contents-are-created': { path: '/table/compare', method: 'POST' },
  'contents-are-waited-for': { path: '/table/compare', method: 'GET', after: 1 },
  'verdicts-are-read': { path: '/content-detail', method: 'GET' },
  'values-in-turns-are-created': { path: '/table/compare', method: 'POST', after: 1, budget: { window: '4h' } },
  'values-in-turns-are-read': { path: '/content-detail', method: 'GET', budget: { window: '4h' } },
  'a-file-is-asked-for': { path: '/compare/result/file', method: 'POST' },
  'a-file-is-downloaded': { path: '/compare/result/file', method: 'GET' },
};

let stack: Stack;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drs-pilot-nights-'));
  stack = await openStack({ settings: { stores: { local: { directory } } } });
});
afterAll(() => stack.close());

test('killed in the middle of each phase together with Temporal, every comparison is created once and every file complete', {
  timeout: 240_000,
}, async () => {
  const { simulator, checkpoint, client } = stack;
  const worker = await stack.startWorker();
  const effects = (id: string, operation: string) =>
    simulator.journal().filter((call) => call.operation === operation && call.effect && call.jobs.includes(id)).length;

  const nights = await Promise.all(
    Object.entries(SCENES).map(async ([title, scene]) => {
      const { id } = simulator.createForeign({ name: title, status: 'INCRE_TRANSFER_STARTED' });
      simulator.patch(id, { data: { orders: { orders: { rows: 5 }, items: { rows: 2, differs: ['id=1'] } } } });
      const held = checkpoint.hold(
        ({ method, path }) =>
          path.includes(`/jobs/${id}/`) &&
          (path.split('?')[0] ?? '').endsWith(scene.path) &&
          method === scene.method &&
          effects(id, 'createDataLevelTableCompareJob') >= (scene.after ?? 0),
      );
      const spec = {
        name: title,
        task: id,
        store: 'local',
        export: ['contents'],
        compare: { kinds: ['objects', ...(scene.budget ? ['lines'] : []), 'contents'] },
        ...(scene.budget && { budget: scene.budget }),
      };
      const handle = await client.workflow.start('comparison', {
        taskQueue: 'drs-pilot',
        workflowId: `comparison-${randomUUID()}`,
        args: [spec],
      });
      return { title, id, held, inTurns: scene.budget !== undefined, run: runOf(handle) };
    }),
  );
  await Promise.all(nights.map(({ held, run }) => Promise.race([held.arrived, run.result()])));

  const [restart] = await Promise.all([stack.killTemporal(), worker.end('SIGKILL')]);
  await Promise.all(nights.map(({ held }) => held.release()));
  await restart();
  await stack.startWorker();

  for (const { title, id, inTurns, run } of nights) {
    const result = (await run.result()) as unknown as {
      verdict: string;
      tasks: KeptTask[];
      report: { summary: { name: string } };
    };
    expect({
      title,
      verdict: result.verdict,
      objects: effects(id, 'createObjectLevelCompareJob'),
      dataLevel: effects(id, 'createDataLevelTableCompareJob'),
    }).toEqual({ title, verdict: 'inconsistent', objects: 1, dataLevel: inTurns ? 2 : 1 });
    const summary = JSON.parse(await readFile(join(directory, result.report.summary.name), 'utf8')) as Summary;
    expect(
      summary.files.map(({ name }) =>
        name
          .split('/')
          .at(-1)
          ?.replace(/-[0-9a-f-]{36}/, ''),
      ),
    ).toEqual([
      ...(inTurns ? ['plan.json'] : []),
      'objects.ndjson',
      ...(inTurns ? ['lines.ndjson', 'values.json'] : []),
      'contents.ndjson',
      'contents-rows.ndjson',
      'contents.xlsx',
    ]);
    for (const { name, size, sha256 } of summary.files) {
      const bytes = await readFile(join(directory, name));
      expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([size, sha256]);
    }
  }
  expect(await readdir(join(directory, '.incoming'))).toEqual([]);
});
