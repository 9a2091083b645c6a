import type { Supervision } from '../plans/supervision.js';
import type { TaskPlan } from '../plans/task.js';
import { polls, type Row } from './row.js';

export const exceptionStep = (name: string, of: number): string =>
  of > 1 ? `Exception notification, ${name}` : 'Exception notification';

/** From the moment a task runs until somebody ends it; `moving` are the tasks that move data. */
export function supervision(plan: TaskPlan, { retries }: Supervision, moving: readonly string[]): Row[] {
  const recovers = plan.task.engine_type.startsWith('cloudDataGuard');
  const notifications = plan.alarm_notify ? moving : [];
  return [
    ...notifications.map((name): Row => {
      return {
        step: exceptionStep(name, moving.length),
        calls: [{ operation: 'batchListJobStatus' }, { operation: 'batchSetSmn' }],
      };
    }),
    {
      step: 'Supervision',
      calls: [
        ...polls(
          'showJobList',
          ...(recovers ? (['batchListRposAndRtos'] as const) : (['batchListProgresses'] as const)),
        ),
        ...polls(...(recovers ? (['showMonitoringData'] as const) : [])),
        { operation: 'batchRestoreTask', only: `it fails: ${retries} times by itself, then a person is asked` },
      ],
      until: 'somebody ends the task',
    },
  ];
}
