import { ApplicationFailure, metricMeter, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import {
  type Decision,
  type DecisionRecord,
  MESSAGES,
  type MessageName,
  type Receipt,
  type Refusals,
  signalOf,
  updateOf,
} from './messages.js';
import type { Opening } from './opening.js';
import { readComment, readMessage } from './plans/decision.js';
import { refusal } from './refusal.js';

/** For the worker's metrics; Temporal leaves it out at replays. */
const countRefusal = (message: 'signal' | 'update'): void =>
  metricMeter
    .createCounter('drs_pilot_decisions_refused_total', '', 'Messages of people that could not count')
    .add(1, { message });

/** Only so many refusals, decisions and comments are shown, and kept: a record must fit into a payload. */
const SHOWN = 50;
const MOST_DECISIONS = 200;
const MOST_COMMENTS = 50;

const FORM = '{ "gate": "GATE#N", "by": "your-name", "reason": "why" }';
const DESCRIPTIONS: Readonly<Record<MessageName, string>> = {
  approve: `Approve what the open gate asks: ${FORM}`,
  reject: `Reject what the open gate asks; this ends the run: ${FORM}`,
  decide: `Decide on a failed step: ${FORM.replace(' }', ', "decision": "retry" }')}; or skip, abort, acknowledge (with "items"), withdraw`,
  comment: 'Leave a remark in the record: { "by": "your-name", "reason": "text" }',
};

/**
 * Hears what people send, as signals and as updates. Nothing that arrives can harm the run: a signal's handler never throws,
 * and what cannot count changes nothing, is counted and is shown.
 */
export class Inbox {
  readonly decisions: DecisionRecord[];
  private refusedCount: number;
  private readonly refused: Refusals['last'][number][];

  constructor(
    private readonly open: () => Opening | undefined,
    private readonly changed: () => void,
    carried?: { readonly decisions: readonly DecisionRecord[]; readonly refusedSignals: Refusals },
  ) {
    this.decisions = [...(carried?.decisions ?? [])];
    this.refusedCount = carried?.refusedSignals.count ?? 0;
    this.refused = [...(carried?.refusedSignals.last ?? [])];
  }

  /** From here on messages are heard, at once those that came before. */
  listen(): void {
    for (const name of MESSAGES) this.listenTo(name);
    setDefaultSignalHandler((name) => this.refuse(name, 'no signal of this name exists'));
  }

  get refusedSignals(): Refusals {
    return { count: this.refusedCount, last: this.refused };
  }

  /** Something that happened, for whoever reads the record later. */
  note(reason: string, gate = ''): void {
    const at = new Date().toISOString();
    this.record({ gate, decision: 'comment', by: 'drs-pilot', claimed: false, reason, at });
    this.changed();
  }

  record(entry: DecisionRecord): void {
    this.decisions.push(entry);
    // Comments never push decisions out of the record.
    const comment = entry.decision === 'comment';
    const alike = this.decisions.filter(({ decision }) => (decision === 'comment') === comment);
    const [oldest] = alike;
    if (oldest && alike.length > (comment ? MOST_COMMENTS : MOST_DECISIONS))
      this.decisions.splice(this.decisions.indexOf(oldest), 1);
  }

  private listenTo(name: MessageName): void {
    const description = DESCRIPTIONS[name];
    setHandler(
      signalOf(name),
      (payload) => {
        const why = this.hearSafely(name, payload);
        if (why) this.refuse(name, why);
      },
      { description },
    );
    setHandler(updateOf(name), (payload) => this.answer(name, payload), {
      description,
      validator: (payload: unknown) => {
        const why = this.problem(name, payload);
        if (why) countRefusal('update');
        if (why) throw ApplicationFailure.nonRetryable(why, 'drs.refused');
      },
    });
  }

  /** An error that leaves a signal's handler stops the run for ever. */
  private hearSafely(name: MessageName, payload: unknown): string | undefined {
    try {
      return this.hear(name, payload);
    } catch (error) {
      return `it could not be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  private hear(name: MessageName, payload: unknown): string | undefined {
    const why = this.problem(name, payload);
    if (why) return why;
    return this.take(name, payload) ? undefined : 'said before: it counts once';
  }

  private answer(name: MessageName, payload: unknown): Receipt {
    // Between the validation and now others may have been heard.
    const why = this.problem(name, payload);
    if (why) throw ApplicationFailure.nonRetryable(why, 'drs.refused');
    const gate = (payload as Decision).gate ?? '';
    const opening = this.open();
    this.take(name, payload);
    return { gate, accepted: true, approvals: opening?.id === gate ? opening.count(Date.now()) : '' };
  }

  /** Why a message can't count. A repeat of what was accepted is no problem: it changes nothing. */
  private problem(name: MessageName, payload: unknown): string | undefined {
    if (name === 'comment') {
      const comment = readComment(payload);
      return typeof comment === 'string' ? comment : undefined;
    }
    const decision = readMessage(name, payload);
    if (typeof decision === 'string') return decision;
    if (this.isRepeat(decision)) return undefined;
    const opening = this.open();
    return opening ? refusal(opening, decision, Date.now()) : `no gate is open now, ${decision.gate} neither`;
  }

  /** False where it is a repeat. */
  private take(name: MessageName, payload: unknown): boolean {
    const at = new Date().toISOString();
    if (name === 'comment') {
      this.record({
        gate: '',
        decision: 'comment',
        claimed: true,
        at,
        ...(readComment(payload) as { by: string; reason: string }),
      });
      this.changed();
      return true;
    }
    const decision = readMessage(name, payload) as Decision;
    if (this.isRepeat(decision)) return false;
    const { time: _, signature: __, ...said } = decision;
    const opening = this.open();
    const proof = opening?.take(decision, Date.now());
    this.record({ claimed: !proof, at, ...said, ...opening?.shown, ...proof });
    this.changed();
    return true;
  }

  /** The same person said the same last, on this opening, and it still holds. */
  private isRepeat(decision: Decision): boolean {
    const last = this.decisions.findLast(({ gate, by }) => gate === decision.gate && by === decision.by);
    if (last === undefined || !sameDecision(last, decision)) return false;
    const opening = this.open();
    // An approval that has expired or was voided is given anew by the same words.
    const lapsed = opening?.id === decision.gate && !opening.counts(decision.by, Date.now());
    return !(lapsed && decision.decision === 'approve');
  }

  private refuse(signal: string, why: string): void {
    this.refusedCount += 1;
    countRefusal('signal');
    this.refused.push({ signal: signal.slice(0, 100), at: new Date().toISOString(), why: why.slice(0, 300) });
    if (this.refused.length > SHOWN) this.refused.shift();
    this.changed();
  }
}

/** Whether somebody says the same again. To have seen other evidence is to say something else. */
const sameDecision = (a: DecisionRecord, b: Decision): boolean =>
  a.gate === b.gate &&
  a.decision === b.decision &&
  a.by === b.by &&
  a.reason === b.reason &&
  (b.snapshot === undefined || a.snapshot === b.snapshot) &&
  JSON.stringify([a.items, a.change, a.force]) === JSON.stringify([b.items, b.change, b.force]);
