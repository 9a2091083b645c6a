import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Before, Created } from '../../activities/comparison/create.js';
import type { KindVerdict } from '../../activities/comparison/read.js';
import type { ComparisonKind } from '../../activities/comparison/scope.js';
import { ENDED_COMPARISONS, FULL_PART_OVER } from '../../drs/consistency.js';
import { CALL_MS, calls, pages, waitsWithin } from '../activities.js';
import { readFailure } from '../failure.js';
import type { TaskComparisonInput } from '../task-comparison.js';
import type { TaskView } from '../task-view.js';
import { describe, judged, none } from '../verdicts.js';

/** ms that there are for a file, also where the time of the night is up. */
const LEAST_FOR_FILE_MS = 600_000;

export interface Part {
  readonly kind: ComparisonKind;
  readonly before: Before;
  readonly objectsId?: string | undefined;
  readonly look?: number;
  /** Of several comparisons of other tables. */
  readonly part?: number | undefined;
}

/** One comparison from its creation to what it found. */
export async function compareKind(view: TaskView, input: TaskComparisonInput, part: Part): Promise<KindVerdict> {
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

/** Creates it, after those of others are out of its way. */
async function begin(
  view: TaskView,
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

/** Brings the file that DRS makes into the store. Without it the verdict holds all the same. */
async function withFile(
  view: TaskView,
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

export const at = ({ task, cloud }: TaskComparisonInput) => ({ jobId: task.jobId, ...(cloud && { cloud }) });
