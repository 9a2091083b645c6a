import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isolated } from '../../scripts/isolated.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drs-pilot-bin-'));
  write('package.json', '{"type": "module"}');
  mkdirSync(join(root, 'bin'));
  copyFileSync(join(project, 'bin', 'drs-pilot.js'), join(root, 'bin', 'drs-pilot.js'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'bin', 'drs-pilot.js'), ...args], { encoding: 'utf8' });

const says = (what: string) => `console.log('${what}', ...process.argv.slice(2)); process.exitCode = 3;`;

test('a clone runs its TypeScript sources, with arguments and exit code', () => {
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
  write('client/main.ts', `const kind: string = 'sources'; ${says('sources')} void kind;`);
  write('dist/client/main.js', says('compiled'));
  const { stdout, status } = run('status', 'x');
  expect({ stdout, status }).toEqual({ stdout: 'sources status x\n', status: 3 });
});

test('an image runs the compiled program and needs no tsx', () => {
  write('dist/client/main.js', says('compiled'));
  const { stdout, status } = run('worker');
  expect({ stdout, status }).toEqual({ stdout: 'compiled worker\n', status: 3 });
});

test('a clone without dependencies says how they are installed', () => {
  write('client/main.ts', '');
  const { stderr, status } = run('worker');
  expect(stderr).toContain('scripts/setup.mjs');
  expect(status).toBe(1);
});

test('demo and tests get nothing that leads to a real server, cloud or configuration', () => {
  const env = isolated({
    PATH: '/bin',
    TEMPORAL_ADDRESS: 'team:7233',
    TEMPORAL_API_KEY: 'k',
    HUAWEICLOUD_SDK_AK: 'a',
    HW_PASSWORD: 'p',
    DRS_ENDPOINT: 'https://drs',
    DRS_PILOT_CONFIG: '/etc/drs-pilot.yaml',
    DRS_PILOT_TEMPORAL_CLI: '/opt/temporal',
    NO_PROXY: 'corp',
  });
  expect(env).toEqual({
    PATH: '/bin',
    DRS_PILOT_TEMPORAL_CLI: '/opt/temporal',
    TEMPORAL_CONFIG_FILE: join(project, 'scripts', 'no-temporal.toml'),
    NO_PROXY: 'corp,127.0.0.1,localhost',
    no_proxy: 'corp,127.0.0.1,localhost',
  });
});
