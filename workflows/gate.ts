import type { Change, Choice, Decision, DecisionRecord, Evidence, GateView } from './messages.js';

/** Who may decide, as the worker's configuration and the spec together demand it. */
export interface GateRule {
  readonly approvals: number;
  readonly group: string | null;
  /** Absent: anybody. Names without keys are claims. */
  readonly members?: readonly string[];
  readonly force?: boolean;
}

export interface Question {
  /** `cutover`; its openings are `cutover#1`, `cutover#2`. */
  readonly name: string;
  readonly question: string;
  readonly decisions: readonly Choice[];
  readonly evidence: Evidence;
  readonly rule: GateRule;
  readonly expires?: string | undefined;
  /** Names of the items that must be acknowledged. */
  readonly acknowledge?: readonly string[] | undefined;
  /** Exactly one of those is the answer. */
  readonly one?: boolean | undefined;
  /** Why a change can't be made now, or undefined; absent where nothing can be changed. */
  readonly changeProblem?: ((change: Change) => string | undefined) | undefined;
}

export interface Answer {
  readonly decision: Choice;
  readonly by: readonly string[];
  readonly reason: string;
  readonly last?: Decision;
}

/** One opening of a gate, from its question to its answer. Pure: time and events come from outside. */
export class Opening {
  answer: Answer | undefined;

  constructor(
    readonly id: string,
    readonly question: Question,
    /** Who has approved, and what they said. */
    private readonly approvals = new Map<string, Decision>(),
    private readonly acknowledged = new Set<string>(),
  ) {}

  /** The same opening in the next run of a workflow that continued as new. */
  static resume({ id, expires, approvals, acknowledged }: CarriedOpening, question: Question): Opening {
    return new Opening(
      id,
      { ...question, expires },
      new Map(approvals.map((said) => [said.by, said])),
      new Set(acknowledged),
    );
  }

  /** Why a decision can't count, or undefined. */
  refusal(decision: Decision): string | undefined {
    const { decisions, rule, evidence } = this.question;
    if (decision.gate !== this.id) return `${decision.gate} is not open; open now is ${this.id}`;
    if (this.answer) return `${this.id} is closed: ${this.answer.decision} by ${this.answer.by.join(', ')}`;
    const offered =
      decision.decision === 'withdraw' ? decisions.includes('approve') : decisions.includes(decision.decision);
    if (!offered) return `${this.id} does not offer "${decision.decision}", but ${decisions.join(', ')}`;
    if (rule.members && !rule.members.includes(decision.by)) return `${decision.by} is not in the group ${rule.group}`;
    if (decision.snapshot !== undefined && decision.snapshot !== evidence.snapshot) {
      return `the evidence has changed: snapshot ${decision.snapshot} was seen, ${evidence.snapshot} is shown now`;
    }
    if (decision.force && !rule.force) return 'force is not allowed here';
    if (decision.decision === 'withdraw' && !this.approvals.has(decision.by)) return `${decision.by} has not approved`;
    return this.acknowledgeRefusal(decision) ?? this.changeRefusal(decision);
  }

  /** Counts a decision that `refusal` let pass. */
  take(decision: Decision): void {
    const { by, reason } = decision;
    switch (decision.decision) {
      case 'approve':
        this.approvals.set(by, decision);
        if (this.approvals.size >= this.question.rule.approvals)
          this.close('approve', [...this.approvals.keys()], reason, decision);
        return;
      case 'withdraw':
        this.approvals.delete(by);
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
    this.answer ??= { decision, by, reason, ...(last && { last }) };
  }

  get count(): string {
    return `${this.approvals.size} of ${this.question.rule.approvals}`;
  }

  get approvers(): readonly string[] {
    return [...this.approvals.keys()];
  }

  /** Of the evidence, what goes into a record. */
  get shown(): Pick<Evidence, 'snapshot' | 'hash'> {
    const { snapshot, hash } = this.question.evidence;
    return { snapshot, hash };
  }

  /** Items that still wait for an acknowledgement. */
  outstanding(): string[] {
    return (this.question.acknowledge ?? []).filter((item) => !this.acknowledged.has(item));
  }

  view(): GateView {
    const { question, decisions, rule, evidence, expires } = this.question;
    return {
      id: this.id,
      question,
      decisions,
      approvals: this.count,
      group: rule.group,
      expires: expires ?? null,
      evidence,
    };
  }

  /** What goes over to the next run when this one continues as new. */
  carry(): CarriedOpening {
    const { expires } = this.question;
    return {
      id: this.id,
      ...(expires && { expires }),
      approvals: [...this.approvals.values()],
      acknowledged: [...this.acknowledged],
    };
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
  readonly expires?: string;
  readonly approvals: readonly Decision[];
  readonly acknowledged: readonly string[];
}

export const sameDecision = (a: DecisionRecord, b: Decision): boolean =>
  a.gate === b.gate &&
  a.decision === b.decision &&
  a.by === b.by &&
  a.reason === b.reason &&
  JSON.stringify([a.items, a.change, a.force]) === JSON.stringify([b.items, b.change, b.force]);
