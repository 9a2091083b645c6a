import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { SelectedTask } from '../activities/comparison/select.js';
import type { PlannedTask } from '../activities/comparison/values.js';
import { CALL_MS, calls, pages, waitsWithin } from './activities.js';
import { Overfull } from './continuation.js';
import { readFailure } from './failure.js';
import type { Result } from './messages.js';
import { Night } from './night.js';
import { outline } from './outlines/comparison.js';
import { stepsOf } from './outlines/row.js';
import { type ComparisonPlan, comparisonSpec } from './plans/comparison.js';
import { type Carried, Run } from './run.js';
import { announceVerdict } from './steps/announce-verdict.js';
import { planTurns, takeTurns, windowOf } from './steps/values.js';
import type { taskComparison } from './task-comparison.js';
import { WORDS } from './verdicts.js';

const CONSISTENT = defineSearchAttributeKey('DrsConsistent', SearchAttributeType.KEYWORD);

/** Tasks of one page; each costs about nine events. */
const PAGE = 50;
/** With more events the run continues as new before its next page. */
const MOST_EVENTS = 1_000;
/** Rehearsals say less, in their memo. */
const mostEvents = (): number => Number(workflowInfo().memo?.['mostPageEvents'] ?? MOST_EVENTS);

/**
 * Compares sources and targets of one task or of many (§6.1.26 to §6.1.39), each in a child of its own, and judges. An
 * inconsistency is a result, not a failure; a task that can't be compared doesn't stop the others.
 */
export async function comparison(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('comparison', comparisonSpec, spec, carried);

  return await run.conduct(
    async (plan) => {
      const night = new Night(run, plan);
      const { store } = plan;
      run.outline(stepsOf(outline(plan)));
      if (store) await run.step('Store', async () => void (await calls.checkStore({ store })));
      const { budget } = plan;
      if (budget)
        await run.step('Window', async () => night.close(await windowOf(budget, Date.parse(night.began))), {
          note: () => `until ${night.until}`,
        });
      run.phase('compares');
      while (night.goesOn) {
        const row = `Tasks, page ${night.page}`;
        await run.step(row, async () => await comparePage(run, plan, night, row), { note: () => night.summary });
        if (night.goesOn && workflowInfo().historyLength > mostEvents()) throw new Overfull();
      }
      if (plan.budget) await compareValues(run, plan, night);
      night.counted();
      upsertSearchAttributes([{ key: CONSISTENT, value: night.verdict }]);
      if (night.archive) await run.step('Report', () => report(plan, night));
      run.phase(WORDS[night.verdict]);
      await announceVerdict(run, plan, night);
      return night.result();
    },
    async () => 'none',
  );
}

/** Rows are counted: now the tables whose turn it is, in an order over all tasks. */
async function compareValues(run: Run<ComparisonPlan>, plan: ComparisonPlan, night: Night): Promise<void> {
  await run.step('Plan', async () => await planTurns(plan, night), { note: () => night.values.summary });
  while (night.values.goesOn) {
    const row = `Values, part ${night.values.part}`;
    const limits = { atOnce: plan.atOnce, mostEvents: mostEvents() };
    const turn = (task: PlannedTask) => compareTask(plan, night, task, plan.budget?.perTask);
    await run.step(row, async () => await takeTurns(night, limits, turn, () => run.progress(row, night.summary)), {
      note: () => night.summary,
    });
    if (night.values.goesOn) throw new Overfull();
  }
}

/** A night is told of, also where its report could not be written. */
async function report(plan: ComparisonPlan, night: Night): Promise<null> {
  try {
    night.report(await waitsWithin(CALL_MS).writeReport(night.reported(plan)));
  } catch (error) {
    if (isCancellation(error)) throw error;
    night.report({ trouble: readFailure(error).message.slice(0, 500) });
  }
  return null;
}

/** The next tasks, so many at the same time as the spec says. Each is looked at again when its turn comes. */
async function comparePage(run: Run<ComparisonPlan>, plan: ComparisonPlan, night: Night, row: string): Promise<null> {
  const { cloud, task, tasks, select } = plan;
  const named = task ? [task] : tasks;
  const page = await pages.selectTasks({
    most: PAGE,
    ...(cloud && { cloud }),
    ...(named && { tasks: named }),
    ...(select && { select }),
    ...(night.after && { after: night.after }),
  });
  night.begin(page);
  const waiting = [...page.tasks];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      night.take(await compareTask(plan, night, next));
      run.progress(row, night.summary);
    }
  };
  await Promise.all(Array.from({ length: plan.atOnce }, worker));
  night.turn(page);
  return null;
}

/** `turns`: only the tables whose turn it is, so many at a time. */
async function compareTask(plan: ComparisonPlan, night: Night, task: SelectedTask, turns?: number) {
  const { kinds: all, ...compare } = plan.compare;
  const kinds = all.filter((kind) => !plan.budget || (kind === 'contents') === (turns !== undefined));
  const { name, cloud, unfinished } = plan;
  if (task.trouble) return { ...task, verdict: 'notComparable' as const, reason: task.trouble, seconds: 0, kinds: [] };
  const { jobId } = task;
  if (plan.budget && turns === undefined && night.late)
    return { ...task, verdict: 'notFinished' as const, reason: night.late, seconds: 0, kinds: [] };
  try {
    return await executeChild<typeof taskComparison>('taskComparison', {
      workflowId: `${workflowInfo().workflowId}/${task.jobId}/${workflowInfo().runId.slice(0, 8)}${turns ? '/values' : ''}`,
      args: [
        {
          name,
          ...(cloud && { cloud }),
          task: {
            jobId,
            name: task.name,
            ...(task.status && { status: task.status }),
            ...(task.useType && { useType: task.useType }),
          },
          kinds,
          compare,
          unfinished,
          until: night.until,
          ...(night.archive && { archive: night.archive }),
          ...(turns !== undefined && { turns }),
          ...(plan.export && { exports: plan.export }),
          ...(plan.secondLook && { secondLook: plan.secondLook }),
        },
      ],
      staticSummary: `${name}: ${task.name}`,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Somebody ended it from outside: that is no reason to stop the others.
    const reason = `its comparison was stopped: ${error instanceof ChildWorkflowFailure ? error.cause?.message : String(error)}`;
    return { jobId, name: task.name, verdict: 'notFinished' as const, reason, seconds: 0, kinds: [] };
  }
}
