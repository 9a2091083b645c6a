import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import {
  type ActivityInterceptorsFactory,
  type NativeConnection,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { createActivities, createWaitActivities } from '../activities/index.js';
import { activityInterceptor } from '../activities/interceptor.js';
import { lockGuard } from '../activities/lock-guard.js';
import type { Services } from '../activities/services.js';

export interface WorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly services: Omit<Services, 'temporal'>;
  /** Multiplies the intervals of all waits; 1 is right for the real service. */
  readonly pace?: number;
  /** Path of the built workflow code; the one beside this file, or the sources, when absent. */
  readonly bundle?: string | undefined;
  /** Further interceptors of activities, outside our own. */
  readonly around?: readonly ActivityInterceptorsFactory[];
}

/** A wait costs about 0.15 MB. */
const WAITS_AT_ONCE = 5_000;

/** Sources and what is built from them lie side by side. */
const ours = (path: string): string => fileURLToPath(new URL(`../${path}${extname(import.meta.url)}`, import.meta.url));

export const workflowsPath = ours('workflows/index');
/** Modules with interceptors of workflows. */
export const workflowInterceptorModules = [ours('workflows/interceptors')];
export const payloadConverterPath = ours('workflows/payload-converter');
const BUILT = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** The two workers of a process: one for workflows and calls, one for waits, so that waiting never starves calls. */
export async function createWorkers(options: WorkersOptions): Promise<readonly Worker[]> {
  const {
    connection,
    namespace,
    taskQueue,
    services: others,
    pace = 1,
    bundle = existsSync(BUILT) ? BUILT : undefined,
    around = [],
  } = options;
  const dataConverter = { payloadConverterPath };
  const temporal = new Client({ connection, namespace, dataConverter });
  const services = { ...others, temporal };
  const workflows = bundle ? { workflowBundle: { codePath: bundle } } : { workflowsPath };
  const common = {
    connection,
    namespace,
    dataConverter,
    interceptors: {
      activity: [...around, activityInterceptor, lockGuard(temporal)],
      ...(!bundle && { workflowModules: workflowInterceptorModules }),
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
      // The locks of tasks: runs wait for their answers, so they have places of their own.
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
