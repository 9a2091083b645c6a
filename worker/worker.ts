import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { Client } from '@temporalio/client';
import {
  type ActivityInterceptorsFactory,
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
/** MiB of heap that a run costs while it is kept in memory, with a reserve: 6.7 measured. The SDK reckons with 1.7. */
const PER_RUN = 10;
const REST_OF_HEAP = 300;

/** So many runs and locks are kept in memory; the others are replayed when something happens to them. Too many, and the heap ends. */
function cached(): { readonly runs: number; readonly locks: number } {
  const all = (getHeapStatistics().heap_size_limit / MIB - REST_OF_HEAP) / PER_RUN;
  return { runs: Math.max(10, Math.floor(all * 0.75)), locks: Math.max(10, Math.floor(all * 0.25)) };
}

/** Sources and what is built from them lie side by side. */
const ours = (path: string): string => fileURLToPath(new URL(`../${path}${extname(import.meta.url)}`, import.meta.url));

export { payloadConverterPath };
/** What the bundle of the workflow code is made of. */
export const bundleParts = {
  workflowsPath: ours('workflows/index'),
  payloadConverterPath,
  failureConverterPath: ours('workflows/failure-converter'),
  workflowInterceptorModules: [ours('workflows/interceptors')],
};
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
  const workflows = { workflowBundle: { code: await workflowCode(bundle, keyRing, deployment) } };
  const keeps = cached();
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
      maxCachedWorkflows: keeps.runs,
      activities: createActivities(services),
      // Thousands of signals that gathered take seconds, and an activation that is cut off takes the process down.
      ...({ isolateExecutionTimeout: '1 minute' } as object),
      shutdownGraceTime: '2 seconds',
      shutdownForceTime: '4 seconds',
    }),
    Worker.create({
      ...common,
      taskQueue: `${taskQueue}-waits`,
      // The locks of tasks: runs wait for their answers, so they have places of their own.
      ...workflows,
      maxCachedWorkflows: keeps.locks,
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
