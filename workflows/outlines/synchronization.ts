import { syncEngine } from '../plans/engines.js';
import { SYNC_SUPERVISION } from '../plans/supervision.js';
import type { SynchronizationPlan } from '../plans/synchronization.js';
import { verification } from './comparison.js';
import { present, type Row } from './row.js';
import { supervision } from './supervision.js';
import {
  connections,
  creation,
  flowControl,
  fullTransfer,
  incrementalTransfer,
  objects,
  policies,
  preCheck,
  rowFilters,
  startApproval,
  startRequest,
  startTransfer,
  users,
} from './task.js';

export const hasPolicies = ({ policies, startPoint }: SynchronizationPlan): boolean =>
  policies !== undefined || startPoint !== undefined;
export const hasUsers = ({ task }: SynchronizationPlan): boolean => syncEngine(task.engine_type)?.users === true;
export const hasFilters = ({ filters, filterLookups }: SynchronizationPlan): boolean =>
  filters !== undefined || filterLookups !== undefined;

/** What a synchronisation will do, in the order of workflows/synchronization.ts. */
export function outline(plan: SynchronizationPlan): Row[] {
  const { task, speed, inSync } = plan;
  const follows = task.task_type !== 'FULL_TRANS';
  return present(
    creation(plan),
    connections(plan),
    hasPolicies(plan) && policies('Policies'),
    hasUsers(plan) && users(plan),
    objects,
    hasFilters(plan) && rowFilters(plan),
    speed && flowControl,
    preCheck,
    startApproval(plan),
    startRequest(plan),
    startTransfer,
    task.task_type !== 'INCR_TRANS' && fullTransfer,
    follows && incrementalTransfer(inSync.maxDelay),
    follows && inSync.verify !== 'none' && verification(inSync.verify),
    follows && plan.supervise && supervision(plan, plan.supervision ?? SYNC_SUPERVISION, ['only']),
  );
}
