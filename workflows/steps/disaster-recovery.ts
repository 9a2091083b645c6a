import type { Initialised, Lag } from '../../activities/disaster-recovery.js';
import { calls, waits } from '../activities.js';
import type { Steps } from '../branch.js';
import { item } from '../evidence.js';
import type { Answer } from '../gate.js';
import type { Item } from '../messages.js';
import type { DisasterRecoveryPlan } from '../plans/disaster-recovery.js';
import { approveStart, type StartEvidence, type StartedPlan } from './start.js';
import { at, type Family, type Task } from './task.js';

/** The initialisation of the standby, with what has arrived of it (§6.4.3, §6.4.4). A failed one is retried by §6.1.12. */
export async function initialise(task: Task, retry: boolean): Promise<Initialised> {
  return await waits().waitForInitialisation({ ...at(task), retry });
}

/** `table 12, view 2 of 3 (crm.old)` */
export const arrived = ({ objects, remark }: Initialised): string => {
  const each = objects.map(({ type, source, target, missing = [] }) => {
    const names = missing.length > 0 ? ` (missing: ${missing.join(', ')})` : '';
    return `${type} ${target < source ? `${target} of ${source}` : target}${names}`;
  });
  return remark ? `its objects are unknown: ${remark}` : each.join(', ');
};

type Limits = Pick<Parameters<ReturnType<typeof waits>['waitForLag']>[0], 'maxRpo' | 'maxRto' | 'within'>;

/** Until disaster recovery is in place with RPO and RTO below the limits, or for so long. */
export async function inPlace(task: Task, limits: Limits, retry: boolean): Promise<Lag> {
  return await waits().waitForLag({ ...at(task), ...limits, retry });
}

export const lagText = ({ rpo, rto }: Lag): string => `RPO ${seconds(rpo)}, RTO ${seconds(rto)}`;

/** What the result says of it. */
export const lagFacts = ({ rpo, rto }: Lag): Readonly<Record<string, number>> => ({
  ...(rpo !== undefined && { rpoSeconds: rpo / 1_000 }),
  ...(rto !== undefined && { rtoSeconds: rto / 1_000 }),
});

const seconds = (ms: number | undefined): string => (ms === undefined ? 'unknown' : `${ms / 1_000} s`);

/** The forward subtask must be no further behind before the backward one is touched (§6.1.11). */
const NEAR_MS = 60_000;
export const near = ({ maxRpo, maxRto }: DisasterRecoveryPlan['inSync']): Limits => ({
  maxRpo: Math.min(maxRpo, NEAR_MS),
  maxRto: Math.min(maxRto, NEAR_MS),
});

/** How long the forward subtask may take after the approval of the backward one, before that is asked anew. */
const WITHIN_MS = 600_000;

/** The gate before the backward subtask starts: what was true of the forward one when it opened must be so when it is approved. */
export async function approveBackward(
  run: Steps,
  plan: StartedPlan & Pick<DisasterRecoveryPlan, 'inSync'>,
  { task, lag }: Ahead,
  evidence: StartEvidence,
): Promise<Answer> {
  const items = (last: Lag): Item[] => [
    ...(evidence.items ?? []),
    item('forward subtask', last.reached ? 'ok' : 'warning', `${lagText(last)}, read at ${last.at}`),
  ];
  for (let last = lag; ; ) {
    const answer = await approveStart(run, plan, { ...evidence, items: items(last) });
    last = (await run.step(
      'Forward in place',
      (retry) => inPlace(task, { ...near(plan.inSync), within: WITHIN_MS }, retry),
      {
        note: lagText,
      },
    )) as Lag;
    if (last.reached) return answer;
    run.forget('Forward in place', 'Start approval');
  }
}

/** The forward subtask of a dual-active task, and how far behind it was. */
export interface Ahead {
  readonly task: Task;
  readonly plan: DisasterRecoveryPlan;
  readonly lag: Lag;
}

/**
 * The subtasks of a dual-active task. No field says which is forward: it is the one with the parent's direction. Where that fits
 * neither or both, a person says it.
 */
export async function subtasks(run: Steps, parent: Task): Promise<{ forward: Task; backward: Task }> {
  for (;;) {
    const { direction, tasks } = await run.step('Subtasks', () => find(parent));
    const ids = tasks.map(({ jobId }) => jobId);
    run.owns(parent.jobId, ids);
    const alike = tasks.filter((task) => task.direction === direction).map(({ jobId }) => jobId);
    const id = alike.length === 1 ? alike[0] : await askForward(run, direction, tasks);
    const forward = tasks.find(({ jobId }) => jobId === id);
    const backward = tasks.find(({ jobId }) => jobId !== id);
    if (forward && backward) return { forward, backward };
    run.forget('Subtasks');
  }
}

async function find(parent: Task): Promise<Family> {
  const { direction, subtasks } = await calls.findSubtasks(at(parent));
  const tasks: Task[] = [];
  for (const subtask of subtasks) {
    const { status } = subtask;
    const task = { ...parent, ...subtask, parentId: parent.jobId };
    const creates = status === 'CREATING' || status === 'CREATE_FAILED';
    tasks.push(creates ? { ...task, status: (await waits().waitFor({ ...at(task), wait: 'created' })).status } : task);
  }
  return { ...(direction && { direction }), tasks };
}

async function askForward(
  run: Steps,
  direction: string | undefined,
  tasks: readonly Task[],
): Promise<string | undefined> {
  const items = tasks.map((task) =>
    item(task.jobId, 'warning', `job_direction ${task.direction ?? 'unknown'}, ${task.status}`),
  );
  const question = `Which subtask is the forward one? The task's own job_direction is ${direction ?? 'unknown'}, which tells it not. Acknowledge one`;
  return await run.choose('forward', 'Forward subtask', question, items);
}
