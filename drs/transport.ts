import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { Cloud, Env } from './auth/credentials.js';
import type { Signable } from './auth/sign.js';
import { Bucket } from './bucket.js';
import { exchange, type Raw } from './exchange.js';
import type { Method } from './operation.js';

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
  /** The parsed JSON; undefined where the body is empty or no JSON. */
  readonly body: unknown;
  /** The beginning of a body that is no JSON, or was cut off. */
  readonly unreadable?: string;
  readonly requestId?: string;
  /** The service said "too many". */
  readonly throttled?: true;
}

/** Milliseconds. */
export interface Limits {
  readonly connect: number;
  /** Until the head of the reply is there, and between two pieces of its body. */
  readonly reply: number;
}

/** Adds the headers that prove who sends a request, at the last moment: a signature is good for 15 minutes. */
export type Authorize = (
  request: HttpRequest,
  headers: Readonly<Record<string, string>>,
) => Readonly<Record<string, string>>;

export type Sink = (chunk: Buffer) => Promise<void>;

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly authorize?: Authorize;
  /** Gets a 2xx body that is no JSON piece by piece, instead of `reply.body`; its promise holds the next piece back. */
  readonly sink?: Sink;
}

export interface Transport {
  /** Resolves when a request may go to this endpoint: the rate is limited for all of a cloud's calls together. */
  turn(endpoint: string, signal?: AbortSignal): Promise<void>;
  /** Sends at once. Any status comes back as a reply; one that is missing or broken off is a Trouble. */
  send(request: HttpRequest, options?: SendOptions): Promise<HttpReply>;
  close(): Promise<void>;
}

/** The reference gives no rates. A service on this host is the simulator, which has none. */
const RATE = { perSecond: 20, burst: 40 };
const LOCAL_RATE = { perSecond: 2_000, burst: 2_000 };
const isLocal = (endpoint: string): boolean => /^(localhost|127\..*|\[::1\])$/.test(new URL(endpoint).hostname);

const LIMITS: Limits = { connect: 10_000, reply: 60_000 };

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
    const found = buckets.get(endpoint) ?? new Bucket(cloud.rate ?? (isLocal(endpoint) ? LOCAL_RATE : RATE));
    buckets.set(endpoint, found);
    return found;
  };

  return {
    turn: (endpoint, signal) => bucket(endpoint).take(signal),
    send: async (request, options = {}) => {
      const raw = await exchange(request.repeatable ? kept : fresh, request, options);
      if (!isThrottle(raw)) return readReply(raw);
      bucket(request.endpoint).slow(retryAfterOf(raw.headers) ?? 1_000);
      return { ...readReply(raw), throttled: true };
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

function readReply({ status, headers, text }: Raw): HttpReply {
  const requestId = requestIdOf(headers);
  const common = { status, headers, ...(requestId !== undefined && { requestId }) };
  if (text.trim() === '') return { ...common, body: undefined };
  try {
    return { ...common, body: JSON.parse(text) as unknown };
  } catch {
    return { ...common, body: undefined, unreadable: text.slice(0, 20_000) };
  }
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

export const requestIdOf = (headers: HttpReply['headers']): string | undefined => first(headers['x-request-id']);

/** Milliseconds that the service asks to wait; it says seconds or a date. */
export function retryAfterOf(headers: HttpReply['headers'], now = Date.now()): number | undefined {
  const text = first(headers['retry-after'])?.trim();
  if (!text) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 600_000) : undefined;
}

const isThrottle = ({ status, text }: Raw): boolean => status === 429 || (status >= 300 && /"APIGW?\.0308"/.test(text));
