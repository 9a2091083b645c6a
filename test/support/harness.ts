import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { test as base, expect, inject, vi } from 'vitest';
import { dataConverterWith } from '../../encryption/data-converter.js';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import type { WorkerConfig } from '../../worker/config.js';
import { openServices } from '../../worker/services.js';
import { createWorkers } from '../../worker/worker.js';
import {
  type Choice,
  type MessageName,
  type Receipt,
  type Result,
  type Status,
  status,
  updateOf,
} from '../../workflows/messages.js';
import { configFor, ENV } from './config.js';
import { shareThreads } from './shared-threads.js';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
shareThreads();

/** Waits poll a hundred times as often as at the real service. */
const PACE = 0.01;
const SOON = { timeout: 60_000, interval: 50 };

export interface Run {
  readonly handle: WorkflowHandle;
  readonly id: string;
  status(): Promise<Status>;
  /** The opening of a gate, once it is open: `cutover`, or exactly `cutover#2`. */
  gate(name: string): Promise<NonNullable<Status['gate']>>;
  approve(gate: string, by?: string): Promise<unknown>;
  decide(gate: string, decision: Choice, more?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Any update, as it is. */
  send(name: MessageName, payload?: unknown): Promise<Receipt>;
  /** Until a step runs. */
  running(step: string): Promise<void>;
  result(): Promise<Result>;
  /** The failure of a run that did not end well. */
  failure(): Promise<{ type: string; message: string; result?: Result }>;
}

export interface Pilot {
  readonly client: Client;
  readonly taskQueue: string;
  /** Stops the workers and starts others, with these further settings. */
  readonly rework: (settings: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly start: (spec: unknown, options?: { workflow?: string; id?: string }) => Promise<Run>;
}

interface Fixtures {
  simulator: Simulator;
  /**
   * Further settings of the worker's configuration: by `extend` for a file, by `override` only within a `describe`. At the
   * top of a file `override` changes this very `test`, for all files that share the process.
   */
  settings: Readonly<Record<string, unknown>>;
  /** Path of the bundled workflow code: ours, where a test file has none of its own. */
  bundle: string;
  pilot: Pilot;
}

/** A simulator and a worker of its own for each test, on the shared Temporal server. A fault planned and never asked for fails it. */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  simulator: async ({}, use) => {
    const simulator = await startSimulator({ speed: 'instant' });
    await use(simulator);
    const unused = simulator.pendingFaults();
    await simulator.close();
    expect(unused, 'faults planned and never asked for').toEqual([]);
  },
  settings: {},
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  bundle: [async ({}, use) => use(inject('bundle')), { scope: 'file' }],
  pilot: async ({ simulator, settings, bundle }, use) => {
    const address = inject('temporal');
    const [connection, native] = await Promise.all([
      Connection.connect({ address }),
      NativeConnection.connect({ address }),
    ]);
    const taskQueue = `test-${randomUUID()}`;
    const work = async (config: WorkerConfig): Promise<() => Promise<void>> => {
      const services = openServices(config, { env: ENV, pace: PACE });
      const workers = await createWorkers({
        connection: native,
        namespace: 'default',
        taskQueue,
        services,
        keyRing: config.keyRing,
        pace: PACE,
        bundle,
      });
      const running = Promise.all(workers.map((worker) => worker.run()));
      return async () => {
        for (const worker of workers) worker.shutdown();
        await running;
        await services.close();
      };
    };
    const config = await configFor(simulator, settings);
    let stop = await work(config);
    const client = new Client({ connection, dataConverter: dataConverterWith(config.keyRing) });
    const started: WorkflowHandle[] = [];
    await use({
      client,
      taskQueue,
      rework: async (others) => {
        await stop();
        stop = await work(await configFor(simulator, others));
      },
      start: async (spec, { workflow = 'migration', id = `${workflow}-${randomUUID()}` } = {}) => {
        const handle = await client.workflow.start(workflow, { taskQueue, workflowId: id, args: [spec] });
        started.push(handle);
        return runOf(handle);
      },
    });
    await Promise.all(started.map((handle) => handle.terminate('the test is over').catch(() => undefined)));
    await stop();
    await Promise.all([native.close(), connection.close()]);
  },
});

export function runOf(handle: WorkflowHandle): Run {
  const run: Run = {
    handle,
    id: handle.workflowId,
    status: () => handle.query(status),
    gate: (name) =>
      vi.waitFor(async () => {
        const { gate, steps } = await run.status();
        if (!gate || (gate.id !== name && !gate.id.startsWith(`${name}#`)))
          throw new Error(
            `no gate ${name} yet, but ${gate?.id ?? 'none'}; ${JSON.stringify(steps.filter(({ state }) => state !== 'pending'))}`,
          );
        return gate;
      }, SOON),
    approve: async (name, by = 'ada') => run.decide(name, 'approve', { by }),
    decide: async (name, decision, more = {}) => {
      const { id } = await run.gate(name);
      return await handle.executeUpdate(updateOf('decide'), {
        args: [{ gate: id, by: 'ada', reason: 'as agreed', decision, ...more }],
      });
    },
    send: (name, payload) => handle.executeUpdate(updateOf(name), { args: [payload] }),
    running: (step) =>
      vi.waitFor(async () => {
        const row = (await run.status()).steps.find((one) => one.step === step);
        if (row?.state !== 'running') throw new Error(`${step} is ${row?.state}`);
      }, SOON),
    result: () => handle.result() as Promise<Result>,
    failure: async () => {
      const error = (await handle.result().then(
        (result) => {
          throw new Error(`it ended well: ${JSON.stringify(result)}`);
        },
        (e: unknown) => e,
      )) as { cause?: { type?: string; message?: string; details?: unknown[] }; message: string };
      const cause = error.cause ?? {};
      return {
        type: cause.type ?? cause.constructor.name,
        message: cause.message ?? error.message,
        result: cause.details?.[0] as Result,
      };
    },
  };
  return run;
}

/** Why an update is refused. */
export async function rejection(update: () => Promise<unknown>): Promise<string> {
  const error = await update().then(
    () => new Error('it was accepted'),
    (e: unknown) => (e as Error).cause,
  );
  return (error as Error).message;
}

/** Lets a migration run through both gates, as a person would who is content with everything. */
export async function approveAll(run: Run): Promise<Result> {
  await run.approve('start');
  await run.approve('cutover');
  return await run.result();
}
