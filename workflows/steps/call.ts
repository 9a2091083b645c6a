import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  patched,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ListOptions } from '../../activities/calls.js';
import type { Permit, TaskSeen } from '../../activities/permit.js';
import { KINDS, type Kind, type Outcome } from '../../drs/errors.js';
import { SHOWS_IN } from '../../drs/operations/effects.js';
import { CALL_MS, type calls, callsSoon, prompt, wasNotTaken } from '../activities.js';
import { item } from '../evidence.js';
import { readFailure } from '../failure.js';
import type { Answer } from '../gate.js';
import { callsFor, lapse, leftFor } from '../lapse.js';
import type { Item, JobOutcome } from '../messages.js';
import { entryOf, type OperationPlan } from '../plans/operation.js';
import type { Run } from '../run.js';
import { about, standing, titleOf } from './permission.js';

/** Bytes of all replies together: they stand in the history, and a payload has limits. */
const MOST_BYTES = 1_000_000;
/** Jobs of one activity, where sending them twice does no harm. */
const AT_ONCE = 100;
/** Tries of a job that only has bad luck: about six minutes. */
const ROUNDS = 10;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Sends what is not settled yet, in requests of as many jobs as the call allows. What DRS could not do now is tried again for
 * some minutes; what may have been done is never sent again by itself. Gives the reason where the approval does not hold any more
 * while something is still to be sent.
 */
export async function send(
  run: Run<OperationPlan>,
  plan: OperationPlan,
  { tasks }: Permit,
  approved: Answer | undefined,
): Promise<string | undefined> {
  const outcomes = [...(run.reported<JobOutcome[]>('outcomes') ?? tasks.map(notSent))];
  const reset = run.kept('reset', { asked: false });
  let pause = FIRST_PAUSE_MS;
  for (let round = 1; ; round += 1) {
    const open = indexesOf(outcomes, 'notSent', 'transient');
    for (const chunk of chunks(open, plan)) {
      if (entryOf(plan.operation)?.repeatable !== true && !reset.asked && wasReset()) {
        reset.asked = true;
        for (const index of indexesOf(outcomes, 'notSent', 'transient')) outcomes[index] = maybeSent(tasks[index]);
        run.report({ outcomes: [...outcomes] });
        return undefined;
      }
      const lapsed = approved && (await lapse(approved));
      if (lapsed) return lapsed;
      // What is under way is heard out: its outcome would be lost otherwise.
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the rest was not sent');
      const got = await CancellationScope.nonCancellable(() => callChunk(plan, chunk, approved));
      for (const [place, index] of chunk.entries()) outcomes[index] = told(got[place], tasks[index]);
      run.report({ outcomes: [...outcomes] });
      run.progress('Call', summary(outcomes));
    }
    if (round === ROUNDS || indexesOf(outcomes, 'transient').length === 0) return undefined;
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

const notSent = ({ jobId, name }: TaskSeen): JobOutcome => ({
  jobId,
  ...(name && { name }),
  ok: false,
  kind: 'notSent',
  message: 'it was not sent',
});

const RESET = 'this run was reset: it may have sent this before';

/** A run that was reset has forgotten what it did after that point. */
function wasReset(): boolean {
  const { runId, firstExecutionRunId, continuedFromExecutionRunId: before } = workflowInfo();
  return runId !== firstExecutionRunId && before === undefined && patched('asks after a reset');
}

const maybeSent = (task: TaskSeen = { jobId: '' }): JobOutcome => ({
  ...notSent(task),
  ok: false,
  kind: 'ambiguous',
  message: RESET,
});

function* chunks(open: readonly number[], { operation }: OperationPlan): Generator<readonly number[]> {
  const { batch, repeatable } = entryOf(operation) ?? {};
  const size = repeatable ? AT_ONCE : batch && batch.resultId.length > 0 ? batch.limit : 1;
  for (let from = 0; from < open.length; from += size) yield open.slice(from, from + size);
}

type AnyCall = (
  requests: readonly unknown[],
  cloud: string | undefined,
  options: ListOptions,
) => Promise<Outcome<unknown>[]>;

/** One activity. Where it fails as a whole, all of its jobs have that failure. */
async function callChunk(
  plan: OperationPlan,
  chunk: readonly number[],
  approved: Answer | undefined,
): Promise<Outcome<unknown>[]> {
  const { operation, requests, cloud } = plan;
  const repeatable = entryOf(operation)?.repeatable === true;
  const by = repeatable ? callsFor(approved) : callsSoon(leftFor(approved, CALL_MS));
  const call = by[operation as keyof typeof calls] as unknown as AnyCall;
  const most = Math.floor(MOST_BYTES / requests.length);
  try {
    return await call(
      chunk.map((index) => requests[index]),
      cloud,
      { once: true, most },
    );
  } catch (error) {
    const { kind, message } = failureOf(error, repeatable);
    return chunk.map(() => ({ ok: false, jobId: '', kind, message, at: { operation } }));
  }
}

/** An error of ours was thrown before anything was sent. Of any other nobody knows: the worker may have died in between. */
function failureOf(error: unknown, repeatable: boolean): { kind: Kind; message: string } {
  const { type, message } = readFailure(error);
  const kind = type.replace(/^drs\./, '');
  const ours = error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && kind in KINDS;
  if (ours) return { kind: kind as Kind, message };
  if (repeatable) return { kind: 'refused', message };
  if (wasNotTaken(error)) return { kind: 'transient', message: 'no worker took it up in time, so it was not sent' };
  return { kind: 'ambiguous', message: `nobody knows whether it was sent: ${message}` };
}

function told(outcome: Outcome<unknown> | undefined, { jobId, name }: TaskSeen = { jobId: '' }): JobOutcome {
  const whose = { jobId: outcome?.jobId || jobId, ...(name && { name }) };
  if (!outcome) return { ...whose, ok: false, kind: 'ambiguous', message: 'the worker told nothing of it' };
  if (outcome.ok)
    return { ...whose, ok: true, result: outcome.result, ...(outcome.remark && { remark: outcome.remark }) };
  const { kind, message, at } = outcome;
  const { code, requestId } = at;
  return { ...whose, ok: false, kind, message, ...(code && { code }), ...(requestId && { requestId }) };
}

/**
 * Asks what becomes of jobs that failed, first of those of which nobody knows whether they were done. True: what a person wants
 * sent again is open again.
 */
export async function askAbout(run: Run<OperationPlan>, plan: OperationPlan, permit: Permit): Promise<boolean> {
  const outcomes = run.reported<JobOutcome[]>('outcomes') ?? [];
  const unknown = unsettled(outcomes).filter((index) => isKind(outcomes[index], 'ambiguous'));
  if (unknown.length > 0) return await ask(run, plan, permit, unknown, await unclear(plan, permit, outcomes, unknown));
  const failed = unsettled(outcomes);
  if (failed.length > 0) return await ask(run, plan, permit, failed, plain(plan, outcomes, failed));
  return false;
}

interface Question {
  readonly name: string;
  readonly question: string;
  readonly items: readonly Item[];
}

async function ask(
  run: Run<OperationPlan>,
  plan: OperationPlan,
  permit: Permit,
  indexes: readonly number[],
  question: Question,
): Promise<boolean> {
  const skippable = !plan.single || question.name === 'unknown';
  const { decision, by, reason } = await run.decide('Call', {
    ...question,
    about: about(plan, permit),
    decisions: ['retry', ...(skippable ? (['skip'] as const) : []), 'abort'],
  });
  const outcomes = [...(run.reported<JobOutcome[]>('outcomes') ?? [])];
  for (const index of indexes) {
    const task = permit.tasks[index] ?? { jobId: '' };
    const outcome = outcomes[index];
    if (decision === 'retry') outcomes[index] = notSent(task);
    else if (outcome && !outcome.ok) outcomes[index] = { ...outcome, accepted: `${by.join(', ')}: ${reason}` };
  }
  run.report({ outcomes });
  return true;
}

function plain(
  { operation, single }: OperationPlan,
  outcomes: readonly JobOutcome[],
  failed: readonly number[],
): Question {
  const [first] = failed.map((index) => outcomes[index]);
  const why = first && !first.ok ? first.message : '';
  const question = single
    ? `${operation} failed. ${why}`
    : `${operation} failed for ${failed.length} of ${outcomes.length} jobs. retry sends those again, skip leaves it at that.`;
  return { name: 'call', question, items: failed.map((index) => failure(outcomes, index)) };
}

/** A reply was lost: what a person must look at before anything is sent again, and how the tasks stand now. */
async function unclear(
  { operation, requests, cloud }: OperationPlan,
  { tasks }: Permit,
  outcomes: readonly JobOutcome[],
  unknown: readonly number[],
): Promise<Question> {
  const asked = unknown.map((index) => requests[index]);
  const now = await prompt.permit({ operation, requests: asked, ...(cloud && { cloud }) }).catch(() => undefined);
  const count = unknown.length === 1 ? 'a job' : `${unknown.length} jobs`;
  const first = unknown[0] === undefined ? undefined : outcomes[unknown[0]];
  const isReset = first && !first.ok && first.message === RESET;
  const why = isReset ? 'the run was reset' : 'its reply was lost';
  return {
    name: 'unknown',
    question: `Nobody knows whether ${operation} was done for ${count}: ${why}. Look at ${SHOWS_IN[operation] ?? 'the task'} first. retry sends it again, skip leaves it at that; nothing is sent by itself.`,
    items: unknown.flatMap((index, place) => [
      failure(outcomes, index),
      item(
        `${titleOf(tasks[index] ?? { jobId: '' }, index)} now`,
        'warning',
        now?.tasks[place]
          ? `${standing(now.tasks[place])}; before: ${standing(tasks[index] ?? { jobId: '' })}`
          : 'cannot be read now',
      ),
    ]),
  };
}

function failure(outcomes: readonly JobOutcome[], index: number): Item {
  const outcome = outcomes[index];
  const message = outcome && !outcome.ok ? outcome.message : '';
  return item(titleOf(outcome ?? { jobId: '' }, index), 'blocking', message);
}

const isKind = (outcome: JobOutcome | undefined, ...kinds: readonly string[]): boolean =>
  outcome !== undefined && !outcome.ok && kinds.includes(outcome.kind);

const indexesOf = (outcomes: readonly JobOutcome[], ...kinds: readonly string[]): number[] =>
  outcomes.flatMap((outcome, index) => (isKind(outcome, ...kinds) ? [index] : []));

/** Jobs that failed and that nobody has left at that. */
const unsettled = (outcomes: readonly JobOutcome[]): number[] =>
  outcomes.flatMap((outcome, index) => (outcome.ok || outcome.accepted !== undefined ? [] : [index]));

/** `8 of 10 done, 1 failed, 1 unknown`. */
export function summary(outcomes: readonly JobOutcome[]): string {
  const count = (is: (outcome: JobOutcome) => boolean) => outcomes.filter(is).length;
  const unknown = indexesOf(outcomes, 'ambiguous').length;
  const waiting = indexesOf(outcomes, 'notSent').length;
  const failed = count(({ ok }) => !ok) - unknown - waiting;
  return [
    `${count(({ ok }) => ok)} of ${outcomes.length} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(waiting > 0 ? [`${waiting} to come`] : []),
  ].join(', ');
}
