import { FAILED } from './statuses.js';

/**
 * What is waited for: statuses that end a wait well, and badly. Any other status, known or not, keeps it going: a pause or a
 * rebuilt node is no failure. `everyMs` is how often the status is asked for.
 */
export interface Wait {
  readonly until: readonly string[];
  readonly unless: readonly string[];
  readonly everyMs: number;
}

/** A task that ends, or was deleted, while a transfer is waited for never gets there. */
export const GONE: readonly string[] = ['RELEASE_RESOURCE_STARTED', 'RELEASE_RESOURCE_COMPLETE', 'DELETED'];

/** Where the data that are there are carried over. */
export const FULL = 'FULL_TRANSFER_STARTED';

/** Where data follow continuously; of a disaster recovery: where it is in place. */
export const INCREMENTAL = 'INCRE_TRANSFER_STARTED';

const STOPPED = [...FAILED, ...GONE];

export const waits = {
  /** After 6.1.1. CREATE_FAILED can only be deleted. */
  created: { until: ['CONFIGURATION'], unless: STOPPED, everyMs: 15_000 },

  /** After 6.1.11; short transfers may be over before they are seen running. */
  transferring: {
    until: ['FULL_TRANSFER_STARTED', 'FULL_TRANSFER_COMPLETE', 'INCRE_TRANSFER_STARTED'],
    unless: STOPPED,
    everyMs: 15_000,
  },

  /** The full part is over: where FULL_TRANS ends; an incremental task may have gone on already. */
  fullDone: { until: ['FULL_TRANSFER_COMPLETE', 'INCRE_TRANSFER_STARTED'], unless: STOPPED, everyMs: 30_000 },

  /** The incremental part runs. The delay comes from 5.2.2 and is the caller's to compare. */
  inSync: { until: ['INCRE_TRANSFER_STARTED'], unless: STOPPED, everyMs: 60_000 },

  /** After an edit of a running synchronisation (§6.1.12): its subtask has carried over what is new. */
  edited: {
    until: ['RELEASE_CHILD_TRANSFER_STARTED', 'RELEASE_CHILD_TRANSFER_COMPLETE', 'DELETED'],
    unless: ['CHILD_TRANSFER_FAILED'],
    everyMs: 30_000,
  },

  /** After `terminate` of 6.1.14. RELEASE_RESOURCE_FAILED can be ended again, or by force. */
  released: { until: ['RELEASE_RESOURCE_COMPLETE', 'DELETED'], unless: ['RELEASE_RESOURCE_FAILED'], everyMs: 15_000 },
} as const satisfies Record<string, Wait>;

export type WaitName = keyof typeof waits;

export function verdict(wait: Wait, status: string): 'reached' | 'failed' | 'pending' {
  if (wait.until.includes(status)) return 'reached';
  return wait.unless.includes(status) ? 'failed' : 'pending';
}
