import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { Cloud, Env } from './auth/credentials.js';
import { encodeQuery, type Signable } from './auth/sign.js';
import { Bucket } from './bucket.js';
import { maskText } from './mask.js';
import type { Method } from './operation.js';
import { refusal, Trouble } from './trouble.js';
import { VERSION } from './version.js';

/** One HTTP request, ready but for the proof of who sends it. */
export interface HttpRequest {
  readonly method: Method;
  /** Scheme and host. */
  readonly endpoint: string;
  /** Encoded, `/v3/…`. */
  readonly path: string;
  readonly query: Signable['query'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** False where a second sending could do harm: then a lost reply is ambiguous. */
  readonly repeatable: boolean;
}

export interface HttpReply {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed JSON; undefined where the body is empty. */
  readonly body: unknown;
  readonly requestId?: string;
}

/** Milliseconds. */
export interface Limits {
  readonly connect: number;
  /** Until the head of the reply is there, and between two pieces of its body. */
  readonly reply: number;
}

/** Adds the headers that prove who sends a request, at the last moment: a signature is good for 15 minutes. */
export type Authorize = (request: Signable) => Readonly<Record<string, string>>;

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly authorize?: Authorize;
  /** Gets the pieces of a 2xx body as they come, instead of `reply.body`; a promise holds the next one back. */
  readonly sink?: (chunk: Buffer, headers: HttpReply['headers']) => Promise<void> | void;
}

export interface Transport {
  /** Resolves when a request may go to this endpoint: the rate is limited for all of a cloud's calls together. */
  turn(endpoint: string, signal?: AbortSignal): Promise<void>;
  /** Sends at once. Any status comes back as a reply; a missing, cut off or unreadable one is a Trouble. */
  send(request: HttpRequest, options?: SendOptions): Promise<HttpReply>;
  close(): Promise<void>;
}

const RATE = { perSecond: 50, burst: 100 };
const LIMITS: Limits = { connect: 10_000, reply: 60_000 };
const LARGEST_REPLY = 64 * 2 ** 20;

/** Keep-alive connections to a cloud's endpoints, TLS verified, through the proxy that `env` names. */
export function openTransport(
  cloud: Pick<Cloud, 'ca' | 'rate'>,
  { env = process.env, limits = LIMITS }: { env?: Env; limits?: Limits } = {},
): Transport {
  const kept = dispatcher(cloud, env, limits, { keepAliveTimeout: 4_000, connections: 64 });
  // A kept connection may be closed by the other side in the moment in which it is used: the reply is lost, and nobody knows
  // whether the request was read. So what must not be sent twice gets a connection of its own.
  const fresh = dispatcher(cloud, env, limits, { pipelining: 0, connections: 64 });
  const buckets = new Map<string, Bucket>();
  const bucket = (endpoint: string): Bucket => {
    const found = buckets.get(endpoint) ?? new Bucket(cloud.rate ?? RATE);
    buckets.set(endpoint, found);
    return found;
  };

  return {
    turn: (endpoint, signal) => bucket(endpoint).take(signal),
    send: async (request, options = {}) => {
      const reply = await exchange(request.repeatable ? kept : fresh, request, options);
      const throttled = throttle(reply);
      if (throttled !== undefined) bucket(request.endpoint).slow(throttled);
      return reply;
    },
    close: async () => {
      await Promise.all([kept.close(), fresh.close()]);
    },
  };
}

function dispatcher({ ca }: Pick<Cloud, 'ca'>, env: Env, limits: Limits, pool: Agent.Options): Dispatcher {
  const tls = { timeout: limits.connect, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) };
  const options = { ...pool, connect: tls, headersTimeout: limits.reply, bodyTimeout: limits.reply };
  const [http, https, none] = ['http_proxy', 'https_proxy', 'no_proxy'].map(
    (name) => env[name] || env[name.toUpperCase()],
  );
  if (!http && !https) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    requestTls: tls,
    proxyTls: tls,
    ...(http && { httpProxy: http }),
    ...(https && { httpsProxy: https }),
    noProxy: none ?? '',
  });
}

async function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  { signal, authorize, sink }: SendOptions,
): Promise<HttpReply> {
  signal?.throwIfAborted();
  const { host } = new URL(request.endpoint);
  const headers = {
    accept: 'application/json',
    'user-agent': `drs-pilot/${VERSION}`,
    'x-language': 'en-us',
    ...request.headers,
  };
  const search = encodeQuery(request.query);
  const wire = {
    origin: request.endpoint,
    path: search ? `${request.path}?${search}` : request.path,
    method: request.method,
    headers: { ...headers, ...authorize?.({ ...request, headers, host }) },
    body: request.body ?? null,
  };
  const raw = await new Promise<Raw>((resolve, reject) => {
    const exchange = new Exchange(request, resolve, reject, signal, sink);
    dispatcher.dispatch(wire, exchange);
  });
  return readReply(raw, request);
}

interface Raw {
  readonly status: number;
  readonly headers: HttpReply['headers'];
  readonly chunks: readonly Buffer[];
  readonly sunk: boolean;
}

/** One request on its way. Knows whether it was begun to be written: only then can it have had an effect. */
class Exchange implements Dispatcher.DispatchHandler {
  #sent = false;
  #status = 0;
  #headers: HttpReply['headers'] = {};
  #size = 0;
  #sunk = false;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #sinking: Promise<void> = Promise.resolve();

  constructor(
    private readonly request: HttpRequest,
    private readonly resolve: (raw: Raw) => void,
    private readonly reject: (error: unknown) => void,
    private readonly signal: AbortSignal | undefined,
    private readonly sink: SendOptions['sink'],
  ) {
    signal?.addEventListener('abort', this.#stop, { once: true });
  }

  readonly #stop = (): void => {
    const reason: unknown = this.signal?.reason;
    this.#controller?.abort(reason instanceof Error ? reason : new Error('aborted'));
    this.reject(reason);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.signal?.aborted) controller.abort(new Error('aborted'));
    else this.#sent = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpReply['headers']): void {
    this.#status = status;
    this.#headers = headers;
    this.#sunk = this.sink !== undefined && status >= 200 && status < 300;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sunk) {
      controller.pause();
      this.#sinking = this.#sinking
        .then(() => this.sink?.(chunk, this.#headers))
        .then(() => controller.resume())
        .catch((error: unknown) => {
          this.reject(error);
          controller.abort(error instanceof Error ? error : new Error('the file cannot be written'));
        });
      return;
    }
    this.#size += chunk.length;
    if (this.#size > LARGEST_REPLY) controller.abort(new Error(`the reply is larger than ${LARGEST_REPLY} bytes`));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#done();
    void this.#sinking.then(() =>
      this.resolve({ status: this.#status, headers: this.#headers, chunks: this.#chunks, sunk: this.#sunk }),
    );
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#done();
    this.reject(
      this.#sent
        ? replyLost(this.request, error, this.#status, requestIdOf(this.#headers))
        : neverSent(this.request, error),
    );
  }

  #done(): void {
    this.signal?.removeEventListener('abort', this.#stop);
  }
}

function readReply({ status, headers, chunks, sunk }: Raw, request: HttpRequest): HttpReply {
  const requestId = requestIdOf(headers);
  const common = { status, headers, ...(requestId !== undefined && { requestId }) };
  const text = sunk ? '' : Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return { ...common, body: undefined };
  try {
    return { ...common, body: JSON.parse(text) as unknown };
  } catch {
    // An error page of a gateway or proxy has its meaning in its status; a success that can't be read tells nothing.
    const facts = { status, requestId, retryAfter: retryAfterOf(headers), says: maskText(text.slice(0, 500)) };
    if (status >= 300) throw refusal(facts, request.repeatable);
    throw new Trouble(lost(request), { ...facts, what: 'the reply is not JSON, or was cut off' });
  }
}

const lost = ({ repeatable }: HttpRequest) => (repeatable ? 'transient' : 'ambiguous');

function replyLost(request: HttpRequest, error: Error, status: number, requestId: string | undefined): Trouble {
  const where = `${request.endpoint} (${codeOf(error)})`;
  const what = status
    ? `the reply of ${where} was cut off`
    : `the request was sent to ${where}, but its reply was lost`;
  return new Trouble(lost(request), { what, requestId }, { cause: error });
}

/** Refused connections, unknown hosts, certificates: DRS has not seen the request. */
function neverSent(request: HttpRequest, error: Error): Trouble {
  const code = codeOf(error);
  const mend =
    CONNECT_MENDS.find(([pattern]) => pattern.test(code))?.[1] ??
    'Check the endpoint, the network and the proxy; it is tried again.';
  return new Trouble('transient', { what: `${request.endpoint} cannot be reached (${code})`, mend }, { cause: error });
}

const CONNECT_MENDS: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'Check the endpoint’s name, the region and the DNS of this host; it is tried again.'],
  [/ECONNREFUSED/, 'Check the endpoint and its port, and that it is not blocked; it is tried again.'],
  [
    /TIMEOUT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/,
    'Check that this host may reach the endpoint: firewall, routes, proxy; it is tried again.',
  ],
  [
    /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/,
    'Its certificate is not trusted: give the authority that signed it (caFile), or check the endpoint; it is tried again.',
  ],
  [/SSL|TLS|EPROTO/, 'No secure connection came about: check that the endpoint speaks TLS; it is tried again.'],
  [/Proxy/, 'Check the proxy in HTTPS_PROXY or HTTP_PROXY, and NO_PROXY; it is tried again.'],
];

function codeOf(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0]);
  if (/^Proxy/.test(error.message)) return error.message;
  return typeof code === 'string' ? code : error.message;
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const requestIdOf = (headers: HttpReply['headers']): string | undefined => first(headers['x-request-id']);

/** Milliseconds that the service asks to wait; it says seconds or a date. */
export function retryAfterOf(headers: HttpReply['headers'], now = Date.now()): number | undefined {
  const text = first(headers['retry-after'])?.trim();
  if (!text) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 600_000) : undefined;
}

/** Milliseconds for which a throttled endpoint gets nothing; undefined where it is not throttled. */
function throttle({ status, headers, body }: HttpReply): number | undefined {
  const code = typeof body === 'object' && body !== null && 'error_code' in body ? String(body.error_code) : '';
  if (status !== 429 && !/^APIGW?\.0308$/.test(code)) return undefined;
  return retryAfterOf(headers) ?? 1_000;
}
