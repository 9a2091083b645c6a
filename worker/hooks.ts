import { EnvHttpProxyAgent, request } from 'undici';
import { type Hook, HookError, type HookFacts, type Hooks } from '../activities/hooks.js';
import type { Env } from '../drs/auth/credentials.js';
import { readSecret } from '../encryption/secret.js';
import type { HookEntry, SecretEntry, WorkerConfig } from './config.js';
import { fill } from './hook-template.js';
import { signature, timeLimit } from './webhooks.js';

/** So much of a reply that refuses is told. */
const LONGEST_TOLD = 200;
/** So much of it is read. */
const LONGEST_READ = 4_096;

type Sources = Pick<WorkerConfig, 'hooks' | 'secrets'>;

/** The hooks of the configuration; keys and addresses are read at each use. */
export function openHooks({ hooks, secrets }: Sources, env: Env, now: () => number = Date.now): Hooks {
  const dispatcher = new EnvHttpProxyAgent();
  return (name) => {
    const entry = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
    if (!entry) throw new HookError(name, "the worker's configuration has no such hook", false);
    const { retries, drillSafe } = entry;
    return { retries, drillSafe, call: (facts, signal) => call(name, entry, facts, signal) };
  };

  async function call(name: string, entry: HookEntry, facts: HookFacts, signal: AbortSignal): ReturnType<Hook['call']> {
    // What a reply repeats of them is not told on.
    const secretsUsed: string[] = [];
    const secret = async (of: string): Promise<string> => {
      const value = await readSecret(of, secrets[of] as SecretEntry, env).catch((error: Error) => {
        throw new HookError(name, error.message, false);
      });
      secretsUsed.push(value);
      return value;
    };
    const value = async (text: string | { readonly secret: string }): Promise<string> =>
      typeof text === 'string' ? text : await secret(text.secret);

    const url = await value(entry.url);
    const body =
      entry.method === 'GET'
        ? ''
        : JSON.stringify(entry.body === undefined ? facts : await fill(entry.body, facts, secret));
    const own = await Promise.all(
      Object.entries(entry.headers).map(async ([header, text]) => [header.toLowerCase(), await value(text)] as const),
    );
    const key = entry.key && (await secret(entry.key.secret));
    const headers = {
      'user-agent': 'drs-pilot',
      ...(body && { 'content-type': 'application/json' }),
      ...Object.fromEntries(own),
      'idempotency-key': facts.key,
      ...(key !== undefined && { 'x-drs-pilot-signature': signature(key, body, Math.floor(now() / 1_000)) }),
    };

    const limit = timeLimit(entry.timeout, signal);
    try {
      const reply = await request(url, {
        method: entry.method,
        headers,
        ...(body && { body }),
        dispatcher,
        signal: limit.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const { statusCode: status } = reply;
      const told = await beginningOf(reply.body);
      if (status >= 200 && status < 300) return { status };
      throw refusal(name, status, masked(told, secretsUsed));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof HookError ? error : unreached(name, error, entry.timeout);
    } finally {
      limit.lift();
    }
  }
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= LONGEST_READ) break;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, LONGEST_READ);
}

/** On one line, without what belongs to terminals, and without any secret of the call. */
function masked(text: string, secrets: readonly string[]): string {
  const hidden = secrets.reduce((shown, one) => shown.replaceAll(one, '********'), text);
  return hidden
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_TOLD);
}

function refusal(name: string, status: number, told: string): HookError {
  const answered = `answered ${status}`;
  if (status >= 300 && status < 400) return new HookError(name, `${answered}: redirects are not followed`, false);
  const again = status >= 500 || status === 429 || status === 408;
  return new HookError(name, told ? `${answered}: ${told}` : answered, again);
}

/** Never the error's own words where they may hold the address: an address may be a key. */
function unreached(name: string, error: unknown, timeout: number): HookError {
  const { name: kind, code } = error as NodeJS.ErrnoException;
  if (kind === 'TimeoutError') return new HookError(name, `no answer within ${timeout / 1_000} s`, true);
  return new HookError(
    name,
    `could not be reached (${code ?? kind})`,
    code !== 'ERR_INVALID_URL' && kind !== 'InvalidArgumentError',
  );
}
