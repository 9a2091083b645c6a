import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refusal } from './codes.js';
import type { Job } from './job.js';
import { begin, settle, settlePrecheck } from './lifecycle.js';
import { freshParameters } from './parameters.js';
import { applyPatch, type Patch } from './patch.js';
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
    for (const plan of plans) applyPatch(job, plan, now);
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
    if (job) return applyPatch(job, patch, this.now());
    const plans = this.state.plans[idOrName] ?? [];
    this.state.plans[idOrName] = [...plans, patch];
    return undefined;
  }

  plansFor(name: string): readonly Patch[] {
    return this.state.plans[name] ?? [];
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
