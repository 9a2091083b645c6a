import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { changeUpdate, type UpdateName, type UpdateReceipt } from '../../workflows/messages.js';
import { type Pilot, type Run, runOf } from './harness.js';
import { leastSyncSpec, recoverySpec } from './specs.js';

type Raw = Readonly<Record<string, unknown>>;

export interface SupervisedRun extends Run {
  readonly job: string;
  readonly name: string;
  update(name: UpdateName, payload?: Raw): Promise<UpdateReceipt>;
}

const SOON = { timeout: 60_000, interval: 50 };

export const supervisedSync = (more: Raw = {}) => ({ ...leastSyncSpec('mysql'), supervise: true, ...more });
export const supervisedRecovery = (more: Raw = {}, task: Raw = {}) => ({
  ...recoverySpec(task),
  supervise: true,
  ...more,
});

/** Starts a run and waits until it supervises its task. `mostEvents` is the history after which it continues as new. */
export async function supervised(
  pilot: Pilot,
  simulator: Simulator,
  spec: { readonly name: string; readonly kind: string },
  mostEvents?: number,
): Promise<SupervisedRun> {
  const type = spec.kind === 'synchronization' ? 'synchronization' : 'disasterRecovery';
  const handle = await pilot.client.workflow.start(type, {
    taskQueue: pilot.taskQueue,
    workflowId: `${type}-${randomUUID()}`,
    args: [spec],
    ...(mostEvents && { memo: { mostEvents } }),
  });
  const run = runOf(handle);
  await run.approve('start');
  if ((spec as { task?: Raw }).task?.['multi_write']) await run.approve('start#2');
  await phase(run, 'supervises');
  const { id } = simulator.job(spec.name) as { id: string };
  return {
    ...run,
    job: id,
    name: spec.name,
    update: (name, payload = {}) =>
      handle.executeUpdate(changeUpdate(name), { args: [{ by: 'ada', reason: 'as agreed', ...payload }] }),
  };
}

export const phase = (run: Run, name: string): Promise<void> =>
  vi.waitFor(async () => expect((await run.status()).phase).toBe(name), SOON);

/** Until the record of the run tells something. */
export const noted = (run: Run, text: string): Promise<void> =>
  vi.waitFor(async () => {
    const reasons = (await run.status()).decisions.map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining([expect.stringContaining(text)]));
  }, SOON);
