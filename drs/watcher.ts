import { AsyncLocalStorage } from 'node:async_hooks';
import type { Drs } from './connect.js';
import { DrsError } from './errors.js';
import type { Observer } from './observer.js';
import type { UseType } from './operations/common.js';
import { everyMs, type Numbers, READINGS, type Reading } from './readings.js';
import { FULL } from './waits.js';

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
  /** Whether it is wanted that source and target of a disaster recovery are normal. */
  readonly monitoring?: boolean;
  /** How often each of these is asked for, ms; with every status when absent. */
  readonly readEveryMs?: Partial<Readonly<Record<Reading, number>>>;
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
  /** Whether DRS finds the databases of a disaster recovery well; absent while unknown. */
  readonly sourceNormal?: boolean;
  readonly targetNormal?: boolean;
  /** What was asked for in this round: only of that an absent value says that it is unknown. */
  readonly read?: readonly Reading[];
  /** Why something that was asked for is unknown. */
  readonly unread?: string;
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
  readonly observer?: Pick<Observer, 'round'>;
}

/** Ids that one list call may name (§6.1.19). */
const IDS_A_CALL = 100;
/** Two list calls of one kind are at least so far apart: what arrives meanwhile goes along. */
const GAP_MS = 2_000;
/** Tasks whose turn comes within this part of their interval are taken along. */
const SOON = 0.5;
/** Readings of ten tasks travel together; where fewer are due, others go along. */
const TASKS_A_READING = 10;
/** A task that is missing so often in a row is gone. */
const MISSES = 2;

interface Entry extends Watched {
  readonly see: (seen: Seen) => boolean;
  readonly resolve: (seen: Seen) => void;
  readonly reject: (error: unknown) => void;
  nextAt: number;
  misses: number;
  last?: Seen;
  readonly readAt: Partial<Record<Reading, number>>;
}

type Row = { status?: string | undefined; job_action?: { current_action?: string | undefined } | undefined };

/**
 * One poller for all waits of a worker: each round asks for up to 100 tasks of one kind in one call, and takes along tasks that
 * are due soon, so that a thousand tasks cost ten calls a round.
 */
export class Watcher {
  private readonly entries = new Set<Entry>();
  private readonly lastCall = new Map<UseType, number>();
  private readonly asking = new Set<UseType>();
  private timer: NodeJS.Timeout | undefined;
  private readonly pace: number;
  private readonly now: () => number;
  private readonly observer: WatcherOptions['observer'];
  /** Rounds are asked for by many, and belong to none of them. */
  private readonly outside = AsyncLocalStorage.snapshot();

  constructor(
    private readonly drs: Pick<Drs, 'showJobList' | 'many'>,
    { pace = 1, now = Date.now, observer }: WatcherOptions = {},
  ) {
    this.pace = pace;
    this.now = now;
    this.observer = observer;
  }

  /**
   * Tells `see` what is seen of a task until it returns true, in the asynchronous context of the caller.
   * @throws DrsError where the service refuses to tell (not for passing trouble); the signal's reason when it is aborted.
   */
  async watch(watched: Watched, see: (seen: Seen) => boolean, signal: AbortSignal): Promise<Seen> {
    signal.throwIfAborted();
    let entry: Entry | undefined;
    const here = AsyncLocalStorage.snapshot();
    const seeHere = (seen: Seen): boolean => here(() => see(seen));
    const stop = () => entry?.reject(signal.reason);
    try {
      return await new Promise<Seen>((resolve, reject) => {
        entry = { ...watched, see: seeHere, resolve, reject, nextAt: this.now(), misses: 0, readAt: {} };
        this.entries.add(entry);
        signal.addEventListener('abort', stop, { once: true });
        this.schedule();
      });
    } finally {
      signal.removeEventListener('abort', stop);
      if (entry) this.entries.delete(entry);
      // A worker that ends has nothing to wait for.
      if (this.entries.size === 0) clearTimeout(this.timer);
    }
  }

  private schedule(): void {
    clearTimeout(this.timer);
    const due = [...this.kinds()].filter((kind) => !this.asking.has(kind)).map((kind) => this.dueAt(kind));
    if (due.length === 0) return;
    this.timer = setTimeout(() => this.outside(() => this.tick()), Math.max(0, Math.min(...due) - this.now()));
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
    const soon = ({ nextAt, everyMs }: Entry) => nextAt - now <= everyMs * this.pace * SOON;
    const waiting = [...this.entries]
      .filter((entry) => entry.useType === kind && soon(entry))
      .sort((a, b) => a.nextAt - b.nextAt);
    const due = waiting.filter(({ nextAt }) => nextAt <= now).length;
    const ids = [...new Set(waiting.map(listed))];
    const calls = Math.max(1, Math.ceil(Math.min(due, ids.length) / IDS_A_CALL));
    const asked = new Set(ids.slice(0, calls * IDS_A_CALL));
    const entries = waiting.filter((entry) => asked.has(listed(entry)));
    for (const entry of entries) entry.nextAt = now + entry.everyMs * this.pace;
    const rows = new Map<string, Row>();
    const refused = new Map<string, unknown>();
    await Promise.all(
      Array.from({ length: calls }, (_, n) =>
        this.ask(kind, [...asked].slice(n * IDS_A_CALL, (n + 1) * IDS_A_CALL), rows, refused),
      ),
    );
    const told = entries.filter((entry) => !refused.has(listed(entry)));
    const { numbers, readings } = await this.numbers(told, (id) => rows.get(id)?.status, now);
    this.observer?.round?.({ useType: kind, tasks: entries.length, calls: calls + readings });
    for (const entry of told) this.observe(entry, rows.get(entry.jobId), numbers.get(entry.jobId));
    for (const entry of entries) if (refused.has(listed(entry))) this.trouble(entry, refused.get(listed(entry)));
  }

  private async ask(
    kind: UseType,
    ids: readonly string[],
    rows: Map<string, Row>,
    refused: Map<string, unknown>,
  ): Promise<void> {
    try {
      const { jobs } = await this.drs.showJobList({
        cur_page: 1,
        per_page: IDS_A_CALL,
        db_use_type: kind,
        engine_type: '',
        name: ids.join(','),
      });
      for (const job of jobs) for (const row of [job, ...(job.children ?? [])]) rows.set(row.id, row);
    } catch (error) {
      for (const id of ids) refused.set(id, error);
    }
  }

  /** What else is known of tasks that have it and want it now. */
  private async numbers(
    entries: readonly Entry[],
    statusOf: (id: string) => string | undefined,
    now: number,
  ): Promise<{ numbers: Map<string, Numbers>; readings: number }> {
    const numbers = new Map<string, Numbers>();
    let readings = 0;
    const add = (id: string, more: Numbers) => numbers.set(id, { ...numbers.get(id), ...more });
    await Promise.all(
      READINGS.map(async ({ reading, wants, ask }) => {
        const wanting = entries.filter((entry) => wants(entry, statusOf(entry.jobId)));
        const ids = this.due(reading, wanting, statusOf, now);
        if (ids.length === 0) return;
        readings += Math.ceil(ids.length / TASKS_A_READING);
        for (const { jobId, outcome } of await ask(this.drs, ids)) {
          const read = [...(numbers.get(jobId)?.read ?? []), reading];
          add(jobId, { read, ...('numbers' in outcome ? outcome.numbers : { unread: outcome.message }) });
        }
      }),
    );
    return { numbers, readings };
  }

  /** Whose reading is due, and who goes along so that no request is half empty. */
  private due(
    reading: Reading,
    entries: readonly Entry[],
    statusOf: (id: string) => string | undefined,
    now: number,
  ): readonly string[] {
    const dueAt = ({ readAt }: Entry) => readAt[reading] ?? Number.NEGATIVE_INFINITY;
    const ordered = [...entries].sort((a, b) => dueAt(a) - dueAt(b));
    const due = new Set(ordered.filter((entry) => dueAt(entry) <= now).map(({ jobId }) => jobId)).size;
    const ids = [...new Set(ordered.map(({ jobId }) => jobId))];
    const chosen = ids.slice(0, Math.ceil(due / TASKS_A_READING) * TASKS_A_READING);
    for (const entry of entries) {
      if (!chosen.includes(entry.jobId)) continue;
      entry.readAt[reading] = now + everyMs(entry, reading, statusOf(entry.jobId)) * this.pace;
    }
    return chosen;
  }

  private observe(entry: Entry, row: Row | undefined, numbers: Numbers = {}): void {
    entry.misses = row ? 0 : entry.misses + 1;
    if (!row && entry.misses < MISSES) return;
    const action = row?.job_action?.current_action;
    const progress = numbers.progress ?? (row?.status === FULL ? entry.last?.progress : undefined);
    const seen: Seen = {
      // A task that is in no list any more was deleted.
      status: row?.status ?? 'DELETED',
      ...numbers,
      ...(progress !== undefined && { progress }),
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

/** The id that the list is asked for. */
const listed = ({ jobId, parentId }: Watched): string => parentId ?? jobId;
