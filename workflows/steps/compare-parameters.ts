import type { ParameterComparison } from '../../activities/parameters.js';
import { calls } from '../activities.js';
import type { Steps } from '../branch.js';
import { type ComparedPlan, comparesParameters } from '../outlines/task.js';
import { at, type Task } from './task.js';

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
