import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refusal } from './codes.js';
import {
  begin,
  type CheckItem,
  FAILS_FROM,
  type Failure,
  force,
  type Job,
  settle,
  settlePrecheck,
  type TableData,
} from './job.js';
import type { Speed } from './speed.js';

export interface Project {
  readonly id: string;
  readonly name: string;
}

/** A database that the simulated cloud can reach. Where none are registered, every one can be reached. */
export interface Database {
  ip: string;
  port?: number | undefined;
  user: string;
  password: string;
}

/** What an admin may change of a task; given for a name that is free, it holds for the task created under it. */
export interface Patch {
  status?: string;
  /** Full progress in percent; null: as time goes. */
  progress?: number | null;
  /** Incremental delay in seconds, -1 for unknown; null: as time goes. */
  delay?: number | null;
  /** Items of the next pre-check that do not pass. */
  precheck?: { items: { name: string; result: 'ALARM' | 'FAILED' | 'PASSED'; reason?: string }[] } | null;
  tags?: Record<string, string> | { key: string; value: string }[];
  /** Stays at this status until it is null again. */
  hold?: string | null;
  /** Instead of going on, fails: `FULL_TRANSFER_FAILED`, also with the code and text that the details then show. */
  failNext?: string | { status: string; code?: string; message?: string } | null;
  description?: string;
  /** Direction that the task is told with. */
  direction?: string;
  /** What the source holds and the target has of it: database → table → rows. Comparisons find it. */
  data?: Record<string, Record<string, TableData>> | null;
  /** Path of what is downloaded as a result file, in place of the simulator's own; null: its own again. */
  resultFile?: string | null;
  /** What DR monitoring says of the two databases; true where absent. */
  normal?: { source?: boolean; target?: boolean } | null;
}

interface State {
  speed: Speed;
  jobs: Record<string, Job>;
  plans: Record<string, Patch[]>;
  databases: Database[];
}

export interface WorldOptions {
  projects: readonly Project[];
  speed: Speed;
  now: () => number;
  file?: string | undefined;
}

/** Everything that the simulated cloud knows, apart from tokens. */
export class World {
  readonly projects: readonly Project[];
  readonly now: () => number;
  private readonly file: string | undefined;
  private readonly state: State;
  private dirty = false;

  constructor(options: WorldOptions) {
    this.projects = options.projects;
    this.now = options.now;
    this.file = options.file;
    const fresh: State = { speed: options.speed, jobs: {}, plans: {}, databases: [] };
    this.state =
      this.file && existsSync(this.file)
        ? { ...fresh, ...JSON.parse(readFileSync(this.file, 'utf8')), speed: options.speed }
        : fresh;
  }

  get speed(): Speed {
    return this.state.speed;
  }

  set speed(speed: Speed) {
    for (const job of this.jobs) this.settle(job, false);
    this.state.speed = speed;
    this.dirty = true;
  }

  get jobs(): Job[] {
    return Object.values(this.state.jobs);
  }

  get databases(): Database[] {
    return this.state.databases;
  }

  /** Brings a task up to date; a `read` moves it on by a stage at the speed `instant`. */
  settle(job: Job, read: boolean): Job {
    if (settle(job, this.speed, this.now(), read) || (read && this.speed === 'instant')) this.dirty = true;
    if (job.precheck) settlePrecheck(job.precheck, this.speed, this.now(), false);
    return job;
  }

  readPrecheck(job: Job): void {
    if (job.precheck) settlePrecheck(job.precheck, this.speed, this.now(), true);
    this.dirty = true;
  }

  /** As it was last seen. */
  peek(id: string | undefined): Job | undefined {
    return id === undefined ? undefined : this.state.jobs[id];
  }

  /** The task of a project by its id, up to date. */
  job(project: string, id: string): Job {
    const job = this.state.jobs[id];
    if (!job || job.project !== project) throw new Refusal('DRS.M05003', `no task ${id}`);
    return this.settle(job, false);
  }

  findByName(project: string, name: string): Job | undefined {
    const wanted = name.toLowerCase();
    return this.jobs.find((job) => job.project === project && job.name.toLowerCase() === wanted && !job.parent);
  }

  /** For the admin: by id or by name, whatever the project. */
  find(idOrName: string): Job | undefined {
    const job = this.state.jobs[idOrName] ?? this.jobs.find((each) => each.name === idOrName);
    return job && this.settle(job, false);
  }

  add(project: string, name: string, spec: Job['spec'], more: Partial<Job> = {}): Job {
    const now = this.now();
    const job: Job = {
      id: this.newId(spec.db_use_type),
      project,
      name,
      spec,
      createdAt: now,
      updatedAt: now,
      track: { name: 'create', position: 0, seen: now },
      tested: {},
      tags: [],
      parameters: freshParameters(),
      speedLimit: [],
      policy: {},
      children: [],
      rules: [],
      comparisons: [],
      lts: { log_group_id: '', log_stream_id: '', lts_enabled: false },
      ...more,
    };
    this.state.jobs[job.id] = job;
    const plans = this.state.plans[name] ?? [];
    delete this.state.plans[name];
    for (const plan of plans) this.apply(job, plan);
    this.dirty = true;
    return job;
  }

  remove(job: Job): void {
    for (const child of job.children) delete this.state.jobs[child];
    delete this.state.jobs[job.id];
    this.dirty = true;
  }

  patch(idOrName: string, patch: Patch): Job | undefined {
    this.dirty = true;
    const job = this.find(idOrName);
    if (job) return this.apply(job, patch);
    const plans = this.state.plans[idOrName] ?? [];
    this.state.plans[idOrName] = [...plans, patch];
    return undefined;
  }

  plansFor(name: string): readonly Patch[] {
    return this.state.plans[name] ?? [];
  }

  private apply(job: Job, patch: Patch): Job {
    const now = this.now();
    if (patch.status !== undefined) force(job, patch.status, now);
    if (patch.progress !== undefined) job.progress = patch.progress ?? undefined;
    if (patch.delay !== undefined) job.delay = patch.delay ?? undefined;
    if (patch.precheck !== undefined)
      job.nextPrecheck = patch.precheck ? { items: patch.precheck.items.map(toItem) } : undefined;
    if (patch.tags !== undefined) job.tags = toTags(patch.tags);
    if (patch.hold !== undefined) job.hold = patch.hold ?? undefined;
    if (patch.description !== undefined) job.spec.description = patch.description;
    if (patch.direction !== undefined) job.spec.job_direction = patch.direction;
    if (patch.data !== undefined) job.data = patch.data ?? undefined;
    if (patch.resultFile !== undefined) job.resultFile = patch.resultFile ?? undefined;
    if (patch.normal !== undefined) job.normal = patch.normal ?? undefined;
    if (patch.failNext !== undefined) job.failNext = patch.failNext ? toFailure(patch.failNext) : undefined;
    job.updatedAt = now;
    return job;
  }

  addDatabase(database: Database): void {
    this.state.databases = this.databases.filter(
      ({ ip, port, user }) => ip !== database.ip || port !== database.port || user !== database.user,
    );
    this.state.databases.push(database);
    this.dirty = true;
  }

  clearDatabases(): void {
    this.state.databases = [];
    this.dirty = true;
  }

  changed(): void {
    this.dirty = true;
  }

  /** Writes the state, atomically, if there is a file and anything changed. */
  save(): void {
    if (!this.file || !this.dirty) return;
    this.dirty = false;
    mkdirSync(dirname(this.file), { recursive: true });
    const draft = `${this.file}.${process.pid}.tmp`;
    writeFileSync(draft, JSON.stringify(this.state), { mode: 0o600 });
    renameSync(draft, this.file);
  }

  /** 36 characters as the service makes them: the last group ends in what kind of task it is. */
  private newId(use: string): string {
    const suffix = { migration: 'jb101', sync: 'jb201', cloudDataGuard: 'jb502' }[use] ?? 'jb101';
    return `${randomUUID().slice(0, 24)}${randomBytes(4).toString('hex').slice(0, 7)}${suffix}`;
  }
}

export const hash = (secret: unknown): string => createHash('sha256').update(String(secret)).digest('hex');

/** Starts the release of a task's resources. */
export function release(job: Job, now: number): void {
  begin(job, 'release', now);
}

const toItem = (item: { name: string; result: string; reason?: string }): CheckItem => ({
  name: item.name,
  result: item.result as CheckItem['result'],
  reason: item.reason,
});

const toTags = (tags: NonNullable<Patch['tags']>) =>
  Array.isArray(tags) ? tags : Object.entries(tags).map(([key, value]) => ({ key, value }));

function toFailure(plan: NonNullable<Patch['failNext']>): Failure {
  const failure = typeof plan === 'string' ? { status: plan } : plan;
  if (!FAILS_FROM[failure.status] && failure.status !== 'SWITCH_OVER')
    throw new Refusal('DRS.M00202', `a task cannot fail as ${failure.status}`, { about: 'failNext' });
  return { code: 'DRS.M01501', message: `failed as planned: ${failure.status}`, ...failure };
}

function freshParameters(): Job['parameters'] {
  return PARAMETERS.map(([group, key, source, target, range, restart]) => ({
    group,
    key,
    source,
    target,
    range,
    restart,
  }));
}

const PARAMETERS: readonly (readonly ['common' | 'performance', string, string, string, string, boolean])[] = [
  ['performance', 'binlog_cache_size', '16384', '32768', '4096-16777216', false],
  ['performance', 'binlog_stmt_cache_size', '32768', '32768', '4096-16777216', false],
  ['performance', 'bulk_insert_buffer_size', '8388608', '8388608', '0-18446744073709551615', false],
  ['common', 'character_set_server', 'utf8mb4', 'utf8', 'utf8|latin1|gbk|utf8mb4', true],
  ['common', 'connect_timeout', '10', '10', '2-31536000', false],
  ['common', 'explicit_defaults_for_timestamp', 'OFF', 'OFF', 'ON|OFF', true],
  ['performance', 'innodb_buffer_pool_size', '536870912', '268435456', '5242880-2147483648', true],
  ['common', 'innodb_flush_log_at_trx_commit', '1', '1', '0|1|2', false],
  ['common', 'innodb_lock_wait_timeout', '50', '50', '1-1073741824', false],
  ['performance', 'long_query_time', '1.000000', '1.000000', '0.03-3600', false],
  ['common', 'max_connections', '800', '500', '1-100000', false],
  ['common', 'net_read_timeout', '30', '30', '1-31536000', false],
  ['performance', 'sort_buffer_size', '262144', '262144', '32768-18446744073709551615', false],
  ['performance', 'sync_binlog', '1', '1', '0-4294967295', false],
  [
    'common',
    'tx_isolation',
    'REPEATABLE-READ',
    'REPEATABLE-READ',
    'READ-UNCOMMITTED|READ-COMMITTED|REPEATABLE-READ|SERIALIZABLE',
    false,
  ],
];
