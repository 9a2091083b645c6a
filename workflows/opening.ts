import { Approvals, type Given, mayApprove } from './approvals.js';
import { evidence, worsened } from './evidence.js';
import type { Answer, Question } from './gate.js';
import type { Choice, Decision, Evidence, GateView, Item, Proof } from './messages.js';
import { closesAt } from './window.js';

const NO_FORCE = "force is not allowed: no rule of the worker's configuration says so here";

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
    this.answer = carried?.answer;
    this.hashes.set(this.evidence.snapshot, this.evidence.hash);
  }

  /** Counts a decision that was not refused. Gives the proof of who said it, undefined where the name is a claim. */
  take(decision: Decision, now: number): Proof | undefined {
    const proof = this.proofOf(decision, now);
    this.hear(decision, now, typeof proof === 'object' ? proof.key : undefined);
    if (typeof proof !== 'object') return undefined;
    this.question.proofs?.count(decision.by, proof);
    return proof;
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

  /** When the second group may decide, epoch ms. */
  get escalates(): number | undefined {
    const { escalateAfter, rule } = this.question;
    return escalateAfter === undefined || !rule.escalation ? undefined : this.opened + escalateAfter;
  }

  /** What keeps the gate from being approved, and whether force overrides it: `allowed`, or why not. */
  get blocked(): GateView['blocked'] {
    const { forcible, rule } = this.question;
    const by = this.evidence.items.filter((one) => one.class === 'blocking').map((one) => one.item);
    if (!forcible || by.length === 0) return undefined;
    const never = by.filter((one) => !forcible.includes(one));
    if (never.length > 0) return { by, force: `force never overrides ${never.join(', ')}` };
    return { by, force: rule.force ? 'allowed' : NO_FORCE };
  }

  /** The proof of who says it, a sentence where it is none; undefined where the name is a claim. */
  proofOf(decision: Decision, now: number): Proof | string | undefined {
    const { proofs, rule } = this.question;
    return proofs?.ofDecision(decision, this.hashes, rule.keys, now);
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
      ...(this.answer && { answer: this.answer }),
    };
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

  /** Items that still wait for an acknowledgement. */
  private outstanding(): string[] {
    return (this.question.acknowledge ?? []).filter((item) => !this.acknowledged.has(item));
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
}

export interface CarriedOpening {
  readonly id: string;
  /** Epoch ms. */
  readonly opened?: number;
  readonly evidence?: Evidence;
  readonly expires?: string;
  readonly approvals: readonly Given[];
  readonly acknowledged: readonly string[];
  /** It was decided while the run was about to continue as new: nobody has acted on that yet. */
  readonly answer?: Answer;
}
