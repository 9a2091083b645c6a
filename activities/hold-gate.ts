import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { UseType } from '../drs/operations/common.js';
import { verdict, waits } from '../drs/waits.js';
import { NotifyError, type WebhookEvent } from './notify.js';
import type { Services } from './services.js';
import { shown } from './wait-for.js';

export interface RunAt {
  readonly workflowId: string;
  readonly runId: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly jobId?: string;
}

export interface GateShown {
  readonly id: string;
  readonly question: string;
  readonly decisions: readonly string[];
  readonly approvals: string;
  readonly expires: string | null;
  readonly signed?: true;
  readonly evidence: {
    readonly items: readonly { readonly item: string; readonly class: string; readonly value: string }[];
  };
}

export interface HoldInput {
  readonly cloud?: string;
  readonly run: RunAt;
  readonly gate: GateShown;
  readonly event: 'gateOpened' | 'failure' | 'approvalsVoided';
  /** Names of webhooks. */
  readonly notify: readonly string[];
  /** Whether there is nothing new to tell: the opening was told of before. */
  readonly known?: boolean;
  /** When it was opened, epoch ms; reminders count from there. */
  readonly since?: number;
  /** ms between reminders; an hour when absent. */
  readonly remindEvery?: number | undefined;
  /** One reminder more, at this time. */
  readonly remindAt?: string;
  /** From then on (epoch ms) a second group may decide, too, and is told by these webhooks, unless it was before. */
  readonly escalate?: {
    readonly at: number;
    readonly group: string;
    readonly notify: readonly string[];
    readonly known: boolean;
  };
  /** A task that is looked at while the gate is open: its delay is shown, and its failure closes the gate. */
  readonly watch?: { readonly jobId: string; readonly useType: UseType };
}

export type HoldEnd = { readonly event: 'expired' } | { readonly event: 'failed'; readonly status: string };

const HOUR_MS = 3_600_000;
const WATCH_EVERY_MS = 60_000;
/** A call reads the delay of ten tasks, and the status of a hundred. */
const DELAY_EVERY_MS = 120_000;
const TRY_AGAIN_MS = 30_000;

/** Who has been told what, as the heartbeat keeps it: a retry on another worker goes on from there. */
interface Told {
  /** Webhooks that have not heard of the opening yet. */
  untold: readonly string[];
  remindedAt: number;
  /** Webhooks that have not heard of the escalation yet. */
  unescalated: readonly string[];
}

/** What all parts of one opening share. */
interface Holding extends HoldInput {
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly pace: number;
  readonly told: Told;
}

/**
 * One opening of a gate, from its notification through its reminders to its time-out. The decision cancels it. One activity
 * however long, so that an open gate costs no history; a webhook that is down is tried again and holds nothing up.
 */
export const holdGate =
  (services: Services, pace: number) =>
  async (input: HoldInput): Promise<HoldEnd> => {
    const ends = new AbortController();
    const signal = AbortSignal.any([cancellationSignal(), ends.signal]);
    const { expires } = input.gate;
    const before = activityInfo().heartbeatDetails as Partial<Told> | undefined;
    const told: Told = {
      untold: before?.untold ?? (input.known ? [] : input.notify),
      remindedAt: before?.remindedAt ?? lastReminder(input),
      unescalated: before?.unescalated ?? (input.escalate?.known ? [] : (input.escalate?.notify ?? [])),
    };
    const holding: Holding = { ...input, services, signal, pace, told };
    try {
      return await Promise.race([
        remind(holding),
        ...(expires === null ? [] : [expire(Date.parse(expires), signal)]),
        ...(input.escalate ? [escalate(holding, input.escalate.at)] : []),
        ...(input.watch ? [watchTask(holding, input.watch)] : []),
      ]);
    } finally {
      ends.abort();
    }
  };

async function expire(until: number, signal: AbortSignal): Promise<HoldEnd> {
  await pause(until - Date.now(), signal);
  return { event: 'expired' };
}

/** When the gate was opened or somebody was reminded last, as far as the time tells. */
function lastReminder({ since = Date.now(), remindEvery = HOUR_MS }: HoldInput): number {
  return since + Math.floor((Date.now() - since) / remindEvery) * remindEvery;
}

async function escalate(holding: Holding, from: number): Promise<never> {
  const { told, signal, pace } = holding;
  await pause(from - Date.now(), signal);
  for (;;) {
    told.unescalated = await tell(holding, told.unescalated, 'escalated');
    heartbeat({ ...told, status: 'waits for a person' });
    await pause(told.unescalated.length > 0 ? TRY_AGAIN_MS * pace : HOUR_MS, signal);
  }
}

async function remind(holding: Holding): Promise<never> {
  const { notify, event, remindEvery = HOUR_MS, remindAt, escalate, signal, pace, told } = holding;
  const extra = remindAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(remindAt);
  for (;;) {
    told.untold = await tell(holding, told.untold, event);
    const due = Math.min(told.remindedAt + remindEvery, extra > told.remindedAt ? extra : Number.POSITIVE_INFINITY);
    heartbeat({ ...told, status: 'waits for a person' });
    await pause(Math.min(due - Date.now(), told.untold.length > 0 ? TRY_AGAIN_MS * pace : HOUR_MS), signal);
    if (Date.now() < due) continue;
    told.remindedAt = Date.now();
    const all = new Set([...notify, ...(escalate && escalate.at <= Date.now() ? escalate.notify : [])]);
    // Who hears of the opening only now needs no reminder besides.
    await tell(
      holding,
      [...all].filter((name) => !told.untold.includes(name)),
      'reminder',
    );
  }
}

/** Gives the names of webhooks that were not reached: the run hears nothing of it. */
async function tell(
  holding: Holding,
  names: readonly string[],
  event: WebhookEvent['event'],
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  try {
    await holding.services.notifier(names, toEvent(holding, event), holding.signal);
    return [];
  } catch (error) {
    log.warn('a webhook was not reached', {
      error: error instanceof Error ? error.message : String(error),
      gate: holding.gate.id,
    });
    return error instanceof NotifyError ? error.failed.map(({ webhook }) => webhook) : names;
  }
}

/** Ends when the task has failed or is gone. While DRS refuses to tell, nobody knows: it is asked again later. */
async function watchTask(
  { services, cloud, signal, pace, told }: Holding,
  job: NonNullable<HoldInput['watch']>,
): Promise<HoldEnd> {
  for (;;) {
    try {
      const { status } = await services.cloud(cloud).watcher.watch(
        { ...job, everyMs: WATCH_EVERY_MS, delay: true, readEveryMs: { progress: DELAY_EVERY_MS } },
        (now) => {
          heartbeat({ ...told, ...shown(now) });
          return verdict(waits.inSync, now.status) === 'failed';
        },
        signal,
      );
      return { event: 'failed', status };
    } catch (error) {
      signal.throwIfAborted();
      heartbeat({ ...told, note: error instanceof Error ? error.message.slice(0, 300) : String(error) });
      await pause(WATCH_EVERY_MS * pace, signal);
    }
  }
}

function toEvent(
  { services, run, gate, escalate }: Pick<Holding, 'services' | 'run' | 'gate' | 'escalate'>,
  event: WebhookEvent['event'],
): WebhookEvent {
  const key = gate.signed ? ' --key FILE' : '';
  const verb = gate.decisions.includes('approve') ? 'approve' : 'decide';
  const command =
    verb === 'approve'
      ? `drs-pilot approve ${run.workflowId} --reason "…"${key}`
      : `drs-pilot decide ${run.workflowId} --decision ${gate.decisions[0]} --reason "…"${key}`;
  const link = services.link(run);
  const items = gate.evidence.items
    .slice(0, 20)
    .map(({ item, class: c, value }) => `- ${c === 'ok' ? '' : `${c}: `}${item}: ${value}`);
  const headings: Partial<Record<WebhookEvent['event'], string>> = {
    gateOpened: 'waits for a decision',
    failure: 'needs a decision',
    reminder: 'still waits for a decision',
    approvalsVoided: 'waits for new approvals: what was approved has become worse, and those given are void',
    escalated: `still waits for a decision, now of ${escalate?.group}, too`,
  };
  const heading = headings[event] ?? event;
  const at = { reminder: Date.now(), escalated: escalate?.at }[event as string] ?? activityInfo().scheduledTimestampMs;
  const text = [
    `${run.kind} ${run.name} ${heading} (${gate.id}): ${gate.question}`,
    ...items,
    command,
    ...(link ? [link] : []),
  ].join('\n');
  return {
    event,
    at: new Date(at).toISOString(),
    ...run,
    text,
    gate: gate.id,
    evidence: gate.evidence,
    command,
    ...(link && { link }),
  };
}

/** Sleeps until the time is over or the signal says stop, and leaves no timer behind; longer than a timer can is no matter. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const LONGEST = 2 ** 31 - 1;
  for (let left = ms; left > 0 && !signal.aborted; left -= LONGEST)
    await sleep(Math.min(left, LONGEST), undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
