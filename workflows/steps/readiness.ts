import { workflowInfo } from '@temporalio/workflow';
import type { Readiness, ReadinessInput } from '../../activities/readiness.js';
import { FORCIBLE } from '../../activities/readiness-items.js';
import type { SwitchedTask } from '../../activities/switchover-result.js';
import { calls, waits } from '../activities.js';
import type { Answer } from '../gate.js';
import type { Item } from '../messages.js';
import { approvalGate } from '../outlines/switchover.js';
import type { SwitchoverPlan } from '../plans/switchover.js';
import type { Run } from '../run.js';
import { type SwitchoverRecord, standing } from './switchover-record.js';

/** One switchover of tasks: the way there, or the way back of what was done. */
export interface Switching {
  readonly run: Run<SwitchoverPlan>;
  readonly plan: SwitchoverPlan;
  readonly record: SwitchoverRecord;
  /** Name of its gate, and what its rows begin with. */
  readonly gate: 'switchover' | 'switch-back';
  readonly row: (step: string) => string;
}

/** Tasks that are switched over together; one alone is a stage without a name. */
export interface Stage {
  readonly name: string;
}

/** How the tasks stand, as of now. */
export async function readiness(it: Switching, tasks: readonly SwitchedTask[]): Promise<Readiness> {
  const seen = await calls.checkReadiness(asked(it, tasks));
  for (const task of tasks) {
    const facts = seen.tasks.find(({ jobId }) => jobId === task.jobId);
    if (facts) task.before = standing(facts);
  }
  return seen;
}

const asked = ({ plan }: Switching, tasks: readonly SwitchedTask[]): ReadinessInput => ({
  tasks: tasks.map(({ jobId, name }) => ({ jobId, name })),
  direction: plan.direction,
  limits: plan.limits,
  owner: workflowInfo().firstExecutionRunId,
  ...(plan.cloud && { cloud: plan.cloud }),
});

/**
 * The gate before a switchover. Its evidence is read all the time while it is open; items that DRS itself would refuse block, also
 * by force. `why`: what made it open again.
 */
export async function approval(
  it: Switching,
  tasks: readonly SwitchedTask[],
  why: readonly Item[] = [],
): Promise<Answer> {
  const { run, plan, gate, row, record } = it;
  const names = tasks.map(({ name }) => name);
  for (;;) {
    const first = await record.timed('readiness', undefined, () =>
      run.step(row('Readiness'), () => readiness(it, tasks), { note: ({ items }) => summary(items) }),
    );
    const answer = await record.timed('approval', undefined, () =>
      run.approve(gate, row('Approval'), () => ({
        question: `Switch over ${listed(names)} to ${plan.direction}?`,
        ask: approvalGate(plan),
        items: [...why, ...first.items],
        evolves: async (shown) => {
          const known = shown.filter(({ item: name }) => !why.some((one) => one.item === name));
          const { items } = await waits().watchReadiness({ ...asked(it, tasks), shown: known });
          return [...why, ...items];
        },
        forcible: names.flatMap((name) => FORCIBLE.map((one) => `${name}: ${one}`)),
        about: { operation: 'batchSwitchover', tasks: names },
      })),
    );
    run.forget(row('Readiness'));
    if (!answer) continue;
    const { by, reason, forced, evidence } = answer;
    record.approved({ by, reason, forced, at: new Date().toISOString(), ...evidence });
    return answer;
  }
}

export const summary = (items: readonly Item[]): string =>
  (['blocking', 'warning', 'ok'] as const)
    .map((c) => [items.filter((one) => one.class === c).length, c] as const)
    .filter(([count]) => count > 0)
    .map(([count, c]) => `${count} ${c}`)
    .join(', ');

/** `a, b and 4 more` */
export const listed = (names: readonly string[], most = 5): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
