import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Makes the project runnable: checks Node's version and installs the dependencies where they are absent or stale.
 * Everything it says goes to `log` (stderr by default), so that stdout stays the command's own.
 */
export function setup({ root = ROOT, log = console.error } = {}) {
  const tooOld = nodeProblem(process.versions.node);
  if (tooOld) throw new Error(tooOld);

  const stale = staleDependency(root);
  if (stale === undefined) return;
  log(`setup: npm ci (${stale}), takes up to a minute`);
  npmCi(root);
  const still = staleDependency(root);
  if (still !== undefined)
    throw new Error(`setup: after npm ci the dependencies are still not those of package-lock.json: ${still}`);
}

/** What is wrong with this version of Node, if anything. */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 20)) return undefined;
  return `drs-pilot needs Node 20.20 or newer, this is ${version}: install one from https://nodejs.org`;
}

/**
 * Why the installed dependencies are not those of package-lock.json, or undefined when they are.
 * npm writes node_modules/.package-lock.json last, after everything that it lists, so a killed install shows, too.
 */
export function staleDependency(root) {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'no dependencies are installed';
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(installedFile);
  for (const [path, { version, integrity, optional, devOptional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const there = installed[path];
    if (there === undefined && (optional || devOptional)) continue; // of another platform
    if (there?.version !== version || there?.integrity !== integrity)
      return `${path} is ${there?.version ?? 'missing'}, not ${version}`;
    if (!existsSync(join(root, path))) return `${path} is missing`;
  }
  return undefined;
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {}; // cut off: everything counts as missing
  }
}

function npmCi(root) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(command, [...first, 'ci', '--include=dev'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !npm && process.platform === 'win32',
  });
  if (error) throw new Error(`setup: npm could not be run: ${error.message}`);
  if (status !== 0) throw new Error(`setup: npm ci failed (exit code ${status}), its output stands above`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  try {
    setup();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
