import { ApplicationFailure, CancellationScope, isCancellation, setHandler } from '@temporalio/workflow';
import type { Archive } from '../activities/comparison/archive.js';
import type { Before, Created } from '../activities/comparison/create.js';
import type { KindVerdict } from '../activities/comparison/read.js';
import type { KeptTask } from '../activities/comparison/report.js';
import type { Compare, ComparisonKind } from '../activities/comparison/scope.js';
import type { SelectedTask } from '../activities/comparison/select.js';
import { holders } from '../activities/lock-view.js';
import { COMPARISON_KINDS, type Consistency, ENDED_COMPARISONS, FULL_PART_OVER, worst } from '../drs/consistency.js';
import { CALL_MS, calls, files, pages, waits, waitsWithin } from './activities.js';
import { Display } from './display.js';
import { readFailure } from './failure.js';
import { Locks } from './locks.js';
import { type Status, status } from './messages.js';
import { StepTable } from './step-table.js';
import { inTurns } from './steps/in-turns.js';
import { together, toLookAtAgain } from './steps/second-look.js';

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

/** ms that another run may hold the task's lock before it is passed over: a switchover takes minutes. */
const LOCKED_MS = 600_000;

/** ms that there are for a file, also where the time of the night is up. */
const LEAST_FOR_FILE_MS = 600_000;

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
  const view = new View(input);
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
async function withLooks(view: View, input: TaskComparisonInput, part: Part): Promise<[KindVerdict, Before]> {
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
async function isCaughtUp(view: View, input: TaskComparisonInput, kind: ComparisonKind): Promise<boolean> {
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

interface Part {
  readonly kind: ComparisonKind;
  readonly before: Before;
  readonly objectsId?: string | undefined;
  readonly look?: number;
  /** Of several comparisons of other tables. */
  readonly part?: number | undefined;
}

/** One comparison from its creation to what it found. */
async function compareKind(view: View, input: TaskComparisonInput, part: Part): Promise<KindVerdict> {
  const { kind, before, objectsId, look } = part;
  const job = at(input);
  let mine: string | undefined;
  try {
    view.tell(kind, 'running', 'begins');
    const { compare, archive } = input;
    const scope = { ...job, kind, compare, ...(objectsId && { objectsId }) };
    const created = await begin(view, { ...scope, before, unfinished: input.unfinished }, input.until);
    if (!created.kept) mine = created.compareJobId;
    view.tell(kind, 'running', created.kept ? 'uses the one that goes on' : 'is created');
    const { status, seconds, found } = await waitsUntil(input.until).waitForVerdicts({
      ...scope,
      ...(archive && { archive }),
      ...(look && { look }),
      ...(part.part && { part: part.part }),
      compareJobId: created.compareJobId,
      notIds: before.ids,
      form: compare.form,
      until: input.until,
    });
    if (!found?.compareJobId) throw ApplicationFailure.nonRetryable('it was begun and never shown by DRS', 'drs.late');
    const { compareJobId } = found;
    if (!created.kept) mine = compareJobId;
    const over = status === 'SUCCESSFUL' || status === FULL_PART_OVER;
    const told = over || !ENDED_COMPARISONS.includes(status);
    // What is not over by now must not stand in the way of whoever compares next.
    const goesOn = mine && !ENDED_COMPARISONS.includes(status) ? await stop(job, mine) : undefined;
    const measured = {
      ...found,
      compareJobId,
      ...(mine && told && { took: { seconds, over } }),
      ...(goesOn && { reason: [found.reason, goesOn].filter(Boolean).join('; ') }),
    };
    const kept = input.exports?.includes(kind) ? await withFile(view, input, measured, status) : measured;
    view.tell(kind, 'done', describe(kept));
    return kept;
  } catch (error) {
    // Whether it is over nobody knows.
    const goesOn = mine && (await stop(job, mine));
    if (isCancellation(error)) throw error;
    const [verdict, why] = judged(error);
    const reason = [why, goesOn].filter(Boolean).join('; ');
    view.tell(kind, 'failed', reason);
    return { ...none(kind, verdict, reason), ...(mine && { compareJobId: mine }) };
  }
}

/** Cancels a comparison of ours, as far as it goes on; why it may go on all the same, where that could not be done. */
async function stop(job: ReturnType<typeof at>, compareJobId: string): Promise<string | undefined> {
  try {
    await CancellationScope.nonCancellable(() => calls.cancelComparison({ ...job, compareJobId }));
    return undefined;
  } catch (error) {
    const why = readFailure(error).message.slice(0, 300);
    return `the comparison ${compareJobId} may go on, since it could not be cancelled: ${why}. deleteCompareJob does that by hand`;
  }
}

/** Where DRS can't be asked any more it is given up some time after the end of the night. */
const waitsUntil = (until: string) => waitsWithin(Math.max(0, Date.parse(until) - Date.now()) + CALL_MS);

const none = (kind: ComparisonKind, verdict: Consistency, reason: string): KindVerdict => ({
  kind,
  verdict,
  reason,
  counts: { consistent: 0, notComparable: 0, notFinished: 0, inconsistent: 0 },
  differing: 0,
  tables: [],
});

/** Brings the file that DRS makes into the store. Without it the verdict holds all the same. */
async function withFile(
  view: View,
  input: TaskComparisonInput,
  found: KindVerdict & { readonly compareJobId: string },
  standing: string,
): Promise<KindVerdict> {
  const { archive } = input;
  const { kind, compareJobId, files = [] } = found;
  if (!archive) return found;
  if (standing !== 'SUCCESSFUL')
    return { ...found, noFile: `the comparison is ${standing}: DRS makes files of those that are over` };
  view.tell(kind, 'running', 'its file is exported');
  try {
    const left = Math.max(LEAST_FOR_FILE_MS, Date.parse(input.until) - Date.now());
    const file = await waitsWithin(left).exportResult({ ...at(input), kind, compareJobId, archive });
    return { ...found, files: [...files, file] };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { ...found, noFile: readFailure(error).message.slice(0, 500) };
  }
}

/** Creates it, after those of others are out of its way. */
async function begin(
  view: View,
  input: Parameters<typeof pages.createComparison>[0],
  until: string,
): Promise<Exclude<Created, { waitFor: unknown }>> {
  const { jobId, cloud, kind } = input;
  for (let ids = input.before.ids; ; ) {
    // What is under way is heard out: nobody would cancel it otherwise.
    const created = await CancellationScope.nonCancellable(() =>
      pages.createComparison({ ...input, before: { ...input.before, ids } }),
    );
    if (!('waitFor' in created)) return created;
    const { id, type } = created.waitFor;
    view.tell(kind, 'waits', `for the comparison ${id} (${type}) of somebody else`);
    const { status: now } = await waitsUntil(until).waitForComparison({
      jobId,
      cloud,
      kind: type,
      compareJobId: id,
      until,
      form: input.compare.form,
      entirely: true,
    });
    if (!ENDED_COMPARISONS.includes(now))
      throw ApplicationFailure.nonRetryable(`the comparison ${id} (${type}) of somebody else is ${now}`, 'drs.late');
    ids = [...ids, id];
  }
}

/** What a failure says of the task: where DRS refuses to compare it, it is not comparable; else nobody knows. */
function judged(error: unknown): [Consistency, string] {
  const { type, message } = readFailure(error);
  const refused = ['drs.request', 'drs.wrongState', 'drs.wrongId', 'drs.notFound'].includes(type);
  return [refused ? 'notComparable' : 'notFinished', message.slice(0, 500)];
}

const at = ({ task, cloud }: TaskComparisonInput) => ({ jobId: task.jobId, ...(cloud && { cloud }) });

/** `38 consistent, 2 inconsistent`. */
export const describe = ({ counts, verdict, reason }: Pick<KindVerdict, 'counts' | 'verdict' | 'reason'>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${WORDS[what as Consistency]}`)
    .join(', ') || [WORDS[verdict], reason].filter(Boolean).join(': ');

export const WORDS: Readonly<Record<Consistency, string>> = {
  consistent: 'consistent',
  inconsistent: 'inconsistent',
  notComparable: 'not comparable',
  notFinished: 'not finished',
};

/** What people see of it, and its hold on the task. */
class View {
  readonly kinds: KindVerdict[] = [];
  private readonly began = Date.now();
  private readonly steps = new StepTable(() => this.display.refresh());
  private readonly display = new Display(() => this.status());
  private readonly locks: Locks;

  constructor(private readonly input: TaskComparisonInput) {
    const { name, cloud, task, kinds } = input;
    setHandler(status, () => this.status(), { description: 'How far the comparison is, as JSON' });
    this.locks = new Locks({
      kind: 'comparison',
      about: () => ({ name, cloud }),
      ask: () => Promise.reject(new Error('a comparison asks nobody')),
      show: () => undefined,
      note: (text) => this.steps.mark('Lock', 'failed', text),
    });
    if (task.jobId) this.display.tasks([task.jobId]);
    this.steps.outline(['Lock', ...COMPARISON_KINDS.filter((kind) => kinds.includes(kind)).map(rowOf)]);
  }

  /** Who holds the lock alone, where it is not to be had in time. */
  async lock(): Promise<string | undefined> {
    const { task, name } = this.input;
    this.steps.mark('Lock', 'waits');
    const shared = { mode: 'shared', within: LOCKED_MS } as const;
    const other = await this.locks.tryAcquire([task.jobId], `to compare it (${name})`, undefined, shared);
    if (!other) this.steps.finish('Lock', this.began, undefined, true);
    return other && holders(other);
  }

  async unlock(): Promise<void> {
    await this.locks.release();
  }

  tell(kind: ComparisonKind, state: 'running' | 'waits' | 'done' | 'failed', note: string): void {
    if (state !== 'failed') this.locks.demand();
    this.steps.mark(rowOf(kind), state, note);
  }

  end(verdict: Consistency, reason?: string): TaskVerdict {
    const { jobId, name, status: standing, useType } = this.input.task;
    this.display.phase = WORDS[verdict];
    this.display.refresh();
    return {
      jobId,
      name,
      ...(standing && { status: standing }),
      ...(useType && { useType }),
      verdict,
      ...(reason && { reason }),
      seconds: Math.round((Date.now() - this.began) / 1_000),
      kinds: this.kinds,
    };
  }

  private status(): Status {
    const { jobId, name } = this.input.task;
    return {
      kind: 'taskComparison',
      name,
      ...(jobId && { jobId }),
      phase: this.display.phase,
      since: this.display.since,
      steps: this.steps.view(),
      decisions: [],
      refusedSignals: { count: 0, last: [] },
    };
  }
}

const rowOf = (kind: ComparisonKind): string => `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
