import type { MigrationPlan } from '../plans/migration.js';
import { verification } from './comparison.js';
import { hookRows, polls, present, type Row } from './row.js';
import {
  comparesParameters,
  connections,
  creation,
  flowControl,
  fullTransfer,
  incrementalTransfer,
  objects,
  parameters,
  policies,
  preCheck,
  startApproval,
  startRequest,
  startTransfer,
  users,
} from './task.js';

export const BEFORE_CUTOVER = 'Before the cutover';
export const AFTER_CUTOVER = 'After the cutover';

/** What a migration will do, in the order of workflows/migration.ts. */
export function outline(plan: MigrationPlan): Row[] {
  const { task, startPoint, speed, cutover, finish } = plan;
  const { verify, hooks, gate, within, openBelow } = cutover;
  const incremental = task.task_type !== 'FULL_TRANS';
  return present(
    creation(plan),
    connections(plan),
    startPoint && policies('Start point'),
    users(plan),
    objects,
    speed && flowControl,
    preCheck,
    comparesParameters(plan) && parameters(plan),
    startApproval(plan),
    startRequest(plan),
    startTransfer,
    task.task_type !== 'INCR_TRANS' && fullTransfer,
    incremental && incrementalTransfer(openBelow),
    verify !== 'none' && verification(verify),
    {
      step: 'Cutover approval',
      calls: incremental ? polls('showJobList', 'batchListProgresses') : [],
      gate: { name: 'cutover', ask: gate },
    },
    hookRows(hooks.before, BEFORE_CUTOVER),
    incremental && {
      step: 'Cutover delay',
      calls: polls('showJobList', 'batchListProgresses'),
      until: `two reads in a row have a delay of at most ${cutover.maxDelay / 1_000} s`,
      within,
    },
    {
      step: 'End',
      calls: [
        { operation: 'batchListJobStatus' },
        { operation: 'batchDeleteJobs' },
        ...(task.engine_type === 'mysql'
          ? [{ operation: 'batchListJobDetails', only: 'the reply does not tell where the binlog stood' } as const]
          : []),
      ],
      remark: 'ends the task (terminate): it cannot be started again',
    },
    { step: 'Release', calls: polls('showJobList'), until: 'DRS has released the task' },
    hookRows(hooks.after, AFTER_CUTOVER),
    finish.delete && { step: 'Delete', calls: [{ operation: 'batchDeleteJobs' }], remark: 'removes it from the list' },
  );
}
