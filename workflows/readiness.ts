import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { Facts } from '../activities/readiness-facts.js';
import type { ReadinessItem } from '../activities/readiness-items.js';
import { type Problem, problemLines, problemsOf } from '../drs/operations/problems.js';
import { prompt } from './activities.js';
import { ReadinessSpec } from './plans/switchover.js';

/** How tasks stand that may be switched over. */
export interface ReadinessAnswer {
  /** Nothing blocks, and every task was found. */
  readonly ready: boolean;
  readonly items: readonly ReadinessItem[];
  readonly tasks: readonly Facts[];
  /** Tasks that cannot be switched over at all, by their place in the request. */
  readonly problems: readonly Problem[];
}

/** Looks, and changes nothing. */
export async function readiness(asked: unknown): Promise<ReadinessAnswer> {
  const parsed = ReadinessSpec.safeParse(asked);
  if (!parsed.success)
    throw ApplicationFailure.nonRetryable(problemLines(problemsOf(parsed.error)).join('\n'), 'drs.badSpec');
  const { tasks: wanted, direction, limits, cloud: name } = parsed.data;
  const cloud = name === undefined ? {} : { cloud: name };
  const paths = wanted.map((task, index) => ({ task, path: `tasks[${index}]` }));
  const { tasks, problems } = await prompt.findRecoveries({ tasks: paths, direction, ...cloud });
  const owner = workflowInfo().firstExecutionRunId;
  const sides = (['up', 'down'] as const).map((to) => {
    const those = tasks.filter((task) => (direction ?? (task.direction === 'down' ? 'up' : 'down')) === to);
    return those.length > 0
      ? prompt.checkReadiness({ tasks: those, direction: to, limits, owner, ...cloud })
      : undefined;
  });
  const seen = (await Promise.all(sides)).flatMap((side) => side ?? []);
  const items = seen.flatMap((side) => side.items);
  const ready = problems.length === 0 && items.every((item) => item.class !== 'blocking');
  return { ready, items, tasks: seen.flatMap((side) => side.tasks), problems };
}
