import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = (path: string): string[] => readdirSync(join(ROOT, path)).map((name) => join(ROOT, path, name));

/** A module and all that it imports of ours. */
function reach(file: string, seen: Set<string>): void {
  if (seen.has(file)) return;
  seen.add(file);
  for (const [, kind, path = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (type )?[^;]*? from '(\.[^']+)\.js'/gm,
  ))
    if (!kind) reach(`${join(dirname(file), path)}.ts`, seen);
}

const VARIABLE =
  /^(?:export )?(?:let|var) .*|^(?:export )?const \w+(?:: [^=]+)? = (?:new (?:Weak)?(?:Map|Set)(?:<.*>)?\(\)|\[\]|\{\}).*/gm;

test('no module that all runs share has a variable, by which one run would hear of another', () => {
  const seen = new Set<string>();
  const shared = [...folder('workflows/plans'), ...folder('drs/operations'), join(ROOT, 'workflows/shared.ts')];
  for (const file of shared) reach(file, seen);
  expect([...seen].map((file) => file.slice(ROOT.length))).toEqual(expect.arrayContaining(['workflows/messages.ts']));
  const found = [...seen].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(VARIABLE)].map(([line]) => `${file.slice(ROOT.length)}: ${line}`),
  );
  expect(found).toEqual([]);
});
