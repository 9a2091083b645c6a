import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import {
  type ActivityInterceptorsFactory,
  type Logger,
  type NativeConnection,
  Runtime,
  type Worker,
} from '@temporalio/worker';
import { request } from 'undici';
import type { Env } from '../drs/auth/credentials.js';
import type { Observer } from '../drs/observer.js';
import { dataConverterWith } from '../encryption/data-converter.js';
import type { KeyRing } from '../encryption/key-ring.js';
import { wantsTraces } from '../telemetry/settings.js';
import type { TelemetryConfig } from './config.js';
import { openLogger } from './logger.js';
import { openMetrics } from './metrics.js';
import { freePort, type Monitor, openMonitor } from './monitor.js';
import { activitySpans, requestSpans, spanSinks } from './spans.js';

/** What a worker tells of itself: logs, metrics and its health. */
export interface Telemetry {
  /** Hears what the connections to the clouds do. */
  readonly observer: Observer;
  /** Go outside our own interceptors of activities. */
  readonly around: readonly ActivityInterceptorsFactory[];
  readonly sinks: ReturnType<typeof spanSinks>;
  /** Opens the address of the configuration, if it has one. @throws Error of the system where that cannot be had. */
  watch(work: {
    readonly connection: NativeConnection;
    readonly namespace: string;
    readonly keyRing: KeyRing;
    readonly workers: readonly Worker[];
  }): Promise<Monitor | undefined>;
  /** Sends the spans that are left. */
  close(): Promise<void>;
}

/** Nobody waits longer than this to hear whether Temporal answers. */
const ANSWER_WITHIN_MS = 3_000;
const TRIES = 5;

/** Installs Temporal's runtime, once for the process, and opens what the configuration asks for. */
export async function openTelemetry(
  { address, metrics: measured, logs, otlp }: TelemetryConfig,
  env: Env = process.env,
): Promise<Telemetry> {
  const metrics = address !== undefined && measured ? openMetrics() : undefined;
  const temporals = await installRuntime(logs, metrics !== undefined);
  const traces = wantsTraces(env, otlp)
    ? (await import('../telemetry/traces.js')).openTraces('worker', otlp, env)
    : undefined;
  return {
    observer: joined([requestLog, ...(metrics ? [metrics.observer] : []), ...(traces ? [requestSpans(traces)] : [])]),
    around: [...(traces ? [activitySpans(traces)] : []), ...(metrics ? [metrics.gates] : [])],
    sinks: spanSinks(traces),
    close: async () => await traces?.close(),
    watch: async ({ connection, namespace, keyRing, workers }) => {
      if (address === undefined) return undefined;
      metrics?.countRuns(new Client({ connection, namespace, dataConverter: dataConverterWith(keyRing) }));
      const text = metrics && (async () => (await Promise.all([metrics.text(), temporals()])).join('\n'));
      return await openMonitor(address, { metrics: text, unready: () => unready(connection, workers) });
    },
  };
}

/** Gives a function that reads Temporal's own metrics. They come from a server of its core, on a port that only we know. */
async function installRuntime(logs: TelemetryConfig['logs'], measured: boolean): Promise<() => Promise<string>> {
  const logger = openLogger(logs);
  for (let tries = 1; ; tries += 1) {
    const bindAddress = measured ? `127.0.0.1:${await freePort()}` : undefined;
    try {
      Runtime.install({
        logger,
        shutdownSignals: [],
        telemetryOptions: {
          logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
          ...(bindAddress && { metrics: { prometheus: { bindAddress } } }),
        },
      });
      return async () => {
        if (!bindAddress) return '';
        return await (await request(`http://${bindAddress}/metrics`)).body.text();
      };
    } catch (error) {
      // Somebody else took the port in this moment.
      if (!measured || tries === TRIES) throw error;
    }
  }
}

/** Every request at level debug, with the ids of the runs that it was made for. */
const requestLog: Observer = {
  request: ({ operation, cloud, jobs, callers }) => {
    const began = performance.now();
    return ({ status, requestId, kind, code, outcomes }) => {
      const ms = Math.round(performance.now() - began);
      const jobIds = outcomes.map(({ jobId }) => jobId).filter(Boolean);
      const entry = { operation, cloud, jobs, status, requestId, kind, code, ms, jobIds };
      const say = (): void => logger().debug('request', entry);
      if (callers.length === 0) say();
      for (const caller of callers) caller(say);
    };
  },
};

/** With the ids of the run, where an activity called. */
function logger(): Logger {
  try {
    return Context.current().log;
  } catch {
    return Runtime.instance().logger;
  }
}

/** Several observers as one. Whatever happens to them, the calls go on. */
export function joined(observers: readonly Observer[]): Observer {
  const each = <T>(tell: (observer: Observer) => T): T[] =>
    observers.flatMap((observer) => safely(() => tell(observer)));
  return {
    request: (sent) => {
      const told = each(({ request }) => request?.(sent));
      return (ended) => {
        for (const tell of told) safely(() => tell?.(ended));
      };
    },
    outcome: (...outcome) => void each(({ outcome: tell }) => tell?.(...outcome)),
    round: (round) => void each(({ round: tell }) => tell?.(round)),
  };
}

function safely<T>(act: () => T): T[] {
  try {
    return [act()];
  } catch (error) {
    Runtime.instance().logger.warn('telemetry failed', { error });
    return [];
  }
}

async function unready(connection: NativeConnection, workers: readonly Worker[]): Promise<string | undefined> {
  const idle = workers.map((worker) => worker.getState()).find((state) => state !== 'RUNNING');
  if (idle !== undefined) return `the worker is ${idle.toLowerCase()}`;
  const ask = () => connection.workflowService.getSystemInfo({});
  return await connection
    .withDeadline(Date.now() + ANSWER_WITHIN_MS, ask)
    .then(() => undefined)
    .catch((error: unknown) => `Temporal does not answer: ${error instanceof Error ? error.message : error}`);
}
