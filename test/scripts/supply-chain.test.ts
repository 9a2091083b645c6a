import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dependencies, licencesPage, unclear } from '../../scripts/licences.js';
import { sbom } from '../../scripts/sbom.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('docs/licences.md is what package-lock.json says, and every licence is permissive or was looked at', () => {
  expect(read('docs/licences.md') === licencesPage(), 'docs/licences.md is stale: npm run docs').toBe(true);
  expect(unclear(dependencies())).toEqual([]);
});

test.each([
  ['a copyleft licence', { license: 'AGPL-3.0-only' }],
  ['no licence at all', {}],
  ['another licence than the one that was looked at', { license: 'SSPL-1.0' }, 'caniuse-lite'],
])('a new dependency with %s is refused', (_, fields, name = 'new-one') => {
  const lock = { packages: { '': {}, [`node_modules/${name}`]: { version: '1.0.0', ...fields } } };
  expect(unclear(dependencies(JSON.stringify(lock)))).toMatchObject([{ name }]);
});

test('the bill of materials holds exactly what is installed for the image', () => {
  const bom = sbom(root);
  expect(bom).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: 'drs-pilot', version: JSON.parse(read('package.json')).version } },
  });
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { version: string; dev?: boolean }>;
  };
  const installed = Object.entries(packages).flatMap(([path, { version, dev }]) =>
    path === '' || dev || !existsSync(join(root, path)) ? [] : [`${path.replace(/^.*node_modules\//, '')}@${version}`],
  );
  expect(installed.length).toBeGreaterThan(100);
  expect(bom.components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(
    [...new Set(installed)].sort(),
  );
  const { dependencies: own } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  expect(bom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(own)));
});

test('the image runs as a user that is not root, and the same one as in Kubernetes', () => {
  const [, ...stages] = read('Dockerfile').split(/^FROM /m);
  const users = [...(stages.at(-1) ?? '').matchAll(/^USER (\S+)$/gm)].map(([, user = '']) => user);
  const { securityContext } = parse(read('deploy/kubernetes/deployment.yaml')).spec.template.spec;
  expect(users).toEqual([`${securityContext.runAsUser}:${securityContext.runAsGroup}`]);
  expect(securityContext.runAsUser).toBeGreaterThan(0);
  expect(read('docker-compose.yml')).not.toMatch(/^\s+user:/m);
});
