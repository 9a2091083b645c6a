import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { explainMissing, missingSearchAttributes } from '../workflows/search-attributes.js';
import { loadConfig } from './config.js';
import { openServices } from './services.js';
import { openTelemetry } from './telemetry.js';
import { createWorkers } from './worker.js';

export interface RunWorkerOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Path of drs-pilot.yaml; else DRS_PILOT_CONFIG. */
  readonly config?: string | undefined;
  readonly taskQueue?: string | undefined;
  /** Path of workflow code that was bundled before. */
  readonly bundle?: string | undefined;
  /** Ends the worker; SIGTERM and SIGINT do, too. */
  readonly signal?: AbortSignal | undefined;
  /** Called once the worker polls. */
  readonly onReady?: (where: {
    readonly address: string;
    readonly namespace: string;
    readonly taskQueue: string;
  }) => void;
}

/** Why a worker can't start, in words for the person who starts it. */
export class WorkerRefused extends Error {
  override readonly name = 'WorkerRefused';
}

const ADDRESS = '127.0.0.1:7233';

/** @throws ConfigError with all problems of the configuration that a worker would start with. */
export async function checkConfig(file: string | undefined, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  await loadConfig({ env, ...(file !== undefined && { file }) });
}

/**
 * The worker's process: configuration, connection, both workers, until a signal ends it (under 5 s; waits go on elsewhere).
 * @throws ConfigError with all problems of the configuration; WorkerRefused when Temporal does not answer or lacks the search attributes.
 */
export async function runWorker({
  env = process.env,
  config: file,
  taskQueue,
  bundle,
  signal,
  onReady,
}: RunWorkerOptions = {}): Promise<void> {
  const config = await loadConfig({ env, ...(file !== undefined && { file }) });
  const telemetry = await openTelemetry(config.telemetry, env);
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({
    overrideEnvVars: env as Record<string, string>,
  });
  const address = connectionOptions.address ?? ADDRESS;
  const connection = await NativeConnection.connect({ ...connectionOptions, address }).catch((error: unknown) => {
    throw new WorkerRefused(
      `Temporal does not answer at ${address}: ${reason(error)}. Start it, or say where it is with TEMPORAL_ADDRESS.`,
    );
  });
  const pace = paceOf(env);
  const services = openServices(config, { env, pace, observer: telemetry.observer });
  const queue = taskQueue ?? config.temporal.taskQueue;
  try {
    await demandSearchAttributes(connection, namespace);
    const {
      keyRing,
      temporal: { deployment },
    } = config;
    const { around, sinks } = telemetry;
    const workers = await createWorkers({
      connection,
      namespace,
      taskQueue: queue,
      services,
      deployment,
      keyRing,
      pace,
      bundle,
      around,
      sinks,
    });
    const monitor = await telemetry
      .watch({ connection, namespace, keyRing, workers })
      .catch(refuseAddress(config.telemetry.address));
    const stop = () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    const running = Promise.all(workers.map((worker) => worker.run()));
    process.once('SIGTERM', stop).once('SIGINT', stop);
    signal?.addEventListener('abort', stop, { once: true });
    Runtime.instance().logger.info('working', {
      taskQueue: queue,
      namespace,
      address,
      monitor: monitor?.address,
      ...(deployment && { version: `${deployment.name}:${deployment.buildId}` }),
    });
    onReady?.({ address, namespace, taskQueue: queue });
    await running.finally(() => monitor?.close());
  } finally {
    await services.close();
    await telemetry.close();
    await connection.close();
  }
}

async function demandSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace).catch((error: unknown) => {
    throw new WorkerRefused(`the search attributes of namespace "${namespace}" cannot be read: ${reason(error)}`);
  });
  if (missing.length > 0)
    throw new WorkerRefused(`${explainMissing(missing, namespace)}. Run \`drs-pilot setup\` once, then start again.`);
}

const refuseAddress =
  (address = '') =>
  (error: NodeJS.ErrnoException): never => {
    const mend = 'Give telemetry.address another port: each worker of a host needs its own.';
    throw new WorkerRefused(
      `telemetry.address: nobody can listen on ${address} (${error.code ?? error.message}). ${mend}`,
    );
  };

/** DRS_PILOT_PACE multiplies the intervals of all waits: below 1 for rehearsals on the simulator. */
function paceOf(env: NodeJS.ProcessEnv): number {
  const pace = Number(env['DRS_PILOT_PACE'] ?? 1);
  if (pace >= 0.001 && pace <= 100) return pace;
  throw new WorkerRefused('DRS_PILOT_PACE must be a number from 0.001 to 100; 1 is right for the real service.');
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
