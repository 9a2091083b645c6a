import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect } from 'vitest';
import { bundleParts } from '../../worker/worker.js';
import { test as base } from '../support/harness.js';
import { documentOf, ROOT } from './documents.js';

const page = documentOf('docs/extending.md');

const test = base.extend<{ settings: Readonly<Record<string, unknown>> }>({
  settings: { rules: [{ operations: ['batchSetSpeed'], group: 'dba' }] },
});
test.override({
  // The workflow that the document writes, beside ours.
  bundle: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-extending-'));
      const workflowsPath = `${ROOT}examples/extending/index.ts`;
      const logger = new DefaultLogger('WARN');
      const { code } = await bundleWorkflowCode({ ...bundleParts, workflowsPath, logger });
      await writeFile(join(folder, 'bundle.js'), code);
      await use(join(folder, 'bundle.js'));
      await rm(folder, { recursive: true });
    },
    { scope: 'file' },
  ],
});

test('the code of the document is that of examples/extending', () => {
  const shown = page.blocks.flatMap(({ info, text }) => {
    const [, file] = /^ts (\S+)$/.exec(info) ?? [];
    return file ? [{ file, text }] : [];
  });
  expect(shown.map(({ file }) => file)).toEqual([
    'examples/extending/plan.ts',
    'examples/extending/step.ts',
    'examples/extending/slow-down.ts',
  ]);
  for (const { file, text } of shown) expect(readFileSync(`${ROOT}${file}`, 'utf8').trim(), file).toBe(text.trim());
});

test('the workflow of the document refuses a bad spec, asks who may approve, and limits the speed', async ({
  pilot,
  simulator,
}) => {
  const { id } = simulator.createForeign({ name: 'orders', status: 'INCRE_TRANSFER_STARTED' });
  const bad = await pilot.start({ name: 'orders', task: id, megabytes: 0 }, { workflow: 'slowDown' });
  expect(await bad.failure()).toMatchObject({ type: 'drs.badSpec', message: expect.stringContaining('megabytes') });

  const run = await pilot.start({ name: 'orders', task: id, megabytes: 10 }, { workflow: 'slowDown' });
  expect(await run.gate('slow-down')).toMatchObject({ group: 'dba', approvals: '0 of 1' });
  await run.approve('slow-down');
  const { outcome, task, limits } = (await run.result()) as Awaited<ReturnType<typeof run.result>> & { limits: string };
  expect({ outcome, task, limits }).toEqual({
    outcome: 'completed',
    task: 'running',
    limits: 'INCRE_TRANSFER_STARTED: 08:00-17:59 10 MB/s',
  });
  expect(simulator.journal().filter(({ effect }) => effect)).toMatchObject([{ operation: 'batchSetSpeed' }]);
});
