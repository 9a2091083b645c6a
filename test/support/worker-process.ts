import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface WorkerProcess {
  readonly pid: number;
  /** Sends the signal and returns once the process has ended, with how it ended: its exit code, or the signal that killed it. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | NodeJS.Signals>;
  readonly running: boolean;
  /** What it has said so far. */
  output(): string;
}

const SOURCE = fileURLToPath(new URL('worker-main.ts', import.meta.url));

/** Starts a worker in a process of its own, from `compiled` where that is given; returns once it polls. */
export async function startWorker(env: Readonly<Record<string, string>>, compiled?: string): Promise<WorkerProcess> {
  const main = compiled
    ? [join(compiled, 'dist', 'test', 'support', 'worker-main.js')]
    : ['--import', import.meta.resolve('tsx'), SOURCE];
  const child = spawn(process.execPath, main, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output = listen(child);
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const first = await Promise.race([once(child, 'message'), ended]);
  if (!Array.isArray(first)) throw new Error(`the worker ended at once (${first}): ${output()}`);
  return {
    pid: child.pid as number,
    end: async (signal) => {
      child.kill(signal);
      return await ended;
    },
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    output,
  };
}

function listen({ stdout, stderr }: ChildProcess): () => string {
  let said = '';
  for (const stream of [stdout, stderr]) stream?.on('data', (text) => (said += text));
  return () => said;
}
