/**
 * What an error means to a workflow. Each code of the reference (A.3) falls into one kind, see codes.ts.
 * `retry`: Temporal tries again by itself; `mend`: a person can mend the cause and say "retry".
 */
export const KINDS = {
  /** Busy, throttled, a 5xx, no connection: nothing was done, so try again. */
  transient: { retry: true, mend: true },
  /** The request may have had its effect and no reply told so: look before anything is sent again. */
  ambiguous: { retry: false, mend: true },
  credentials: { retry: false, mend: true },
  permission: { retry: false, mend: true },
  quota: { retry: false, mend: true },
  /** The request itself is wrong. */
  request: { retry: false, mend: true },
  /** The task's status does not allow the call. */
  wrongState: { retry: false, mend: true },
  wrongId: { retry: false, mend: false },
  /** Parameters are not in the service's cache: ask for the comparison again. */
  stale: { retry: false, mend: true },
  duplicateName: { retry: false, mend: true },
  notFound: { retry: false, mend: true },
  /** DRS cannot reach or read a database: a person must fix it. */
  connection: { retry: false, mend: true },
  /** Refused for a reason that this version does not know. */
  refused: { retry: false, mend: true },
} as const satisfies Record<string, { retry: boolean; mend: boolean }>;

export type Kind = keyof typeof KINDS;

/** Where an error happened; everything in it may be shown to anybody. */
export interface At {
  readonly operation: string;
  readonly status?: number;
  readonly code?: string;
  readonly requestId?: string;
  readonly jobId?: string;
  /** Milliseconds that the service asked to wait. */
  readonly retryAfter?: number;
}

/** The only error that drs/ throws. `kind` decides, `at` is for people and logs. Never holds a request: those carry passwords. */
export class DrsError extends Error {
  override readonly name = 'DrsError';

  constructor(
    readonly kind: Kind,
    message: string,
    readonly at: At,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One job's share of a list that was handed over. */
export type Outcome<T> =
  | { readonly ok: true; readonly jobId: string; readonly result: T; readonly remark?: string }
  | { readonly ok: false; readonly jobId: string; readonly kind: Kind; readonly message: string; readonly at: At };
