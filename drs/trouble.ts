import { CODES, classify, explain, MENDS } from './codes.js';
import { type At, DrsError, type Kind, type Outcome } from './errors.js';
import { maskText } from './mask.js';
import type { Operation } from './operation.js';

/** What is known of a failure before it is told for one job: one refused request can concern ten. */
export interface Facts {
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  /** The service's own words; no secret in them. */
  readonly says?: string | undefined;
  /** Our words, where no reply gives any: what happened, one sentence without its full stop. */
  readonly what?: string | undefined;
  readonly mend?: string | undefined;
  /** Not sent for its size; a part of it may be. */
  readonly tooLarge?: true;
}

/** Thrown inside drs/ only; `told` makes a DrsError of it. */
export class Trouble extends Error {
  override readonly name = 'Trouble';

  constructor(
    readonly kind: Kind,
    readonly facts: Facts,
    options?: ErrorOptions,
  ) {
    super(facts.what ?? facts.code ?? kind, options);
  }
}

/** Where a failure is told. */
export interface Context {
  readonly operation: string;
  readonly entry?: Pick<Operation, 'action' | 'roles'> | undefined;
}

/** `batchStartJobs on …jb101: DRS.M01504, another operation is being performed. Nothing is wrong with the call: it may go through later. (request 3f…)` */
export function told({ kind, facts, cause }: Trouble, context: Context, jobId?: string): DrsError {
  const subject = jobId ? `${context.operation} on ${jobId}` : context.operation;
  const request = facts.requestId ? ` (request ${facts.requestId})` : '';
  const sentences = [`${subject}: ${happened(kind, facts)}.`, quoted(facts), permit(kind, context), mend(kind, facts)];
  return new DrsError(
    kind,
    sentences.filter(Boolean).join(' ') + request,
    atOf(facts, context, jobId),
    cause ? { cause } : {},
  );
}

/** The same as one job's share of a list. */
export function failed(trouble: Trouble, context: Context, jobId: string): Outcome<never> {
  const { kind, message, at } = told(trouble, context, jobId || undefined);
  return { ok: false, jobId, kind, message, at };
}

/** What a reply says went wrong. An effect that nobody can rule out makes it ambiguous. */
export function refusal(facts: Facts, repeatable: boolean): Trouble {
  const kind = classify(facts);
  const unclear = !repeatable && kind === 'transient' && (facts.status ?? 0) >= 500 && !isOfDrs(facts.code);
  return new Trouble(unclear ? 'ambiguous' : kind, facts);
}

/** Its own codes say that nothing was done; a gateway's 5xx may come after the effect. */
const isOfDrs = (code: string | undefined): boolean => code !== undefined && code in CODES;

function happened(kind: Kind, { code, status, what }: Facts): string {
  const meaning = what ?? (code ? explain(code)?.meaning : undefined) ?? STATUS_WORDS[status ?? 0] ?? WORDS[kind];
  return code ? `${code}, ${meaning}` : status && status >= 300 ? `HTTP ${status}, ${meaning}` : meaning;
}

/** The service's words follow where ours don't say it all. */
function quoted({ code, says, what }: Facts): string {
  if (!says) return '';
  const known = code !== undefined && explain(code) !== undefined;
  return known && !DETAILED.has(code) && what === undefined ? '' : `The service says: “${shortened(says)}”`;
}

/** Codes whose text names a parameter or a reason. */
const DETAILED: ReadonlySet<string> = new Set(
  `M00007 M00200 M00201 M00202 M00210 M00273 M00289 M00300 M00301 M00302 M00305 M00401 M06020 M06021 M00002 M05066 10000001 10000011 10000024
   10010004 10010006 10010009 10010010 10010011 10010012 10010014 10010016 10010024 10010025 10010026 10010027 10010028 10010029 10010030
   10010032 10010033 10020000 10020001 10020002 10020111 10030001 10030003 10030006 10030009`
    .split(/\s+/)
    .map((code) => `DRS.${code}`),
);

function permit(kind: Kind, { entry }: Context): string {
  if (kind !== 'permission' || !entry) return '';
  const action = entry.action
    ? `It needs the IAM action ${entry.action}`
    : 'The API reference names no IAM action for this call';
  return entry.roles?.length ? `${action}, and the roles ${entry.roles.join(', ')}.` : `${action}.`;
}

const mend = (kind: Kind, { code, mend: own }: Facts): string =>
  kind === 'ambiguous' ? MENDS.ambiguous : (own ?? (code ? explain(code)?.mend : undefined) ?? MENDS[kind]);

const shortened = (text: string): string => maskText(text.length > 500 ? `${text.slice(0, 500)}…` : text);

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: 'the credentials are not accepted',
  403: 'access is refused',
  404: 'there is nothing at this address',
  405: 'the call is not allowed here',
  408: 'the service waited too long for the request',
  413: 'the request is too large',
  429: 'there were too many requests',
  500: 'the service is in trouble',
  501: 'the service does not know the call',
  502: 'the gateway got no proper reply from the service',
  503: 'the service is not available',
  504: 'the service did not answer the gateway in time',
};

const WORDS: Readonly<Record<Kind, string>> = {
  transient: 'the service could not do it now',
  ambiguous: 'nobody knows whether it was done',
  credentials: 'the credentials are not accepted',
  permission: 'access is refused',
  quota: 'the quota is used up',
  request: 'the request is refused',
  wrongState: 'the status of the task does not allow it',
  wrongId: 'the id is of the wrong kind',
  stale: 'the parameters are out of date',
  duplicateName: 'the name is taken',
  notFound: 'there is no such task',
  connection: 'the database cannot be reached',
  refused: 'the service refused it',
};

function atOf({ status, code, requestId, retryAfter }: Facts, { operation }: Context, jobId?: string): At {
  return {
    operation,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...(requestId !== undefined && { requestId }),
    ...(jobId !== undefined && { jobId }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}
