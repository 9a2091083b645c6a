import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test, vi } from 'vitest';
import { freePort } from '../../scripts/temporal-server.mjs';
import { begin, run } from './cli.js';

const LONG = { timeout: 180_000 };
const env = () => ({ DRS_PILOT_TEMPORAL_CLI: inject('temporalBinary') });

test(
  'the demo needs nobody with --yes: its last line is the result, and nothing of the environment leads it astray',
  LONG,
  async () => {
    const elsewhere = {
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      DRS_ENDPOINT: 'http://127.0.0.1:9',
      DRS_PILOT_CONFIG: '/nowhere',
    };
    const { code, out, err } = await run(['demo', '--yes', '--json', '--speed', '10'], {
      env: { ...env(), ...elsewhere },
    });
    expect(code, err).toBe(0);
    const result = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ kind: 'migration', outcome: 'completed', task: 'terminated' });
    expect(result.decisions.map(({ gate, decision }: Record<string, string>) => `${gate} ${decision}`)).toEqual([
      'start#1 approve',
      'cutover#1 approve',
    ]);
    expect(err).toMatch(/Temporal's UI: http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/migration-/);
    expect(err).toContain('start#1: Start the transfer?');
  },
);

test.each([
  ['Ctrl-C', 'SIGINT', 130],
  ['a kill that nobody can catch', 'SIGKILL', null],
] as const)('everything that the demo started ends with it, by %s', LONG, async (_, signal, expected) => {
  const demo = begin(['demo', '--speed', '0.1'], { env: env() });
  await demo.said(/Create running/);
  const children = childrenOf(demo.pid);
  expect(children.length).toBeGreaterThanOrEqual(3);
  demo.kill(signal);
  const { code, err } = await demo.ended;
  expect(code).toBe(expected);
  if (signal === 'SIGINT') expect(err).toContain('everything has ended');
  await vi.waitFor(() => expect(children.filter(lives)).toEqual([]), { timeout: 20_000, interval: 200 });
});

test('what runs in the dev stack survives its restart, and so does who watches it', LONG, async () => {
  const ports = [await freePort(), await freePort(), await freePort()].map(String) as [string, string, string];
  const [port, ui, simulator] = ports;
  const state = mkdtempSync(join(tmpdir(), 'drs-pilot-state-'));
  const args = [
    'dev',
    '--port',
    port,
    '--ui-port',
    ui,
    '--simulator-port',
    simulator,
    '--state',
    state,
    '--speed',
    '20',
  ];
  const cli = (...words: string[]) => run([...words, '--address', `127.0.0.1:${port}`]);

  const first = begin(args, { env: env() });
  await first.said(/Ctrl-C ends all of it/);
  expect((await cli('start', 'examples/migration.yaml')).code).toBe(0);
  const id = 'migration-orders-to-rds';
  const watching = begin(['watch', id, '--address', `127.0.0.1:${port}`]);
  await watching.said(/start#1 waits for a person/);
  first.kill('SIGTERM');
  await first.ended;
  await watching.said(/Watching goes on/);

  const second = begin(args, { env: env() });
  await second.said(/Ctrl-C ends all of it/);
  expect((await cli('approve', id, '--reason', 'still wanted')).code).toBe(0);
  await watching.said(/cutover#1 waits for a person/);
  expect((await cli('approve', id, '--reason', 'it is in step')).code).toBe(0);
  const watched = await watching.ended;
  expect(watched.code, watched.err).toBe(0);
  expect(watched.out).toMatch(/completed/);
  second.kill('SIGTERM');
  await second.ended;
});

const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
