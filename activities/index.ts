import { announce } from './announce.js';
import { callActivities } from './calls.js';
import { compareTask } from './compare-task.js';
import { keepTask } from './comparison/archive.js';
import { createComparison, findComparisons } from './comparison/create.js';
import { exportResult } from './comparison/export.js';
import { writeReport } from './comparison/report.js';
import { selectTasks } from './comparison/select.js';
import { keepValues, plannedTasks, planValues, valuesTurn } from './comparison/values.js';
import { cancelComparison, waitForComparison, waitForVerdicts } from './comparison/wait.js';
import { createTask, findTask } from './create-task.js';
import { findSubtasks, waitForInitialisation, waitForLag } from './disaster-recovery.js';
import { listSubtasks, takeOverEdit } from './edit.js';
import { holdGate } from './hold-gate.js';
import { callHook } from './hooks.js';
import { lockActivities, lockWaits } from './locks.js';
import { compareParameters } from './parameters.js';
import { changePassword } from './passwords.js';
import { permit } from './permit.js';
import { startPrecheck, waitForPrecheck } from './pre-check.js';
import { checkReadiness, watchReadiness } from './readiness.js';
import { findRecoveries } from './recoveries.js';
import { addRowFilters } from './row-filters.js';
import type { Admission, GateAnswer, GateAsk, RunStart, Services } from './services.js';
import { superviseTask } from './supervise.js';
import { verifySwitchover, watchDirection } from './switchover.js';
import { writeSwitchoverReport } from './switchover-report.js';
import { taskChanges } from './task-changes.js';
import { migrateUsers } from './users.js';
import { waitFor, waitForDelay } from './wait-for.js';
import { offsetsOf } from './zones.js';

/** What workflows may ask of the world: every call under Huawei's operation id, and the few things that are more than one call. */
export const createActivities = (services: Services) => ({
  ...callActivities(services),
  ...taskChanges(services),
  createTask: createTask(services),
  findTask: findTask(services),
  compareTask: compareTask(services),
  findSubtasks: findSubtasks(services),
  listSubtasks: listSubtasks(services),
  startPrecheck: startPrecheck(services),
  compareParameters: compareParameters(services),
  migrateUsers: migrateUsers(services),
  addRowFilters: addRowFilters(services),
  changePassword: changePassword(services),
  selectTasks: selectTasks(services),
  findComparisons: findComparisons(services),
  createComparison: createComparison(services),
  cancelComparison: cancelComparison(services),
  permit: permit(services),
  writeSwitchoverReport: writeSwitchoverReport(services),
  /** Before anything is begun whose files go there. */
  checkStore: async ({ store }: { readonly store: string }): Promise<void> => await services.store(store).check(),
  findRecoveries: findRecoveries(services),
  checkReadiness: checkReadiness(services),
  ...createLocalActivities(services),
});

/** Waits, on a task queue of their own. `pace` multiplies their intervals: below 1 for rehearsals. */
export const createWaitActivities = (services: Services, pace: number) => ({
  waitFor: waitFor(services, pace),
  waitForDelay: waitForDelay(services, pace),
  waitForPrecheck: waitForPrecheck(services, pace),
  waitForInitialisation: waitForInitialisation(services, pace),
  waitForLag: waitForLag(services, pace),
  holdGate: holdGate(services, pace),
  waitForComparison: waitForComparison(services, pace),
  waitForVerdicts: waitForVerdicts(services, pace),
  exportResult: exportResult(services, pace),
  planValues: planValues(services),
  writeReport: writeReport(services),
  superviseTask: superviseTask(services, pace),
  announce: announce(services, pace),
  callHook: callHook(services, pace),
  takeOverEdit: takeOverEdit(services, pace),
  watchReadiness: watchReadiness(services, pace),
  watchDirection: watchDirection(services, pace),
  verifySwitchover: verifySwitchover(services, pace),
  ...lockActivities(services),
  ...lockWaits(services, pace),
});

const createLocalActivities = (services: Services) => ({
  keepTask: keepTask(services),
  plannedTasks: plannedTasks(services),
  valuesTurn: valuesTurn(services),
  keepValues: keepValues(services),
  ...lockActivities(services),
  offsetsOf: async ({ zone }: { readonly zone: string }) => offsetsOf(zone, Date.now()),
  admit: async ({ kind, spec, start }: AdmitInput): Promise<Admission> => services.admit(kind, spec, start),
  gateRule: async ({ zone, ...ask }: GateAsk): Promise<GateAnswer> => ({
    ...services.gateRule(ask),
    ...(zone !== undefined && { offsets: offsetsOf(zone, Date.now()) }),
  }),
});

export interface AdmitInput {
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Absent where nothing starts. */
  readonly start?: RunStart;
}

export type Activities = ReturnType<typeof createActivities>;
export type WaitActivities = ReturnType<typeof createWaitActivities>;
export type LocalActivities = ReturnType<typeof createLocalActivities>;
