import type { JobOutcome, Result } from '../../workflows/messages.js';

/** What an operation adds to the result of a run. */
export interface Operation extends Result {
  readonly operation: string;
  readonly summary: string;
  // biome-ignore lint/suspicious/noExplicitAny: outcomes are looked into freely
  readonly outcomes: readonly (JobOutcome & { readonly result?: any })[];
}

export const resultOf = (result: Result): Operation => result as Operation;
