import type { z } from 'zod';
import type { Cloud, Env } from './auth/credentials.js';
import { identityOf } from './auth/identity.js';
import { type Lane, openLane } from './batching.js';
import { Connection } from './connection.js';
import { saveTo } from './download.js';
import { DrsError, type Outcome } from './errors.js';
import { checked, many, rulesOf, sendJobs } from './jobs.js';
import { type Caller, callerHere, type Observer, observed } from './observer.js';
import type { Operation } from './operation.js';
import { operations } from './operations/index.js';
import { readPages } from './paging.js';
import { type Limits, openTransport, type Transport } from './transport.js';
import { Trouble, told } from './trouble.js';
import { jobOf } from './wire.js';

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
  readonly observer?: Observer;
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

/** Connects to a cloud. Nothing is sent before the first call. */
export function connect<const T extends Table = typeof operations>(to: Cloud, options: ConnectOptions<T> = {}): Drs<T> {
  const cloud = { ...to, drsEndpoint: new URL(to.drsEndpoint).origin, iamEndpoint: new URL(to.iamEndpoint).origin };
  const table: Table = options.table ?? operations;
  const transport = openTransport(cloud, {
    ...(options.env && { env: options.env }),
    ...(options.limits && { limits: options.limits }),
  });
  const { observer } = options;
  const iam = observedIam(transport, cloud.name, observer);
  const connection = new Connection(cloud, transport, identityOf(cloud, iam, options.now), observer);
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
    pages: (name: string, request: unknown, call: CallOptions = {}) => {
      const ask = callOf(connection, name, entryOf(name));
      return readPages(entryOf(name), name, request, (page) => ask(page, call));
    },
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
    const caller = callerHere(connection.observer);
    const outcome = lane
      ? await lane.add({ input, caller }, signal)
      : await first(sendJobs(connection, { name, entry, inputs: [input], signal, callers: caller ? [caller] : [] }));
    if (outcome.ok) return outcome.result;
    throw new DrsError(outcome.kind, outcome.message, outcome.at);
  };
}

const first = async (outcomes: Promise<Outcome<unknown>[]>): Promise<Outcome<unknown>> =>
  (await outcomes)[0] as Outcome<unknown>;

interface Called {
  readonly input: unknown;
  readonly caller: Caller | undefined;
}

function laneOf(connection: Connection, name: string, entry: Operation): Lane<Called, Outcome<unknown>> {
  const { limit, key, shared } = rulesOf(entry);
  return openLane({
    limit,
    key: ({ input }) => key(input),
    shared: ({ input }) => shared(input),
    admit: () => connection.turn(),
    send: (calls, signal) => {
      const callers = calls.map(({ caller }) => caller).filter((caller) => caller !== undefined);
      const inputs = calls.map(({ input }) => input);
      return sendJobs(connection, { name, entry, inputs, signal, callers, admitted: true });
    },
  });
}

/** The connection's own calls to IAM, as far as they are made to prove who we are. */
function observedIam(transport: Transport, cloud: string, observer: Observer | undefined): Transport {
  if (!observer) return transport;
  return {
    ...transport,
    send: (request, options) => {
      const operation = request.path === '/v3/projects' ? 'keystoneListProjects' : 'keystoneCreateUserToken';
      const sent = { cloud, operation, jobs: 0, callers: [] };
      const send = () => transport.send(request, options);
      return observed(observer, sent, send, (reply) => ({ value: reply, outcomes: [] }));
    },
  };
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
    const caller = callerHere(connection.observer);
    const jobs = { name, entry, inputs: [input], signal, callers: caller ? [caller] : [] };
    return await saveTo(path, async (sink) => (await connection.ask(jobs, { sink })).reply);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Trouble) throw told(error, { operation: name, entry }, jobOf(entry, input) || undefined);
    throw error;
  }
}
