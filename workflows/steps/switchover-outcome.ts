import { CancellationScope } from '@temporalio/workflow';
import type { SwitchedTask, TaskState } from '../../activities/switchover-result.js';
import { item } from '../evidence.js';
import { stageRow } from '../outlines/row.js';
import { listed, type Stage, type Switching } from './readiness.js';
import { untilMoved } from './switchover-proof.js';

/** A person wants back what is done. */
export class SwitchBack extends Error {}

const BACK = 'switch back';

/**
 * What becomes of tasks that are not where they must be. While people think they are watched: the question is void once they have
 * moved after all.
 */
export async function ask(it: Switching, stage: Stage, tasks: SwitchedTask[]): Promise<void> {
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

const WORDS: Readonly<Partial<Record<TaskState, string>>> = {
  refused: 'DRS refused the switchover',
  still: 'it did not move',
  unverified: 'it moved, and is not verified',
};

const names = (tasks: readonly SwitchedTask[]): string => listed(tasks.map(({ name }) => name));
