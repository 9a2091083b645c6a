import { activityInfo, cancellationSignal, heartbeat, log, sleep } from '@temporalio/activity';
import { FAILED } from '../drs/statuses.js';
import type { UseType } from '../drs/watcher.js';
import type { WebhookEvent } from './notify.js';
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
  readonly evidence: {
    readonly items: readonly { readonly item: string; readonly class: string; readonly value: string }[];
  };
}

export interface HoldInput {
  readonly cloud?: string;
  readonly run: RunAt;
  readonly gate: GateShown;
  readonly event: 'gateOpened' | 'failure';
  /** Names of webhooks. */
  readonly notify: readonly string[];
  /** ms between reminders; an hour when absent. */
  readonly remindEvery?: number | undefined;
  /** A task that is looked at while the gate is open: its delay is shown, and its failure closes the gate. */
  readonly watch?: { readonly jobId: string; readonly useType: UseType };
}

export type HoldEnd = { readonly event: 'expired' } | { readonly event: 'failed'; readonly status: string };

const HOUR_MS = 3_600_000;
const WATCH_EVERY_MS = 60_000;
const TRY_AGAIN_MS = 30_000;

/** What an earlier try has done already. */
interface Told {
  told?: boolean;
  remindedAt?: number;
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
    const until = input.gate.expires === null ? undefined : Date.parse(input.gate.expires);
    try {
      return await Promise.race([
        remind(services, input, signal, pace),
        ...(until === undefined
          ? []
          : [pause(Math.max(0, until - Date.now()), signal).then((): HoldEnd => ({ event: 'expired' }))]),
        ...(input.watch ? [watchTask(services, input, signal)] : []),
      ]);
    } finally {
      ends.abort();
    }
  };

async function remind(
  services: Services,
  { notify, event, ...input }: HoldInput,
  signal: AbortSignal,
  pace: number,
): Promise<never> {
  const before = (activityInfo().heartbeatDetails ?? {}) as Told;
  const every = input.remindEvery ?? HOUR_MS;
  let told = before.told ?? false;
  let remindedAt = before.remindedAt ?? Date.now();
  for (;;) {
    if (!told && notify.length > 0) told = await tell(services, notify, toEvent(services, input, event));
    else told = true;
    heartbeat({ told, remindedAt, status: 'waits for a person' });
    const next = told ? remindedAt + every - Date.now() : TRY_AGAIN_MS * pace;
    await pause(Math.max(0, next), signal);
    if (!told || notify.length === 0) {
      if (notify.length === 0) remindedAt = Date.now();
      continue;
    }
    if (await tell(services, notify, toEvent(services, input, 'reminder'))) remindedAt = Date.now();
    else remindedAt = Date.now() - every + TRY_AGAIN_MS * pace;
  }
}

/** A failed delivery is logged and tried again later; the run hears nothing of it. */
async function tell({ notifier }: Services, names: readonly string[], event: WebhookEvent): Promise<boolean> {
  try {
    await notifier(names, event);
    return true;
  } catch (error) {
    log.warn('a webhook was not reached; it is tried again', {
      error: error instanceof Error ? error.message : String(error),
      gate: event.gate,
    });
    return false;
  }
}

async function watchTask(services: Services, { cloud, watch }: HoldInput, signal: AbortSignal): Promise<HoldEnd> {
  const { watcher } = services.cloud(cloud);
  const job = watch as NonNullable<HoldInput['watch']>;
  const seen = await watcher.watch(
    { ...job, everyMs: WATCH_EVERY_MS, delay: true },
    (now) => {
      heartbeat({ told: true, ...shown(now) });
      return (FAILED as readonly string[]).includes(now.status) || now.status === 'DELETED';
    },
    signal,
  );
  return { event: 'failed', status: seen.status };
}

function toEvent(
  { link: linkTo }: Services,
  { run, gate }: Pick<HoldInput, 'run' | 'gate'>,
  event: WebhookEvent['event'],
): WebhookEvent {
  const verb = gate.decisions.includes('approve') ? 'approve' : 'decide';
  const command =
    verb === 'approve'
      ? `drs-pilot approve ${run.workflowId} --reason "…"`
      : `drs-pilot decide ${run.workflowId} --decision ${gate.decisions[0]} --reason "…"`;
  const link = linkTo(run);
  const items = gate.evidence.items
    .slice(0, 20)
    .map(({ item, class: c, value }) => `- ${c === 'ok' ? '' : `${c}: `}${item}: ${value}`);
  const heading =
    { gateOpened: 'waits for a decision', failure: 'needs a decision', reminder: 'still waits for a decision' }[
      event as 'gateOpened'
    ] ?? event;
  const text = [
    `${run.kind} ${run.name} ${heading} (${gate.id}): ${gate.question}`,
    ...items,
    command,
    ...(link ? [link] : []),
  ].join('\n');
  return { event, ...run, text, gate: gate.id, evidence: gate.evidence, command, ...(link && { link }) };
}

/** Sleeps until the time is over or the signal says stop; longer than a timer can is no matter. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const LONGEST = 2 ** 31 - 1;
  for (let left = ms; left > 0; left -= LONGEST) await Promise.race([sleep(Math.min(left, LONGEST)), aborted(signal)]);
  signal.throwIfAborted();
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
