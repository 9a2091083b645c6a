import type { ParameterComparison } from '../../activities/parameters.js';
import { calls } from '../activities.js';
import type { MigrationPlan } from '../plans/migration.js';
import type { Run } from '../run.js';
import { at, type Task } from './task.js';

/** §6.1.9 and §6.1.10: MySQL with direction `up`. Precondition: CONFIGURATION. Undefined where it does not apply or was skipped. */
export async function compareParameters(
  run: Run<MigrationPlan>,
  task: Task,
  plan: MigrationPlan,
): Promise<ParameterComparison | undefined> {
  const { engine_type: engine, job_direction: direction } = plan.task;
  if (plan.parameters === 'skip' || engine !== 'mysql' || direction !== 'up') return undefined;
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
