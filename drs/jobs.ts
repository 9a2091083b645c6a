import { take } from './batching.js';
import { BUSY } from './codes.js';
import type { Connection, Jobs } from './connection.js';
import { DrsError, type Outcome } from './errors.js';
import { callerHere } from './observer.js';
import type { Operation } from './operation.js';
import { problemLines, problemsOf } from './operations/problems.js';
import { judged } from './reply.js';
import { type Context, failed, Trouble } from './trouble.js';
import { jobOf, keyOf, sharedOf } from './wire.js';

/** Requests of one list that are on their way at once. */
const AT_ONCE = 4;

/** The request as it is sent; a wrong one is refused with every broken path, before any network. */
export function checked(name: string, entry: Operation, request: unknown): unknown {
  const parsed = entry.request.safeParse(request);
  if (parsed.success) return parsed.data;
  const jobId = jobOf(entry, request) || undefined;
  const lines = problemLines(problemsOf(parsed.error)).map((line) => `\n  ${line}`);
  const subject = jobId ? `${name} on ${jobId}` : name;
  throw new DrsError('request', `${subject}: the request is wrong and was not sent:${lines.join('')}`, {
    operation: name,
    ...(jobId && { jobId }),
  });
}

/** What of an operation's jobs may share a request. */
export const rulesOf = (entry: Operation) => ({
  limit: entry.batch?.resultId.length === 0 ? 1 : (entry.batch?.limit ?? 1),
  key: (input: unknown) => keyOf(entry, input),
  shared: (input: unknown) => sharedOf(entry, input),
});

/** Hands over a list, see `Drs.many`. */
export async function many(
  connection: Connection,
  name: string,
  entry: Operation,
  requests: readonly unknown[],
  signal: AbortSignal | undefined,
  onOutcome?: (outcome: Outcome<unknown>, index: number) => void,
): Promise<Outcome<unknown>[]> {
  const outcomes: Outcome<unknown>[] = new Array(requests.length);
  const settle = (index: number, outcome: Outcome<unknown>): void => {
    outcomes[index] = outcome;
    onOutcome?.(outcome, index);
  };
  const queue: { readonly input: unknown; readonly index: number }[] = [];
  requests.forEach((request, index) => {
    try {
      queue.push({ input: checked(name, entry, request), index });
    } catch (error) {
      if (!(error instanceof DrsError)) throw error;
      settle(index, {
        ok: false,
        jobId: jobOf(entry, request),
        kind: error.kind,
        message: error.message,
        at: error.at,
      });
    }
  });

  const rules = rulesOf(entry);
  const busy = new Set<string>();
  const callers = [callerHere(connection.observer)].filter((caller) => caller !== undefined);
  const runner = async (): Promise<void> => {
    for (let jobs = take(queue, rules, busy); jobs.length > 0; jobs = take(queue, rules, busy)) {
      const inputs = jobs.map(({ input }) => input);
      for (const input of inputs) busy.add(rules.key(input));
      const results = await sendJobs(connection, { name, entry, inputs, signal, callers });
      for (const input of inputs) busy.delete(rules.key(input));
      for (const [i, { index }] of jobs.entries()) settle(index, results[i] as Outcome<unknown>);
    }
  };
  // A runner that finds only busy jobs ends; the one that holds them takes the rest.
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  return outcomes;
}

/** One request; one outcome for each input, in their order. Rejects only when it is aborted. */
export async function sendJobs(connection: Connection, jobs: Jobs): Promise<Outcome<unknown>[]> {
  const { name, entry, inputs, signal } = jobs;
  const context: Context = { operation: name, entry };
  try {
    const { outcomes } = await connection.ask(jobs, { judge: (reply) => judged(entry, context, inputs, reply) });
    return toldOf(connection, name, outcomes);
  } catch (error) {
    signal?.throwIfAborted();
    const trouble = error instanceof Trouble ? error : ours(entry, error);
    if (inputs.length > 1 && trouble.facts.tooLarge) return divided(connection, jobs, Math.ceil(inputs.length / 2));
    if (inputs.length > 1 && isOneJobs(trouble)) return divided(connection, jobs, 1);
    return toldOf(
      connection,
      name,
      inputs.map((input) => failed(trouble, context, jobOf(entry, input))),
    );
  }
}

function toldOf({ cloud, observer }: Connection, name: string, outcomes: readonly Outcome<unknown>[]) {
  if (observer?.outcome) for (const outcome of outcomes) observer.outcome(cloud.name, name, outcome);
  return [...outcomes];
}

/** A mistake of our own, perhaps after the service did what was asked. */
const ours = ({ repeatable }: Operation, cause: unknown): Trouble =>
  new Trouble(repeatable ? 'refused' : 'ambiguous', { what: 'drs-pilot itself failed', mend: 'Report it.' }, { cause });

/** So many jobs a request. One of them can be the reason why ten are refused, and ten can be too large together. */
async function divided(connection: Connection, whole: Jobs, most: number): Promise<Outcome<unknown>[]> {
  const { admitted: _, inputs, ...jobs } = whole;
  const outcomes: Outcome<unknown>[] = [];
  for (let at = 0; at < inputs.length; at += most)
    outcomes.push(...(await sendJobs(connection, { ...jobs, inputs: inputs.slice(at, at + most) })));
  return outcomes;
}

/** Whether a refused request may fare better without one of its jobs. Nothing was done: the service refused it. */
function isOneJobs({ kind, facts: { status = 0, code } }: Trouble): boolean {
  if (status >= 500 || status === 0 || status === 408 || status === 429) return false;
  if (kind === 'credentials' || kind === 'ambiguous') return false;
  return kind !== 'transient' || (code !== undefined && BUSY.includes(code));
}
