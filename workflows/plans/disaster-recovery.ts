import { z } from 'zod';
import { NewTask } from '../../drs/operations/tasks.js';
import { Duration, type Problem, type Raw, type ReadSpec } from './common.js';
import { asObject } from './requests.js';
import { RecoverySupervision, supervise, superviseProblems } from './supervision.js';
import { notHere, Parameters, taskBase, taskProblems } from './task.js';

const Limit = Duration.refine((ms) => ms > 0, 'must be more than 0s').default(60_000);

const base = taskBase('disaster-recovery', ['cloudDataGuard-mysql']);

export const DisasterRecoverySpec = z.strictObject({
  ...base,
  task: z.strictObject({
    ...base.task.shape,
    multi_write: NewTask.shape.multi_write
      .unwrap()
      .meta({ description: 'true: dual-active, a task with a forward and a backward subtask; false: single-active.' }),
  }),
  objects: notHere('are not possible for disaster recovery: it takes everything (§6.1.5)'),
  users: notHere('are not possible for disaster recovery: they go along by themselves (§6.2.1)'),
  policies: notHere('are not possible for disaster recovery, only for a synchronization (§6.3.2)'),
  filters: notHere('are not possible for disaster recovery, only for a synchronization (§6.3.1)'),
  parameters: Parameters,
  inSync: z
    .strictObject({
      maxRpo: Limit.meta({ description: 'The run is over once RPO and RTO are both known and below these.' }),
      maxRto: Limit,
    })
    .prefault({}),
  supervise,
  supervision: RecoverySupervision.optional(),
});

export type DisasterRecoveryPlan = z.output<typeof DisasterRecoverySpec>;

export const disasterRecoverySpec: ReadSpec<DisasterRecoveryPlan> = {
  schema: DisasterRecoverySpec,
  problems: (spec) => [...databaseProblems(spec), ...taskProblems(spec, 'cloudDataGuard'), ...superviseProblems(spec)],
};

/** The plan as the backward subtask has it: the databases change places. It is started as soon as it is approved. */
export function backwards(plan: DisasterRecoveryPlan, direction: string | undefined): BackwardPlan {
  const { is_target_readonly: _, ...task } = plan.task;
  const opposite = ({ up: 'down', down: 'up' } as const)[task.job_direction as 'up' | 'down'] ?? task.job_direction;
  return {
    ...plan,
    task: { ...task, job_direction: (direction as typeof opposite | undefined) ?? opposite },
    start: { ...plan.start, at: 'now' },
    ends: { source: 'target', target: 'source' },
    // As they are at the time: a person may have changed them.
    get source() {
      return plan.target;
    },
    get target() {
      return plan.source;
    },
  };
}

export interface BackwardPlan extends DisasterRecoveryPlan {
  /** What the spec calls the ends of the subtask. */
  readonly ends: { readonly source: 'target'; readonly target: 'source' };
}

function databaseProblems(spec: Raw): Problem[] {
  const problems: Problem[] = [];
  for (const side of ['source', 'target'] as const) {
    const type = asObject(spec[side])['db_type'];
    if (type !== undefined && type !== 'mysql')
      problems.push({ path: `${side}.db_type`, message: 'must be mysql for disaster recovery (§6.1.1)' });
  }
  return problems;
}
