import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Operation } from '../../drs/operation.js';
import { type OperationName, operations } from '../../drs/operations/index.js';
import { problemsOf } from '../../drs/operations/problems.js';
import { json, mutants } from '../support/mutants.js';
import { fixtures } from './fixtures.js';

const table: Readonly<Record<string, Operation>> = operations;
const cases = Object.entries(fixtures).map(([name, fixture]) => ({ name, fixture, entry: table[name] as Operation }));

describe.each(cases)('$name', ({ entry, fixture }) => {
  test('a request is taken as it is or refused with its paths; nothing is stripped, added or thrown', () => {
    fc.assert(
      fc.property(mutants(fixture.valid), (request) => {
        const parsed = entry.request.safeParse(request);
        if (parsed.success) {
          expect(parsed.data).toEqual(request);
          expect(entry.request.parse(json(parsed.data))).toEqual(parsed.data);
        } else {
          const problems = problemsOf(parsed.error);
          expect(problems.length).toBeGreaterThan(0);
          expect(new Set(problems.map(({ path, message }) => `${path} ${message}`)).size).toBe(problems.length);
          for (const { message } of problems) expect(message).not.toBe('');
        }
      }),
      { numRuns: 100 },
    );
  });

  if (fixture.replies.length > 0) {
    test('a reply is read the same again after its way through a history, or not at all; nothing throws', () => {
      fc.assert(
        fc.property(mutants(fixture.replies), (reply) => {
          const read = entry.reply.safeParse(reply);
          if (!read.success) return;
          expect(json(entry.reply.parse(json(read.data)))).toEqual(json(read.data));
        }),
        { numRuns: 100 },
      );
    });

    test('a judge has a verdict on whatever comes', () => {
      fc.assert(
        fc.property(mutants(fixture.replies), (reply) => {
          const result = typeof reply === 'object' && reply !== null && !Array.isArray(reply) ? reply : {};
          const verdict = entry.judge(result);
          expect(typeof verdict.ok).toBe('boolean');
          if (!verdict.ok) expect(verdict.message).not.toBe('');
        }),
        { numRuns: 50 },
      );
    });
  }
});

test('the examples are changed in ways that matter: some mutants pass, some are refused', () => {
  const seen = { passed: 0, refused: 0 };
  fc.assert(
    fc.property(mutants(fixtures['batchCreateJobs' as OperationName].valid), (request) => {
      if (operations.batchCreateJobs.request.safeParse(request).success) seen.passed += 1;
      else seen.refused += 1;
    }),
    { numRuns: 300 },
  );
  expect(Math.min(seen.passed, seen.refused)).toBeGreaterThan(20);
});
