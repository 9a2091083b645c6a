import { expect, test } from 'vitest';
import { countsLine, countTests } from '../../scripts/test-counts.mjs';

const file = (name: string, status: string, ...tests: string[]) => ({
  name,
  status,
  message: status === 'failed' && tests.length === 0 ? 'Cannot find module' : '',
  assertionResults: tests.map((state) => ({ status: state })),
});

const line = (report: unknown, code: number) => countsLine(countTests(report, code));

test('passed, failed and skipped tests are counted over all files', () => {
  const report = {
    testResults: [file('a', 'passed', 'passed', 'passed', 'pending'), file('b', 'failed', 'failed', 'passed', 'todo')],
  };
  expect(line(report, 1)).toBe('3 passed, 1 failed, 2 skipped');
});

test('skipped stands there only where something was', () => {
  expect(line({ testResults: [file('a', 'passed', 'passed')] }, 0)).toBe('1 passed, 0 failed');
});

test('a file that could not be loaded is a failure with its reason', () => {
  const counts = countTests({ testResults: [file('a', 'passed', 'passed'), file('broken.test.ts', 'failed')] }, 1);
  expect(countsLine(counts)).toBe('1 passed, 1 failed');
  expect(counts.problems).toEqual(['broken.test.ts: Cannot find module']);
});

test('a run that ends badly without a failed test is a failure', () => {
  expect(line({ testResults: [file('a', 'passed', 'passed')] }, 1)).toBe('1 passed, 1 failed');
  expect(line(undefined, 137)).toBe('0 passed, 1 failed');
});

test('a run without a test says so', () => {
  expect(countTests({ testResults: [] }, 0).problems).toEqual(['no test ran']);
});
