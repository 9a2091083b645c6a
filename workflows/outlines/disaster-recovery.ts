import { backwards, type DisasterRecoveryPlan } from '../plans/disaster-recovery.js';
import { RECOVERY_SUPERVISION } from '../plans/supervision.js';
import { polls, present, type Row } from './row.js';
import { supervision } from './supervision.js';
import {
  comparesParameters,
  connections,
  creation,
  flowControl,
  parameters,
  preCheck,
  startApproval,
  startRequest,
  startTransfer,
} from './task.js';

/** What a disaster recovery will do, in the order of workflows/disaster-recovery.ts. */
export function outline(plan: DisasterRecoveryPlan): Row[] {
  const { multi_write: dual } = plan.task;
  const under = (which: string, rows: readonly Row[]): Row[] =>
    rows.map((row) => ({ ...row, step: `${which}: ${row.step}` }));
  return present(
    creation(plan),
    !dual && direction(plan),
    dual && {
      step: 'Subtasks',
      calls: [
        { operation: 'showJobList' },
        { operation: 'batchListJobDetails', only: 'the list does not tell their directions' },
        ...polls('showJobList'),
      ],
      until: 'both subtasks are made',
    },
    dual && under('Forward', direction(plan)),
    dual && under('Backward', direction(backwards(plan, undefined), true)),
    plan.supervise &&
      supervision(plan, plan.supervision ?? RECOVERY_SUPERVISION, dual ? ['forward', 'backward'] : ['only']),
  );
}

const lag = polls('showJobList', 'batchListRposAndRtos');

function direction(plan: DisasterRecoveryPlan, back = false): Row[] {
  const { maxRpo, maxRto } = plan.inSync;
  return present(
    connections(plan),
    plan.speed && flowControl,
    !back && preCheck,
    comparesParameters(plan) && parameters(plan),
    startApproval(plan),
    back && { step: 'Forward in place', calls: lag, until: 'the forward subtask is close behind' },
    startRequest(plan),
    startTransfer,
    {
      step: 'Initialisation',
      calls: [
        ...polls('showJobList', 'batchListProgresses'),
        { operation: 'batchListStructProcess' },
        { operation: 'batchListStructDetail', only: 'something has not arrived' },
      ],
      until: 'the standby is initialised',
    },
    {
      step: 'In place',
      calls: lag,
      until: `RPO and RTO are at most ${maxRpo / 1_000} s and ${maxRto / 1_000} s`,
    },
  );
}
