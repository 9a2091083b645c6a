import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isExecutable, onPath } from './executables.mjs';

const PROGRESS_EVERY_MS = 10_000;
const ABANDONED_AFTER_MS = 3_600_000;
const SUFFIX = process.platform === 'win32' ? '.exe' : '';

/**
 * A program that we run and do not ship: the one that its variable names, else the one on PATH, our cache, a build by Go.
 * `undefined`: none of these, and `otherwise` has been said.
 */
export async function findProgram(program, { onProgress = console.error } = {}) {
  const { command, title, variable, otherwise } = program;
  const named = process.env[variable];
  if (named) {
    if (answers(program, named)) return named;
    throw new Error(`${variable} is ${named}, which is not a ${title} that runs here`);
  }
  const installed = onPath(command);
  if (installed) {
    if (answers(program, installed)) return installed;
    onProgress(`${installed} is no ${title} that runs here: passed over`);
  }
  const cached = cachedProgram(program);
  if (isExecutable(cached)) {
    if (answers(program, cached)) return cached;
    onProgress(`${cached} does not run: built again`);
  }
  const go = goOf();
  if (!go) {
    onProgress(`no ${title} and no Go (1.25 or newer) to build one: ${otherwise}`);
    return undefined;
  }
  const problem = await build(program, go, cached, onProgress);
  if (problem === undefined) return cached;
  onProgress(`Go could not build the ${title} (${problem}): ${otherwise}`);
  return undefined;
}

/** Where our build of it lies: outside the project, one directory a version. */
export function cachedProgram({ command, version }) {
  return join(cacheHome(), `${command}-${version}`, `${command}${SUFFIX}`);
}

/** Our directory for what may be deleted at any time. XDG_CACHE_HOME counts only when absolute, as its standard says. */
export function cacheHome() {
  const xdg = process.env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'drs-pilot');
}

function answers({ says }, binary) {
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return status === 0 && says.test(stdout);
}

function goOf() {
  const go = onPath('go');
  if (!go) return undefined;
  const [, major, minor] =
    /go(\d+)\.(\d+)/.exec(spawnSync(go, ['version'], { encoding: 'utf8', timeout: 20_000 }).stdout ?? '') ?? [];
  return Number(major) > 1 || Number(minor) >= 25 ? go : undefined;
}

/** Builds beside the cache and renames at the end: a build that is killed leaves nothing that looks like a result. */
async function build(program, go, target, onProgress) {
  const directory = join(target, '..');
  try {
    mkdirSync(directory, { recursive: true });
    removeAbandoned(directory);
    const work = mkdtempSync(join(directory, 'build-'));
    try {
      const problem = await goInstall(program, go, work, onProgress);
      if (problem !== undefined) return problem;
      const built = join(work, `${program.command}${SUFFIX}`);
      if (!answers(program, built)) return 'the built program does not run';
      renameSync(built, target);
      return undefined;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  } catch (error) {
    return error.message;
  }
}

function goInstall({ module, version, title, takes }, go, bin, onProgress) {
  const { GOOS: _os, GOARCH: _arch, ...env } = process.env; // a cross build could not run here
  const started = Date.now();
  onProgress(`building the ${title} ${version} with Go, once: ${takes}`);
  const ticking = setInterval(() => {
    onProgress(`building the ${title}: ${elapsed(Date.now() - started)} of ${takes}`);
  }, PROGRESS_EVERY_MS);

  return new Promise((resolve) => {
    const child = spawn(go, ['install', `${module}@${version}`], {
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
