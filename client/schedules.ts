import {
  type ScheduleDescription,
  type ScheduleHandle,
  ScheduleOverlapPolicy,
  type ScheduleSummary,
} from '@temporalio/client';
import { badInput, failed } from './command.js';
import type { Temporal } from './connect.js';
import type { Output } from './output.js';
import { demandValid, readSpecFiles, type SpecFile, workflowType } from './spec-files.js';

/** What happens when a night begins while the one before still runs. */
export const OVERLAPS = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  'allow-all': ScheduleOverlapPolicy.ALLOW_ALL,
} as const;
export type Overlap = keyof typeof OVERLAPS;

export interface When {
  readonly cron?: readonly string[];
  readonly timezone?: string;
  readonly jitter?: string;
}

export interface Policies {
  readonly overlap?: Overlap;
  readonly catchUp?: string;
  readonly pauseOnFailure?: boolean;
}

/** A schedule as the commands show it. */
export interface Scheduled {
  readonly schedule: string;
  readonly cron: readonly string[];
  readonly timezone: string;
  readonly paused: boolean;
  readonly note?: string;
  readonly kind: string;
  readonly next: readonly string[];
  readonly last: readonly { readonly workflowId: string; readonly at: string }[];
}

/** What is done again and again without a person. */
const KINDS: readonly string[] = ['comparison', 'switchover'];
/** The server takes expressions apart and forgets how they were written, but for what stands behind a `#`. */
const remembered = (cron: readonly string[]): string[] => cron.map((one) => `${one.trim()} #${one.trim()}`);

/** The spec of a schedule: a comparison, or the drill of a switchover; all else needs a person each time. */
export function scheduledSpec(path: string, output: Output): SpecFile {
  const specs = readSpecFiles([path], output);
  demandValid(specs);
  const [spec, ...others] = specs;
  if (!spec || others.length > 0) throw badInput('a schedule runs one spec: give one file');
  const { file, kind = '' } = spec;
  if (!KINDS.includes(kind)) throw badInput(`${file}: a schedule runs a comparison or a drill, not a ${kind}`);
  if (kind === 'switchover' && spec.spec?.['drill'] !== true)
    throw badInput(`${file}: drill must be true: a schedule rehearses a switchover, and whoever wants one starts it`);
  return spec;
}

/** @throws CommandError (exit 2) for a time zone that is none; cron expressions are judged by the server. */
function demandTimezone(timezone: string | undefined): void {
  if (timezone === undefined) return;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    throw badInput(`--timezone ${timezone} is no time zone: give its IANA name, for instance Asia/Shanghai`);
  }
}

const UNITS = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days' } as const;

/** `15m` as the server's durations are written. */
export function duration(option: string, text: string): `${number} ${(typeof UNITS)[keyof typeof UNITS]}` {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!count || !unit) throw badInput(`${option} must be a duration: 90s, 15m, 12h or 3d`);
  return `${Number(count)} ${UNITS[unit as keyof typeof UNITS]}`;
}

export async function createSchedule(
  { client }: Temporal,
  name: string,
  spec: SpecFile,
  {
    cron = [],
    timezone = 'UTC',
    jitter = '0s',
    overlap = 'skip',
    catchUp = '1h',
    pauseOnFailure = false,
    taskQueue,
    paused = false,
  }: When & Policies & { readonly taskQueue: string; readonly paused?: boolean },
): Promise<ScheduleHandle> {
  demandTimezone(timezone);
  return await judged(cron, () =>
    client.schedule.create({
      scheduleId: name,
      spec: { cronExpressions: remembered(cron), timezone, jitter: duration('--jitter', jitter) },
      action: actionOf(name, spec, taskQueue),
      policies: {
        overlap: OVERLAPS[overlap],
        catchupWindow: duration('--catch-up', catchUp),
        pauseOnFailure,
      },
      state: { paused, ...(paused && { note: 'created so' }) },
    }),
  );
}

const actionOf = (name: string, { kind = 'comparison', spec }: SpecFile, taskQueue: string) => ({
  type: 'startWorkflow' as const,
  workflowType: workflowType(kind),
  workflowId: `${kind}-${name}`,
  taskQueue,
  args: [spec],
  staticSummary: `${kind} ${spec?.['name'] ?? name}`,
});

export interface Changes extends When, Policies {
  readonly spec?: SpecFile;
  readonly taskQueue?: string;
}

/** Only what is given changes. */
export async function updateSchedule(temporal: Temporal, name: string, changes: Changes): Promise<void> {
  const { cron, timezone, jitter, overlap, catchUp, pauseOnFailure, spec, taskQueue } = changes;
  demandTimezone(timezone);
  const handle = temporal.client.schedule.getHandle(name);
  await judged(cron ?? [], () =>
    handle.update((now) => ({
      ...now,
      // The server keeps calendars; new expressions take their place.
      spec: {
        ...now.spec,
        ...(cron && { calendars: [], cronExpressions: remembered(cron) }),
        ...(timezone && { timezone }),
        ...(jitter && { jitter: duration('--jitter', jitter) }),
      },
      action: spec || taskQueue ? { ...now.action, ...changedAction(name, now.action, spec, taskQueue) } : now.action,
      policies: {
        ...now.policies,
        ...(overlap && { overlap: OVERLAPS[overlap] }),
        ...(catchUp && { catchupWindow: duration('--catch-up', catchUp) }),
        ...(pauseOnFailure !== undefined && { pauseOnFailure }),
      },
    })),
  );
}

function changedAction(
  name: string,
  now: ScheduleDescription['action'],
  spec: SpecFile | undefined,
  taskQueue: string | undefined,
) {
  const queue = taskQueue ?? now.taskQueue;
  return spec ? actionOf(name, spec, queue) : { taskQueue: queue };
}

/** What the server refuses of the times is bad input; its client says so by a TypeError. */
async function judged<T>(cron: readonly string[], act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const given = cron.map((one) => `"${one}"`).join(', ');
    throw badInput(`Temporal refuses the schedule (--cron ${given}): ${error.message}`);
  }
}

export async function scheduleOf({ client }: Temporal, name: string): Promise<Scheduled> {
  return shown(await client.schedule.getHandle(name).describe());
}

/** Those that drs-pilot made, and those that were made by hand for one of its workflows. */
export async function listSchedules({ client }: Temporal): Promise<string[]> {
  const names: string[] = [];
  for await (const one of client.schedule.list()) if (isOurs(one)) names.push(one.scheduleId);
  return names.sort();
}

const isOurs = ({ action }: ScheduleSummary): boolean =>
  action?.type === 'startWorkflow' && KINDS.includes(action.workflowType);

const LAST = 5;

function shown({ scheduleId, spec, state, action, info }: ScheduleDescription): Scheduled {
  return {
    schedule: scheduleId,
    cron: (spec.calendars ?? []).map(({ comment }) => comment || 'a calendar'),
    timezone: spec.timezone || 'UTC',
    paused: state.paused,
    ...(state.note && { note: state.note }),
    kind: action.workflowType,
    next: state.paused ? [] : info.nextActionTimes.slice(0, LAST).map((time) => time.toISOString()),
    last: info.recentActions
      .slice(-LAST)
      .map(({ takenAt, action }) => ({ workflowId: action.workflow.workflowId, at: takenAt.toISOString() })),
  };
}

/** @throws CommandError where a time is none, or the end is not after the beginning. */
export function period(from: string, to: string): { start: Date; end: Date } {
  const [start, end] = [from, to].map((text) => new Date(text)) as [Date, Date];
  for (const [option, time] of [
    ['--from', start],
    ['--to', end],
  ] as const)
    if (Number.isNaN(time.getTime())) throw badInput(`${option} must be a time, for instance 2026-01-31T00:00:00Z`);
  if (end <= start) throw badInput('--to must be after --from');
  if (end.getTime() > Date.now()) throw failed('--to lies in the future: a backfill is for times that have passed');
  return { start, end };
}
