import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { startTemporal } from '../../scripts/temporal-server.mjs';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { payloadConverterPath } from '../../worker/worker.js';
import { type Checkpoint, openCheckpoint } from './checkpoint.js';
import { baseConfig, configFile, ENV } from './config.js';
import { type Run, runOf } from './harness.js';
import { startWorker, type WorkerProcess } from './worker-process.js';

/** Everything that can be killed, each for itself: a Temporal server, workers as processes. */
export interface Stack {
  readonly simulator: Simulator;
  /** Stands between the workers and the simulator. */
  readonly checkpoint: Checkpoint;
  readonly client: Client;
  /** Of Temporal. */
  readonly address: string;
  startWorker(env?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  start(spec: unknown, workflow?: string): Promise<Run>;
  /** SIGKILL, and a new server on the same file and port. */
  killTemporal(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface StackOptions {
  /** Clouds beside the default one; calls to different clouds never travel in one request. */
  readonly clouds?: readonly string[];
  /** Whether Temporal keeps its state in a file, so that it outlives a kill; slower. */
  readonly file?: boolean;
  /** Further settings of the workers' configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export async function openStack({ clouds = [], file = true, settings = {} }: StackOptions = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-stack-'));
  const where = {
    binary: inject('temporalBinary') || undefined,
    uiPort: false,
    ...(file && { dbFile: join(folder, 'temporal.db') }),
  } as const;
  let server = await startTemporal(where);
  const port = Number(server.address.split(':').at(-1));
  const simulator = await startSimulator({ speed: 'instant' });
  const checkpoint = await openCheckpoint(simulator.url);
  const base = baseConfig({ url: checkpoint.url, project: simulator.project });
  const taskQueue = 'drs-pilot';
  const config = await configFile(simulator, {
    ...base,
    ...settings,
    clouds: Object.fromEntries(['default', ...clouds].map((name) => [name, base.clouds.default])),
  });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection, dataConverter: { payloadConverterPath } });
  const workers: WorkerProcess[] = [];
  return {
    simulator,
    checkpoint,
    client,
    address: server.address,
    startWorker: async (more = {}) => {
      const env = { ...ENV, DRS_PILOT_CONFIG: config, DRS_PILOT_PACE: '0.01', TEMPORAL_ADDRESS: server.address };
      const worker = await startWorker({ ...env, ...more }, inject('compiled'));
      workers.push(worker);
      return worker;
    },
    start: async (spec, workflow = 'migration') => {
      const workflowId = `${workflow}-${randomUUID()}`;
      return runOf(await client.workflow.start(workflow, { taskQueue, workflowId, args: [spec] }));
    },
    killTemporal: async () => {
      process.kill(server.pid as number, 'SIGKILL');
      await server.exited;
      return async () => {
        server = await startTemporal({ ...where, port });
      };
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
      await connection.close();
      await server.stop();
      await checkpoint.close();
      await simulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
