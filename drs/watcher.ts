import type { Drs } from './connect.js';
import { DrsError } from './errors.js';
import type { DB_USE_TYPES } from './operations/common.js';

export type UseType = (typeof DB_USE_TYPES)[number];

export interface Watched {
  readonly jobId: string;
  /** Of a subtask, which stands only in its parent's row (§6.1.19). */
  readonly parentId?: string;
  readonly useType: UseType;
  /** How often the status is asked for, ms. */
  readonly everyMs: number;
  /** Whether the incremental delay is wanted; the full progress is told in any case. */
  readonly delay?: boolean;
  /** Whether RPO and RTO of a disaster recovery are wanted; never of a dual-active parent, which has none. */
  readonly lag?: boolean;
}

/** What is known of a task at one moment. */
export interface Seen {
  readonly status: string;
  /** Full progress, percent. */
  readonly progress?: number;
  /** Incremental delay in ms; absent while unknown. */
  readonly delay?: number;
  /** Of a disaster recovery, in ms; absent while unknown. */
  readonly rpo?: number;
  readonly rto?: number;
  /** Another operation that runs on the task, `STOP_JOB`, `SWITCH_OVER`. */
  readonly action?: string;
  /** Why the last round told nothing. */
  readonly trouble?: string;
  readonly at: string;
}

export interface WatcherOptions {
  /** Multiplies all intervals; below 1 for rehearsals on a simulator. */
  readonly pace?: number;
  readonly now?: () => number;
}

/** Ids that one list call may name (§6.1.19). */
const IDS_A_CALL = 100;
/** Two list calls of one kind are at least so far apart: what arrives meanwhile goes along. */
const GAP_MS = 1_000;
/** The full progress is for people, so it is asked for every fourth time only: ten jobs a call. */
const PROGRESS_EVERY = 4;
/** A task that is missing so often in a row is gone. */
const MISSES = 2;
/** Transferring statuses, in which 5.2.2 has something to tell. */
const FULL = 'FULL_TRANSFER_STARTED';
const INCREMENTAL = 'INCRE_TRANSFER_STARTED';

interface Entry extends Watched {
  readonly see: (seen: Seen) => boolean;
  readonly resolve: (seen: Seen) => void;
  readonly reject: (error: unknown) => void;
  nextAt: number;
  rounds: number;
  misses: number;
  last?: Seen;
}

/**
 * One poller for all waits of a worker: each round asks for up to 100 tasks of one kind in one call, and takes along tasks that
 * are not due yet, so that a thousand tasks cost ten calls a round.
 */
export class Watcher {
  private readonly entries = new Set<Entry>();
  private readonly lastCall = new Map<UseType, number>();
  private readonly asking = new Set<UseType>();
  private timer: NodeJS.Timeout | undefined;
  private readonly pace: number;
  private readonly now: () => number;

  constructor(
    private readonly drs: Pick<Drs, 'showJobList' | 'batchListProgresses' | 'batchListRposAndRtos'>,
    { pace = 1, now = Date.now }: WatcherOptions = {},
  ) {
    this.pace = pace;
    this.now = now;
  }

  /**
   * Tells `see` what is seen of a task until it returns true.
   * @throws DrsError where the service refuses to tell (not for passing trouble); the signal's reason when it is aborted.
   */
  async watch(watched: Watched, see: (seen: Seen) => boolean, signal: AbortSignal): Promise<Seen> {
    signal.throwIfAborted();
    let entry: Entry | undefined;
    const stop = () => entry?.reject(signal.reason);
    try {
      return await new Promise<Seen>((resolve, reject) => {
        entry = { ...watched, see, resolve, reject, nextAt: this.now(), rounds: 0, misses: 0 };
        this.entries.add(entry);
        signal.addEventListener('abort', stop, { once: true });
        this.schedule();
      });
    } finally {
      signal.removeEventListener('abort', stop);
      if (entry) this.entries.delete(entry);
    }
  }

  private schedule(): void {
    clearTimeout(this.timer);
    const due = [...this.kinds()].filter((kind) => !this.asking.has(kind)).map((kind) => this.dueAt(kind));
    if (due.length === 0) return;
    this.timer = setTimeout(() => this.tick(), Math.max(0, Math.min(...due) - this.now()));
  }

  private kinds(): Set<UseType> {
    return new Set([...this.entries].map(({ useType }) => useType));
  }

  private dueAt(kind: UseType): number {
    const first = Math.min(...[...this.entries].filter(({ useType }) => useType === kind).map(({ nextAt }) => nextAt));
    return Math.max(first, (this.lastCall.get(kind) ?? Number.NEGATIVE_INFINITY) + GAP_MS * this.pace);
  }

  private tick(): void {
    for (const kind of this.kinds()) {
      if (this.asking.has(kind) || this.dueAt(kind) > this.now()) continue;
      this.asking.add(kind);
      void this.round(kind).finally(() => {
        this.lastCall.set(kind, this.now());
        this.asking.delete(kind);
        this.schedule();
      });
    }
    this.schedule();
  }

  private async round(kind: UseType): Promise<void> {
    const now = this.now();
    const waiting = [...this.entries].filter(({ useType }) => useType === kind).sort((a, b) => a.nextAt - b.nextAt);
    const due = waiting.filter(({ nextAt }) => nextAt <= now).length;
    const ids = [...new Set(waiting.map(listed))];
    const calls = Math.max(1, Math.ceil(Math.min(due, ids.length) / IDS_A_CALL));
    const asked = new Set(ids.slice(0, calls * IDS_A_CALL));
    const entries = waiting.filter((entry) => asked.has(listed(entry)));
    for (const entry of entries) entry.nextAt = now + entry.everyMs * this.pace;
    await Promise.all(
      Array.from({ length: calls }, (_, n) =>
        this.ask(kind, [...asked].slice(n * IDS_A_CALL, (n + 1) * IDS_A_CALL), entries),
      ),
    );
  }

  private async ask(kind: UseType, ids: readonly string[], entries: readonly Entry[]): Promise<void> {
    const mine = entries.filter((entry) => ids.includes(listed(entry)));
    try {
      const { jobs } = await this.drs.showJobList({
        cur_page: 1,
        per_page: IDS_A_CALL,
        db_use_type: kind,
        engine_type: '',
        name: ids.join(','),
      });
      const rows = new Map(jobs.flatMap((job) => [job, ...(job.children ?? [])]).map((row) => [row.id, row]));
      const numbers = await this.numbers(mine, (id) => rows.get(id)?.status);
      for (const entry of mine) this.observe(entry, rows.get(entry.jobId), numbers.get(entry.jobId));
    } catch (error) {
      for (const entry of mine) this.trouble(entry, error);
    }
  }

  /** Progress, delay, RPO and RTO of those that have them and want them now. */
  private async numbers(
    entries: readonly Entry[],
    statusOf: (id: string) => string | undefined,
  ): Promise<Map<string, Numbers>> {
    const idsOf = (wants: typeof wantsNumbers) =>
      new Set(entries.filter((entry) => wants(entry, statusOf(entry.jobId))).map(({ jobId }) => jobId));
    const replies = await Promise.allSettled([
      ...[...idsOf(wantsNumbers)].map(async (id) => [id, readNumbers(await this.drs.batchListProgresses(id))] as const),
      ...[...idsOf(wantsLag)].map(async (id) => [id, readLag(await this.drs.batchListRposAndRtos(id))] as const),
    ]);
    const numbers = new Map<string, Numbers>();
    for (const reply of replies) {
      if (reply.status === 'rejected') continue;
      const [id, read] = reply.value;
      numbers.set(id, { ...numbers.get(id), ...read });
    }
    return numbers;
  }

  private observe(
    entry: Entry,
    row: { status?: string | undefined; job_action?: { current_action?: string | undefined } | undefined } | undefined,
    numbers?: Numbers,
  ): void {
    entry.rounds += 1;
    entry.misses = row ? 0 : entry.misses + 1;
    if (!row && entry.misses < MISSES) return;
    const action = row?.job_action?.current_action;
    const progress = numbers?.progress ?? (row?.status === FULL ? entry.last?.progress : undefined);
    const seen: Seen = {
      // A task that is in no list any more was deleted.
      status: row?.status ?? 'DELETED',
      ...(progress !== undefined && { progress }),
      ...(numbers?.delay !== undefined && { delay: numbers.delay }),
      ...(numbers?.rpo !== undefined && { rpo: numbers.rpo }),
      ...(numbers?.rto !== undefined && { rto: numbers.rto }),
      ...(action && { action }),
      at: new Date(this.now()).toISOString(),
    };
    entry.last = seen;
    this.tell(entry, seen);
  }

  /** Passing trouble keeps a wait going; a refusal is for a person to mend. */
  private trouble(entry: Entry, error: unknown): void {
    if (!(error instanceof DrsError) || error.kind !== 'transient') {
      entry.reject(error);
      return;
    }
    this.tell(entry, {
      status: 'unknown',
      ...entry.last,
      trouble: error.message,
      at: new Date(this.now()).toISOString(),
    });
  }

  private tell(entry: Entry, seen: Seen): void {
    if (!this.entries.has(entry)) return;
    try {
      if (entry.see(seen)) entry.resolve(seen);
    } catch (error) {
      entry.reject(error);
    }
  }
}

type Numbers = Pick<Seen, 'progress' | 'delay' | 'rpo' | 'rto'>;

/** The id that the list is asked for. */
const listed = ({ jobId, parentId }: Watched): string => parentId ?? jobId;

const wantsNumbers = ({ delay, rounds }: Entry, status: string | undefined): boolean =>
  status === INCREMENTAL ? delay === true : status === FULL && rounds % PROGRESS_EVERY === 0;

const wantsLag = ({ lag, useType }: Entry, status: string | undefined): boolean =>
  lag === true && useType === 'cloudDataGuard' && status === INCREMENTAL;

/** RPO and RTO (§5.3.1), ms as text; their `time` has no zone, so they are as old as the read. */
export function readLag(reply: {
  rpo_info?: { delay?: unknown } | undefined;
  rto_info?: { delay?: unknown } | undefined;
}): Pick<Seen, 'rpo' | 'rto'> {
  const [rpo, rto] = [positive(reply.rpo_info?.delay), positive(reply.rto_info?.delay)];
  return { ...(rpo !== undefined && { rpo }), ...(rto !== undefined && { rto }) };
}

/** "-1", "" and "NA" say that nothing is known; never that it is zero. */
export function readNumbers(reply: {
  progress?: unknown;
  incre_trans_delay?: unknown;
  incre_trans_delay_millis?: unknown;
}): Pick<Seen, 'progress' | 'delay'> {
  const progress = positive(reply.progress);
  const millis = positive(reply.incre_trans_delay_millis);
  const seconds = positive(reply.incre_trans_delay);
  const delay = millis ?? (seconds === undefined ? undefined : seconds * 1_000);
  return {
    ...(progress !== undefined && { progress: Math.min(100, progress) }),
    ...(delay !== undefined && { delay }),
  };
}

function positive(value: unknown): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value.trim() !== ''
        ? Number(value.replace('%', ''))
        : Number.NaN;
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}
