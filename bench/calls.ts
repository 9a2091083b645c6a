import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { Cloud, Credentials } from '../drs/auth/credentials.js';
import { connect } from '../drs/connect.js';
import { atLeast, just, median, report } from './support/report.js';

/** Calls per second of the client beside bare undici, turn by turn in one process, on the same requests to the same server. */

const AT_ONCE = 16;
const CALLS = 1_000;
const ROUNDS = 61;
const PROJECT = '0123456789abcdef0123456789abcdef';

const server = fork(fileURLToPath(new URL('support/constant-server.ts', import.meta.url)), {
  execArgv: ['--import', 'tsx'],
});
const [port] = (await once(server, 'message')) as [number];
const origin = `http://127.0.0.1:${port}`;

const cloud = (credentials: Credentials): Cloud => ({
  name: 'bench',
  region: 'eu-west-101',
  projectId: PROJECT,
  drsEndpoint: origin,
  iamEndpoint: origin,
  credentials,
  rate: { perSecond: 1e9, burst: 1e9 },
});
const token = connect(cloud({ user: 'local', password: 'local', domain: 'local' }), { env: {} });
const signed = connect(cloud({ ak: 'local-ak', sk: 'local-sk' }), { env: {} });

const agent = new Agent({ keepAliveTimeout: 4_000, connections: 64 });
const bare = (headers: Readonly<Record<string, string>>) => async () => {
  const reply = await request(`${origin}/v3/${PROJECT}/quotas`, { method: 'GET', headers, dispatcher: agent });
  return await reply.body.json();
};
const common = { 'user-agent': 'drs-pilot/0.1.0', 'x-language': 'en-us', 'content-type': 'application/json' };
const clients = {
  token: () => token.showQuotas({}),
  'token, bare': bare({ ...common, 'x-auth-token': 'MII'.padEnd(1_200, 'x') }),
  'AK/SK': () => signed.showQuotas({}),
  'AK/SK, bare': bare({
    ...common,
    'x-project-id': PROJECT,
    'x-sdk-date': '20260131T021109Z',
    authorization: `SDK-HMAC-SHA256 Access=local-ak, SignedHeaders=content-type;host;user-agent;x-language;x-project-id;x-sdk-date, Signature=${'0'.repeat(64)}`,
  }),
} as const;
type Client = keyof typeof clients;
const names = Object.keys(clients) as Client[];

/** Calls per second. */
async function round(call: () => Promise<unknown>): Promise<number> {
  let left = CALLS;
  const began = performance.now();
  const one = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return CALLS / ((performance.now() - began) / 1000);
}

for (const name of names) await round(clients[name]);
const rates: Record<Client, number[]> = { token: [], 'token, bare': [], 'AK/SK': [], 'AK/SK, bare': [] };
for (let n = 0; n < ROUNDS; n += 1) for (const name of names) rates[name].push(await round(clients[name]));

/** Neighbouring rounds are compared with each other: what else the machine does hits both. */
const ratio = (client: Client, other: Client) => median(rates[client].map((rate, n) => rate / (rates[other][n] ?? 0)));

report(
  `Calls per second, ${AT_ONCE} at once, showQuotas; median of ${ROUNDS} rounds of ${CALLS.toLocaleString('en')}`,
  [
    ...names.map((name) => just(name, median(rates[name]), '/s')),
    atLeast('token ÷ bare undici', ratio('token', 'token, bare'), 0.85),
    atLeast('AK/SK ÷ bare undici', ratio('AK/SK', 'AK/SK, bare'), 0.65),
  ],
);

server.kill();
await Promise.all([token.close(), signed.close(), agent.close()]);
