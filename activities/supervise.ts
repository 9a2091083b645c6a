import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { FAILED } from '../drs/statuses.js';
import { GONE, INCREMENTAL } from '../drs/waits.js';
import type { Seen } from '../drs/watcher.js';
import type { JobAt } from './job.js';
import type { Services } from './services.js';
import { GRACE_MS, shown, taskFailure } from './wait-for.js';

/** What may be wrong with a task that runs. */
export type Threshold = 'delay' | 'rpo' | 'rto' | 'source' | 'target';

export interface Limits {
  /** ms; what has no limit is not watched. */
  readonly maxDelay?: number | undefined;
  readonly maxRpo?: number | undefined;
  readonly maxRto?: number | undefined;
  /** ms that one must be broken before anybody hears of it. */
  readonly for: number;
}

/** A threshold that is broken: since when, and whether it was told. */
export interface Mark {
  readonly since: string;
  readonly told: boolean;
}
/** By `<job id> <threshold>`. */
export type Marks = Readonly<Record<string, Mark>>;

/** A failure that is known already. */
export interface KnownFailure {
  readonly jobId: string;
  readonly status: string;
  /** `grace`: it was retried and may show for a while; `asked`: a person is asked, and its end is an event. */
  readonly patience: 'grace' | 'asked';
}

export interface SuperviseInput {
  readonly tasks: readonly JobAt[];
  readonly limits: Limits;
  readonly marks: Marks;
  readonly known?: KnownFailure | undefined;
}

export type SupervisedEvent =
  | {
      readonly event: 'failed';
      readonly jobId: string;
      readonly status: string;
      readonly message: string;
      readonly items: readonly {
        readonly item: string;
        readonly class: 'ok' | 'warning' | 'blocking';
        readonly value: string;
      }[];
    }
  /** A failure that a person is asked about is over. */
  | { readonly event: 'back'; readonly jobId: string; readonly status: string }
  | { readonly event: 'ended'; readonly jobId: string; readonly status: string }
  | {
      readonly event: 'threshold' | 'recovered';
      readonly jobId: string;
      readonly threshold: Threshold;
      /** `7m 30s (limit 5m)`. */
      readonly value: string;
      readonly since: string;
    };

export type Supervised = SupervisedEvent & { readonly marks: Marks };

const EVERY_MS = { status: 60_000, delay: 300_000, monitoring: 900_000 } as const;

/**
 * Watches running tasks until something happens that the run must hear of: a failure, an end, a threshold broken for longer than
 * the limit or kept again. One activity for years.
 */
export const superviseTask =
  (services: Services, pace: number) =>
  async (input: SuperviseInput): Promise<Supervised> => {
    const before = activityInfo().heartbeatDetails as { marks?: Marks } | undefined;
    const ends = new AbortController();
    const signal = AbortSignal.any([cancellationSignal(), ends.signal]);
    const state = new State(input, before?.marks ?? input.marks);
    try {
      const event = await Promise.race(input.tasks.map((task) => watch(services, task, input, state, pace, signal)));
      return { ...event, marks: state.marks };
    } finally {
      ends.abort(new Error('something has happened'));
    }
  };

async function watch(
  services: Services,
  task: JobAt,
  { limits, known }: SuperviseInput,
  state: State,
  pace: number,
  signal: AbortSignal,
): Promise<SupervisedEvent> {
  const { watcher } = services.cloud(task.cloud);
  const { status: everyMs, delay, monitoring } = EVERY_MS;
  const protects = task.useType === 'cloudDataGuard';
  const graceUntil = Date.now() + GRACE_MS * pace;
  let mine = known?.jobId === task.jobId ? known : undefined;
  let event: SupervisedEvent | undefined;
  const seen = await watcher.watch(
    {
      ...task,
      everyMs,
      ...(protects ? { lag: true, monitoring: true } : { delay: true }),
      readEveryMs: { progress: delay, lag: delay, monitoring },
    },
    (now) => {
      state.show(task, now);
      if (now.trouble !== undefined) return false;
      if (GONE.includes(now.status)) return true;
      if (FAILED.includes(now.status)) {
        const old = now.status === mine?.status && (mine.patience === 'asked' || Date.now() < graceUntil);
        return !old;
      }
      if (mine?.patience === 'asked') event = { event: 'back', jobId: task.jobId, status: now.status };
      mine = undefined;
      event ??= state.judge(task.jobId, now, limits);
      return event !== undefined;
    },
    signal,
  );
  if (event) return event;
  const { status } = seen;
  if (GONE.includes(status) || status === 'RELEASE_RESOURCE_FAILED')
    return { event: 'ended', jobId: task.jobId, status };
  const failure = await taskFailure(services, task, status);
  return { event: 'failed', jobId: task.jobId, status, message: failure.message, items: itemsOf(failure) };
}

const itemsOf = ({ details }: ApplicationFailure): Extract<SupervisedEvent, { event: 'failed' }>['items'] =>
  ((details?.[0] ?? {}) as { items?: Extract<SupervisedEvent, { event: 'failed' }>['items'] }).items ?? [];

/** What is known of the thresholds; it goes into the heartbeat with what people see. */
class State {
  private seen: Readonly<Record<string, unknown>> = {};
  private lines = new Map<string, string>();

  constructor(
    private readonly input: SuperviseInput,
    public marks: Marks,
  ) {}

  show(task: JobAt, now: Seen): void {
    const { note, delaySeconds, ...rest } = shown(now) as ReturnType<typeof shown> & { delaySeconds?: number };
    const unread = now.unread && `cannot be read: ${now.unread.slice(0, 200)}`;
    const last = this.seen['delaySeconds'];
    const line = note ?? unread ?? this.lines.get(task.jobId);
    if (line) this.lines.set(task.jobId, line);
    const delay = delaySeconds ?? (now.read?.includes('progress') ? undefined : last);
    const several = this.input.tasks.length > 1;
    const notes = [...this.lines].map(([id, text]) => (several ? `${id}: ${text}` : text));
    this.seen = {
      ...rest,
      ...(delay !== undefined && !several && { delaySeconds: delay }),
      ...(notes.length > 0 && { note: notes.join('; ') }),
    };
    this.beat();
  }

  /** Takes a reading in; the first threshold of which the run must hear is the event. */
  judge(jobId: string, now: Seen, limits: Limits): SupervisedEvent | undefined {
    if (now.status !== INCREMENTAL) {
      // While nothing moves nothing is broken for longer; what was told stays so until it is kept again.
      this.keep(Object.entries(this.marks).filter(([key, { told }]) => told || !key.startsWith(`${jobId} `)));
      return undefined;
    }
    for (const { threshold, broken, value } of judgements(now, limits)) {
      const key = `${jobId} ${threshold}`;
      const mark = this.marks[key];
      const { since, told } = mark ?? { since: now.at, told: false };
      const others = Object.entries(this.marks).filter(([other]) => other !== key);
      const due = broken && !told && Date.parse(now.at) - Date.parse(since) >= limits.for;
      this.keep(broken ? [...others, [key, { since, told: told || due }]] : others);
      if (due || (!broken && told)) return { event: due ? 'threshold' : 'recovered', jobId, threshold, value, since };
    }
    return undefined;
  }

  private keep(marks: readonly (readonly [string, Mark])[]): void {
    this.marks = Object.fromEntries(marks);
    this.beat();
  }

  private beat(): void {
    heartbeat({ step: 'Supervision', ...this.seen, marks: this.marks });
  }
}

interface Judgement {
  readonly threshold: Threshold;
  readonly broken: boolean;
  readonly value: string;
}

/** What was read in this round, against its limit. What is unknown is never below one. */
function judgements({ read = [], delay, rpo, rto, sourceNormal, targetNormal }: Seen, limits: Limits): Judgement[] {
  const number = (threshold: Threshold, value: number | undefined, limit: number | undefined): Judgement[] =>
    limit === undefined
      ? []
      : [
          {
            threshold,
            broken: value === undefined || value > limit,
            value: `${value === undefined ? 'unknown' : `${value / 1_000} s`} (limit ${limit / 1_000} s)`,
          },
        ];
  const normal = (threshold: Threshold, value: boolean | undefined): Judgement[] =>
    value === undefined ? [] : [{ threshold, broken: !value, value: value ? 'normal' : 'not normal' }];
  return [
    ...(read.includes('progress') ? number('delay', delay, limits.maxDelay) : []),
    ...(read.includes('lag') ? [...number('rpo', rpo, limits.maxRpo), ...number('rto', rto, limits.maxRto)] : []),
    ...(read.includes('monitoring') ? [...normal('source', sourceNormal), ...normal('target', targetNormal)] : []),
  ];
}
