import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import type { Simulator } from '../../simulator/server.js';

// biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely
export type Json = Record<string, any>;
export interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely
  body: any;
  headers: Headers;
}

/** What somebody else's client would do: plain fetch, a token of its own. */
export class PlainClient {
  private token: string | undefined;

  constructor(readonly simulator: Simulator) {}

  async authorized(): Promise<string> {
    this.token ??= await fetchToken(this.simulator);
    return this.token;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return send(this.simulator, method, `/v3/${this.simulator.project.id}${path}`, body, {
      'X-Auth-Token': await this.authorized(),
      ...headers,
    });
  }

  post = (path: string, body: unknown) => this.call('POST', path, body);
  put = (path: string, body: unknown) => this.call('PUT', path, body);
  get = (path: string) => this.call('GET', path);

  async status(id: string): Promise<string> {
    return (await this.post('/jobs/batch-status', { jobs: [id] })).body.results[0].status;
  }

  /** Asks until the task is there: bounded by the stages that a task has. */
  async until(id: string, status: string): Promise<void> {
    for (let reads = 0; reads < 12; reads++) if ((await this.status(id)) === status) return;
    throw new Error(`${id} never became ${status}`);
  }

  async create(over: Json = {}): Promise<string> {
    const { body } = await this.post('/jobs/batch-creation', { jobs: [newTask(over)] });
    const id = body.results?.[0]?.id;
    if (!id) throw new Error(JSON.stringify(body));
    return id;
  }

  async configured(over: Json = {}): Promise<string> {
    const id = await this.create(over);
    await this.until(id, 'CONFIGURATION');
    return id;
  }

  async tested(over: Json = {}): Promise<string> {
    const id = await this.configured(over);
    for (const job of [sourceTest(id), targetTest(id)]) await this.post('/jobs/batch-connection', { jobs: [job] });
    return id;
  }

  async stored(over: Json = {}): Promise<string> {
    const id = await this.tested(over);
    const { body } = await this.put('/jobs/batch-modification', { jobs: [storing(id)] });
    if (body.results[0].status !== 'success') throw new Error(JSON.stringify(body));
    return id;
  }

  async prechecked(over: Json = {}): Promise<string> {
    const id = await this.stored(over);
    if (over['db_use_type'] === 'sync')
      await this.put('/jobs/batch-select-objects', { jobs: [{ job_id: id, selected: false }] });
    await this.post('/jobs/batch-precheck', { jobs: [{ job_id: id, precheck_mode: 'forStartJob' }] });
    for (let reads = 0; reads < 2; reads++) await this.post('/jobs/batch-precheck-result', { jobs: [id] });
    return id;
  }

  async started(over: Json = {}): Promise<string> {
    const id = await this.prechecked(over);
    const { body } = await this.post('/jobs/batch-starting', { jobs: [{ job_id: id }] });
    if (body.results[0].status !== 'success') throw new Error(JSON.stringify(body));
    return id;
  }

  /** The one result of a call about one task. */
  async one(method: string, path: string, job: unknown, key = 'jobs'): Promise<Json> {
    const { body } = await this.call(method, path, { [key]: [job] });
    return body.results?.[0] ?? body;
  }
}

export async function send(
  simulator: Simulator,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Reply> {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${simulator.url}${path}`, {
    method,
    body: text,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  const answer = await response.text();
  return { status: response.status, body: answer === '' ? {} : JSON.parse(answer), headers: response.headers };
}

export const login = (password = 'local', scope: object = { project: { name: 'eu-west-101' } }) => ({
  auth: {
    identity: { methods: ['password'], password: { user: { name: 'local', password, domain: { name: 'local' } } } },
    scope,
  },
});

export async function fetchToken(simulator: Simulator, scope?: object): Promise<string> {
  const { headers } = await send(simulator, 'POST', '/v3/auth/tokens', login('local', scope), {});
  return headers.get('x-subject-token') ?? '';
}

/** Headers as Huawei's own SDK signs them. */
export function signed(
  simulator: Simulator,
  method: string,
  path: string,
  data: unknown,
  over: { ak?: string; sk?: string } = {},
) {
  const { ak = 'local-ak', sk = 'local-sk' } = over;
  const [endpoint = '', query = ''] = `${simulator.url}${path}`.split('?');
  const request = {
    method,
    endpoint,
    headers: { 'Content-Type': 'application/json' },
    queryParams: Object.fromEntries(new URLSearchParams(query)),
    ...(data === undefined ? {} : { data }),
  };
  return AKSKSigner.sign(request as never, { getAk: () => ak, getSk: () => sk } as never) as Record<string, string>;
}

export const newTask = (over: Json = {}): Json => ({
  name: 'orders-to-rds',
  db_use_type: 'migration',
  engine_type: 'mysql',
  job_direction: 'up',
  net_type: 'eip',
  bind_eip: true,
  node_type: 'high',
  task_type: 'FULL_INCR_TRANS',
  customize_sutnet_id: '352ad828-3467-4f03-987a-c55a5a9dd417',
  source_endpoint: { db_type: 'mysql' },
  target_endpoint: { db_type: 'mysql', region: 'eu-west-101', inst_id: 'e05a3679efe241d8b5dee80b17c1a863in01' },
  ...over,
});

export const sourceTest = (id: string, over: Json = {}): Json => ({
  id,
  net_type: 'eip',
  db_type: 'mysql',
  ip: '203.0.113.10',
  db_port: 3306,
  db_user: 'repl',
  db_password: 'source-canary',
  end_point_type: 'so',
  ...over,
});

export const targetTest = (id: string, over: Json = {}): Json => ({
  ...sourceTest(id),
  ip: '192.168.0.20',
  db_user: 'root',
  db_password: 'target-canary',
  inst_id: 'e05a3679efe241d8b5dee80b17c1a863in01',
  region: 'eu-west-101',
  end_point_type: 'ta',
  ...over,
});

export const storing = (job_id: string, over: Json = {}): Json => ({
  job_id,
  engine_type: 'mysql',
  net_type: 'eip',
  store_db_info: true,
  job_direction: 'up',
  replace_definer: true,
  source_endpoint: {
    db_type: 'mysql',
    ip: '203.0.113.10',
    db_port: 3306,
    db_user: 'repl',
    db_password: 'source-canary',
  },
  target_endpoint: {
    db_type: 'mysql',
    ip: '192.168.0.20',
    inst_id: 'e05a3679efe241d8b5dee80b17c1a863in01',
    region: 'eu-west-101',
    db_user: 'root',
    db_password: 'target-canary',
  },
  ...over,
});
