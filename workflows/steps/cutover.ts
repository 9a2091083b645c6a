import { waits } from '../activities.js';
import type { Steps } from '../branch.js';
import { item } from '../evidence.js';
import { lapse } from '../lapse.js';
import { AFTER_CUTOVER, BEFORE_CUTOVER } from '../outlines/migration.js';
import { hookRows, stepsOf } from '../outlines/row.js';
import type { MigrationPlan } from '../plans/migration.js';
import { callHooks } from './hooks.js';
import { at, type Task } from './task.js';
import { forgetVerification, type Verification, verify } from './verify.js';

/**
 * The gate before the end, and the proof after it: the delay, read again, is known and small enough in two reads in a row. Else,
 * and where the task failed while the gate was open, it gives false: the transfer is looked at again and the gate opens anew.
 */
export async function cutover(run: Steps, task: Task, plan: MigrationPlan): Promise<boolean> {
  const incremental = plan.task.task_type !== 'FULL_TRANS';
  const reached = run.resultOf<{ delay?: number }>('Incremental transfer');
  const missed = run.resultOf<{ reached: boolean; delay?: number }>('Cutover delay');
  if (missed?.reached) return true;
  const lapsed = !missed && run.hasBegun('Cutover delay');
  run.forget('Cutover delay');
  const verified = await verify(run, task, plan.name, plan.cutover.verify);
  // Each approval is for a cutover of its own: what the hooks closed before may be open again.
  if (!run.resultOf('Cutover approval')) run.forget(...stepsOf(hookRows(plan.cutover.hooks.before, BEFORE_CUTOVER)));
  const approved = await run.approve('cutover', 'Cutover approval', () => ({
    question: incremental
      ? 'Cut over? Stop writing to the source first; the task is ended then'
      : 'End the task? The full transfer is complete',
    ask: plan.cutover.gate,
    watch: incremental ? { jobId: task.jobId, useType: task.useType } : undefined,
    items: [
      ...(incremental
        ? [
            item('delay', 'ok', seconds(reached?.delay)),
            item('limit after the approval', 'ok', seconds(plan.cutover.maxDelay)),
          ]
        : [item('full transfer', 'ok', 'complete')]),
      ...verified,
      ...(missed
        ? [
            item(
              'last attempt',
              'warning',
              `the delay did not come down to ${seconds(plan.cutover.maxDelay)}; last ${seconds(missed.delay)}`,
            ),
          ]
        : []),
      ...(lapsed
        ? [item('last attempt', 'warning', 'the approval no longer held when the delay was small enough')]
        : []),
    ],
  }));
  if (!approved) {
    forgetVerification(run);
    run.forget('Incremental transfer');
    return false;
  }
  // From the proof on to the end: what was proved must still hold when the task is ended.
  await run.lock(task.jobId, 'to cut over');
  await hooks(run, task, plan, 'before');
  if (!incremental) return (await lapse(approved)) === undefined || (await askAgain(run, task));

  const { maxDelay, within } = plan.cutover;
  const settled = await run.step(
    'Cutover delay',
    async (retry) => await waits().waitForDelay({ ...at(task), retry, maxDelay, within }),
    { note: ({ reached, delay }) => `${reached ? '' : 'too high: '}${seconds(delay)}` },
  );
  if (settled?.reached && (await lapse(approved)) === undefined) return true;
  if (settled?.reached) run.forget('Cutover delay');
  return await askAgain(run, task);
}

async function askAgain(run: Steps, task: Task): Promise<false> {
  await run.unlock(task.jobId);
  run.forget('Cutover approval');
  return false;
}

/** §4.1 has the application switched over here: DRS knows nothing of it, the worker's hooks do. */
export async function hooks(run: Steps, task: Task, plan: MigrationPlan, phase: 'before' | 'after'): Promise<void> {
  await callHooks(run, plan.cutover.hooks[phase], {
    row: phase === 'before' ? BEFORE_CUTOVER : AFTER_CUTOVER,
    phase,
    occasion: `cutover#${run.openings('cutover')}`,
    tasks: [{ jobId: task.jobId, name: plan.name }],
  });
}

/** The delay with which it was cut over. */
export function lastDelay(run: Steps): { readonly delaySeconds?: number } {
  const delay = run.resultOf<{ delay?: number }>('Cutover delay')?.delay;
  return delay === undefined ? {} : { delaySeconds: delay / 1_000 };
}

/** What the comparison before the cutover said. */
export function verification(run: Steps): { readonly verification?: Verification } {
  const found = run.resultOf<Verification>('Verification');
  return found ? { verification: found } : {};
}

const seconds = (ms: number | undefined): string => (ms === undefined ? 'unknown' : `${ms / 1000} s`);
