import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpBindings, serve } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { admin } from './admin.js';
import { type Account, type Arrived, authenticate, Tokens, type Who } from './auth.js';
import { checked } from './check.js';
import { Refusal } from './codes.js';
import { type Fault, type FaultKind, Faults, type Named, type PendingFault } from './faults.js';
import { Journal, type JournalEntry, masked } from './journal.js';
import { createToken, IAM_ROUTES, type IamReply, listProjects } from './routes/iam.js';
import { routes } from './routes/index.js';
import { Call, type Route, withBoth } from './routes/route.js';
import { createForeign, type Foreign, type JobView, view } from './shows.js';
import type { Speed } from './speed.js';
import { type Database, type Patch, type Project, World } from './world.js';

export interface SimulatorOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Loopback by default; the admin API asks nobody who they are. */
  host?: string;
  speed?: Speed;
  /** Keeps the state of tasks and databases over restarts. */
  file?: string;
  /** The clock, in milliseconds since 1970. */
  now?: () => number;
  account?: Partial<Account>;
  projects?: readonly Project[];
}

/** A running simulator. Its admin methods are those of `/_simulator`. */
export interface Simulator {
  readonly url: string;
  readonly port: number;
  readonly options: SimulatorOptions;
  readonly account: Account;
  /** The project whose name is the region's. */
  readonly project: Project;
  readonly projects: readonly Project[];
  journal(): readonly JournalEntry[];
  clearJournal(): void;
  fault(fault: Fault): void;
  pendingFaults(): readonly PendingFault[];
  clearFaults(): void;
  /** A task as it is now, without moving it on; undefined if there is none. */
  job(idOrName: string): JobView | undefined;
  jobs(): JobView[];
  /** For a name that is free the patch waits for the task that is created under it. */
  patch(idOrName: string, patch: Patch): JobView | undefined;
  /** A task that somebody else made. */
  createForeign(foreign: Foreign): JobView;
  addDatabase(database: Database): void;
  clearDatabases(): void;
  setSpeed(speed: Speed): void;
  expireTokens(): void;
  close(): Promise<void>;
}

const REGION = 'eu-west-101';
const ACCOUNT: Account = { ak: 'local-ak', sk: 'local-sk', user: 'local', password: 'local', domain: 'local' };
const PROJECTS: readonly Project[] = [
  { id: 'fedcba9876543210fedcba9876543210', name: `${REGION}_team` },
  { id: '0123456789abcdef0123456789abcdef', name: REGION },
  { id: '00112233445566778899aabbccddeeff', name: 'eu-west-0' },
];

type Env = { Bindings: HttpBindings };
type Ctx = Context<Env>;

/** Starts a local DRS and IAM on one port. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const now = options.now ?? Date.now;
  const account = { ...ACCOUNT, ...options.account };
  const projects = options.projects ?? PROJECTS;
  const world = new World({ projects, speed: options.speed ?? 'instant', now, file: options.file });
  const faults = new Faults();
  const journal = new Journal();
  const tokens = new Tokens(now);
  const url = { value: '' };

  const app = new Hono<Env>();
  const served = { world, faults, journal, tokens, account, projects, now, url };
  for (const [key, entry] of Object.entries(routes)) {
    const [method = '', path = ''] = key.split(' ');
    app.on(method, path.replace(/\{(\w+)\}/g, ':$1'), (c) =>
      exchange(c, served, entry.operation, (it) => serveDrs(it, entry)),
    );
  }
  for (const [key, operation] of Object.entries(IAM_ROUTES)) {
    const [method = '', path = ''] = key.split(' ');
    for (const each of [path, `${path}/`]) app.on(method, each, (c) => exchange(c, served, operation, serveIam));
  }

  const simulator = (server: Server): Simulator => ({
    url: url.value,
    port: (server.address() as AddressInfo).port,
    options,
    account,
    projects,
    project: projects.find(({ name }) => name === REGION) ?? (projects[0] as Project),
    journal: () => journal.list(),
    clearJournal: () => journal.clear(),
    fault: (fault) => faults.add(fault),
    pendingFaults: () => faults.pending(),
    clearFaults: () => faults.clear(),
    job: (idOrName) => {
      const job = world.find(idOrName);
      return job && view(job);
    },
    jobs: () => world.jobs.map((job) => view(world.settle(job, false))),
    patch: (idOrName, patch) => {
      const job = world.patch(idOrName, patch);
      world.save();
      return job && view(job);
    },
    createForeign: (foreign) => {
      const job = createForeign(world, foreign, projects);
      world.save();
      return view(job);
    },
    addDatabase: (database) => {
      world.addDatabase(database);
      world.save();
    },
    clearDatabases: () => {
      world.clearDatabases();
      world.save();
    },
    setSpeed: (speed) => {
      world.speed = speed;
      world.save();
    },
    expireTokens: () => tokens.expireAll(),
    close: () => closeServer(server),
  });

  const api: { simulator?: Simulator } = {};
  app.route(
    '/_simulator',
    admin(() => api.simulator as Simulator),
  );
  app.notFound((c) =>
    exchange(c as Ctx, served, 'unknown', () => {
      throw new Refusal('APIGW.0101', 'no call has this method and path');
    }),
  );

  const host = options.host ?? '127.0.0.1';
  const server = await new Promise<Server>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, port: options.port ?? 0, hostname: host }, () =>
      resolve(starting as Server),
    );
    starting.once('error', reject);
  });
  (server as Server).keepAliveTimeout = 65_000;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  url.value = `http://${shown.includes(':') ? `[${shown}]` : shown}:${(server.address() as AddressInfo).port}`;
  api.simulator = simulator(server);
  return api.simulator;
}

interface Served {
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
interface Exchange extends Served {
  c: Ctx;
  arrived: Arrived;
  call: Call;
  body: unknown;
  auth: JournalEntry['auth'];
}

interface Answer {
  status: number;
  /** Sent as JSON; none: an empty reply. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Uint8Array;
  headers?: Record<string, string>;
  code?: string;
}

/** Reads a request, lets it be answered, keeps the journal. */
async function exchange(
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
    body: Buffer.from(await c.req.arrayBuffer().catch(() => new ArrayBuffer(0))),
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
  return answer.status === 0 ? broken(c) : respond(answer, call.why);
}

/** Thrown to break the connection. */
class Broken extends Error {}

function broken(c: Ctx): Response {
  const outgoing = c.env.outgoing as ServerResponse;
  outgoing.destroy();
  (c.env.incoming as IncomingMessage).socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

const requestId = () => randomUUID().replaceAll('-', '');

function refused({ status, code, text }: Refusal): Answer {
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

function parsed(it: Exchange, fallback: unknown): unknown {
  if (it.arrived.body.length === 0) return fallback;
  try {
    return JSON.parse(it.arrived.body.toString('utf8'));
  } catch {
    throw new Refusal('DRS.M00007', 'the body is no JSON', { text: 'Invalid request parameter.' });
  }
}

/** A call of DRS: who, where, faults, what. */
async function serveDrs(it: Exchange, entry: Route): Promise<Answer> {
  const { c, world, call } = it;
  const who = authenticate(it.arrived, it.account, it.tokens, it.now());
  it.auth = who.by;
  const params = c.req.param() as Record<string, string>;
  const project = ownProject(it, who, params['project_id'] ?? '');

  checkIds(params);
  if (it.arrived.method !== 'GET') checkContentType(it.arrived);
  it.body = entry.body ? parsed(it, {}) : undefined;
  const given = entry.body ? checked(entry.body, it.body) : { value: undefined, unknownFields: [] };
  const query = Object.fromEntries(new URL(it.arrived.url, 'http://here').searchParams);
  const asked = entry.query ? checked(entry.query, query) : { value: query, unknownFields: [] };
  call.unknownFields.push(...given.unknownFields, ...asked.unknownFields);

  const named = namesOf(entry, given.value, params);
  call.jobs.push(...named.map(({ id, name }) => id ?? name ?? ''));
  const fault = await before(
    it,
    named.map((job) => withBoth({ world }, job)),
  );
  if (fault) return fault;

  const single = entry.names ? undefined : it.faults.takeForJob(entry.operation, withBoth({ world }, named[0] ?? {}));
  if (single) call.fault = single.kind;
  if (single?.kind === 'jobError') {
    call.perJob.push(single.code);
    const { code, text } = new Refusal(single.code, 'planned', { text: single.message, about: 'planned' });
    return { status: entry.status, body: { success: false, error_code: code, error_msg: text } };
  }
  const headers = it.arrived.headers as Record<string, string | undefined>;
  const body = entry.handle({
    world,
    project,
    body: given.value,
    params,
    query: asked.value as Record<string, string>,
    headers,
    call,
  });
  if (!entry.names && !entry.reads) call.effect = true;
  if (entry.reads) call.effect = false;
  if (single?.kind === 'missingResult') return { status: entry.status, body: {} };
  return after(it, named, body instanceof Response ? await raw(body) : { status: entry.status, body });
}

async function raw(response: Response): Promise<Answer> {
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, raw: new Uint8Array(await response.arrayBuffer()) };
}

const namesOf = (entry: Route, body: unknown, params: Record<string, string>): Named[] => {
  if (entry.names) return entry.names(body);
  const id = params['job_id'] ?? (body as { job_id?: string } | undefined)?.job_id;
  return id ? [{ id }] : [];
};

function ownProject(it: Exchange, who: Who, project: string): string {
  const known = it.projects.some(({ id }) => id === project);
  if (!known) throw new Refusal('DRS.M00261', `there is no project ${project}`);
  if (who.by === 'token' && who.project === undefined)
    throw new Refusal('DRS.M00100', 'the token is not for a project');
  if (who.by === 'token' && who.project !== project)
    throw new Refusal('DRS.M00261', 'the token is for another project');
  const header = it.arrived.headers['x-project-id'];
  if (header !== undefined && header !== project) throw new Refusal('DRS.M00261', 'X-Project-Id names another project');
  return project;
}

/** Ids in a path are 36 letters, digits and hyphens; of tasks they are no strict UUIDs. */
function checkIds(params: Record<string, string>): void {
  for (const [name, about] of [
    ['job_id', 'jobId'],
    ['compare_job_id', 'compareJobId'],
  ] as const) {
    const id = params[name];
    if (id !== undefined && !/^[0-9a-zA-Z-]{36}$/.test(id))
      throw new Refusal('DRS.M00202', `${name}: ${id}`, { about });
  }
}

function checkContentType({ headers, body }: Arrived): void {
  if (body.length === 0) return;
  const type = headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(type))
    throw new Refusal('DRS.M00202', `Content-Type is "${type}"`, { about: 'Content-Type' });
}

/** Faults that strike before the effect. A fault that names a task waits until the body is read. */
async function before(it: Exchange, jobs: readonly Named[]): Promise<Answer | undefined> {
  const { call, faults } = it;
  for (;;) {
    const fault = faults.takeForRequest(call.operation, jobs, ['delay', 'drop', 'throttle', 'error']);
    if (!fault) return undefined;
    call.fault = fault.kind;
    if (fault.kind === 'delay') await sleep(fault.ms);
    else return struck(fault);
  }
}

function struck(fault: FaultKind): Answer {
  if (fault.kind === 'throttle')
    return { ...refused(new Refusal('APIGW.0308', 'planned')), headers: { 'retry-after': String(fault.retryAfter) } };
  if (fault.kind === 'error') {
    const { status, code, message } = fault;
    return refused(new Refusal(code, 'planned', { status, text: message, about: 'planned' }));
  }
  throw new Broken();
}

/** Faults that strike after the effect. */
function after(it: Exchange, jobs: readonly Named[], answer: Answer): Answer {
  const fault = it.faults.takeForRequest(
    it.call.operation,
    jobs.map((job) => withBoth(it, job)),
    ['lostReply', 'garbage'],
  );
  if (!fault) return answer;
  it.call.fault = fault.kind;
  if (fault.kind === 'lostReply') throw new Broken();
  const text = answer.raw ?? JSON.stringify(answer.body ?? {});
  return {
    ...answer,
    raw: text.slice(0, Math.max(1, Math.floor(text.length / 2))),
    headers: { 'content-type': 'application/json' },
  };
}

/** The two calls of IAM. */
async function serveIam(it: Exchange): Promise<Answer> {
  const fault = await before(it, []);
  if (fault) return fault;
  const { account, projects, tokens, url } = it;
  let reply: IamReply;
  if (it.call.operation === 'keystoneCreateUserToken') {
    it.body = parsed(it, {});
    reply = createToken(it.body, account, projects, tokens, url.value);
    it.call.effect = reply.status < 300;
  } else {
    try {
      it.auth = authenticate(it.arrived, account, tokens, it.now()).by;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'DRS.M00100') throw error;
      return {
        status: 401,
        body: {
          error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' },
        },
      };
    }
    reply = listProjects(projects, it.c.req.query('name'), url.value);
  }
  return after(it, [], {
    status: reply.status,
    body: reply.body,
    headers: reply.token ? { 'x-subject-token': reply.token } : {},
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
