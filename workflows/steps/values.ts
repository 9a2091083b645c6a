import { isCancellation, workflowInfo } from '@temporalio/workflow';
import type { PlannedTask } from '../../activities/comparison/values.js';
import { CALL_MS, files, local, waitsWithin } from '../activities.js';
import { readFailure } from '../failure.js';
import type { Night } from '../night.js';
import type { Budget } from '../plans/budget.js';
import type { ComparisonPlan } from '../plans/comparison.js';
import type { TaskVerdict } from '../task-comparison.js';
import { closesAt, type Hours, isOpen, opensAt } from '../window.js';

/** Tasks of the plan that are read at once. */
const PAGE = 20;

/** When a night is over by its budget, and why; at once where its window is closed. Epoch ms. */
export async function windowOf({ window }: Budget, began: number): Promise<{ until: number; why: string }> {
  if ('length' in window) return { until: began + window.length, why: 'its window was over' };
  const hours: Hours = { ...window, offsets: await local.offsetsOf({ zone: window.zone }) };
  if (isOpen(hours, began)) return { until: closesAt(hours, began), why: `its window, ${window.text}, was over` };
  const opens = new Date(opensAt(hours, began)).toISOString();
  return { until: began, why: `its window, ${window.text}, was closed; it opens at ${opens.slice(0, 16)}Z` };
}

/** How long a window is, ms. */
const lengthOf = ({ window }: Budget): number =>
  'length' in window ? window.length : ((window.to - window.from + 1440) % 1440) * 60_000;

/** Whose values are compared tonight, now that all rows are counted (activities/comparison/planner.ts). */
export async function planTurns({ budget, within, atOnce }: ComparisonPlan, night: Night): Promise<null> {
  const { archive, began } = night;
  if (!budget || !archive) return null;
  const until = Date.parse(night.until);
  const counting = Date.now() - Date.parse(began);
  const length = Math.max(0, Math.min(within, lengthOf(budget)) - counting);
  try {
    const { nights } = budget;
    const given = { archive, began, until, length, nights, atOnce };
    night.values.plan(await waitsWithin(Math.max(0, until - Date.now()) + CALL_MS).planValues(given));
  } catch (error) {
    night.values.lose(troubleOf(error));
  }
  return null;
}

/**
 * The tasks of the plan, in the order in which it has them begin, so many at the same time as the spec says; until the history is
 * long. A task whose turn it is not may still be said something of.
 */
export async function takeTurns(
  night: Night,
  { atOnce, mostEvents }: { readonly atOnce: number; readonly mostEvents: number },
  compare: (task: PlannedTask) => Promise<TaskVerdict>,
  moved: () => void,
): Promise<null> {
  const { values, archive } = night;
  if (!archive) return null;
  const page: PlannedTask[] = [];
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    try {
      page.push(...(await files.plannedTasks({ archive, after: values.turn, most: PAGE })).tasks);
    } catch (error) {
      values.lose(troubleOf(error));
    }
  };
  const next = async (): Promise<PlannedTask | undefined> => {
    while (page.length === 0 && values.goesOn && workflowInfo().historyLength <= mostEvents) {
      reading ??= read().finally(() => {
        reading = undefined;
      });
      await reading;
    }
    const task = workflowInfo().historyLength <= mostEvents ? page.shift() : undefined;
    if (task) values.took();
    return task;
  };
  const line = async (): Promise<void> => {
    for (let task = await next(); task; task = await next()) {
      const { jobId, name, verdict, contents } = task;
      const said = { jobId, name, verdict, seconds: 0, kinds: contents ? [contents] : [] };
      night.amend(task.before, task.chosen > 0 ? await compare(task) : said);
      moved();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, line));
  values.parted();
  return null;
}

function troubleOf(error: unknown): string {
  if (isCancellation(error)) throw error;
  return readFailure(error).message.slice(0, 500);
}
