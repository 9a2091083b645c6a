import { ActivityFailure, ApplicationFailure, CancellationScope, sleep } from '@temporalio/workflow';
import type { Switched } from '../../activities/switchover.js';
import { KINDS, type Kind, type Outcome } from '../../drs/errors.js';
import { callsSoon, waits, wasNotTaken } from '../activities.js';
import { item } from '../evidence.js';
import { readFailure } from '../failure.js';
import type { Answer } from '../gate.js';
import { expired, lapse, leftFor } from '../lapse.js';
import type { Item } from '../messages.js';
import { stageRow } from '../outlines/row.js';
import { approval, listed, readiness, type Switching, worse } from './readiness.js';
import { type SwitchedTask, standing, type TaskState } from './switchover-record.js';

/** A call that no worker takes up within this time is not made any more: what was checked before it would be old. */
const SOON_MS = 10_000;
/** So often is a task tried again by itself that DRS had no time for: nothing was done to it. */
const ROUNDS = 3;
const PAUSE_MS = 1_000;

/** A person wants back what is done. */
export class SwitchBack extends Error {}

export interface Stage {
  readonly name: string;
}

/**
 * Switches over the tasks of one stage, until each is verified or a person has left it at that. The call is a toggle (§6.4.1): what
 * may have been done is never sent again by itself.
 */
export async function switchStage(it: Switching, stage: Stage): Promise<void> {
  const rounds = new Map<string, number>();
  for (;;) {
    const pending = inState(it, stage, 'pending');
    const unclear = inState(it, stage, 'sending', 'unclear');
    const accepted = inState(it, stage, 'accepted');
    const failed = inState(it, stage, 'refused', 'still', 'unverified');
    if (pending.length > 0) await send(it, stage, pending, rounds);
    else if (unclear.length > 0 || accepted.length > 0)
      await Promise.all([settle(it, stage, unclear), verify(it, stage, accepted)]);
    else if (failed.length > 0) await ask(it, stage, failed);
    else return;
    it.record.report();
  }
}

const inState = ({ record }: Switching, { name }: Stage, ...states: readonly TaskState[]): SwitchedTask[] =>
  record.of(name).filter(({ state }) => states.includes(state));

/** Whether tasks of a stage are still to be sent. */
export const isPending = (it: Switching, stage: Stage): boolean => inState(it, stage, 'pending').length > 0;

/** The last look, and the call. What is worse than it was approved, or approved too long ago, is asked again. */
async function send(it: Switching, stage: Stage, tasks: SwitchedTask[], rounds: Map<string, number>): Promise<void> {
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
        const why = [...lapsed(await lapse(answer)), ...worse(answer.evidence.items, seen.items)];
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

/** After an ambiguous reply nothing is sent: the direction tells whether it was done. */
async function settle(it: Switching, stage: Stage, tasks: SwitchedTask[]): Promise<void> {
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
async function verify(it: Switching, stage: Stage, tasks: SwitchedTask[]): Promise<void> {
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

const BACK = 'switch back';

/**
 * What becomes of tasks that are not where they must be. While people think they are watched: the question is void once they have
 * moved after all.
 */
async function ask(it: Switching, stage: Stage, tasks: SwitchedTask[]): Promise<void> {
  const { run, record, row } = it;
  const choices = choicesOf(it, tasks);
  const scope = new CancellationScope();
  const watchable = tasks.every(({ state }) => state !== 'refused');
  const settled = watchable ? scope.run(() => untilMoved(it, tasks)) : undefined;
  settled?.catch(() => undefined);
  try {
    const step = row(stageRow('Switchover', stage.name));
    const { decision, by, reason } = await run.decide(step, {
      name: 'outcome',
      question: question(tasks, choices),
      items: [
        ...tasks.map((one) => item(one.name, 'blocking', `${WORDS[one.state]}: ${one.why ?? 'no reason is known'}`)),
        ...choices.done.map(({ name }) => item(name, 'ok', 'is switched over, and verified')),
        ...(choices.back ? [item(BACK, 'warning', names(choices.done))] : []),
      ],
      decisions: [
        'retry',
        ...(choices.skip ? (['skip'] as const) : []),
        ...(choices.back ? (['acknowledge'] as const) : []),
        'abort',
      ],
      ...(choices.back && { acknowledge: [BACK], one: true }),
      about: { operation: 'batchSwitchover', tasks: tasks.map(({ name }) => name) },
      settled,
    });
    const said = `${by.join(', ')}: ${reason}`;
    if (decision === 'acknowledge') {
      record.goBack(said);
      throw new SwitchBack();
    }
    for (const task of tasks) {
      if (decision === 'skip') Object.assign(task, { state: 'skipped', why: `${task.why}; left at that by ${said}` });
      else task.state = by[0] === 'drs-pilot' || task.state === 'unverified' ? 'accepted' : 'pending';
    }
    if (decision === 'skip') run.skip(step, `left at that by ${said}`);
    else run.goesOn(step, `retry by ${said}`);
  } finally {
    scope.cancel();
  }
}

interface Choices {
  /** Tasks that are switched over. */
  readonly done: readonly SwitchedTask[];
  /** Whether it can go on without the tasks in question: there are others, or they have moved and only lag behind. */
  readonly skip: boolean;
  /** Whether what is done can be switched back. */
  readonly back: boolean;
}

function choicesOf({ record, gate }: Switching, tasks: readonly SwitchedTask[]): Choices {
  const done = record.of().filter(({ state }) => state === 'switched');
  const moved = tasks.every(({ state }) => state === 'unverified');
  return { done, skip: moved || record.of().length > tasks.length, back: done.length > 0 && gate === 'switchover' };
}

function question(tasks: readonly SwitchedTask[], { done, skip, back }: Choices): string {
  const sent = tasks.filter(({ state }) => state !== 'unverified');
  const watch = tasks.filter(({ state }) => state === 'unverified');
  return [
    `${names(tasks)} ${tasks.length === 1 ? 'is' : 'are'} not switched over as it must be.`,
    'Nothing is sent again by itself: two switchovers cancel each other out.',
    ...(sent.length > 0 ? [`retry looks at the readiness again and sends it for ${names(sent)};`] : []),
    ...(watch.length > 0 ? [`retry watches ${names(watch)} on;`] : []),
    ...(skip ? ['skip leaves it at that and goes on;'] : []),
    ...(back ? [`acknowledge with the item "${BACK}" takes ${names(done)} back, after a gate;`] : []),
    'abort ends the run, and all tasks stay as they are.',
  ].join(' ');
}

async function untilMoved(it: Switching, tasks: readonly SwitchedTask[]): Promise<string> {
  const still = tasks.filter(({ state }) => state === 'still');
  if (still.length > 0) await waits().watchDirection(watched(it, still));
  else await waits().verifySwitchover({ ...watched(it, tasks), ...proof(it, tasks) });
  return still.length > 0 ? `${listed(still.map(({ name }) => name))} moved after all` : 'they are verified after all';
}

const WORDS: Readonly<Partial<Record<TaskState, string>>> = {
  refused: 'DRS refused the switchover',
  still: 'it did not move',
  unverified: 'it moved, and is not verified',
};

const ids = (tasks: readonly SwitchedTask[]): string[] => tasks.map(({ jobId }) => jobId);
const names = (tasks: readonly SwitchedTask[]): string => listed(tasks.map(({ name }) => name));

/** `2 accepted, 1 refused` */
function counted(tasks: readonly SwitchedTask[]): string {
  const states = [...new Set(tasks.map(({ state }) => state))];
  return states.map((state) => `${tasks.filter((task) => task.state === state).length} ${state}`).join(', ');
}
