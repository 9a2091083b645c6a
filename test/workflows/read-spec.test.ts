import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ReadSpec } from '../../workflows/plans/common.js';
import { type Kind, kinds, readSpec } from '../../workflows/plans/index.js';
import { mutants } from '../support/mutants.js';

const folder = fileURLToPath(new URL('../../examples/', import.meta.url));
const specs = readdirSync(folder)
  .filter((name) => /^(?!drs-pilot).*\.yaml$/.test(name))
  .map((name) => parse(readFileSync(folder + name, 'utf8')) as { kind: Kind });
const examples = (Object.keys(kinds) as Kind[]).map(
  (kind) => [kind, specs.filter((spec) => spec.kind === kind)] as const,
);

// An error thrown here would fail the workflow's task for ever: the run could be neither queried nor cancelled.
test.each(examples)('whatever a %s spec holds, reading it tells its problems and throws nothing', (kind, given) => {
  expect(given, 'an example').not.toEqual([]);
  const reader = kinds[kind] as ReadSpec<unknown>;
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(mutants(given), (spec) => {
      const { plan, problems } = readSpec(reader, kind, spec);
      expect(plan !== undefined || problems.length > 0).toBe(true);
      if (problems.length > 0) seen.refused += 1;
      else seen.taken += 1;
    }),
    { numRuns: 500 },
  );
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(20);
});
