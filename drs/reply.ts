import { DONE_WITH_REMARK } from './codes.js';
import type { Outcome } from './errors.js';
import { NO_REASON } from './judges.js';
import { maskText, secretsIn } from './mask.js';
import type { Operation } from './operation.js';
import { type HttpReply, retryAfterOf } from './transport.js';
import { type Context, type Facts, failed, refusal, Trouble } from './trouble.js';
import { isFields, jobOf } from './wire.js';

type Fields = Readonly<Record<string, unknown>>;

/** Why a request as a whole failed; undefined where its reply is to be judged job by job. */
export function refusedBy(
  { status, headers, body, unreadable, requestId }: HttpReply,
  entry: Pick<Operation, 'batch' | 'file' | 'repeatable'>,
  /** What must not come back out of its text; asked for only where there is trouble. */
  secrets: () => readonly string[],
): Trouble | undefined {
  if (unreadable !== undefined) {
    // An error page of a gateway or proxy has its meaning in its status; a success that can't be read tells nothing.
    const facts = { status, requestId, retryAfter: retryAfterOf(headers), says: maskText(unreadable, secrets()) };
    if (status >= 300) return refusal(facts, entry.repeatable);
    return unclear(entry, { ...facts, what: 'the reply is not JSON, or was cut off' });
  }
  const fields = isFields(body) ? body : {};
  // DRS and the gateway say `error_code`, IAM an `error` object.
  const source = isFields(fields['error']) ? fields['error'] : fields;
  const code = text(source['error_code']) ?? text(source['code']);
  const expected = entry.file ? undefined : entry.batch ? resultsOf(entry, fields) : fields;
  const whole = status >= 300 || (code !== undefined && expected === undefined);
  if (!whole || (code !== undefined && DONE_WITH_REMARK.includes(code))) return undefined;
  const words = text(source['error_msg']) ?? text(source['error_message']) ?? text(source['message']);
  const says = words && maskText(words, secrets());
  return refusal({ status, code, says, requestId, retryAfter: retryAfterOf(headers) }, entry.repeatable);
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** One outcome for each job of the request, in its order: what the reply says about it, or that it says nothing. */
export function judged(
  entry: Operation,
  context: Context,
  inputs: readonly unknown[],
  reply: HttpReply,
): Outcome<unknown>[] {
  const body = isFields(reply.body) ? reply.body : entry.empty && isNothing(reply.body) ? {} : undefined;
  const facts = { status: reply.status, requestId: reply.requestId };
  return inputs.map((input) => outcomeOf(entry, context, input, body && resultFor(entry, body, inputs, input), facts));
}

const isNothing = (body: unknown): boolean =>
  body === undefined || body === null || body === '' || (Array.isArray(body) && body.length === 0);

function outcomeOf(
  entry: Operation,
  context: Context,
  input: unknown,
  result: Fields | undefined,
  facts: Facts,
): Outcome<unknown> {
  const jobId = jobOf(entry, input);
  if (!result) {
    const what = entry.batch ? 'the reply has no result for this task' : 'the reply is empty';
    return failed(unclear(entry, { ...facts, what }), context, jobId);
  }

  const verdict = entry.judge(result);
  if (!verdict.ok) {
    const { code, message } = verdict;
    const says = message === NO_REASON ? undefined : maskText(message, secretsIn({ input }));
    return failed(refusal({ ...facts, code, says }, entry.repeatable), context, jobId);
  }
  const parsed = entry.reply.safeParse(result);
  if (!parsed.success) {
    const what = `the reply lacks what is needed: ${missing(parsed.error.issues)}`;
    return failed(unclear(entry, { ...facts, what }), context, jobId);
  }
  return { ok: true, jobId, result: parsed.data, ...(verdict.remark && { remark: verdict.remark }) };
}

/** A reply that does not tell whether it was done. */
const unclear = ({ repeatable }: Pick<Operation, 'repeatable'>, facts: Facts): Trouble =>
  new Trouble(repeatable ? 'transient' : 'ambiguous', facts);

const missing = (issues: readonly { readonly path: PropertyKey[] }[]): string =>
  issues.map(({ path }) => path.join('.') || 'everything').join(', ');

/** The job's result. Of several the first that failed: one failure is not outweighed by a success. */
function resultFor(entry: Operation, body: Fields, inputs: readonly unknown[], input: unknown): Fields | undefined {
  const { batch } = entry;
  if (!batch) return body;
  const results = resultsOf(entry, body) ?? [];
  const mine = results.filter((result) => isAbout(entry, result, input, inputs.length === 1));
  const result = mine.find((one) => !entry.judge(one).ok) ?? mine[0];
  if (!result || inputs.length > 1 || !batch.beside) return result;
  const beside = batch.beside.filter((name) => body[name] !== undefined && result[name] === undefined);
  return { ...result, ...Object.fromEntries(beside.map((name) => [name, body[name]])) };
}

const resultsOf = (entry: Pick<Operation, 'batch'>, body: Fields): Fields[] | undefined => {
  const list = body[entry.batch?.results ?? 'results'];
  return Array.isArray(list) ? list.filter(isFields) : undefined;
};

/** A result that names no job is about the only one that was asked for, and about none of several. */
function isAbout(entry: Operation, result: Fields, input: unknown, alone: boolean): boolean {
  const { resultId = [], part } = entry.batch ?? {};
  const named = resultId
    .map((name) => result[name])
    .find((value) => value !== undefined && value !== null && value !== '');
  const sameJob = named === undefined ? alone : String(named) === jobOf(entry, input);
  if (!sameJob || !part || !isFields(input)) return sameJob;
  return result[part] === undefined ? alone : result[part] === input[part];
}
