import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { failed } from './command.js';
import { ENDS_WITH_PARENT } from './parent.js';

/** A command of ours that runs beside us, as a part of a stack. */
export interface Part {
  /** What it reported when it was ready. */
  readonly address: string;
  /** Settles when it has ended, with its last words. */
  readonly ended: Promise<string>;
  /** SIGTERM, after a while SIGKILL; returns once it has ended. */
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 8_000;
const KEPT_OUTPUT = 4_000;

const fromSources = import.meta.url.endsWith('.ts');
const main = fileURLToPath(new URL(fromSources ? 'main.ts' : 'main.js', import.meta.url));
const loader = fromSources ? ['--import', import.meta.resolve('tsx')] : [];

/** Starts `drs-pilot ...args` and returns once it says that it is ready. Throws CommandError with its last words if it ends before. */
export async function startPart(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Part> {
  // A group of its own: Ctrl-C reaches us alone, and we end the parts in order.
  const child = spawn(process.execPath, [...loader, main, ...args], {
    env: { ...env, [ENDS_WITH_PARENT]: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const words = lastWords(child);
  const ended = once(child, 'close').then(words, (error: Error) => error.message);
  const stop = () => stopChild(child, ended);

  const ready = once(child, 'message', { signal }).then(([message]) => message as { ready: string });
  const first = await Promise.race([ready, ended]).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  if (typeof first === 'string') throw failed(`drs-pilot ${args[0]} ended at once:\n${first}`);
  return { address: first.ready, ended, stop };
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const over = new AbortController();
  const late = delay(STOP_WITHIN_MS, undefined, { signal: over.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await Promise.race([ended, late]);
  over.abort();
  await ended;
}

function lastWords(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      said = (said + text).slice(-KEPT_OUTPUT);
    });
  }
  return () => said.trim();
}
