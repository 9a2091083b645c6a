import type { Operation } from '../drs/operation.js';
import { READS, SHOWS_IN } from '../drs/operations/effects.js';
import { operations } from '../drs/operations/index.js';
import type { AskedGate, Call, Row } from '../workflows/outlines/index.js';
import { outlineOf } from '../workflows/outlines/index.js';
import type { GateSpec, ReadSpec } from '../workflows/plans/common.js';
import { type Kind, kinds, readSpec } from '../workflows/plans/index.js';
import type { TaskPlan } from '../workflows/plans/task.js';

/** What a run will do, as `drs-pilot plan --json` tells it. */
export interface PlannedRun {
  readonly steps: readonly PlannedStep[];
  readonly cost: Cost;
}

export interface PlannedStep {
  readonly step: string;
  readonly calls: readonly PlannedCall[];
  readonly gate?: PlannedGate;
  readonly hook?: string;
  readonly until?: string;
  readonly withinSeconds?: number;
  readonly remark?: string;
}

export interface PlannedCall {
  readonly operation: string;
  readonly section: string;
  /** `each`: as many as turn out. */
  readonly jobs: number | 'each';
  /** HTTP requests that they travel in; absent where that turns out. */
  readonly requests?: number;
  readonly effect: 'reads' | 'repeatable' | 'once';
  /** Where it shows whether it was done, when its reply was lost. */
  readonly showsIn?: string;
  readonly polls?: true;
  readonly only?: string;
}

/** What the spec asks of a gate; rules of the worker may want more. */
export interface PlannedGate {
  readonly name: string;
  readonly approvals: number;
  readonly group: string | null;
  readonly only?: string;
  readonly spec: GateSpec;
}

/** Tasks are billed by the time that they exist; no prices are known here. */
export interface Cost {
  /** Tasks that the run makes; the subtasks of a dual-active one among them. */
  readonly tasks: number;
  /** Task-days for each day that the run lasts. */
  readonly taskDaysPerDay: number;
  /** With `--days`. */
  readonly days?: number;
  readonly taskDays?: number;
  /** Days that pass at least, because the spec has the start wait. */
  readonly atLeastDays: number;
  readonly ordered?: { readonly months: number; readonly tasks: number; readonly renewed: boolean };
  readonly remarks: readonly string[];
}

interface Known {
  /** So long the run is believed to last. */
  readonly days?: number | undefined;
  /** Of a call: whether the worker's policy wants it approved. */
  readonly asks?: boolean | undefined;
}

/** A plan of a spec that has been checked. */
export function planOf(kind: Kind, spec: unknown, { days, asks }: Known = {}): PlannedRun {
  const { plan } = readSpec(kinds[kind] as ReadSpec<unknown>, kind, spec);
  const rows = outlineOf(kind, plan, asks);
  return { steps: rows.map(stepOf), cost: costOf(kind, plan as TaskPlan, days) };
}

function stepOf({ step, calls = [], gate, hook, until, within, remark }: Row): PlannedStep {
  return {
    step,
    calls: calls.map(callOf),
    ...(gate && { gate: gateOf(gate) }),
    ...(hook !== undefined && { hook }),
    ...(until !== undefined && { until }),
    ...(within !== undefined && { withinSeconds: within / 1_000 }),
    ...(remark !== undefined && { remark }),
  };
}

function callOf({ operation, jobs = 1, polls, only }: Call): PlannedCall {
  const { section, batch, repeatable }: Operation = operations[operation];
  const effect = READS.includes(operation) ? 'reads' : repeatable ? 'repeatable' : 'once';
  const most = batch && batch.resultId.length > 0 ? batch.limit : 1;
  const showsIn = effect === 'once' ? SHOWS_IN[operation] : undefined;
  return {
    operation,
    section,
    jobs,
    ...(jobs !== 'each' && !polls && { requests: Math.ceil(jobs / most) }),
    effect,
    ...(showsIn && { showsIn }),
    ...(polls && { polls }),
    ...(only && { only }),
  };
}

const gateOf = ({ name, ask, only }: AskedGate): PlannedGate => {
  const { approvals = 1, group = null } = ask;
  return { name, approvals, group, ...(only && { only }), spec: ask };
};

const DAY_MS = 86_400_000;

function costOf(kind: Kind, plan: TaskPlan, days: number | undefined): Cost {
  if (!('task' in plan) || typeof plan.task !== 'object') {
    const remarks = kind === 'operation' ? ['what the call itself makes or orders is not counted here'] : [];
    return { tasks: 0, taskDaysPerDay: 0, atLeastDays: 0, remarks };
  }
  const { task, adopt, start, onAbort } = plan;
  const dual = kind === 'disaster-recovery' && (task as { multi_write?: boolean }).multi_write === true;
  const subtasks = dual ? 2 : 0;
  const kept = 1 + subtasks;
  const waits = start.at === 'now' ? 0 : Math.max(0, Date.parse(start.at) - Date.now()) / DAY_MS;
  const atLeastDays = Math.round(waits * 10) / 10;
  const total = days === undefined ? undefined : Math.max(days, atLeastDays);
  const { period_order: order } = task;
  const months = order ? (order.period_num ?? 1) * (order.period_type === 3 ? 12 : 1) : 0;
  const ends = kind === 'migration';
  return {
    tasks: adopt ? 0 : kept,
    taskDaysPerDay: kept,
    ...(total !== undefined && { days: total, taskDays: total * kept }),
    atLeastDays,
    ...(task.charging_mode === 'period' && {
      ordered: { months, tasks: 1, renewed: order?.is_auto_renew === 1 },
    }),
    remarks: [
      ...(dual
        ? [
            'the two subtasks of a dual-active task are counted as tasks: the reference does not say how they are billed',
          ]
        : []),
      ends
        ? 'the task exists from Create to Release: while gates are open, too'
        : `the task exists from Create on${isSupervised(plan) ? ' until somebody ends it' : ', and stays when the run is over: it costs until somebody ends it'}`,
      ...(onAbort === 'terminate'
        ? []
        : [`a run that is rejected or cancelled leaves the task (onAbort: ${onAbort}), and it costs on`]),
    ],
  };
}

const isSupervised = (plan: TaskPlan): boolean => (plan as { supervise?: boolean }).supervise === true;
