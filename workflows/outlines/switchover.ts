import type { GateSpec } from '../plans/common.js';
import type { StagePlan, SwitchoverPlan } from '../plans/switchover.js';
import { type Call, hookRows, present, type Row, stageRow } from './row.js';

/** What a switchover will do, in the order of workflows/switchover.ts; of a drill only what it really does. */
export function outline(plan: SwitchoverPlan): Row[] {
  const { stages, drill } = plan;
  const count = stages.reduce((sum, { tasks }) => sum + tasks.length, 0);
  return present(
    {
      step: 'Tasks',
      calls: [{ operation: 'showJobList' }, { operation: 'batchListJobDetails', jobs: count }],
    },
    { step: 'Readiness', calls: facts(count) },
    {
      step: 'Approval',
      ...(drill
        ? { remark: 'a drill answers its own gate' }
        : {
            calls: facts(count).map((call) => ({ ...call, polls: true })),
            gate: {
              name: 'switchover',
              ask: approvalGate(plan),
              operation: 'batchSwitchover',
            },
          }),
    },
    ...stages.map((stage) => stageRows(plan, stage)),
  );
}

/** Each approval counts for half an hour where the spec says nothing. */
export const approvalGate = ({ gate }: SwitchoverPlan): GateSpec => ({ validFor: 1_800_000, ...gate });

function stageRows(plan: SwitchoverPlan, { name, tasks, hooks = {} }: StagePlan): Row[] {
  const { direction, within, drill } = plan;
  const looks = facts(tasks.length);
  const nothing = { remark: 'a drill sends nothing' };
  return present(
    hookRows(hooks.before ?? [], stageRow('Hooks before', name)),
    drill && { step: stageRow('Final readiness', name), calls: looks },
    {
      step: stageRow('Switchover', name),
      ...(drill ? nothing : { calls: [...looks, { operation: 'batchSwitchover', jobs: tasks.length }] }),
    },
    {
      step: stageRow('Verification', name),
      ...(drill
        ? nothing
        : {
            calls: facts(tasks.length, false).map((call) => ({ ...call, polls: true })),
            until: `job_direction is ${direction}, and each task runs on`,
            within,
          }),
    },
    hookRows(hooks.after ?? [], stageRow('Hooks after', name)),
  );
}

/** All that the readiness of tasks is judged by. */
function facts(jobs: number, whole = true): Call[] {
  return [
    { operation: 'showJobList' },
    { operation: 'batchListJobDetails', jobs },
    { operation: 'batchListRposAndRtos', jobs },
    ...(whole
      ? ([
          { operation: 'showMonitoringData', jobs },
          { operation: 'listDataLevelTableCompareJobs', jobs },
          { operation: 'listObjectLevelCompareOverview', jobs },
          { operation: 'listDataCompareOverview', jobs: 'each', only: 'rows were compared last' },
          { operation: 'listContentCompareOverview', jobs: 'each', only: 'contents were compared last' },
        ] as const)
      : []),
  ];
}
