import type { Dispatcher } from 'undici';
import { encodeQuery } from './auth/sign.js';
import { type HttpReply, type HttpRequest, requestIdOf, type SendOptions } from './transport.js';
import { Trouble } from './trouble.js';
import { VERSION } from './version.js';

/** A reply as it came; `text` is empty where its body went into a sink. */
export interface Raw {
  readonly status: number;
  readonly headers: HttpReply['headers'];
  readonly text: string;
}

const AGENT = `drs-pilot/${VERSION}`;
const LARGEST_REPLY = 64 * 2 ** 20;

/** Sends one request and reads its reply; a Trouble where none comes back whole. */
export async function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  { signal, authorize, sink }: SendOptions,
): Promise<Raw> {
  signal?.throwIfAborted();
  const headers = { 'user-agent': AGENT, 'x-language': 'en-us', ...request.headers };
  const search = encodeQuery(request.query);
  const wire = {
    origin: request.endpoint,
    path: search ? `${request.path}?${search}` : request.path,
    method: request.method,
    headers: Object.assign(headers, authorize?.(request, headers)),
    body: request.body ?? null,
  };
  return new Promise<Raw>((resolve, reject) => {
    dispatcher.dispatch(wire, new Exchange(request, resolve, reject, signal, sink));
  });
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
    signal?.addEventListener('abort', this, { once: true });
  }

  /** The signal's abort. */
  handleEvent(): void {
    const reason: unknown = this.signal?.reason;
    this.#controller?.abort(reason instanceof Error ? reason : new Error('aborted'));
    this.reject(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.signal?.aborted) controller.abort(new Error('aborted'));
    else this.#sent = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpReply['headers']): void {
    this.#status = status;
    this.#headers = headers;
    const isError = status >= 300 || /json/i.test(String(headers['content-type'] ?? ''));
    this.#sunk = this.sink !== undefined && !isError;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (chunk.length === 0) return; // each resume brings one: to pause for it would never end
    if (this.#sunk) {
      controller.pause();
      this.#sinking = this.#sinking
        .then(() => this.sink?.(chunk))
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
    if (this.#sunk) void this.#sinking.then(() => this.resolve(this.#raw()));
    else this.resolve(this.#raw());
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#done();
    this.reject(
      this.#sent
        ? replyLost(this.request, error, this.#status, requestIdOf(this.#headers))
        : neverSent(this.request, error),
    );
  }

  #raw(): Raw {
    const [only, ...others] = this.#chunks;
    const body = others.length > 0 ? Buffer.concat(this.#chunks) : only;
    return { status: this.#status, headers: this.#headers, text: body?.toString('utf8') ?? '' };
  }

  #done(): void {
    this.signal?.removeEventListener('abort', this);
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
    CONNECT_MENDS.find(([pattern]) => pattern.test(code))?.[1] ?? 'Check the endpoint, the network and the proxy.';
  return new Trouble('transient', { what: `${request.endpoint} cannot be reached (${code})`, mend }, { cause: error });
}

const CONNECT_MENDS: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'Check the endpoint’s name, the region and the DNS of this host.'],
  [/ECONNREFUSED/, 'Check the endpoint and its port, and that it is not blocked.'],
  [
    /TIMEOUT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/,
    'Check that this host may reach the endpoint: firewall, routes, proxy.',
  ],
  [
    /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/,
    'Its certificate is not trusted: give the authority that signed it (caFile), or check the endpoint.',
  ],
  [/SSL|TLS|EPROTO/, 'No secure connection came about: check that the endpoint speaks TLS.'],
  [/Proxy/, 'Check the proxy in HTTPS_PROXY or HTTP_PROXY, and NO_PROXY.'],
];

function codeOf(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0]);
  if (/^Proxy/.test(error.message)) return error.message;
  return typeof code === 'string' ? code : error.message;
}
