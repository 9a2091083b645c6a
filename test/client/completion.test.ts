import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { run } from './cli.js';

test('a real bash completes commands, their options and files', async () => {
  const { code, out } = await run(['completion', 'bash']);
  expect(code).toBe(0);
  const complete = (...line: string[]): string[] => {
    const words = ['drs-pilot', ...line].map((word) => `'${word}'`).join(' ');
    const script = `${out}\nCOMP_WORDS=(${words}); COMP_CWORD=${line.length}; _drs_pilot; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n');
  };
  expect(complete('val')).toEqual(['validate']);
  expect(complete('validate', '--wo')).toEqual(['--worker']);
  expect(complete('--namespace', 'start', 'start', '--wat')).toEqual(['--watch']);
  expect(complete('validate', 'package.j')).toEqual(['package.json']);
  expect(complete('locks', '--namesp')).toEqual(['--namespace']);
});

test('zsh and fish get theirs, another shell is refused', async () => {
  const [zsh, fish, other] = await Promise.all(['zsh', 'fish', 'tcsh'].map((shell) => run(['completion', shell])));
  expect(zsh?.out).toContain('bashcompinit');
  expect(fish?.out).toMatch(/^complete -c drs-pilot -n "__fish_seen_subcommand_from validate" .*--worker/m);
  expect(other).toMatchObject({ code: 2, err: expect.stringContaining('bash, zsh, fish') });
});
