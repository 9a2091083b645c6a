import type { Job } from './job.js';
import { delayOf, force, precheckPercent, progressOf, statusOf } from './lifecycle.js';
import type { Project, World } from './world.js';

/** A task as the admin sees it. */
export interface JobView {
  id: string;
  name: string;
  project: string;
  status: string;
  /** Full progress in percent. */
  progress: number;
  /** Incremental delay in seconds, -1 where there is none. */
  delay: number;
  /** Sides whose connection test succeeded. */
  tested: string[];
  stored: boolean;
  /** Percent, where a pre-check was started. */
  precheck?: number;
  tags: { key: string; value: string }[];
  parent?: string;
  children: string[];
  hold?: string;
  direction: string;
  /** Whether the target is read-only. */
  readonly: boolean;
  error?: { code?: string | undefined; message?: string | undefined };
}

export function view(job: Job): JobView {
  return {
    id: job.id,
    name: job.name,
    project: job.project,
    status: statusOf(job),
    progress: progressOf(job),
    delay: delayOf(job),
    tested: Object.keys(job.tested),
    stored: job.stored !== undefined,
    ...(job.precheck ? { precheck: precheckPercent(job.precheck) } : {}),
    tags: structuredClone(job.tags),
    ...(job.parent ? { parent: job.parent } : {}),
    children: [...job.children],
    ...(job.hold ? { hold: job.hold } : {}),
    direction: job.spec.job_direction,
    readonly: job.targetReadonly ?? false,
    ...(job.failure ? { error: { code: job.failure.code, message: job.failure.message } } : {}),
  };
}

/** A task that was made elsewhere: what is not said is that of a MySQL migration in CONFIGURATION. */
export interface Foreign {
  name: string;
  status?: string;
  project?: string;
  db_use_type?: string;
  engine_type?: string;
  job_direction?: string;
  task_type?: string;
  net_type?: string;
  description?: string;
  tags?: { key: string; value: string }[];
  [field: string]: unknown;
}

export function createForeign(world: World, foreign: Foreign, projects: readonly Project[]): Job {
  const { name, status = 'CONFIGURATION', project, tags, ...given } = foreign;
  const home =
    project ?? (projects.find((each) => each.id === '0123456789abcdef0123456789abcdef') ?? projects[0])?.id ?? '';
  const spec = {
    db_use_type: 'migration',
    engine_type: 'mysql',
    job_direction: 'up',
    net_type: 'eip',
    node_type: 'high',
    task_type: 'FULL_INCR_TRANS',
    customize_sutnet_id: '352ad828-3467-4f03-987a-c55a5a9dd417',
    source_endpoint: { db_type: 'mysql' },
    target_endpoint: { db_type: 'mysql' },
    ...given,
  } as unknown as Job['spec'];
  const readonly = spec['is_target_readonly'] as boolean | undefined;
  const protects = spec.db_use_type === 'cloudDataGuard' && spec.job_direction === 'up';
  const job = world.add(home, name, spec, { tags: tags ?? [], targetReadonly: readonly ?? protects });
  force(job, status, world.now());
  if (!['CREATING', 'CREATE_FAILED', 'CONFIGURATION'].includes(status)) job.startedAt = world.now();
  return job;
}
