import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { checkSpec } from '../../client/spec-files.js';
import { ConfigFile } from '../../worker/config-schema.js';
import { migrationSpec } from '../support/config.js';
import { leastSyncSpec, recoverySpec } from '../support/specs.js';
import { switchoverSpec } from '../support/switchover.js';
import { type Block, blocksOf, placeOf } from './documents.js';

type Raw = Readonly<Record<string, unknown>>;

/** What a part of a spec is put into, to be checked as a whole. */
const WHOLE: readonly Raw[] = [
  migrationSpec('orders-to-rds'),
  leastSyncSpec('mysql'),
  { ...recoverySpec(), kind: 'disaster-recovery' },
  switchoverSpec({ task: 'orders-dr' }),
  { kind: 'comparison', name: 'nightly', task: 'orders-to-rds' },
];

const lines = (problems: readonly { path: string; message: string }[]): string[] =>
  problems.map(({ path, message }) => `${path}: ${message}`);

/** A part of a configuration may name what stands in another part. */
function configProblems(content: Raw): string[] {
  const parsed = ConfigFile.safeParse(content);
  const issues = parsed.success ? [] : parsed.error.issues;
  return issues
    .filter(({ message }) => !/^(secrets|approvers) has no/.test(message))
    .filter(({ message }) => content['approvers'] || !message.startsWith('needs a group whose members have keys'))
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function specProblems(content: Raw): string[] {
  if (content['kind']) return lines(checkSpec('spec', content).problems);
  const tried = WHOLE.map((whole) => lines(checkSpec('spec', { ...whole, ...content }).problems));
  return tried.find((problems) => problems.length === 0) ?? tried.sort((a, b) => a.length - b.length)[0] ?? [];
}

function problems({ text }: Pick<Block, 'text'>): string[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return ['is empty'];
  return documents.flatMap((one) => {
    if (one.errors.length > 0) return one.errors.map(({ message }) => message);
    const content = one.toJS() as Raw;
    // A manifest of Kubernetes; those of deploy/ have a test of their own.
    if (content['apiVersion']) return [];
    const isConfig = Object.keys(content).every((key) => key in ConfigFile.shape);
    return isConfig ? configProblems(content) : specProblems(content);
  });
}

test('every block of YAML is a configuration or a spec, or a part of one, and has no problem', () => {
  const blocks = blocksOf('yaml');
  expect(blocks.length).toBeGreaterThan(10);
  expect(blocks.flatMap((block) => problems(block).map((why) => `${placeOf(block)}: ${why}`))).toEqual([]);
});

test('a block with a mistake has one', () => {
  expect(problems({ text: 'kind: migration\nname: orders' })).not.toEqual([]);
  expect(problems({ text: 'gate: { approvals: none }' })).not.toEqual([]);
  expect(problems({ text: 'secrets: { orders: { host: [a] } }' })).not.toEqual([]);
});

test('every block of JSON is JSON: one value, or one a line', () => {
  const broken = blocksOf('json').flatMap((block) => {
    const values = isJson(block.text) ? [] : block.text.split('\n').filter((line) => !isJson(line));
    return values.map((value) => `${placeOf(block)}: ${value}`);
  });
  expect(broken).toEqual([]);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
