import type { z } from 'zod';
import type { Cloud, Env } from './auth/credentials.js';
import { type Identity, identityOf } from './auth/identity.js';
import { type Lane, openLane, take } from './batching.js';
import { BUSY } from './codes.js';
import { saveTo } from './download.js';
import { DrsError, type Outcome } from './errors.js';
import { secretsIn } from './mask.js';
import type { Operation } from './operation.js';
import { operations } from './operations/index.js';
import { problemLines, problemsOf } from './operations/problems.js';
import { readPages } from './paging.js';
import { judged, refusedBy } from './reply.js';
import { type HttpReply, type Limits, openTransport, type SendOptions, type Transport } from './transport.js';
import { type Context, failed, Trouble, told } from './trouble.js';
import { jobOf, keyOf, sharedOf, toWire } from './wire.js';

export type Table = Readonly<Record<string, Operation>>;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ManyOptions<Out> extends CallOptions {
  /** Told of each outcome as soon as it is known; `index` is its place in the list. */
  readonly onOutcome?: (outcome: Outcome<Out>, index: number) => void;
}

export interface ConnectOptions<T extends Table> {
  /** The calls to offer; all of them when absent. */
  readonly table?: T;
  readonly now?: () => number;
  /** Where a proxy is looked for; the process's environment when absent. */
  readonly env?: Env;
  readonly limits?: Limits;
}

type In<T extends Table, N extends keyof T> = z.input<T[N]['request']>;
type Out<T extends Table, N extends keyof T> = z.output<T[N]['reply']>;

/** One method per call. A method takes one job's request, and throws a DrsError where the service does not do it. */
export type Calls<T extends Table> = {
  readonly [N in keyof T & string]: (request: In<T, N>, options?: CallOptions) => Promise<Out<T, N>>;
};

/** A connection to one cloud. An aborted call rejects with its signal's reason; everything else is a DrsError. */
export type Drs<T extends Table = typeof operations> = Calls<T> & {
  readonly cloud: { readonly name: string; readonly region: string };
  /**
   * Hands over a list: in requests of as many jobs as the call allows, never two entries of one job in one. The outcomes have
   * the order of the list; a bad job fails only itself. Rejects only when it is aborted.
   */
  many<N extends keyof T & string>(
    name: N,
    requests: readonly In<T, N>[],
    options?: ManyOptions<Out<T, N>>,
  ): Promise<Outcome<Out<T, N>>[]>;
  /** The replies of a paged call one after another, each asked for when it is wanted. The request needs no position and no size. */
  pages<N extends keyof T & string>(
    name: N,
    request: In<T, N>,
    options?: CallOptions,
  ): AsyncGenerator<Out<T, N>, void, undefined>;
  /** Streams the file that a call answers with to `path`, byte for byte; there is nothing at `path` before it is complete. */
  download<N extends keyof T & string>(
    name: N,
    request: In<T, N>,
    path: string,
    options?: CallOptions,
  ): Promise<{ readonly bytes: number }>;
  /** Waits for requests that are on their way, then closes the connections. */
  close(): Promise<void>;
};

/** Requests of one list that are on their way at once. */
const AT_ONCE = 4;

/** Connects to a cloud. Nothing is sent before the first call. */
export function connect<const T extends Table = typeof operations>(to: Cloud, options: ConnectOptions<T> = {}): Drs<T> {
  const cloud = { ...to, drsEndpoint: new URL(to.drsEndpoint).origin, iamEndpoint: new URL(to.iamEndpoint).origin };
  const table: Table = options.table ?? operations;
  const transport = openTransport(cloud, {
    ...(options.env && { env: options.env }),
    ...(options.limits && { limits: options.limits }),
  });
  const connection = new Connection(cloud, transport, identityOf(cloud, transport, options.now));
  const calls = Object.entries(table).map(([name, entry]) => [name, callOf(connection, name, entry)]);
  const entryOf = (name: string): Operation => {
    const entry = table[name];
    if (entry) return entry;
    throw new DrsError('request', `there is no call ${name}`, { operation: name });
  };
  return {
    ...Object.fromEntries(calls),
    cloud: { name: cloud.name, region: cloud.region },
    many: (name: string, requests: readonly unknown[], { signal, onOutcome }: ManyOptions<unknown> = {}) =>
      many(connection, name, entryOf(name), requests, signal, onOutcome),
    pages: (name: string, request: unknown, call: CallOptions = {}) =>
      readPages(entryOf(name), name, request, (page) => callOf(connection, name, entryOf(name))(page, call)),
    download: (name: string, request: unknown, path: string, { signal }: CallOptions = {}) =>
      download(connection, name, entryOf(name), request, path, signal),
    close: () => transport.close(),
  } as unknown as Drs<T>;
}

type Call = (request: unknown, options?: CallOptions) => Promise<unknown>;

/** A call by one caller; jobs of several callers may travel together. */
function callOf(connection: Connection, name: string, entry: Operation): Call {
  const lane = entry.batch && !entry.batch.alone ? laneOf(connection, name, entry) : undefined;
  return async (request, { signal } = {}) => {
    const input = checked(name, entry, request);
    const outcome = lane
      ? await lane.add(input, signal)
      : await first(sendJobs(connection, { name, entry, inputs: [input], signal }));
    if (outcome.ok) return outcome.result;
    throw new DrsError(outcome.kind, outcome.message, outcome.at);
  };
}

const first = async (outcomes: Promise<Outcome<unknown>[]>): Promise<Outcome<unknown>> =>
  (await outcomes)[0] as Outcome<unknown>;

const laneOf = (connection: Connection, name: string, entry: Operation): Lane<unknown, Outcome<unknown>> =>
  openLane({
    ...rulesOf(entry),
    admit: () => connection.turn(),
    send: (inputs, signal) => sendJobs(connection, { name, entry, inputs, signal, admitted: true }),
  });

const rulesOf = (entry: Operation) => ({
  limit: entry.batch?.resultId.length === 0 ? 1 : (entry.batch?.limit ?? 1),
  key: (input: unknown) => keyOf(entry, input),
  shared: (input: unknown) => sharedOf(entry, input),
});

/** The request as it is sent; a wrong one is refused with every broken path, before any network. */
function checked(name: string, entry: Operation, request: unknown): unknown {
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

async function many(
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
  const runner = async (): Promise<void> => {
    for (let jobs = take(queue, rules, busy); jobs.length > 0; jobs = take(queue, rules, busy)) {
      const inputs = jobs.map(({ input }) => input);
      for (const input of inputs) busy.add(rules.key(input));
      const results = await sendJobs(connection, { name, entry, inputs, signal });
      for (const input of inputs) busy.delete(rules.key(input));
      for (const [i, { index }] of jobs.entries()) settle(index, results[i] as Outcome<unknown>);
    }
  };
  // A runner that finds only busy jobs ends; the one that holds them takes the rest.
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  return outcomes;
}

interface Jobs {
  readonly name: string;
  readonly entry: Operation;
  readonly inputs: readonly unknown[];
  readonly signal?: AbortSignal | undefined;
  /** It has had its turn already. */
  readonly admitted?: boolean;
}

/** One request; one outcome for each input, in their order. Rejects only when it is aborted. */
async function sendJobs(connection: Connection, jobs: Jobs): Promise<Outcome<unknown>[]> {
  const { name, entry, inputs, signal } = jobs;
  const context: Context = { operation: name, entry };
  try {
    const reply = await connection.ask(jobs);
    return judged(entry, context, inputs, reply);
  } catch (error) {
    signal?.throwIfAborted();
    const trouble =
      error instanceof Trouble ? error : new Trouble('refused', { what: 'drs-pilot failed' }, { cause: error });
    if (inputs.length > 1 && isOneJobs(trouble)) return apart(connection, jobs);
    return inputs.map((input) => failed(trouble, context, jobOf(entry, input)));
  }
}

/** One job can be the reason why ten are refused: each gets a request of its own. */
async function apart(connection: Connection, { name, entry, inputs, signal }: Jobs): Promise<Outcome<unknown>[]> {
  const outcomes: Outcome<unknown>[] = [];
  for (const input of inputs)
    outcomes.push(await first(sendJobs(connection, { name, entry, inputs: [input], signal })));
  return outcomes;
}

/** Whether a refused request may fare better without one of its jobs. Nothing was done: the service refused it. */
function isOneJobs({ kind, facts: { status = 0, code } }: Trouble): boolean {
  if (status >= 500 || status === 0 || status === 408 || status === 429) return false;
  if (kind === 'credentials' || kind === 'ambiguous') return false;
  return kind !== 'transient' || (code !== undefined && BUSY.includes(code));
}

/** What all calls to a cloud share. */
class Connection {
  constructor(
    readonly cloud: Cloud,
    readonly transport: Transport,
    readonly identity: Identity,
  ) {}

  turn(signal?: AbortSignal): Promise<void> {
    return this.transport.turn(this.cloud.drsEndpoint, signal);
  }

  /** The reply to one request, which did not fail as a whole; a refused token is renewed once. */
  async ask({ entry, inputs, signal, admitted }: Jobs, options: Pick<SendOptions, 'sink'> = {}): Promise<HttpReply> {
    const projectId = await abortable(this.identity.projectId(), signal);
    const request = {
      ...toWire(entry, inputs, projectId),
      endpoint: this.cloud.drsEndpoint,
      repeatable: entry.repeatable,
    };
    const secrets = secretsIn(inputs);
    for (let turn = 1; ; turn += 1) {
      if (!admitted || turn > 1) await this.turn(signal);
      const proof = await abortable(this.identity.prove(), signal);
      const reply = await this.transport.send(request, { ...options, signal, authorize: proof.authorize });
      const trouble = refusedBy(reply, entry, secrets);
      const isRefusedToken = trouble !== undefined && isTokenRefusal(trouble);
      if (!isRefusedToken) proof.accepted();
      if (!trouble) return reply;
      if (turn > 1 || !isRefusedToken || !proof.refused()) throw trouble;
    }
  }
}

/** M00100, or a 401 that does not come from DRS: its M00103, also a 401, is about permissions. */
const isTokenRefusal = ({ facts: { code, status } }: Trouble): boolean =>
  code === 'DRS.M00100' || (status === 401 && !code?.startsWith('DRS.'));

/** Stops waiting when the signal says so; what is waited for goes on, since others wait for it, too. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

async function download(
  connection: Connection,
  name: string,
  entry: Operation,
  request: unknown,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: number }> {
  const input = checked(name, entry, request);
  try {
    return await saveTo(path, (sink) => connection.ask({ name, entry, inputs: [input], signal }, { sink }));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Trouble) throw told(error, { operation: name, entry }, jobOf(entry, input) || undefined);
    throw error;
  }
}
