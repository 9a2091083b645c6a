import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { payloadConverterPath } from '../../worker/worker.js';

/* A change that would break runs which are under way fails here. How to record: see record.ts. */

const histories = new URL('histories/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, histories), 'utf8');
const files = readdirSync(histories).filter((file) => file.endsWith('.json'));

const replay = (text: string): Promise<unknown> => {
  const history = JSON.parse(text);
  // A run that starts another names it after itself.
  const { workflowId } = history.events[0].workflowExecutionStartedEventAttributes;
  const options = { workflowBundle: { codePath: inject('bundle') }, dataConverter: { payloadConverterPath } };
  return Worker.runReplayHistory(options, history, workflowId);
};

test('every workflow has a recorded history, and one was continued as new', () => {
  const index = readFileSync(new URL('../../workflows/index.ts', import.meta.url), 'utf8');
  const workflows = [...index.matchAll(/^export \{ (\w+) \}/gm)].map(([, name]) => name as string);
  expect(workflows).toContain('migration');
  expect(new Set(files.map((file) => file.split('-')[0]))).toEqual(new Set(workflows));
  const begun = files.map((file) => JSON.parse(read(file)).events[0].workflowExecutionStartedEventAttributes);
  expect(begun.filter(({ continuedExecutionRunId: before }) => before)).not.toHaveLength(0);
});

test.each(files)('%s still replays', async (file) => {
  await replay(read(file));
});

test('a history of other steps does not', async () => {
  const file = files.find((one) => one.startsWith('migration-clean')) as string;
  const other = read(file).replaceAll('"batchSetObjects"', '"batchSetDefiner"');
  expect(other).not.toBe(read(file));
  await expect(replay(other)).rejects.toThrow(/[Nn]ondeterminism|[Dd]eterminism/);
});
