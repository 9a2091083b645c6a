import { activityInfo, Context, cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { DrsError } from '../drs/errors.js';
import {
  type Held,
  type LockAnswer,
  type LockRequest,
  type LockView,
  lockIdOf,
  type Owner,
  type TakeOver,
  waitsFor,
} from './lock-view.js';
import type { Services } from './services.js';

export interface LocksInput extends LockRequest {
  readonly cloud?: string | undefined;
  /** Asked for one after another in the order given: who needs several must sort them, so that no two wait for each other. */
  readonly jobs: readonly string[];
  /** Where lock workflows run. */
  readonly taskQueue: string;
}

export interface LocksAnswer {
  readonly held: readonly Held[];
  /** The first lock that is not ours yet. */
  readonly waitsFor?: LockView;
}

export interface WaitForLocksInput extends LocksInput {
  /** ms; however long it takes when absent. */
  readonly within?: number;
  /** Only until this one is no longer in the way; another may be then. */
  readonly past?: string;
}

export interface TakeLocksInput extends LocksInput {
  readonly by: string;
  readonly why: string;
}

const ANSWER_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 2_000;
const LOOK_EVERY_MS = { eager: 5_000, idle: 300_000 } as const;

/** What is asked of locks in passing: answered at once. */
export const lockActivities = (services: Services) => ({
  /** Requests locks until one is not to be had: that request stands in its queue then. */
  requestLocks: (input: LocksInput): Promise<LocksAnswer> => request(services, input),

  /** Takes what others hold. They are told before this returns. */
  takeLocks: async ({ by, why, ...input }: TakeLocksInput): Promise<LocksAnswer> => {
    const held = [];
    for (const jobId of input.jobs) held.push(await takeOver(services, input, jobId, { by, why }));
    return { held };
  },

  /** Gives locks back, or leaves their queues. */
  releaseLocks: async ({ held, owner }: { held: readonly Pick<Held, 'lockId'>[]; owner: Owner }): Promise<void> => {
    for (const { lockId } of held) await release(services.temporal, lockId, owner);
  },
});

/** What may take long, on the queue of waits. `pace` multiplies the intervals. */
export const lockWaits = (services: Services, pace: number) => ({
  /** Until all locks are ours, or the time is over. Whoever stops waiting leaves the queue. */
  waitForLocks: async ({ within, past, ...input }: WaitForLocksInput): Promise<LocksAnswer> => {
    const until = within === undefined ? Number.POSITIVE_INFINITY : Date.now() + within * pace;
    try {
      for (;;) {
        const answer = await request(services, input);
        if (!answer.waitsFor || (past && answer.waitsFor.jobId !== past)) return answer;
        heartbeat({ step: 'Lock', note: waitsFor(answer.waitsFor) });
        if (Date.now() >= until) return answer;
        await untilOurs(services, input, answer.waitsFor, Math.min(until, Date.now() + 3_600_000), pace);
      }
    } catch (error) {
      if (isCancelled()) await leave(services, input);
      throw error;
    }
  },

  /** Ends as soon as the run of one of them is closed, and tells whose: what it held is free. */
  watchOwners: async ({ owners, eager }: { owners: readonly Owner[]; eager: boolean }): Promise<{ gone: string[] }> => {
    for (;;) {
      const gone = [];
      for (const owner of owners) if (await isGone(services.temporal, owner)) gone.push(owner.runId);
      if (gone.length > 0) return { gone };
      heartbeat({ step: 'Lock' });
      await sleep(LOOK_EVERY_MS[eager ? 'eager' : 'idle'] * pace);
    }
  },
});

/** Whether a lock is still held under a token. Who acts late must ask: meanwhile another may have taken it over. */
export async function holdsLock(temporal: Client, lockId: string, runId: string, token: number): Promise<boolean> {
  const lock = await look(temporal, lockId);
  return lock?.holders.some((hold) => hold.owner.runId === runId && hold.token === token) ?? false;
}

/**
 * Does something under the lock of a task, in an activity whose run could not take it before. What the run holds already it keeps.
 * @throws DrsError `transient` that names the holder where another has it: it is tried again.
 */
export async function underLock<T>(
  services: Services,
  { jobId, cloud }: { readonly jobId: string; readonly cloud?: string },
  reason: string,
  act: () => Promise<T>,
): Promise<T> {
  const { temporal } = services;
  const { workflowExecution, workflowType = 'run', taskQueue } = activityInfo();
  const { workflowId, runId: current } = workflowExecution ?? { workflowId: 'unknown', runId: 'unknown' };
  const run = await stoppable(temporal, () => temporal.workflow.getHandle(workflowId, current).describe());
  const runId = run.raw.workflowExecutionInfo?.firstRunId || current;
  const owner = { workflowId, runId, kind: workflowType, name: workflowId };
  const before = await look(temporal, lockIdOf(services.cloud(cloud).name, jobId));
  const mine = before?.holders.some((hold) => hold.owner.runId === runId && hold.mode === 'exclusive');
  const input = { jobs: [jobId], owner, mode: 'exclusive', reason, cloud, taskQueue } as const;
  const { lockId, answer } = await ask(services, input, jobId, 'request', {});
  try {
    if (answer.token !== undefined) return await act();
  } finally {
    if (!mine) await release(temporal, lockId, owner);
  }
  throw new DrsError('transient', `it ${waitsFor(answer.lock)}; it is tried again`, { operation: 'lock', jobId });
}

/** Who holds the lock of a task and who waits for it; undefined where nobody does. */
export const lockOf = (temporal: Client, cloud: string, jobId: string): Promise<LockView | undefined> =>
  look(temporal, lockIdOf(cloud, jobId));

async function request(services: Services, input: LocksInput): Promise<LocksAnswer> {
  const held: Held[] = [];
  for (const jobId of input.jobs) {
    const { lockId, answer } = await ask(services, input, jobId, 'request', {});
    if (answer.token === undefined) return { held, waitsFor: answer.lock };
    held.push({ jobId, lockId, token: answer.token });
  }
  return { held };
}

async function takeOver(
  services: Services,
  input: LocksInput,
  jobId: string,
  decision: Pick<TakeOver, 'by' | 'why'>,
): Promise<Held> {
  const { lockId, answer } = await ask(services, input, jobId, 'takeOver', decision);
  if (answer.token === undefined) throw new Error(`the lock of ${jobId} was not given`);
  return { jobId, lockId, token: answer.token };
}

/** One question to one lock, which begins to exist with it. */
async function ask(
  services: Services,
  { owner, mode, reason, cloud, taskQueue }: LocksInput,
  jobId: string,
  update: 'request' | 'takeOver',
  more: Partial<TakeOver>,
): Promise<{ lockId: string; answer: LockAnswer }> {
  const { name } = services.cloud(cloud);
  const lockId = lockIdOf(name, jobId);
  const startWorkflowOperation = new WithStartWorkflowOperation('jobLock', {
    workflowId: lockId,
    taskQueue,
    args: [{ jobId, cloud: name }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `lock of the DRS task ${jobId}`,
  });
  const args: [object] = [{ owner, mode, reason, ...more }];
  const { temporal } = services;
  const answer = await stoppable(temporal, () =>
    temporal.workflow.executeUpdateWithStart<() => Promise<void>, LockAnswer, [object]>(update, {
      startWorkflowOperation,
      args,
    }),
  );
  return { lockId, answer };
}

/** Until the lock that we wait for says that it is ours, or has forgotten us. */
async function untilOurs(
  services: Services,
  { owner, cloud }: LocksInput,
  { jobId }: LockView,
  until: number,
  pace: number,
): Promise<void> {
  const lockId = lockIdOf(services.cloud(cloud).name, jobId);
  while (Date.now() < until) {
    await sleep(ASK_EVERY_MS * pace);
    const lock = await look(services.temporal, lockId);
    if (!lock?.queue.some((ticket) => ticket.owner.runId === owner.runId)) return;
    heartbeat({ step: 'Lock', note: waitsFor(lock) });
  }
}

async function leave(services: Services, { jobs, owner, cloud }: LocksInput): Promise<void> {
  const { name } = services.cloud(cloud);
  for (const jobId of jobs) await release(services.temporal, lockIdOf(name, jobId), owner).catch(() => undefined);
}

/** A lock that is gone is held by nobody. */
async function release(temporal: Client, lockId: string, owner: Owner): Promise<void> {
  try {
    await temporal.workflow.getHandle(lockId).signal('release', { runId: owner.runId });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

async function look(temporal: Client, lockId: string): Promise<LockView | undefined> {
  try {
    return await stoppable(temporal, () => temporal.workflow.getHandle(lockId).query<LockView>('lock'));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** A lock that no worker runs now answers only later: whoever asks must be able to stop. */
const stoppable = <T>(temporal: Client, ask: () => Promise<T>): Promise<T> =>
  Promise.race([temporal.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask), Context.current().cancelled]);

/** Its workflow is closed, or its id belongs to another by now. */
async function isGone(temporal: Client, { workflowId, runId }: Owner): Promise<boolean> {
  try {
    const { status, raw } = await stoppable(temporal, () => temporal.workflow.getHandle(workflowId).describe());
    const first = raw.workflowExecutionInfo?.firstRunId;
    return (first && first !== runId) || !['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW'].includes(status.name);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

/** Whoever waits was cancelled. A worker that shuts down, or is too slow, stops no waiting: another goes on in its place. */
const isCancelled = (): boolean =>
  cancellationSignal().aborted && /^(CANCELLED|NOT_FOUND)$/.test(String(cancellationSignal().reason?.message));
