import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import type { Account, Arrived, Tokens } from './auth.js';
import { Refusal } from './codes.js';
import type { Faults } from './faults.js';
import { type Journal, type JournalEntry, masked } from './journal.js';
import { Call } from './routes/route.js';
import type { Project, World } from './world.js';

export type Env = { Bindings: HttpBindings };
export type Ctx = Context<Env>;

/** What the whole server shares. */
export interface Served {
  world: World;
  faults: Faults;
  journal: Journal;
  tokens: Tokens;
  account: Account;
  projects: readonly Project[];
  now: () => number;
  url: { value: string };
}

/** One request on its way: what it is, who asks, what is known of it so far. */
export interface Exchange extends Served {
  c: Ctx;
  arrived: Arrived;
  call: Call;
  body: unknown;
  auth: JournalEntry['auth'];
}

export interface Answer {
  status: number;
  /** Sent as JSON; none: an empty reply. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Uint8Array;
  headers?: Record<string, string>;
  /** Half of it is sent, then the connection breaks. */
  cutOff?: true;
  code?: string;
}

/** Reads a request, lets it be answered, keeps the journal. */
export async function exchange(
  c: Ctx,
  served: Served,
  operation: string,
  answerTo: (it: Exchange) => Answer | Promise<Answer>,
): Promise<Response> {
  const began = performance.now();
  const at = new Date(served.now()).toISOString();
  const call = new Call(operation, served.faults);
  const incoming = c.env.incoming as IncomingMessage;
  const arrived: Arrived = {
    method: c.req.method,
    url: incoming.url ?? '/',
    headers: incoming.headers,
    body: await bodyOf(incoming),
  };
  const it: Exchange = { ...served, c, arrived, call, body: undefined, auth: 'none' };
  let answer: Answer;
  try {
    answer = await answerTo(it);
  } catch (error) {
    if (error instanceof Refusal) {
      answer = refused(error);
      call.why.push(error.why);
    } else if (error instanceof Broken) {
      answer = { status: 0 };
    } else throw error;
  }
  served.world.save();
  served.journal.add({
    at,
    operation,
    method: arrived.method,
    path: arrived.url,
    jobs: call.jobs,
    status: answer.status,
    ...(answer.code ? { code: answer.code } : {}),
    ...(call.perJob.length > 0 ? { perJob: call.perJob } : {}),
    ...(call.why.length > 0 ? { why: call.why } : {}),
    ...(call.unknownFields.length > 0 ? { unknownFields: call.unknownFields } : {}),
    ms: Math.round((performance.now() - began) * 1000) / 1000,
    auth: it.auth,
    effect: call.effect,
    ...(call.fault ? { fault: call.fault } : {}),
    body: masked(it.body),
  });
  if (answer.status === 0) return broken(c);
  return answer.cutOff ? cutOff(c, answer) : respond(answer, call.why);
}

/** Of a GET, too, which fetch's Request leaves out: 6.1.39 has one. */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return Buffer.alloc(0);
  }
  return Buffer.concat(chunks);
}

/** Thrown to break the connection. */
export class Broken extends Error {}

function broken(c: Ctx): Response {
  const outgoing = c.env.outgoing as ServerResponse;
  outgoing.destroy();
  (c.env.incoming as IncomingMessage).socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** All of it is announced. */
function cutOff(c: Ctx, { status, raw = '', headers }: Answer): Response {
  const outgoing = c.env.outgoing as ServerResponse;
  const whole = Buffer.from(raw as Uint8Array);
  outgoing.writeHead(status, { ...headers, 'x-request-id': requestId(), 'content-length': whole.length });
  outgoing.write(whole.subarray(0, Math.ceil(whole.length / 2)), () => outgoing.destroy());
  return RESPONSE_ALREADY_SENT;
}

const requestId = () => randomUUID().replaceAll('-', '');

export function refused({ status, code, text }: Refusal): Answer {
  const gateway = code.startsWith('APIG');
  return { status, code, body: { error_code: code, error_msg: text, ...(gateway ? { request_id: requestId() } : {}) } };
}

function respond({ status, body, raw, headers = {} }: Answer, why: readonly string[]): Response {
  const notes =
    why.length > 0
      ? {
          'x-simulator-note': why
            .join('; ')
            .replace(/[^\x20-\x7e]/g, '?')
            .slice(0, 2000),
        }
      : {};
  const sent = { 'x-request-id': requestId(), ...notes, ...headers };
  if (raw !== undefined) return new Response(raw as string, { status, headers: sent });
  if (body === undefined) return new Response(null, { status, headers: sent });
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8', ...sent },
  });
}

export function parsed(it: Exchange, fallback: unknown): unknown {
  if (it.arrived.body.length === 0) return fallback;
  try {
    return JSON.parse(it.arrived.body.toString('utf8'));
  } catch {
    throw new Refusal('DRS.M00007', 'the body is no JSON', { text: 'Invalid request parameter.' });
  }
}
