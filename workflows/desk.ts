import { CancellationScope, condition } from '@temporalio/workflow';
import type { HoldInput } from '../activities/hold-gate.js';
import { local, waits } from './activities.js';
import { evidence } from './evidence.js';
import { type Answer, type CarriedOpening, Opening } from './gate.js';
import type { Change, Choice, Item } from './messages.js';
import type { GateSpec } from './plans/common.js';

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
}

export interface CarriedDesk {
  readonly openings: Readonly<Record<string, number>>;
  readonly open?: CarriedOpening;
}

/** Where people are asked: one question at a time, each under an id of its own. */
export class Desk {
  private readonly openings: Map<string, number>;
  private carried: CarriedOpening | undefined;
  private current: Opening | undefined;
  private busy = false;

  constructor(
    /** Told when a question opens and when it is answered. */
    private readonly changed: () => void,
    carried?: CarriedDesk,
  ) {
    this.openings = new Map(Object.entries(carried?.openings ?? {}));
    this.carried = carried?.open;
  }

  get opening(): Opening | undefined {
    return this.current?.answer ? undefined : this.current;
  }

  carry(): CarriedDesk {
    const open = this.current?.carry() ?? this.carried;
    return { openings: Object.fromEntries(this.openings), ...(open && { open }) };
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

  private async put(ask: Ask, { run, cloud, notify }: Asking): Promise<Answer> {
    const {
      name,
      question,
      decisions,
      items,
      spec = {},
      watch,
      acknowledge,
      one,
      changeProblem,
      settled,
      event = 'gateOpened',
      about,
    } = ask;
    const rule = await local.gateRule({
      kind: run.kind,
      name: run.name,
      gate: name,
      approvals: spec.approvals,
      group: spec.group,
      ...about,
    });
    const timeout = spec.timeout === undefined ? undefined : new Date(Date.now() + spec.timeout).toISOString();
    const ends = spec.onTimeout === 'reject' || spec.onTimeout === 'abort';
    const resumed = this.carried?.id.startsWith(`${name}#`) ?? false;
    const opening = this.open(name, {
      name,
      question,
      decisions,
      evidence: evidence(items),
      rule,
      expires: ends ? timeout : undefined,
      acknowledge,
      one,
      changeProblem,
    });
    this.changed();
    const holding = new CancellationScope();
    const held = holding.run(() =>
      waits().holdGate({
        run,
        gate: opening.view(),
        event,
        notify,
        known: resumed,
        remindEvery: spec.remindEvery,
        ...(timeout && !ends && { remindAt: timeout }),
        ...(cloud && { cloud }),
        ...(watch && { watch }),
      }),
    );
    held.then(
      (end) => {
        if (end.event === 'failed') opening.close('retry', ['drs-pilot'], `the task is ${end.status}`);
        else opening.close(spec.onTimeout === 'abort' ? 'abort' : 'reject', ['time-out'], overdue(opening));
      },
      () => undefined,
    );
    settled?.then(
      (why) => opening.close('retry', ['drs-pilot'], why),
      () => undefined,
    );
    await condition(() => opening.answer !== undefined);
    this.current = undefined;
    holding.cancel();
    this.changed();
    return opening.answer as Answer;
  }

  /** Nothing is asked any more. */
  close(): void {
    this.current = undefined;
  }

  private open(name: string, question: Opening['question']): Opening {
    const { carried } = this;
    if (carried?.id.startsWith(`${name}#`)) {
      this.carried = undefined;
      this.current = Opening.resume(carried, question);
    } else {
      const number = (this.openings.get(name) ?? 0) + 1;
      this.openings.set(name, number);
      this.current = new Opening(`${name}#${number}`, question);
    }
    return this.current;
  }
}

const overdue = ({ question, count }: Opening): string => `not decided by ${question.expires} (approvals: ${count})`;
