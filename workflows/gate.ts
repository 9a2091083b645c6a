import type { HoldInput } from '../activities/hold-gate.js';
import type { GateAsk } from '../activities/services.js';
import type { Signer } from './approvals.js';
import type { Change, Choice, Decision, Evidence, Item } from './messages.js';
import type { GateSpec } from './plans/common.js';
import type { Keys, Proofs } from './proofs.js';
import type { Hours } from './window.js';

/** What a person is asked. */
export interface Ask {
  /** Name of the gate; its openings are `name#1`, `name#2`. */
  readonly name: string;
  readonly question: string;
  readonly decisions: readonly Choice[];
  readonly items: readonly Item[];
  readonly spec?: GateSpec | undefined;
  /** A task whose failure makes the question void: the answer is "retry" then, by drs-pilot. */
  readonly watch?: HoldInput['watch'];
  /**
   * Waits while the gate is open, and gives the items once one of them has another class than was shown, or the set of them is
   * another; the answer cancels it. When it fails the evidence is not known any more: the answer is "retry" then, by drs-pilot.
   */
  readonly evolves?: ((shown: readonly Item[]) => Promise<readonly Item[]>) | undefined;
  /** Blocking items block, but for those of these names that an approval may override by force. Absent: they are only shown. */
  readonly forcible?: readonly string[] | undefined;
  /** Names of the items that must be acknowledged. */
  readonly acknowledge?: readonly string[];
  /** Exactly one of those is the answer. */
  readonly one?: boolean;
  /** Why a change can't be made now; absent where nothing can be changed. */
  readonly changeProblem?: ((change: Change) => string | undefined) | undefined;
  /** Answers the question with "retry", by drs-pilot, for the reason that it gives: its ground went away. */
  readonly settled?: Promise<string> | undefined;
  readonly event?: HoldInput['event'];
  /** What the worker's rules must know where the run is not about one task that is named like it. */
  readonly about?: { readonly operation: string; readonly tasks: readonly string[] } | undefined;
}

/** What the desk must know of the run that it asks for. */
export interface Asking {
  readonly run: HoldInput['run'];
  readonly cloud?: string | undefined;
  readonly notify: readonly string[];
  readonly proofs: Proofs;
  /** Who requested the run, where that is proved. */
  readonly requester?: string | undefined;
}

/** Who may decide, as the worker's configuration and the spec together demand it. */
export interface GateRule {
  readonly approvals: number;
  readonly group: string | null;
  /** Absent: anybody. Names without keys are claims. */
  readonly members?: readonly string[];
  readonly force?: boolean;
  /** Who may decide, too, once the gate has been open for a while. */
  readonly escalation?: { readonly group: string; readonly members: readonly string[] };
  /** Whose decisions must be signed, by which public keys. */
  readonly keys?: Keys;
  /** Whoever requested the run can't approve. */
  readonly fourEyes?: boolean;
}

/** What an opening of a gate is about, once its rule is known. */
export interface Question {
  /** `cutover`; its openings are `cutover#1`, `cutover#2`. */
  readonly name: string;
  readonly question: string;
  readonly decisions: readonly Choice[];
  /** As it was when the gate opened. */
  readonly evidence: Evidence;
  readonly rule: GateRule;
  readonly expires?: string | undefined;
  /** Names of the items that must be acknowledged. */
  readonly acknowledge?: readonly string[] | undefined;
  /** Exactly one of those is the answer. */
  readonly one?: boolean | undefined;
  /** Why a change can't be made now, or undefined; absent where nothing can be changed. */
  readonly changeProblem?: ((change: Change) => string | undefined) | undefined;
  /** ms that an approval counts; absent: until the gate closes. */
  readonly validFor?: number | undefined;
  /** When it may be approved. */
  readonly hours?: Hours | undefined;
  /** ms after the opening from which on the rule's second group may decide. */
  readonly escalateAfter?: number | undefined;
  /** The evidence changes while the gate is open: whoever approves names the snapshot that they saw. */
  readonly evolves?: boolean | undefined;
  /** Blocking items keep the gate from being approved, but for these where force is allowed. Absent: they are only shown. */
  readonly forcible?: readonly string[] | undefined;
  /** What is signed in this run; where the rule has no keys for a name it is a claim. */
  readonly proofs?: Proofs | undefined;
  /** Who requested the run, where that is proved. */
  readonly requester?: string | undefined;
  /** How the rule is read again. */
  readonly reads?: GateAsk | undefined;
}

/** How an opening ended. */
export interface Answer {
  readonly decision: Choice;
  readonly by: readonly string[];
  readonly reason: string;
  readonly last?: Decision;
  /** When the first of the approvals that counted expires, or the window closes, whichever is first; epoch ms. */
  readonly until?: number;
  /** Of an approval by a group: who gave it, and what tells whether they still may. */
  readonly group?: { readonly reads: GateAsk; readonly signers: readonly Signer[]; readonly requester?: string };
  /** Blocking items stood, and every approval overrode them; of other decisions, whether they said `force`. */
  readonly forced: boolean;
  /** What was shown. */
  readonly evidence: Evidence;
}
