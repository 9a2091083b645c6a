import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { GateAsk } from '../activities/services.js';
import { local } from './activities.js';
import { evidence } from './evidence.js';
import { readFailure } from './failure.js';
import type { Answer, Ask, Asking, Question } from './gate.js';
import { Holding } from './holding.js';
import type { Item } from './messages.js';
import { type CarriedOpening, Opening } from './opening.js';
import type { GateSpec } from './plans/common.js';

/** Who is told of what happens at the desk. */
export interface DeskUser {
  /** A question opened or was answered. */
  turned(): void;
  /** What is shown has changed. */
  moved(): void;
  /** Something for the record. */
  note(text: string, gate: string): void;
}

export interface CarriedDesk {
  readonly openings: Readonly<Record<string, number>>;
  /** When each gate was opened first, epoch ms: deadlines count from there. */
  readonly first?: Readonly<Record<string, number>>;
  readonly open?: CarriedOpening;
}

/** Where people are asked: one question at a time, each under an id of its own. */
export class Desk {
  private readonly openings: Map<string, number>;
  private readonly first: Map<string, number>;
  private carried: CarriedOpening | undefined;
  private current: Opening | undefined;
  private busy = false;

  constructor(
    private readonly user: DeskUser,
    carried?: CarriedDesk,
  ) {
    this.openings = new Map(Object.entries(carried?.openings ?? {}));
    this.first = new Map(Object.entries(carried?.first ?? {}));
    this.carried = carried?.open;
  }

  get opening(): Opening | undefined {
    return this.current?.answer ? undefined : this.current;
  }

  /** How often a gate was opened so far. */
  openingsOf(gate: string): number {
    return this.openings.get(gate) ?? 0;
  }

  carry(): CarriedDesk {
    const open = this.current?.carry() ?? this.carried;
    return {
      openings: Object.fromEntries(this.openings),
      first: Object.fromEntries(this.first),
      ...(open && { open }),
    };
  }

  /** Asks, and waits for the answer however long it takes. What the worker's rules demand is read anew for each opening. */
  async ask(ask: Ask, asking: Asking): Promise<Answer> {
    // Parts of a run may ask at the same time: people are asked one thing after another.
    while (this.busy) await condition(() => !this.busy);
    this.busy = true;
    try {
      return await this.put(ask, asking);
    } finally {
      this.busy = false;
    }
  }

  /** Nothing is asked any more. */
  close(): void {
    this.current = undefined;
  }

  private async put(ask: Ask, asking: Asking): Promise<Answer> {
    const { name, evolves, settled } = ask;
    const resumed = this.carried?.id.startsWith(`${name}#`) ?? false;
    const opening = await this.open(ask, asking);
    this.user.turned();
    const whole = new CancellationScope();
    whole
      .run(async () => {
        if (opening.answer) return;
        const holding = new Holding(opening, ask, asking);
        holding.begin(resumed ? undefined : (ask.event ?? 'gateOpened'));
        if (evolves) await this.evolve(opening, evolves, holding);
      })
      .catch(() => undefined);
    settled?.then(
      (why) => opening.close('retry', ['drs-pilot'], why),
      () => undefined,
    );
    await condition(() => opening.answer !== undefined);
    this.current = undefined;
    whole.cancel();
    this.user.turned();
    return opening.answer as Answer;
  }

  private async open(ask: Ask, { run, proofs, requester }: Asking): Promise<Opening> {
    const { name, spec = {}, forcible, about } = ask;
    const reads: GateAsk = {
      kind: run.kind,
      name: run.name,
      gate: name,
      approvals: spec.approvals,
      group: spec.group,
      ...(spec.escalate && { escalate: spec.escalate.group }),
      ...(spec.window && { zone: spec.window.zone }),
      ...(forcible && { forcible: true }),
      ...about,
    };
    const { offsets = [], ...rule } = await local.gateRule(reads);
    const carried = this.carried?.id.startsWith(`${name}#`) ? this.carried : undefined;
    const opened = carried?.opened ?? Date.now();
    if (!this.first.has(name)) this.first.set(name, opened);
    const expires = carried?.expires ?? this.endOf(name, spec, opened);
    const question: Question = {
      name,
      question: ask.question,
      decisions: ask.decisions,
      evidence: evidence(ask.items),
      rule,
      expires,
      acknowledge: ask.acknowledge,
      one: ask.one,
      changeProblem: ask.changeProblem,
      proofs,
      requester,
      reads,
      validFor: spec.validFor,
      hours: spec.window && { ...spec.window, offsets },
      escalateAfter: spec.escalate?.after,
      evolves: ask.evolves !== undefined,
      forcible,
    };
    const number = (this.openings.get(name) ?? 0) + 1;
    if (carried) this.carried = undefined;
    else this.openings.set(name, number);
    this.current = new Opening(carried?.id ?? `${name}#${number}`, question, opened, carried);
    const { gone } = this.current;
    if (gone.length > 0)
      this.user.note(`the approval of ${gone.join(', ')} counts no more: who may approve has changed`, this.current.id);
    return this.current;
  }

  /** When nobody is asked any more. */
  private endOf(name: string, { timeout, deadline, onTimeout }: GateSpec, opened: number): string | undefined {
    const ends = onTimeout === 'reject' || onTimeout === 'abort';
    const last = deadline && ('at' in deadline ? deadline.at : (this.first.get(name) as number) + deadline.after);
    const times = [...(ends && timeout !== undefined ? [opened + timeout] : []), ...(last === undefined ? [] : [last])];
    return times.length > 0 ? new Date(Math.min(...times)).toISOString() : undefined;
  }

  /** Shows what the evidence has become, as often as it does, and voids what was approved on better. */
  private async evolve(opening: Opening, evolves: NonNullable<Ask['evolves']>, holding: Holding): Promise<void> {
    try {
      for (;;) {
        const items = await evolves(opening.evidence.items);
        if (opening.answer) return;
        const { worse, voided } = opening.renew(items, Date.now());
        if (voided.length > 0) this.user.note(voiding(opening, worse, voided), opening.id);
        this.user.moved();
        holding.begin(voided.length > 0 ? 'approvalsVoided' : undefined);
      }
    } catch (error) {
      if (isCancellation(error)) return;
      opening.close('retry', ['drs-pilot'], `its evidence is not known any more: ${readFailure(error).message}`);
    }
  }
}

/** So many items a note names; the evidence shows all. */
const NAMED = 10;

const voiding = ({ evidence: { snapshot } }: Opening, worse: readonly Item[], voided: readonly string[]): string => {
  const named = worse.slice(0, NAMED).map(({ item, class: c, value }) => `${item} is ${c} (${value.slice(0, 100)})`);
  const more = worse.length > NAMED ? [`and ${worse.length - NAMED} more`] : [];
  return `the approval of ${voided.join(', ')} is void, snapshot ${snapshot} is worse: ${[...named, ...more].join('; ')}`;
};
