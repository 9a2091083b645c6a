import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeProblem, staleDependency } from '../../scripts/setup.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drs-pilot-setup-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const LOCK = {
  '': {},
  'node_modules/zod': { version: '4.6.7', integrity: 'sha512-a' },
  'node_modules/fsevents': { version: '2.3.3', integrity: 'sha512-b', optional: true },
};

function lay(wanted: object, installed?: object | string): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  if (installed === undefined) return;
  mkdirSync(join(root, 'node_modules', 'zod'), { recursive: true });
  const text = typeof installed === 'string' ? installed : JSON.stringify({ packages: installed });
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), text);
}

const ZOD = { 'node_modules/zod': LOCK['node_modules/zod'] };

test('dependencies are in order when all of package-lock.json is there, but for other platforms', () => {
  lay(LOCK, ZOD);
  expect(staleDependency(root)).toBeUndefined();
});

test('absent dependencies are stale', () => {
  lay(LOCK);
  expect(staleDependency(root)).toBe('no dependencies are installed');
});

test('another version, another content and a package that was added are stale, by name', () => {
  lay({ ...LOCK, 'node_modules/zod': { version: '4.7.0', integrity: 'sha512-c' } }, ZOD);
  expect(staleDependency(root)).toBe('node_modules/zod is 4.6.7, not 4.7.0');
  lay({ ...LOCK, 'node_modules/zod': { version: '4.6.7', integrity: 'sha512-c' } }, ZOD);
  expect(staleDependency(root)).toContain('node_modules/zod');
  lay({ ...LOCK, 'node_modules/hono': { version: '4.0.0' } }, ZOD);
  expect(staleDependency(root)).toBe('node_modules/hono is missing, not 4.0.0');
});

test('a package whose directory was deleted is stale', () => {
  lay(LOCK, ZOD);
  rmSync(join(root, 'node_modules', 'zod'), { recursive: true });
  expect(staleDependency(root)).toBe('node_modules/zod is missing');
});

test('an installation that was cut off is stale', () => {
  lay(LOCK, '{"packages": {"node_mod');
  expect(staleDependency(root)).toContain('node_modules/zod');
});

test('Node is refused below 20.20 and taken from there on', () => {
  expect(nodeProblem('18.20.8')).toContain('needs Node 20.20');
  expect(nodeProblem('20.19.5')).toContain('this is 20.19.5');
  expect(nodeProblem('20.20.0')).toBeUndefined();
  expect(nodeProblem('24.1.0')).toBeUndefined();
});
