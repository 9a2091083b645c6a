import { activityInfo, cancellationSignal, heartbeat, log, sleep } from '@temporalio/activity';
import type { RunAt } from './hold-gate.js';
import { NotifyError, type WebhookEvent } from './notify.js';
import type { Services } from './services.js';

/** Something for webhooks, and those that have not heard of it yet. */
export interface News {
  readonly event: WebhookEvent['event'];
  /** Of its task, where it is about one of several; else the run's. */
  readonly jobId?: string;
  readonly text: string;
  readonly to: readonly string[];
}

const TELL_AGAIN_MS = 30_000;

/**
 * Tells webhooks something until each has heard it, once: one that is down or slow holds up nothing but this. When it is cancelled
 * it gives those that have not.
 */
export const announce =
  (services: Services, pace: number) =>
  async ({ run, news }: { readonly run: RunAt; readonly news: News }): Promise<{ untold: readonly string[] }> => {
    const { notifier, link: linkTo } = services;
    const link = linkTo(run);
    const text = link ? `${news.text}\n${link}` : news.text;
    const { event: what, jobId = run.jobId } = news;
    const at = new Date(activityInfo().scheduledTimestampMs).toISOString();
    const event = { ...run, event: what, at, ...(jobId && { jobId }), text, ...(link && { link }) };
    const signal = cancellationSignal();
    const before = activityInfo().heartbeatDetails as { untold?: readonly string[] } | undefined;
    let untold = before?.untold ?? news.to;
    while (untold.length > 0) {
      untold = await notifier(untold, event, signal).then(
        () => [],
        (error: unknown) => {
          log.warn('a webhook was not reached', { error: error instanceof Error ? error.message : String(error) });
          return error instanceof NotifyError ? error.failed.map(({ webhook }) => webhook) : untold;
        },
      );
      heartbeat({ untold });
      if (untold.length > 0) await sleep(TELL_AGAIN_MS * pace).catch(() => undefined);
      if (signal.aborted && !/WORKER_SHUTDOWN/.test(String(signal.reason?.message))) break;
      signal.throwIfAborted();
    }
    return { untold };
  };
