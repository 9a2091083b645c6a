import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isolated } from '../scripts/isolated.mjs';
import { findTemporal, startTemporal } from '../scripts/temporal-server.mjs';
import { failed } from './command.js';
import { startPart } from './part.js';

export interface StackOptions {
  /** Of the simulated cloud: instant, demo, or times as fast as demo. */
  readonly speed: string;
  /** Directory that keeps the state of Temporal and the simulator; without it all is in memory. */
  readonly state?: string;
  readonly ports?: { readonly temporal: number; readonly ui: number; readonly simulator: number };
  readonly say: (line: string) => void;
  /** Ends the start. */
  readonly signal: AbortSignal;
}

export interface Stack {
  readonly temporal: string;
  readonly ui: string;
  readonly simulator: string;
  /** What a client of this stack needs, and nothing of the user's own settings. */
  readonly env: Record<string, string>;
  /** Rejects when a part ends by itself. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/** The simulator knows these by default; they open nothing else. */
const SIMULATED = {
  HUAWEICLOUD_SDK_AK: 'local-ak',
  HUAWEICLOUD_SDK_SK: 'local-sk',
  HUAWEICLOUD_SDK_PROJECT_ID: '0123456789abcdef0123456789abcdef',
};

/** Of the real intervals: a simulated minute is over in about two seconds. */
const PACE = '0.03';

/** A real Temporal with its UI, the simulator and a worker, all of them ours alone. */
export async function startStack({ speed, state, ports, say, signal }: StackOptions): Promise<Stack> {
  // Building the server takes minutes; whoever interrupts does not wait for it.
  const binary = await Promise.race([findTemporal({ onProgress: say }), aborted(signal)]);
  if (state) mkdirSync(state, { recursive: true });
  const stops: (() => Promise<void>)[] = [];
  // The worker first, its server last.
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    say('starting Temporal, the simulator and a worker');
    const temporal = await startTemporal({
      ...(binary && { binary }),
      ...(state && { dbFile: join(state, 'temporal.db') }),
      ...(ports && { port: ports.temporal, uiPort: ports.ui }),
    });
    stops.push(temporal.stop);
    const base = isolated();
    const file = state ? ['--file', join(state, 'simulator.json')] : [];
    const simulator = await startPart(
      ['simulator', '--port', String(ports?.simulator ?? 0), '--speed', speed, ...file],
      base,
      signal,
    );
    stops.push(simulator.stop);
    const env = {
      ...(base as Record<string, string>),
      ...SIMULATED,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'default',
      DRS_ENDPOINT: simulator.address,
      IAM_ENDPOINT: simulator.address,
      DRS_PILOT_CONFIG: fileURLToPath(new URL('demo/drs-pilot.yaml', import.meta.url)),
      DRS_PILOT_PACE: PACE,
    };
    const worker = await startPart(['worker'], env, signal);
    stops.push(worker.stop);
    const parts = {
      'the worker': worker.ended,
      'the simulator': simulator.ended,
      'the Temporal server': temporal.exited,
    };
    const broken = Promise.race(
      Object.entries(parts).map(([name, ended]) =>
        ended.then((words) => Promise.reject(failed(`${name} has ended by itself. ${words ?? ''}`.trim()))),
      ),
    );
    broken.catch(() => undefined);
    return { temporal: temporal.address, ui: temporal.uiUrl ?? '', simulator: simulator.address, env, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

/** Where the dev stack keeps its state: XDG_STATE_HOME counts only when absolute, as its standard says. */
export function stateHome(env: NodeJS.ProcessEnv = process.env): string {
  const xdg = env['XDG_STATE_HOME'];
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'state'), 'drs-pilot');
}
