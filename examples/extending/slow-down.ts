import type { Result } from '../../workflows/messages.js';
import { type Carried, Run } from '../../workflows/run.js';
import { slowDownSpec } from './plan.js';
import { limitByDay } from './step.js';

/** Slows a running task down by day, once somebody has approved it. */
export async function slowDown(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('slow-down', slowDownSpec, spec, carried);

  return await run.conduct(
    async (plan) => {
      run.outline(['Approval', 'Flow control']);
      run.about([plan.task]);
      await run.gate('slow-down', 'Approval', () => ({
        question: `Limit ${plan.task} to ${plan.megabytes} MB/s by day?`,
        ask: plan.gate,
        items: [],
        about: { operation: 'batchSetSpeed', tasks: [plan.name] },
      }));
      await run.lock(plan.task, 'to limit its speed');
      run.phase('slows down');
      const limits = await run.step('Flow control', () => limitByDay(plan), { note: (now) => now });
      return { task: 'running', limits };
    },
    // Whatever becomes of the run, the task stays as it is.
    async () => 'kept',
  );
}
