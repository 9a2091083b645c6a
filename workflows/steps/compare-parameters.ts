import type { ParameterComparison } from '../../activities/parameters.js';
import { calls } from '../activities.js';
import type { Steps } from '../branch.js';
import type { TaskPlan } from '../plans/task.js';
import { at, type Task } from './task.js';

interface ComparedPlan extends TaskPlan {
  readonly parameters: 'report' | 'align' | 'skip';
}

/** Parameters are compared for MySQL with direction `up`, and not for a synchronisation. */
export const comparesParameters = ({ parameters, task }: ComparedPlan): boolean =>
  parameters !== 'skip' && task.job_direction === 'up' && ['mysql', 'cloudDataGuard-mysql'].includes(task.engine_type);

/** §6.1.9 and §6.1.10. Precondition: CONFIGURATION. Undefined where it does not apply or was skipped. */
export async function compareParameters(
  run: Steps,
  task: Task,
  plan: ComparedPlan,
): Promise<ParameterComparison | undefined> {
  if (!comparesParameters(plan)) return undefined;
  return await run.step(
    'Parameters',
    () => calls.compareParameters({ ...at(task), align: plan.parameters === 'align' }),
    {
      skippable: true,
      note: ({ differing, changed }) =>
        `${differing.length} differ${changed.length > 0 ? `, ${changed.length} changed` : ''}`,
    },
  );
}
