import type { GateAsk } from '../activities/services.js';
import { Approvals, type Given, mayApprove, type Signer } from './approvals.js';
import { evidence, worsened } from './evidence.js';
import type { Change, Choice, Decision, DecisionRecord, Evidence, GateView, Item, Proof } from './messages.js';
import type { Keys, Proofs } from './proofs.js';
import { closesAt, type Hours, isOpen, opensAt } from './window.js';

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

/** What whoever requested a run can't say under four eyes. */
const AGREES: ReadonlySet<Choice> = new Set(['approve', 'acknowledge']);
const NO_FORCE = "force is not allowed: no rule of the worker's configuration says so here";
/** What needs no look at the latest evidence. */
const STOPS: ReadonlySet<Choice> = new Set(['reject', 'abort', 'withdraw']);

/** One opening of a gate, from its question to its answer. Pure: time (epoch ms) and events come from outside. */
export class Opening {
  answer: Answer | undefined;
  evidence: Evidence;
  private readonly approvals: Approvals;
  /** Of all that was shown, by number of the snapshot. */
  private readonly hashes = new Map<number, string>();
  private readonly acknowledged: Set<string>;
  /** Whose approvals came over and count no more: they left the group, or their key did. */
  readonly gone: readonly string[];

  constructor(
    readonly id: string,
    readonly question: Question,
    readonly opened: number,
    carried?: CarriedOpening,
  ) {
    this.evidence = carried?.evidence ?? question.evidence;
    const { rule, requester, validFor } = question;
    const may = (one: Given): boolean => mayApprove(rule, one, requester);
    this.approvals = new Approvals(validFor, carried?.approvals.filter(may));
    this.gone = carried?.approvals.filter((one) => !may(one)).map(({ by }) => by) ?? [];
    this.acknowledged = new Set(carried?.acknowledged);
    this.hashes.set(this.evidence.snapshot, this.evidence.hash);
  }

  /** Why a decision can't count, or undefined. */
  refusal(decision: Decision, now: number): string | undefined {
    const { decisions, rule } = this.question;
    if (decision.gate !== this.id) return `${decision.gate} is not open; open now is ${this.id}`;
    if (this.answer) return `${this.id} is closed: ${this.answer.decision} by ${this.answer.by.join(', ')}`;
    const offered =
      decision.decision === 'withdraw' ? decisions.includes('approve') : decisions.includes(decision.decision);
    if (!offered) return `${this.id} does not offer "${decision.decision}", but ${decisions.join(', ')}`;
    const why =
      this.strangerRefusal(decision, now) ?? this.identityRefusal(decision, now) ?? this.momentRefusal(decision, now);
    if (why) return why;
    if (decision.force && !rule.force) return 'force is not allowed here';
    if (decision.decision === 'withdraw' && !this.approvals.has(decision.by, now))
      return `${decision.by} has not approved`;
    return this.acknowledgeRefusal(decision) ?? this.changeRefusal(decision);
  }

  /** Counts a decision that `refusal` let pass. Gives the proof of who said it, undefined where the name is a claim. */
  take(decision: Decision, now: number): Proof | undefined {
    const proof = this.proof(decision, now);
    this.hear(decision, now, typeof proof === 'object' ? proof.key : undefined);
    if (typeof proof !== 'object') return undefined;
    this.question.proofs?.count(decision.by, proof);
    return proof;
  }

  private hear(decision: Decision, now: number, key?: string): void {
    const { by, reason } = decision;
    switch (decision.decision) {
      case 'approve':
        this.approvals.give(decision, now, key);
        if (this.approvals.counting(now).length >= this.question.rule.approvals) this.approve(decision, now);
        return;
      case 'withdraw':
        this.approvals.withdraw(by);
        return;
      case 'acknowledge':
        for (const item of decision.items ?? []) this.acknowledged.add(item);
        if (this.question.one || this.outstanding().length === 0) this.close('acknowledge', [by], reason, decision);
        return;
      default:
        this.close(decision.decision, [by], reason, decision);
    }
  }

  close(decision: Choice, by: readonly string[], reason: string, last?: Decision): void {
    this.answer ??= {
      decision,
      by,
      reason,
      forced: last?.force ?? false,
      evidence: this.evidence,
      ...(last && { last }),
    };
  }

  /**
   * Shows other evidence, as a snapshot of its own. Where an item got worse, or a bad one came, the approvals are void: who gave
   * them had not seen that.
   */
  renew(items: readonly Item[], now: number): { readonly worse: readonly Item[]; readonly voided: readonly string[] } {
    const worse = worsened(this.evidence.items, items);
    this.evidence = evidence(items, this.evidence.snapshot + 1);
    this.hashes.set(this.evidence.snapshot, this.evidence.hash);
    return { worse, voided: worse.length > 0 ? this.approvals.voidAll(now) : [] };
  }

  /** Whether somebody's approval counts now. */
  counts(by: string, now: number): boolean {
    return this.approvals.has(by, now);
  }

  /** `1 of 2` */
  count(now: number): string {
    return `${this.approvals.counting(now).length} of ${this.question.rule.approvals}`;
  }

  /** Of the evidence, what goes into a record. */
  get shown(): Pick<Evidence, 'snapshot' | 'hash'> {
    const { snapshot, hash } = this.evidence;
    return { snapshot, hash };
  }

  /** Items that still wait for an acknowledgement. */
  outstanding(): string[] {
    return (this.question.acknowledge ?? []).filter((item) => !this.acknowledged.has(item));
  }

  /** When the second group may decide, epoch ms. */
  get escalates(): number | undefined {
    const { escalateAfter, rule } = this.question;
    return escalateAfter === undefined || !rule.escalation ? undefined : this.opened + escalateAfter;
  }

  view(now: number): GateView {
    const { question, decisions, rule, expires, hours } = this.question;
    const { escalates, blocked } = this;
    return {
      id: this.id,
      question,
      decisions,
      approvals: this.count(now),
      group: rule.group,
      expires: expires ?? null,
      evidence: this.evidence,
      approvers: this.approvals.view(now),
      ...(rule.keys && { signed: true }),
      ...(rule.fourEyes && { fourEyes: this.question.requester ?? null }),
      ...(hours && { window: hours.text }),
      ...(rule.escalation &&
        escalates !== undefined && {
          escalation: { group: rule.escalation.group, from: new Date(escalates).toISOString() },
        }),
      ...(blocked && { blocked }),
    };
  }

  /** What goes over to the next run when this one continues as new. */
  carry(): CarriedOpening {
    const { expires } = this.question;
    return {
      id: this.id,
      opened: this.opened,
      evidence: this.evidence,
      ...(expires && { expires }),
      approvals: this.approvals.carry(),
      acknowledged: [...this.acknowledged],
    };
  }

  /** A sentence where it is no proof. */
  private proof(decision: Decision, now: number): Proof | string | undefined {
    const { proofs, rule } = this.question;
    return proofs?.ofDecision(decision, this.hashes, rule.keys, now);
  }

  private approve(last: Decision, now: number): void {
    const { hours, rule, reads, requester } = this.question;
    const until = Math.min(this.approvals.until(now), hours ? closesAt(hours, now) : Number.POSITIVE_INFINITY);
    const signers = this.approvals.counting(now).map(({ by, key }) => ({ by, ...(key && { key }) }));
    const by = signers.map((one) => one.by);
    this.close('approve', by, last.reason, last);
    this.answer = {
      ...(this.answer as Answer),
      forced: this.blocked !== undefined,
      ...(Number.isFinite(until) && { until }),
      ...(rule.members && reads && { group: { reads, signers, ...(requester && { requester }) } }),
    };
  }

  /** What keeps the gate from being approved, and whether force overrides it: `allowed`, or why not. */
  private get blocked(): GateView['blocked'] {
    const { forcible, rule } = this.question;
    const by = this.evidence.items.filter((one) => one.class === 'blocking').map((one) => one.item);
    if (!forcible || by.length === 0) return undefined;
    const never = by.filter((one) => !forcible.includes(one));
    if (never.length > 0) return { by, force: `force never overrides ${never.join(', ')}` };
    return { by, force: rule.force ? 'allowed' : NO_FORCE };
  }

  private strangerRefusal({ by }: Decision, now: number): string | undefined {
    const { group, members, escalation } = this.question.rule;
    if (!members || members.includes(by)) return undefined;
    if (!escalation || this.escalates === undefined) return `${by} is not in the group ${group}`;
    if (now >= this.escalates)
      return escalation.members.includes(by)
        ? undefined
        : `${by} is neither in the group ${group} nor in ${escalation.group}`;
    const later = escalation.members.includes(by)
      ? `; ${escalation.group} may decide from ${at(this.escalates)} on`
      : '';
    return `${by} is not in the group ${group}${later}`;
  }

  /** Why it is not proved who decides, or why it is the wrong one. */
  private identityRefusal(decision: Decision, now: number): string | undefined {
    const { rule, requester } = this.question;
    const proof = this.proof(decision, now);
    if (typeof proof === 'string') return proof;
    if (!rule.fourEyes || !AGREES.has(decision.decision)) return undefined;
    if (requester === undefined)
      return 'four eyes: nobody signed the request of this run, so nobody can approve: start it anew, drs-pilot start SPEC --key FILE';
    return decision.by === requester ? `four eyes: ${requester} requested this run, so others must approve` : undefined;
  }

  /** What the moment and the evidence have against a decision, whoever says it. */
  private momentRefusal({ decision, snapshot, force }: Decision, now: number): string | undefined {
    const { evolves, hours } = this.question;
    if (STOPS.has(decision)) return undefined;
    if (snapshot !== undefined && snapshot !== this.evidence.snapshot) {
      return `the evidence has changed: snapshot ${snapshot} was seen, ${this.evidence.snapshot} is shown now`;
    }
    if (decision !== 'approve') return undefined;
    if (evolves && snapshot === undefined)
      return `an approval names the evidence that was seen: "snapshot": ${this.evidence.snapshot}`;
    if (hours && !isOpen(hours, now))
      return `outside the window ${hours.text}, which opens at ${at(opensAt(hours, now))}`;
    return this.blockRefusal(force ?? false);
  }

  private blockRefusal(forced: boolean): string | undefined {
    if (!this.blocked) return undefined;
    const { by, force } = this.blocked;
    if (force === 'allowed' && forced) return undefined;
    const why = force === 'allowed' ? 'an approval must say "force": true, and why' : force;
    return `blocked by ${by.join(', ')}: ${why}`;
  }

  private changeRefusal({ decision, change }: Decision): string | undefined {
    if (!change) return undefined;
    if (decision !== 'retry') return 'a change goes with "retry"';
    return this.question.changeProblem ? this.question.changeProblem(change) : 'nothing can be changed here';
  }

  private acknowledgeRefusal({ decision, items }: Decision): string | undefined {
    if (decision !== 'acknowledge') return items ? 'items belong to "acknowledge"' : undefined;
    if (!items) return 'acknowledge names the items: "items": ["…"]';
    const unknown = items.filter((item) => !this.question.acknowledge?.includes(item));
    if (unknown.length > 0) return `not shown here: ${unknown.join(', ')}`;
    return this.question.one && items.length !== 1 ? 'name exactly one of the items' : undefined;
  }
}

export interface CarriedOpening {
  readonly id: string;
  /** Epoch ms. */
  readonly opened?: number;
  readonly evidence?: Evidence;
  readonly expires?: string;
  readonly approvals: readonly Given[];
  readonly acknowledged: readonly string[];
}

/** Whether somebody says the same again. To have seen other evidence is to say something else. */
export const sameDecision = (a: DecisionRecord, b: Decision): boolean =>
  a.gate === b.gate &&
  a.decision === b.decision &&
  a.by === b.by &&
  a.reason === b.reason &&
  (b.snapshot === undefined || a.snapshot === b.snapshot) &&
  JSON.stringify([a.items, a.change, a.force]) === JSON.stringify([b.items, b.change, b.force]);

const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
