import { filterRequests } from '../plans/filters.js';
import { isCluster } from '../plans/requests.js';
import type { TaskPlan, UsersOfSpec } from '../plans/task.js';
import { polls, present, type Row } from './row.js';

/** The steps that every task goes through until it is started, and what they call. */

export interface ComparedPlan extends TaskPlan {
  readonly parameters: 'report' | 'align' | 'skip';
}

export const creation = (plan: TaskPlan): Row[] =>
  plan.adopt
    ? [
        { step: 'Look at the task', calls: [{ operation: 'batchListJobDetails' }] },
        { step: 'Adoption', gate: { name: 'adopt', ask: plan.start.gate } },
        { step: 'Create', calls: [{ operation: 'batchListJobDetails' }], remark: `takes over ${plan.adopt}` },
      ]
    : [
        {
          step: 'Create',
          calls: [
            { operation: 'showJobList' },
            { operation: 'batchListJobDetails', only: 'there is a task of this name' },
            { operation: 'batchCreateJobs' },
            ...polls('showJobList'),
          ],
          until: 'DRS has made the task (CONFIGURATION)',
        },
      ];

export const connections = (plan: TaskPlan): Row[] =>
  present(
    {
      step: 'Test connections',
      calls: [
        { operation: isCluster(plan) ? 'batchValidateClustersConnections' : 'batchValidateConnections', jobs: 2 },
      ],
    },
    { step: 'Store endpoints', calls: [{ operation: 'batchUpdateJob' }] },
    plan.alarm_notify && { step: 'Notification', calls: [{ operation: 'batchUpdateJob' }] },
  );

export const policies = (step: string): Row => ({ step, calls: [{ operation: 'batchSetPolicy' }] });

export const users = ({ users }: { readonly users: UsersOfSpec }): Row => ({
  step: 'Users',
  calls: [...(users === 'none' ? [] : [{ operation: 'listUsers' } as const]), { operation: 'batchUpdateUser' }],
});

export const objects: Row = { step: 'Objects', calls: [{ operation: 'batchSetObjects' }] };

export const rowFilters = (plan: TaskPlan): Row => ({
  step: 'Row filters',
  calls: [
    { operation: 'batchListJobDetails' },
    { operation: 'batchChangeData', jobs: filterRequests('', plan).length },
  ],
});

export const flowControl: Row = { step: 'Flow control', calls: [{ operation: 'batchSetSpeed' }] };

export const preCheck: Row = {
  step: 'Pre-check',
  calls: [{ operation: 'batchCheckResults' }, { operation: 'batchCheckJobs' }, ...polls('batchCheckResults')],
  until: 'every item is checked',
  remark: 'asks about alarms that the spec does not accept',
};

/** Parameters are compared for MySQL with direction `up`, and not for a synchronisation. */
export const comparesParameters = ({ parameters, task }: ComparedPlan): boolean =>
  parameters !== 'skip' && task.job_direction === 'up' && ['mysql', 'cloudDataGuard-mysql'].includes(task.engine_type);

export const parameters = (plan: ComparedPlan): Row => ({
  step: 'Parameters',
  calls: [
    { operation: 'batchShowParams' },
    ...(plan.parameters === 'align'
      ? ([
          { operation: 'updateParams', only: 'some differ' },
          { operation: 'batchShowParams', only: 'some differ' },
        ] as const)
      : []),
  ],
});

export const startApproval = ({ start }: TaskPlan): Row => ({
  step: 'Start approval',
  gate: { name: 'start', ask: start.gate },
});

export const startRequest = ({ start, task }: TaskPlan): Row => ({
  step: 'Start request',
  calls: [{ operation: 'batchListJobStatus' }, { operation: 'batchStartJobs' }],
  ...(task.charging_mode === 'period' && { remark: 'places an order, which is paid at once' }),
  ...(start.at !== 'now' && { until: start.at }),
});

export const startTransfer: Row = {
  step: 'Start transfer',
  calls: polls('showJobList', 'batchListProgresses'),
  until: 'data move',
};

export const fullTransfer: Row = {
  step: 'Full transfer',
  calls: polls('showJobList', 'batchListProgresses'),
  until: 'the full transfer is complete',
};

export const incrementalTransfer = (maxDelay: number): Row => ({
  step: 'Incremental transfer',
  calls: polls('showJobList', 'batchListProgresses'),
  until: `the delay is at most ${maxDelay / 1_000} s`,
});
