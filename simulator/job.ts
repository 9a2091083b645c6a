import type { Course } from './speed.js';

export type Track = 'create' | 'transfer' | 'pause' | 'release' | 'child';
export type TaskType = 'FULL_TRANS' | 'FULL_INCR_TRANS' | 'INCR_TRANS';

export interface Failure {
  status: string;
  code?: string | undefined;
  message?: string | undefined;
}

/** Who was tested or stored; passwords only as a hash. */
export interface Endpoint {
  ip?: string | undefined;
  inst_id?: string | undefined;
  db_user?: string | undefined;
  password?: string | undefined;
  [field: string]: unknown;
}

export interface CheckItem {
  name: string;
  result: 'PASSED' | 'ALARM' | 'FAILED';
  reason?: string | undefined;
}

export interface Precheck extends Course {
  mode: string;
  items: CheckItem[];
}

export interface Parameter {
  group: 'common' | 'performance';
  key: string;
  source: string;
  target: string;
  range: string;
  restart: boolean;
}

export type Side = 'so' | 'ta';

/** Rows of a table in the source, and what is different in the target. */
export interface TableData {
  rows: number;
  /** As in the source where absent; null: the table does not exist in the target. */
  targetRows?: number | null | undefined;
  /** Keys of rows whose values differ. */
  differs?: string[] | undefined;
  /** Keys of rows whose large objects differ in length, and nothing else: found where lengths are compared. */
  lobs?: string[] | undefined;
  /** Why its values can't be compared. */
  uncomparable?: string | undefined;
  /** A comparison of its values comes to no end: others in it do. */
  endless?: boolean | undefined;
}

export interface Comparison extends Course {
  id: string;
  type: 'lines' | 'contents' | 'random' | 'objects';
  createdAt: number;
  startAt: number;
  /** Starts only at `startAt` or when told so. */
  waits: boolean;
  cancelledAt?: number | undefined;
  endedAt?: number | undefined;
  /** Databases and their tables; no tables: all of them. */
  scope: { db: string; tables: string[] }[];
  options: Record<string, string>;
  filter?: string | undefined;
  proportion?: number | undefined;
  /** What it found: the data as it was at its end. */
  found?: Record<string, Record<string, TableData>> | undefined;
  exporting?: Course | undefined;
}

/** One task. Plain data: it is what the state file holds. */
export interface Job {
  id: string;
  project: string;
  name: string;
  createdAt: number;
  updatedAt: number;
  /** The request that created it, without secrets. */
  spec: Record<string, unknown> & {
    db_use_type: string;
    engine_type: string;
    job_direction: string;
    net_type: string;
    task_type: TaskType;
    node_type?: string;
    description?: string;
    multi_write?: boolean;
  };
  track: Course & { name: Track };
  /** A status off every track; wins over the track. */
  still?: string | undefined;
  failure?: Failure | undefined;
  /** Position of the transfer while it is paused. */
  pausedAt?: number | undefined;
  pausedFailure?: Failure | undefined;
  startAt?: number | undefined;
  startedAt?: number | undefined;
  fullCompleteAt?: number | undefined;
  endedAt?: number | undefined;
  tested: Partial<Record<Side, Endpoint>>;
  stored?: Record<Side, Endpoint> | undefined;
  tags: { key: string; value: string }[];
  objects?: { all: boolean; list: Record<string, unknown>[] } | undefined;
  precheck?: Precheck | undefined;
  parameters: Parameter[];
  compared?: Parameter[] | undefined;
  users?: Record<string, unknown> | undefined;
  speedLimit: Record<string, unknown>[];
  policy: Record<string, unknown>;
  alarm?: Record<string, unknown> | undefined;
  replaceDefiner?: boolean | undefined;
  targetReadonly?: boolean | null | undefined;
  breakpoint?: string | undefined;
  orderId?: string | undefined;
  parent?: string | undefined;
  children: string[];
  /** A synchronisation that runs was given other objects; the next retry takes them over. */
  edited?: boolean | undefined;
  /** A switchover under way. */
  switching?: (Course & { readonly readonly?: boolean | null }) | undefined;
  /** One that begins at this time. */
  switchesAt?: number | undefined;
  originalDirection?: string | undefined;
  /** Whether monitoring finds the databases well. */
  normal?: { source?: boolean | undefined; target?: boolean | undefined } | undefined;
  rules: Record<string, unknown>[];
  comparisons: Comparison[];
  /** What the source holds, where an admin said so. */
  data?: Record<string, Record<string, TableData>> | undefined;
  /** Path of what is downloaded as a result file, in place of the simulator's own. */
  resultFile?: string | undefined;
  tuning?: Record<string, Record<string, string>> | undefined;
  lts: { log_group_id: string; log_stream_id: string; lts_enabled: boolean };
  hold?: string | undefined;
  failNext?: Failure | undefined;
  nextPrecheck?: { items: CheckItem[] } | undefined;
  progress?: number | undefined;
  delay?: number | undefined;
}

/** The side that takes over at a switchover: the target, and after it the source. Endpoints keep their places (§6.1.4). */
export const standbyOf = (job: Job): Side =>
  job.spec.job_direction === (job.originalDirection ?? job.spec.job_direction) ? 'ta' : 'so';
