import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { HoldInput } from '../activities/hold-gate.js';
import type { GateAsk } from '../activities/services.js';
import { local, waits } from './activities.js';
import { evidence } from './evidence.js';
import { readFailure } from './failure.js';
import { type Answer, type CarriedOpening, Opening, type Question } from './gate.js';
import type { Change, Choice, Item } from './messages.js';
import type { GateSpec } from './plans/common.js';
import type { Proofs } from './proofs.js';

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

/** The activity beside an open gate: it tells, reminds, watches, and ends it when its time is over. */
class Holding {
  private scope: CancellationScope | undefined;

  constructor(
    private readonly opening: Opening,
    private readonly ask: Ask,
    private readonly asking: Asking,
  ) {}

  /** Begins, or goes on with what is shown now; `event` is told. */
  begin(event: HoldInput['event'] | undefined): void {
    this.scope?.cancel();
    const scope = new CancellationScope();
    this.scope = scope;
    scope
      .run(() => waits().holdGate(this.input(event)))
      .then(
        (end) => {
          const { opening } = this;
          if (end.event === 'failed') opening.close('retry', ['drs-pilot'], `the task is ${end.status}`);
          else opening.close(this.ask.spec?.onTimeout === 'abort' ? 'abort' : 'reject', ['time-out'], overdue(opening));
        },
        () => undefined,
      );
  }

  private input(event: HoldInput['event'] | undefined): HoldInput {
    const { opening, asking } = this;
    const { spec = {}, watch } = this.ask;
    const { rule } = opening.question;
    const { escalates } = opening;
    const ends = spec.onTimeout === 'reject' || spec.onTimeout === 'abort';
    const remindAt = spec.timeout === undefined || ends ? undefined : opening.opened + spec.timeout;
    return {
      run: asking.run,
      gate: opening.view(Date.now()),
      event: event ?? 'gateOpened',
      notify: asking.notify,
      known: event === undefined,
      since: opening.opened,
      remindEvery: spec.remindEvery,
      ...(remindAt !== undefined && { remindAt: new Date(remindAt).toISOString() }),
      ...(escalates !== undefined &&
        rule.escalation && {
          escalate: {
            at: escalates,
            group: rule.escalation.group,
            notify: spec.escalate?.notify ?? asking.notify,
            known: (event === undefined || event === 'approvalsVoided') && escalates <= Date.now(),
          },
        }),
      ...(asking.cloud && { cloud: asking.cloud }),
      ...(watch && { watch }),
    };
  }
}

const overdue = (opening: Opening): string =>
  `not decided by ${opening.question.expires} (approvals: ${opening.count(Date.now())})`;

/** So many items a note names; the evidence shows all. */
const NAMED = 10;

const voiding = ({ evidence: { snapshot } }: Opening, worse: readonly Item[], voided: readonly string[]): string => {
  const named = worse.slice(0, NAMED).map(({ item, class: c, value }) => `${item} is ${c} (${value.slice(0, 100)})`);
  const more = worse.length > NAMED ? [`and ${worse.length - NAMED} more`] : [];
  return `the approval of ${voided.join(', ')} is void, snapshot ${snapshot} is worse: ${[...named, ...more].join('; ')}`;
};
