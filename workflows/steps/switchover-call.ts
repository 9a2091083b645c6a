import { ActivityFailure, ApplicationFailure, CancellationScope, sleep } from '@temporalio/workflow';
import type { SwitchedTask, TaskState } from '../../activities/switchover-result.js';
import { KINDS, type Kind, type Outcome } from '../../drs/errors.js';
import { callsSoon, wasNotTaken } from '../activities.js';
import { item, worsened } from '../evidence.js';
import { readFailure } from '../failure.js';
import type { Answer } from '../gate.js';
import { expired, lapse, leftFor } from '../lapse.js';
import type { Item } from '../messages.js';
import { stageRow } from '../outlines/row.js';
import { approval, readiness, type Stage, type Switching } from './readiness.js';

/** A call that no worker takes up within this time is not made any more: what was checked before it would be old. */
const SOON_MS = 10_000;
/** So often is a task tried again by itself that DRS had no time for: nothing was done to it. */
const ROUNDS = 3;
const PAUSE_MS = 1_000;

/** The last look, and the call. What is worse than it was approved, or approved too long ago, is asked again. */
export async function send(
  it: Switching,
  stage: Stage,
  tasks: SwitchedTask[],
  rounds: Map<string, number>,
): Promise<void> {
  const { run, record, row } = it;
  const again = Math.max(...tasks.map(({ jobId }) => rounds.get(jobId) ?? 0));
  if (again > 0) await sleep(again * PAUSE_MS);
  for (;;) {
    const answer = await demandApproval(it);
    const step = row(stageRow('Switchover', stage.name));
    run.forget(step);
    const stopped = await run.step(
      step,
      async () => {
        const seen = await record.timed('final readiness', stage.name, () => readiness(it, tasks));
        const why = [...lapsed(await lapse(answer)), ...worsened(answer.evidence.items, seen.items)];
        if (why.length === 0) await record.timed('switchover', stage.name, () => call(it, tasks, answer, rounds));
        return why;
      },
      { note: (why) => (why.length > 0 ? `stopped: ${why.map(told).join('; ')}` : counted(tasks)) },
    );
    if (stopped.length === 0) return;
    await run.unlock();
    run.forget(row('Approval'));
    await demandApproval(it, stopped);
  }
}

/** The approval that holds, and the locks under it; asked for where there is none (any more), for all that is still to be sent. */
export async function demandApproval(it: Switching, why: readonly Item[] = []): Promise<Answer> {
  const { run, record, row } = it;
  const given = run.resultOf<Answer>(row('Approval'));
  const old = given ? lapsed(expired(given)) : [];
  if (given && old.length === 0) return given;
  // Nobody keeps others from the tasks while people think.
  if (given) await run.unlock();
  run.forget(row('Approval'));
  const open = record.of().filter(({ state }) => state === 'pending');
  const items = [...why, ...old].map((one) => item(`opened again: ${one.item}`, 'warning', told(one)));
  const answer = await approval(it, open, items);
  await record.timed('lock', undefined, () => run.lock(ids(record.of()), 'to switch over'));
  return answer;
}

const lapsed = (why: string | undefined): Item[] => (why === undefined ? [] : [item('approval', 'warning', why)]);

const told = ({ item: name, class: c, value }: Item): string => `${name} is ${c}: ${value}`;

/** §6.4.1, in tens. Tried once: whatever happens to the worker in between, nobody knows whether it was done. */
async function call(it: Switching, tasks: SwitchedTask[], answer: Answer, rounds: Map<string, number>): Promise<void> {
  const { plan } = it;
  const requestedAt = new Date().toISOString();
  const within = leftFor(answer, SOON_MS);
  for (const task of tasks) Object.assign(task, { state: 'sending', requestedAt, why: undefined });
  try {
    // What is under way is heard out, also where the run is cancelled: its outcome would be lost.
    const got = await CancellationScope.nonCancellable(() =>
      callsSoon(within).batchSwitchover(ids(tasks), plan.cloud, { once: true }),
    );
    for (const [index, task] of tasks.entries()) Object.assign(task, judged(task, got[index], rounds));
  } catch (error) {
    const { state, why } = failed(error);
    for (const task of tasks) Object.assign(task, { state, why });
    if (isLockLost(error)) throw error;
  }
}

/** The reply proves nothing but that it was taken, or not. */
function judged(
  { jobId }: SwitchedTask,
  outcome: Outcome<unknown> | undefined,
  rounds: Map<string, number>,
): Pick<SwitchedTask, 'state' | 'why'> {
  if (outcome?.ok) return { state: 'accepted' };
  const { kind, message } = outcome ?? { kind: 'ambiguous', message: 'the worker told nothing of it' };
  if (kind === 'ambiguous') return { state: 'unclear', why: message };
  const round = (rounds.get(jobId) ?? 0) + 1;
  rounds.set(jobId, round);
  return { state: kind === 'transient' && round < ROUNDS ? 'pending' : 'refused', why: message };
}

/** A call that no worker took up, and one that failed before anything was sent, is known not to be done. */
function failed(error: unknown): { state: TaskState; why: string } {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  const { type, message } = readFailure(error);
  if (wasNotTaken(error) || isLockLost(error)) return { state: 'pending', why: message };
  const kind = type.replace(/^drs\./, '');
  const ours = cause instanceof ApplicationFailure && kind in KINDS && (kind as Kind) !== 'ambiguous';
  return ours ? { state: 'refused', why: message } : { state: 'unclear', why: message };
}

const isLockLost = (error: unknown): boolean => readFailure(error).type === 'drs.lockLost';

const ids = (tasks: readonly SwitchedTask[]): string[] => tasks.map(({ jobId }) => jobId);
/** `2 accepted, 1 refused` */
function counted(tasks: readonly SwitchedTask[]): string {
  const states = [...new Set(tasks.map(({ state }) => state))];
  return states.map((state) => `${tasks.filter((task) => task.state === state).length} ${state}`).join(', ');
}
