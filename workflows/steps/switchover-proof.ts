import type { Switched } from '../../activities/switchover.js';
import type { SwitchedTask } from '../../activities/switchover-result.js';
import { waits } from '../activities.js';
import { stageRow } from '../outlines/row.js';
import { listed, type Stage, type Switching } from './readiness.js';
import { standing } from './switchover-record.js';

/** After an ambiguous reply nothing is sent: the direction tells whether it was done. */
export async function settle(it: Switching, stage: Stage, tasks: SwitchedTask[]): Promise<void> {
  if (tasks.length === 0) return;
  const { run, plan, record, row } = it;
  const until = Date.now() + plan.settle;
  const seen = await record.timed('switchover', stage.name, () =>
    run.again(row(stageRow('Settling', stage.name)), () => waits().watchDirection({ ...watched(it, tasks), until })),
  );
  each(tasks, seen, (task, { state, why }) => {
    task.state = state === 'still' ? 'still' : 'accepted';
    task.why = state === 'still' ? [task.why, ...why].filter(Boolean).join('; ') : undefined;
  });
}

/** Success is what the details say (6.1.20), and nothing else. */
export async function verify(it: Switching, stage: Stage, tasks: SwitchedTask[]): Promise<void> {
  if (tasks.length === 0) return;
  const { run, plan, record, row } = it;
  const until = Date.now() + plan.within;
  const seen = await record.timed('verification', stage.name, () =>
    run.again(row(stageRow('Verification', stage.name)), () =>
      waits().verifySwitchover({ ...watched(it, tasks), ...proof(it, tasks), until }),
    ),
  );
  each(tasks, seen, take);
}

function take(task: SwitchedTask, { state, why, facts }: Switched): void {
  task.after = standing(facts);
  task.state = state === 'verified' ? 'switched' : state === 'moved' ? 'unverified' : 'still';
  task.why = why.length > 0 ? why.join('; ') : undefined;
  if (state !== 'verified') return;
  task.verifiedAt = facts.at;
  task.tookMs = Math.max(0, Date.parse(facts.at) - Date.parse(task.requestedAt ?? facts.at));
}

/** While people think what becomes of tasks: ends once they are where they must be. */
export async function untilMoved(it: Switching, tasks: readonly SwitchedTask[]): Promise<string> {
  const still = tasks.filter(({ state }) => state === 'still');
  if (still.length > 0) await waits().watchDirection(watched(it, still));
  else await waits().verifySwitchover({ ...watched(it, tasks), ...proof(it, tasks) });
  return still.length > 0 ? `${listed(still.map(({ name }) => name))} moved after all` : 'they are verified after all';
}

const watched = ({ plan }: Switching, tasks: readonly SwitchedTask[]) => ({
  tasks: tasks.map(({ jobId, name }) => ({ jobId, name })),
  direction: plan.direction,
  ...(plan.cloud && { cloud: plan.cloud }),
});

const proof = ({ plan }: Switching, tasks: readonly SwitchedTask[]) => ({
  limits: { rpo: plan.limits.rpo },
  disturbed: tasks.filter(({ before }) => before?.status !== 'INCRE_TRANSFER_STARTED').map(({ jobId }) => jobId),
});

function each(
  tasks: readonly SwitchedTask[],
  seen: readonly Switched[],
  act: (task: SwitchedTask, one: Switched) => void,
) {
  for (const task of tasks) {
    const one = seen.find(({ jobId }) => jobId === task.jobId);
    if (one) act(task, one);
  }
}
