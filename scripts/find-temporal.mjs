import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isExecutable, onPath } from './executables.mjs';

/** The last release that `go install` can build: later ones have a replace directive. Server 1.29.1, UI 2.42.1. */
export const TEMPORAL_CLI = 'v1.5.1';

const BUILD_TAKES = 'about 3 minutes';
const PROGRESS_EVERY_MS = 10_000;
const ABANDONED_AFTER_MS = 3_600_000;

/**
 * The Temporal CLI whose `server start-dev` we run: DRS_PILOT_TEMPORAL_CLI, `temporal` on PATH, our cache, a build by Go.
 * `undefined`: none of these, take the SDK's own download.
 */
export async function findTemporal({ onProgress = console.error } = {}) {
  const named = process.env.DRS_PILOT_TEMPORAL_CLI;
  if (named) {
    if (answers(named)) return named;
    throw new Error(`DRS_PILOT_TEMPORAL_CLI is ${named}, which is not a Temporal CLI that runs here`);
  }
  const installed = onPath('temporal');
  if (installed) {
    if (answers(installed)) return installed;
    onProgress(`${installed} is no Temporal CLI that runs here: passed over`);
  }
  const cached = cachedTemporal();
  if (isExecutable(cached)) {
    if (answers(cached)) return cached;
    onProgress(`${cached} does not run: built again`);
  }
  const go = goOf();
  if (!go) {
    onProgress('no Temporal CLI and no Go (1.25 or newer) to build one: the Temporal SDK downloads its own');
    return undefined;
  }
  const problem = await build(go, cached, onProgress);
  if (problem === undefined) return cached;
  onProgress(`Go could not build the Temporal CLI (${problem}): the Temporal SDK downloads its own`);
  return undefined;
}

/** Where our build of the CLI lies: outside the project, one directory a version. */
export function cachedTemporal() {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return join(cacheHome(), `temporal-${TEMPORAL_CLI}`, `temporal${suffix}`);
}

/** Our directory for what may be deleted at any time. XDG_CACHE_HOME counts only when absolute, as its standard says. */
export function cacheHome() {
  const xdg = process.env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'drs-pilot');
}

function answers(binary) {
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return status === 0 && /temporal version/i.test(stdout);
}

function goOf() {
  const go = onPath('go');
  if (!go) return undefined;
  const [, major, minor] =
    /go(\d+)\.(\d+)/.exec(spawnSync(go, ['version'], { encoding: 'utf8', timeout: 20_000 }).stdout ?? '') ?? [];
  return Number(major) > 1 || Number(minor) >= 25 ? go : undefined;
}

/** Builds beside the cache and renames at the end: a build that is killed leaves nothing that looks like a result. */
async function build(go, target, onProgress) {
  const directory = join(target, '..');
  try {
    mkdirSync(directory, { recursive: true });
    removeAbandoned(directory);
    const work = mkdtempSync(join(directory, 'build-'));
    try {
      const problem = await goInstall(go, work, onProgress);
      if (problem !== undefined) return problem;
      const built = join(work, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
      if (!answers(built)) return 'the built program does not run';
      renameSync(built, target);
      return undefined;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  } catch (error) {
    return error.message;
  }
}

function goInstall(go, bin, onProgress) {
  const { GOOS: _os, GOARCH: _arch, ...env } = process.env; // a cross build could not run here
  const started = Date.now();
  onProgress(`building the Temporal dev server ${TEMPORAL_CLI} with Go, once: ${BUILD_TAKES}`);
  const ticking = setInterval(() => {
    onProgress(`building the Temporal dev server: ${elapsed(Date.now() - started)} of ${BUILD_TAKES}`);
  }, PROGRESS_EVERY_MS);

  return new Promise((resolve) => {
    const child = spawn(go, ['install', `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI}`], {
      cwd: bin,
      env: { ...env, GOBIN: bin, GOWORK: 'off' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const endWithUs = () => child.kill();
    process.once('exit', endWithUs);
    let said = '';
    child.stderr.on('data', (text) => {
      said = (said + text).slice(-2_000);
    });
    const done = (problem) => {
      clearInterval(ticking);
      process.removeListener('exit', endWithUs);
      if (problem === undefined) onProgress(`built in ${elapsed(Date.now() - started)}`);
      resolve(problem);
    };
    child.once('error', (error) => done(error.message));
    child.once('close', (code) =>
      done(code === 0 ? undefined : (said.trim().split('\n').at(-1) ?? `exit code ${code}`)),
    );
  });
}

function removeAbandoned(directory) {
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith('build-'))) {
    const path = join(directory, name);
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_AFTER_MS) rmSync(path, { recursive: true, force: true });
  }
}

function elapsed(ms) {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
