import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { type ActivityInterceptorsFactory, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { stringify } from 'yaml';
import { type KeyRing, NO_KEYS } from '../../encryption/key-ring.js';
import { findTemporal, startTemporal } from '../../scripts/temporal-server.mjs';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import type { Speed } from '../../simulator/speed.js';
import { baseConfig, ENV } from '../../test/support/config.js';
import { loadConfig } from '../../worker/config.js';
import { openServices } from '../../worker/services.js';
import { createWorkers, payloadConverterPath } from '../../worker/worker.js';
import { status } from '../../workflows/messages.js';

/** A real Temporal server in memory, and a simulator: what a bench needs around the part that it measures. */
export interface Bench {
  readonly simulator: Simulator;
  readonly client: Client;
  /** Path of a worker's configuration for the simulator, and the environment that a worker needs with it. */
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  /** Workers in this process. */
  work(options: {
    readonly pace: number;
    readonly around?: readonly ActivityInterceptorsFactory[];
    readonly keyRing?: KeyRing;
    /** Path of bundled workflow code; ours without it. */
    readonly bundle?: string;
  }): Promise<() => Promise<void>>;
  start(spec: { readonly name: string }, workflow?: string): Promise<WorkflowHandle>;
  close(): Promise<void>;
}

const TASK_QUEUE = 'drs-pilot';

/** `settings`: of the workers' configuration, out of what a worker needs at least. */
export async function openBench(
  speed: Speed,
  settings: (base: ReturnType<typeof baseConfig>) => Readonly<Record<string, unknown>> = (base) => base,
): Promise<Bench> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-bench-'));
  const server = await startTemporal({ binary: await findTemporal(), uiPort: false });
  const simulator = await startSimulator({ speed });
  const config = join(folder, 'drs-pilot.yaml');
  await writeFile(config, stringify(settings(baseConfig(simulator))));
  const { address } = server;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, dataConverter: { payloadConverterPath } });
  const env = { ...ENV, DRS_PILOT_CONFIG: config, TEMPORAL_ADDRESS: address };
  return {
    simulator,
    client,
    config,
    env,
    work: async ({ pace, around = [], keyRing = NO_KEYS, bundle }) => {
      const native = await NativeConnection.connect({ address });
      const services = openServices(await loadConfig({ file: config, env }), { env, pace });
      const common = { connection: native, namespace: 'default', taskQueue: TASK_QUEUE };
      const workers = await createWorkers({ ...common, services, pace, around, keyRing, bundle });
      const running = Promise.all(workers.map((worker) => worker.run()));
      return async () => {
        for (const worker of workers) worker.shutdown();
        await running;
        await services.close();
        await native.close();
      };
    },
    start: (spec, workflow = 'migration') =>
      client.workflow.start(workflow, { taskQueue: TASK_QUEUE, workflowId: `${workflow}-${spec.name}`, args: [spec] }),
    close: async () => {
      await connection.close();
      await simulator.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Tries until it comes out well. */
export async function eventually<T>(act: () => Promise<T>, every = 100): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, every));
    }
  }
}

/** Approves a gate once it is open. */
export async function approve(run: WorkflowHandle, gate: string, every?: number): Promise<void> {
  await eventually(async () => {
    const { gate: open } = await run.query(status);
    if (open?.id !== gate) throw new Error(`${gate} is not open yet`);
  }, every);
  await run.executeUpdate('approve', { args: [{ gate, by: 'bench', reason: 'it is a bench' }] });
}
