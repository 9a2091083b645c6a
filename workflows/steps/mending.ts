import type { Steps } from '../branch.js';
import type { Mending } from '../plan-changes.js';
import { changePasswords, type DirectedPlan } from './endpoints.js';
import type { Task } from './task.js';

/** Endpoints may change until the start; what was tested, checked or approved with the old ones is done again. */
export const beforeStart: Mending = {
  allows: 'endpoints',
  forget: [
    'Test connections',
    'Store endpoints',
    'Policies',
    'Users',
    'Objects',
    'Row filters',
    'Pre-check',
    'Pre-check alarms',
    'Parameters',
    'Start approval',
  ],
};

/** A task that was started, and the plan that it was started with. */
export type Started = readonly [task: Task, plan: DirectedPlan];

/** After the start DRS changes only passwords, in every task that has them; what was approved before is asked again. */
export const afterStart = (run: Steps, started: readonly Started[], forget: readonly string[] = []): Mending => ({
  allows: 'secrets',
  forget,
  apply: (change) =>
    run.again('Change passwords', async () => {
      for (const [task, plan] of started)
        await run.locked(task.jobId, 'to change its passwords', () => changePasswords(task, plan, change));
    }),
});
