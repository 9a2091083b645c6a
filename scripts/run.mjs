import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTemporal } from './find-temporal.mjs';
import { isolated } from './isolated.mjs';
import { setup } from './setup.mjs';
import { countsLine, countTests } from './test-counts.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');

const commands = { demo, test };

async function demo(args) {
  return await node(['--import', 'tsx', join(ROOT, 'client', 'main.ts'), 'demo', ...args], isolated());
}

async function test(args) {
  const temporal = await findTemporal();
  const reports = mkdtempSync(join(tmpdir(), 'drs-pilot-test-'));
  const report = join(reports, 'report.json');
  try {
    const env = { ...isolated(), ...(temporal && { DRS_PILOT_TEMPORAL_CLI: temporal }) };
    const shown = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await node([VITEST, 'run', ...shown, ...args], env);
    const counts = countTests(readReport(report), code);
    for (const problem of counts.problems) console.error(problem);
    console.log(countsLine(counts));
    return counts.failed > 0 || counts.passed === 0 ? code || 1 : 0;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Runs Node with our terminal. Ctrl-C reaches it directly, so we only outlive it; its exit code is ours. */
function node(args, env) {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

const [name, ...args] = process.argv.slice(2);
try {
  const command = commands[name];
  if (!command) throw new Error(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} …`);
  setup();
  process.exitCode = await command(args);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
