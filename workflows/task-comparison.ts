import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Archive } from '../activities/comparison/archive.js';
import type { Before } from '../activities/comparison/create.js';
import type { KindVerdict } from '../activities/comparison/read.js';
import type { KeptTask } from '../activities/comparison/report.js';
import type { Compare, ComparisonKind } from '../activities/comparison/scope.js';
import type { SelectedTask } from '../activities/comparison/select.js';
import { COMPARISON_KINDS, worst } from '../drs/consistency.js';
import { files, pages, waits } from './activities.js';
import { readFailure } from './failure.js';
import { at, compareKind, type Part } from './steps/compare-kind.js';
import { inTurns } from './steps/in-turns.js';
import { together, toLookAtAgain } from './steps/second-look.js';
import { TaskView } from './task-view.js';
import { describe, judged, none } from './verdicts.js';

export interface TaskComparisonInput {
  /** What the comparison is called that this is a part of. */
  readonly name: string;
  readonly cloud?: string | undefined;
  readonly task: SelectedTask;
  readonly kinds: readonly ComparisonKind[];
  readonly compare: Compare;
  readonly unfinished: 'keep' | 'cancel' | 'wait';
  /** ISO; what is not over by then is cancelled, and not finished. */
  readonly until: string;
  /** Where all of what was found is kept. */
  readonly archive?: Archive | undefined;
  /** Of these kinds the files that DRS makes are kept, too. */
  readonly exports?: readonly ComparisonKind[] | undefined;
  /** Only the tables whose turn it is tonight, so many at a time. */
  readonly turns?: number | undefined;
  /** Differing tables are compared again once the delay is low. ms. */
  readonly secondLook?: { readonly rounds: number; readonly maxDelay: number; readonly within: number } | undefined;
}

/** What became of one task. */
export type TaskVerdict = KeptTask;

/** Compares one task, kind after kind, under its lock. Nothing that goes wrong fails it: that is told by its verdict. */
export async function taskComparison(input: TaskComparisonInput): Promise<TaskVerdict> {
  const verdict = await compareTask(input);
  const { archive } = input;
  if (!archive) return verdict;
  try {
    if (input.turns) return { ...verdict, ...(await files.keepValues({ archive, jobId: verdict.jobId, verdict })) };
    await files.keepTask({ archive, jobId: verdict.jobId, verdict });
    return verdict;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const lost = `it could not be kept: ${readFailure(error).message}`.slice(0, 500);
    return { ...verdict, reason: [verdict.reason, lost].filter(Boolean).join('; ') };
  }
}

async function compareTask(input: TaskComparisonInput): Promise<TaskVerdict> {
  const view = new TaskView(input);
  const { task } = input;
  if (task.trouble) return view.end('notComparable', task.trouble);
  try {
    const lockedBy = await view.lock();
    if (lockedBy) return view.end('notFinished', `its lock is held by ${lockedBy}`);
    let before: Before = await pages.findComparisons({
      ...at(input),
      kinds: input.kinds,
      form: input.compare.form,
    });
    for (const kind of COMPARISON_KINDS) {
      if (!input.kinds.includes(kind)) continue;
      const objects = view.kinds.find(
        (one) => one.kind === 'objects' && one.counts.consistent + one.counts.inconsistent > 0,
      );
      // Whoever works by day must not pay for what the night had no time for.
      if (view.kinds.length > 0 && Date.now() >= Date.parse(input.until)) {
        view.kinds.push(none(kind, 'notFinished', 'the time was over before its turn'));
        continue;
      }
      const looked = async (compare: Compare, part?: number) => {
        const [found, now] = await withLooks(
          view,
          { ...input, compare },
          { kind, before, part, objectsId: objects?.compareJobId },
        );
        before = now;
        return found;
      };
      const found = input.turns ? await inTurns(input, looked) : await looked(input.compare);
      if (input.turns) view.tell(kind, 'done', describe(found));
      view.kinds.push(found);
    }
    return view.end(worst(view.kinds.map(({ verdict }) => verdict)));
  } catch (error) {
    if (isCancellation(error)) throw error;
    return view.end(...judged(error));
  } finally {
    await CancellationScope.nonCancellable(() => view.unlock());
  }
}

/** What differs is looked at again, as far as the spec says so. */
async function withLooks(view: TaskView, input: TaskComparisonInput, part: Part): Promise<[KindVerdict, Before]> {
  const { kind } = part;
  let found = await compareKind(view, input, part);
  let before = past(part.before, found);
  for (let look = 2; look <= 1 + (input.secondLook?.rounds ?? 0); look += 1) {
    const compare = toLookAtAgain(found, input.compare);
    if (!compare || !(await isCaughtUp(view, input, kind))) break;
    const again = await compareKind(view, { ...input, compare }, { kind, before, look, part: part.part });
    before = past(before, again);
    found = together(found, again);
    view.tell(kind, 'done', `${describe(found)}, looked at ${look} times`);
  }
  return [found, before];
}

const past = (before: Before, { compareJobId }: KindVerdict): Before => ({
  ...before,
  ids: [...before.ids, ...(compareJobId ? [compareJobId] : [])],
});

/** Whether the target has what the source had: else a second look would see the same. */
async function isCaughtUp(view: TaskView, input: TaskComparisonInput, kind: ComparisonKind): Promise<boolean> {
  const { secondLook, task, until } = input;
  if (!secondLook || !task.useType) return false;
  const within = Math.min(secondLook.within, Date.parse(until) - Date.now());
  if (within <= 0) return false;
  view.tell(kind, 'waits', 'for a low delay, to look again at what differs');
  const { maxDelay } = secondLook;
  const job = { ...at(input), useType: task.useType, expiredDays: 14 };
  try {
    return (await waits().waitForDelay({ ...job, maxDelay, within })).reached;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
