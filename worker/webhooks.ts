import { createHmac } from 'node:crypto';
import { EnvHttpProxyAgent, request } from 'undici';
import { type Notifier, NotifyError, type WebhookEvent } from '../activities/notify.js';
import type { Env } from '../drs/auth/credentials.js';
import { readSecret } from '../encryption/secret.js';
import type { SecretEntry, WebhookEntry, WorkerConfig } from './config.js';

const TIME_LIMIT_MS = 10_000;

export interface NotifierOptions {
  readonly env?: Env;
  /** Milliseconds since the epoch, for signatures. */
  readonly now?: () => number;
  readonly timeLimitMs?: number;
}

type Sources = Pick<WorkerConfig, 'webhooks' | 'secrets' | 'temporal'>;

/** Sends events to the webhooks of the configuration; keys and addresses are read at each use. */
export function notifier(config: Sources, options: NotifierOptions = {}): Notifier {
  const { env = process.env, now = Date.now, timeLimitMs = TIME_LIMIT_MS } = options;
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout: timeLimitMs } });
  const secret = (name: string): Promise<string> => readSecret(name, config.secrets[name] as SecretEntry, env);

  const send = async (webhook: WebhookEntry, event: WebhookEvent, signal?: AbortSignal): Promise<void> => {
    const body = JSON.stringify({ ...event, link: event.link ?? linkTo(config, event) });
    const url = typeof webhook.url === 'string' ? webhook.url : await secret(webhook.url.secret);
    const key = webhook.key && (await secret(webhook.key.secret));
    const limit = timeLimit(timeLimitMs, signal);
    const reply = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'drs-pilot',
        ...(key !== undefined && { 'x-drs-pilot-signature': signature(key, body, Math.floor(now() / 1_000)) }),
      },
      body,
      dispatcher,
      signal: limit.signal,
    }).finally(limit.lift);
    reply.body.on('error', () => undefined).destroy();
    const { statusCode } = reply;
    if (statusCode >= 300 && statusCode < 400) throw new Refused(`answered ${statusCode}: redirects are not followed`);
    if (statusCode >= 400) throw new Refused(`answered ${statusCode}`);
  };

  return async (names, event, signal) => {
    const outcomes = await Promise.all(
      [...new Set(names)].map(async (name) => {
        const webhook = Object.hasOwn(config.webhooks, name) ? config.webhooks[name] : undefined;
        if (!webhook)
          return { webhook: name, reason: "the worker's configuration has no such webhook", unknown: true as const };
        if (!webhook.events.includes(event.event)) return undefined;
        return await send(webhook, event, signal).then(
          () => undefined,
          (error: unknown) => ({ webhook: name, reason: reasonOf(error, timeLimitMs) }),
        );
      }),
    );
    const failed = outcomes.filter((outcome) => outcome !== undefined);
    if (failed.length > 0) throw new NotifyError(failed);
  };
}

/** Not AbortSignal.any of a timeout: Node 20 forgets a timeout that nothing but such a signal holds, and then waits for ever. */
export function timeLimit(
  ms: number,
  outer?: AbortSignal,
): { readonly signal: AbortSignal; readonly lift: () => void } {
  const limit = new AbortController();
  const stop = (): void => limit.abort(outer?.reason);
  const timer = setTimeout(() => limit.abort(new DOMException('no answer', 'TimeoutError')), ms);
  outer?.addEventListener('abort', stop, { once: true });
  if (outer?.aborted) stop();
  return {
    signal: limit.signal,
    lift: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
}

/** `t=<seconds>,v1=<hex>`: HMAC-SHA256 over `t.body`, so that a receiver can refuse what is old or not ours. */
export function signature(key: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
}

/** The run in the Temporal UI, where the configuration says where that is. */
export function linkTo(
  { temporal }: Pick<WorkerConfig, 'temporal'>,
  run: Pick<WebhookEvent, 'namespace' | 'workflowId' | 'runId'>,
): string | undefined {
  if (temporal.uiUrl === undefined) return undefined;
  const path = [run.namespace, 'workflows', run.workflowId, run.runId].map(encodeURIComponent).join('/');
  return `${temporal.uiUrl.replace(/\/+$/, '')}/namespaces/${path}/history`;
}

/** Names of webhooks that a spec uses and the configuration lacks. */
export const unknownWebhooks = ({ webhooks }: Pick<WorkerConfig, 'webhooks'>, names: readonly string[]): string[] =>
  names.filter((name) => !Object.hasOwn(webhooks, name));

class Refused extends Error {}

/** Never the error's own words where they may hold the address: chat systems put keys into theirs. */
function reasonOf(error: unknown, timeLimitMs: number): string {
  if (error instanceof Refused) return error.message;
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError') return `no answer within ${timeLimitMs / 1_000} s`;
  if (message?.startsWith('secret "')) return message;
  return `could not be reached (${code ?? name})`;
}
