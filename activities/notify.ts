/** What a webhook is told. Everything in it may be shown to whoever reads the channel. */
export interface WebhookEvent {
  readonly event:
    | 'gateOpened'
    | 'reminder'
    | 'failure'
    | 'end'
    | 'threshold'
    | 'recovered'
    | 'inconsistent'
    | 'notFinished'
    | 'approvalsVoided'
    | 'escalated';
  /** When it happened, ISO 8601, UTC. A message that took long may arrive after a later one: of two the later `at` holds. */
  readonly at: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly jobId?: string;
  /** One message for people; chat systems show it as it is. */
  readonly text: string;
  /** The opening that waits for a decision, `cutover#1`. */
  readonly gate?: string;
  readonly evidence?: unknown;
  /** What to type in order to decide. */
  readonly command?: string;
  /** The run in the Temporal UI. */
  readonly link?: string;
}

/**
 * Tells the named webhooks of an event, each once; what hangs ends with the signal.
 * @throws NotifyError that says which of them were not reached; the others have had it.
 */
export type Notifier = (names: readonly string[], event: WebhookEvent, signal?: AbortSignal) => Promise<void>;

/** Webhooks that were not reached, with the reasons. Holds no address: those of chat systems are keys. */
export class NotifyError extends Error {
  override readonly name = 'NotifyError';

  constructor(
    readonly failed: readonly { readonly webhook: string; readonly reason: string; readonly unknown?: true }[],
  ) {
    super(failed.map(({ webhook, reason }) => `webhook ${webhook}: ${reason}`).join('; '));
  }
}
