import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { Client } from '@temporalio/client';
import {
  type ActivityInterceptorsFactory,
  type BundleOptions,
  bundleWorkflowCode,
  type NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { createActivities, createWaitActivities } from '../activities/index.js';
import { activityInterceptor } from '../activities/interceptor.js';
import { lockGuard } from '../activities/lock-guard.js';
import type { Services } from '../activities/services.js';
import { dataConverterWith, payloadConverterPath } from '../encryption/data-converter.js';
import { type KeyRing, NO_KEYS } from '../encryption/key-ring.js';
import { ENCODES_FAILURES } from '../workflows/failure-converter.js';
import { VERSIONED } from '../workflows/versioned.js';
import { type Deployment, deploymentOptions } from './deployment.js';
import { spanSinks } from './spans.js';

export interface WorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly services: Omit<Services, 'temporal'>;
  /** Which version of the workers this is; unversioned without it. */
  readonly deployment?: Deployment | undefined;
  /** Encrypts payloads; none without it. */
  readonly keyRing?: KeyRing;
  /** Multiplies the intervals of all waits; 1 is right for the real service. */
  readonly pace?: number;
  /** Path of the built workflow code; the one beside this file, or the sources, when absent. */
  readonly bundle?: string | undefined;
  /** Further interceptors of activities, outside our own. */
  readonly around?: readonly ActivityInterceptorsFactory[];
  /** Where spans of traced runs go. */
  readonly sinks?: ReturnType<typeof spanSinks>;
}

/** A wait costs about 0.15 MB. */
const WAITS_AT_ONCE = 5_000;

const MIB = 1_048_576;
/** MiB that a thread needs for itself, code and all. */
const REST_OF_HEAP = 100;
/** MiB that a run may cost while it is kept in memory; 0.6 measured for a young one with its lock (bench/memory.ts), more for one that has much to show. */
const PER_RUN = 1;

/** So many runs a thread keeps in memory, and replays the others when something happens to them. Each thread has a heap as large as ours. */
const kept = (): number =>
  Math.max(10, Math.floor((getHeapStatistics().heap_size_limit / MIB - REST_OF_HEAP) / PER_RUN));

/** Sources and what is built from them lie side by side. */
const ours = (path: string): string => fileURLToPath(new URL(`../${path}${extname(import.meta.url)}`, import.meta.url));

export { payloadConverterPath };
/** What the bundle of the workflow code is made of. */
export const bundleParts = {
  workflowsPath: ours('workflows/index'),
  payloadConverterPath,
  failureConverterPath: ours('workflows/failure-converter'),
  workflowInterceptorModules: [ours('workflows/interceptors')],
  preloadModules: [ours('workflows/shared')],
  // Each worker and thread reads the map anew: without a copy of the sources it has lines and names all the same.
  webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-source-map' }),
} satisfies BundleOptions;
const BUILT = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** The two workers of a process: one for workflows and calls, one for waits, so that waiting never starves calls. */
export async function createWorkers(options: WorkersOptions): Promise<readonly Worker[]> {
  const {
    connection,
    namespace,
    taskQueue,
    services: others,
    deployment,
    keyRing = NO_KEYS,
    pace = 1,
    bundle = existsSync(BUILT) ? BUILT : undefined,
    around = [],
    sinks = spanSinks(undefined),
  } = options;
  const dataConverter = dataConverterWith(keyRing, {
    marks: true,
    warn: sparing((sentence) => Runtime.instance().logger.warn(sentence)),
  });
  const temporal = new Client({ connection, namespace, dataConverter: dataConverterWith(keyRing) });
  const services = { ...others, temporal };
  const workflows = {
    workflowBundle: { code: await workflowCode(bundle, keyRing, deployment) },
    maxCachedWorkflows: kept(),
  };
  const common = {
    connection,
    namespace,
    dataConverter,
    sinks,
    ...(deployment && { workerDeploymentOptions: deploymentOptions(deployment) }),
    interceptors: {
      activity: [...around, activityInterceptor, lockGuard(temporal)],
    },
    maxHeartbeatThrottleInterval: '5 seconds',
    defaultHeartbeatThrottleInterval: '5 seconds',
    // A run whose worker was killed moves on within seconds.
    stickyQueueScheduleToStartTimeout: '2 seconds',
  } satisfies Partial<WorkerOptions>;
  return await Promise.all([
    Worker.create({
      ...common,
      taskQueue,
      ...workflows,
      activities: createActivities(services),
      // Thousands of signals that gathered take seconds, and an activation that is cut off takes the process down.
      ...({ isolateExecutionTimeout: '1 minute' } as object),
      shutdownGraceTime: '2 seconds',
      shutdownForceTime: '4 seconds',
    }),
    Worker.create({
      ...common,
      taskQueue: `${taskQueue}-waits`,
      // The locks of tasks: runs wait for their answers, so they have a thread of their own.
      ...workflows,
      workflowThreadPoolSize: 1,
      activities: createWaitActivities(services, pace),
      maxConcurrentActivityTaskExecutions: WAITS_AT_ONCE,
      // A wait ends at once and goes on elsewhere.
      shutdownGraceTime: 0,
      shutdownForceTime: '4 seconds',
    }),
  ]);
}

/** The bundle, made now where there is none. What workflows must know of their worker is told in front of it. */
async function workflowCode(
  bundle: string | undefined,
  { active }: KeyRing,
  deployment: Deployment | undefined,
): Promise<string> {
  const code = bundle
    ? await readFile(bundle, 'utf8')
    : (await bundleWorkflowCode({ ...bundleParts, logger: Runtime.instance().logger })).code;
  const told = [...(active === undefined ? [] : [ENCODES_FAILURES]), ...(deployment ? [VERSIONED] : [])];
  return told.map((name) => `globalThis.${name}=true;`).join('') + code;
}

const AGAIN_AFTER_MS = 60_000;
const MOST_TOLD = 1_000;

/** Says each sentence once a minute: a flood of bad signals must not become a flood of lines. */
function sparing(say: (sentence: string) => void): (sentence: string) => void {
  const told = new Map<string, number>();
  return (sentence) => {
    const now = Date.now();
    if (now - (told.get(sentence) ?? 0) < AGAIN_AFTER_MS) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.set(sentence, now);
    say(sentence);
  };
}
