import { type Arrived, authenticate, type Who } from './auth.js';
import { checked } from './check.js';
import { Refusal } from './codes.js';
import { type Answer, type Exchange, parsed } from './exchange.js';
import type { Named } from './faults.js';
import { createToken, type IamReply, listProjects } from './routes/iam.js';
import { type Route, withBoth } from './routes/route.js';
import { after, before } from './strike.js';

/** A call of DRS: who, where, faults, what. */
export async function serveDrs(it: Exchange, entry: Route): Promise<Answer> {
  const { c, world, call } = it;
  const who = authenticate(it.arrived, it.account, it.tokens, it.now());
  it.auth = who.by;
  const params = c.req.param() as Record<string, string>;
  const project = ownProject(it, who, params['project_id'] ?? '');

  checkIds(params);
  if (it.arrived.method !== 'GET') checkContentType(it.arrived);
  it.body = entry.body ? parsed(it, {}) : undefined;
  const given = entry.body ? checked(entry.body, it.body) : { value: undefined, unknownFields: [] };
  const query = { ...sentWithGet(it), ...Object.fromEntries(new URL(it.arrived.url, 'http://here').searchParams) };
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

/** 6.1.39 has its fields in the query and in a body; who sends one of them is heard. */
function sentWithGet(it: Exchange): object {
  if (it.arrived.method !== 'GET') return {};
  it.body = parsed(it, undefined);
  return typeof it.body === 'object' && it.body !== null ? it.body : {};
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

/** The two calls of IAM. */
export async function serveIam(it: Exchange): Promise<Answer> {
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
