import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import type { Result } from '../workflows/messages.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('a clean clone installs what it needs and runs the demo to its good end', { timeout: 240_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-clone-'));
  const clone = join(folder, 'drs-pilot');
  try {
    execFileSync('git', ['clone', '--quiet', ROOT, clone]);
    const found = inject('temporalBinary');
    const env = { ...process.env, ...(found && { DRS_PILOT_TEMPORAL_CLI: found }) };
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'demo', '--', '--yes', '--json'], {
      cwd: clone,
      env,
    });
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
    expect(result).toMatchObject({ kind: 'migration', outcome: 'completed', task: 'terminated' });
    expect(result.steps.filter(({ state }) => state !== 'done')).toEqual([]);
    expect(execFileSync('git', ['-C', clone, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
