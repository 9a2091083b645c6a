import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Operation } from '../../drs/operation.js';
import { type OperationName, operations } from '../../drs/operations/index.js';
import { problemsOf } from '../../drs/operations/problems.js';
import { fixtures } from './fixtures.js';

const table: Readonly<Record<string, Operation>> = operations;
const cases = Object.entries(fixtures).map(([name, fixture]) => ({ name, fixture, entry: table[name] as Operation }));

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const json = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null));

/** Every place in a value, as the keys that lead there. */
function places(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Array.isArray(value)
    ? value.flatMap((one, index) => places(one, [...path, index]))
    : Object.entries(value).flatMap(([key, one]) => places(one, [...path, key]));
  return [path, ...inner];
}

/** A copy with what is at a place replaced, or taken away by undefined. */
function replaced(value: Json, [key, ...rest]: readonly (string | number)[], to: Json | undefined): Json {
  if (key === undefined) return to ?? null;
  const copy = structuredClone(value) as Record<string | number, Json>;
  if (rest.length > 0) copy[key] = replaced(copy[key] as Json, rest, to);
  else if (to === undefined) delete copy[key];
  else copy[key] = to;
  return Array.isArray(value) ? (Object.values(copy) as Json[]) : (copy as Json);
}

/** Something that has no business there, or nothing at all. */
const anything = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom<Json>('', 'true', '1', '-1', 'NA', 0, 1, -1, true, null, [], {}),
  fc.string({ maxLength: 8 }),
  fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>,
);

/** Examples of the reference with up to three places changed at random. */
const mutants = (examples: readonly unknown[]): fc.Arbitrary<Json> =>
  fc
    .tuple(fc.constantFrom(...examples.map(json)), fc.array(fc.tuple(fc.nat(), anything), { maxLength: 3 }))
    .map(([example, changes]) =>
      changes.reduce<Json>((value, [pick, to]) => {
        const all = places(value);
        return replaced(value, all[pick % all.length] ?? [], to);
      }, example),
    );

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
