import type { OperationName } from '../../drs/operations/index.js';
import type { GateSpec } from '../plans/common.js';

/** A row of the table of steps: what a run shows as still to come, and what a plan tells of it beforehand. */
export interface Row {
  readonly step: string;
  /** In their order. */
  readonly calls?: readonly Call[];
  /** It asks people, and goes on once they have decided. */
  readonly gate?: AskedGate;
  /** A hook of the worker's configuration that it calls. */
  readonly hook?: string;
  /** What it waits for. */
  readonly until?: string;
  /** ms that it waits at most; then a person is asked. */
  readonly within?: number;
  /** What else must be known of it. */
  readonly remark?: string;
}

export interface Call {
  readonly operation: OperationName;
  /** Jobs that it is made for, one when absent; `each`: as many as turn out. */
  readonly jobs?: number | 'each';
  /** Asked again until what is waited for has come. */
  readonly polls?: true;
  /** Made in this case only, which nobody knows beforehand. */
  readonly only?: string;
}

export interface AskedGate {
  /** As decisions and rules of the worker name it: `cutover`. */
  readonly name: string;
  readonly ask: GateSpec;
  /** The call that rules of the worker may be about. */
  readonly operation?: string;
  /** It opens in this case only. */
  readonly only?: string;
}

/** A row where its condition holds. */
type Maybe = Row | readonly Row[] | false | null | undefined;

/** The rows that will come. */
export const present = (...rows: readonly Maybe[]): Row[] => rows.flatMap((row) => (row ? row : []));

export const stepsOf = (rows: readonly Row[]): string[] => rows.map(({ step }) => step);

export const polls = (...operations: readonly OperationName[]): Call[] =>
  operations.map((operation) => ({ operation, polls: true }));

/** The rows of hooks, `Before the cutover: fence`. */
export const hookRows = (names: readonly string[], row: string): Row[] =>
  names.map((hook) => ({ step: hookStep(row, hook), hook }));

export const hookStep = (row: string, hook: string): string => `${row}: ${hook}`;

/** `Switchover: databases`; without more where there is but one stage, which has no name. */
export const stageRow = (step: string, stage: string): string => (stage ? `${step}: ${stage}` : step);
