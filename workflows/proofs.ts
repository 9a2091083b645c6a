import type { WorkflowInfo } from '@temporalio/workflow';
import type { Decision, Place, Proof, UpdateName } from './messages.js';
import type { UpdateForm } from './plans/updates.js';
import { decisionText, prove, type Signed, unfit, updateText } from './signed.js';

/** Public keys by the names of those whose decisions must be signed. */
export type Keys = Readonly<Record<string, readonly string[]>>;

/** To verify one costs a millisecond, and a run has seconds for all that comes at once. */
const MOST_BAD_AT_ONCE = 500;

/** Of a run that was reset the id of the first: what was signed before holds when it is replayed. */
export const placeOf = ({ namespace, workflowId, originalExecutionRunId }: WorkflowInfo): Place => ({
  namespace,
  workflowId,
  runId: originalExecutionRunId,
});

/** What people must prove in one run, and what they have proved: nothing is heard twice, nor after what was said later. */
export class Proofs {
  private readonly heard = new Map<string, string>();
  private bad = { at: 0, count: 0 };

  constructor(readonly place: Place) {}

  /**
   * The proof of a decision, a sentence where it is none; undefined where none is needed, and the name is a claim. `hashes` are those
   * of the evidence, by number of the snapshot.
   */
  ofDecision(
    said: Decision,
    hashes: ReadonlyMap<number, string>,
    keys: Keys | undefined,
    now: number,
  ): Proof | string | undefined {
    const hash = hashes.get(said.snapshot ?? 0);
    if (hash !== undefined) return this.of(said, keys, now, () => decisionText(this.place, hash, said));
    if (!keys || !Object.hasOwn(keys, said.by)) return undefined;
    return `what is signed names the evidence that was seen: "snapshot": ${Math.max(...hashes.keys())}`;
  }

  /** The same of an update of a supervised run. */
  ofUpdate<N extends UpdateName>(
    name: N,
    said: UpdateForm<N>,
    keys: Keys | undefined,
    now: number,
  ): Proof | string | undefined {
    return this.of(said, keys, now, () => updateText(this.place, name, said));
  }

  /** It counted: from here on only what was signed later does. */
  count(by: string, { time }: Proof): void {
    this.heard.set(by, time);
  }

  private of(said: Signed, keys: Keys | undefined, now: number, text: () => string): Proof | string | undefined {
    if (!keys || !Object.hasOwn(keys, said.by)) return undefined;
    const why = unfit(said, now, this.heard.get(said.by));
    if (why) return why;
    if (this.bad.at !== now) this.bad = { at: now, count: 0 };
    if (this.bad.count >= MOST_BAD_AT_ONCE) return 'too many bad signatures came at the same time: send it again';
    const proof = prove(said, keys[said.by] ?? [], text);
    if (typeof proof === 'string') this.bad.count += 1;
    return proof;
  }
}
