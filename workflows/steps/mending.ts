import type { Steps } from '../branch.js';
import type { TaskPlan } from '../plans/task.js';
import type { Mending } from '../run.js';
import { changePasswords } from './endpoints.js';
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

/** After the start DRS changes only passwords; what was approved before such a change is asked again. */
export const afterStart = (run: Steps, task: Task, plan: TaskPlan, forget: readonly string[] = []): Mending => ({
  allows: 'secrets',
  forget,
  apply: (change) => run.again('Change passwords', () => changePasswords(task, plan, change)),
});
