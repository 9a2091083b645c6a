import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { admin } from './admin.js';
import { type Account, Tokens } from './auth.js';
import { Refusal } from './codes.js';
import { type Ctx, type Env, exchange } from './exchange.js';
import { type Fault, Faults, type PendingFault } from './faults.js';
import { Journal, type JournalEntry } from './journal.js';
import type { Patch } from './patch.js';
import { IAM_ROUTES } from './routes/iam.js';
import { routes } from './routes/index.js';
import { serveDrs, serveIam } from './serve.js';
import { createForeign, type Foreign, type JobView, view } from './shows.js';
import type { Speed } from './speed.js';
import { type Database, type Project, World } from './world.js';

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

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
