import type { Desk } from './desk.js';
import { Ending } from './ending.js';
import type { Failure } from './failure.js';
import type { Answer, Ask, Asking } from './gate.js';
import type { Change, Item } from './messages.js';
import type { PlanChanges } from './plan-changes.js';
import type { GateSpec, PlanBase } from './plans/common.js';
import type { StepTable } from './step-table.js';

export type GateOptions = Pick<Ask, 'question' | 'items' | 'watch' | 'about' | 'evolves' | 'forcible'> & {
  readonly ask: GateSpec;
};
export type Dilemma = Pick<
  Ask,
  'name' | 'question' | 'items' | 'decisions' | 'about' | 'settled' | 'acknowledge' | 'one'
>;

/** What people are asked, each question with its row in the table of steps. A row that is done is asked no more. */
export class Questions<P extends PlanBase> {
  private force = false;

  constructor(
    private readonly steps: StepTable,
    private readonly desk: Desk,
    private readonly changes: PlanChanges<P>,
    private readonly asking: () => Asking,
  ) {}

  /** Whether the last "retry" of a failed step said `force`. */
  get forced(): boolean {
    return this.force;
  }

  /** What becomes of a step that failed: "retry", "abort", and "skip" where the sequence can do without it. */
  async failed(step: string, { message, items }: Failure, skippable: boolean): Promise<Answer> {
    const answer = await this.ask(
      {
        name: step.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
        question: `${step} failed. ${message}`,
        decisions: ['retry', ...(skippable ? (['skip'] as const) : []), 'abort'],
        items,
        event: 'failure',
      },
      step,
    );
    this.force = answer.last?.force ?? false;
    return answer;
  }

  /**
   * A gate before a step that a person must approve; a rejection ends the run. Undefined where its ground went away while it was
   * open: the task that it watches has failed, or its evidence can't be read any more.
   */
  async approve(name: string, row: string, options: () => GateOptions): Promise<Answer | undefined> {
    if (this.steps.isDone(row)) return this.steps.resultOf<Answer>(row);
    const began = Date.now();
    this.steps.mark(row, 'waits');
    const { ask: spec, ...asked } = options();
    const answer = await this.ask({ ...asked, name, spec, decisions: ['approve', 'reject'] });
    if (answer.decision === 'approve') {
      const forced = answer.forced ? ' with force' : '';
      this.steps.finish(row, began, `approved${forced} by ${answer.by.join(', ')}`, answer);
      return answer;
    }
    this.steps.mark(row, 'pending', answer.reason);
    return undefined;
  }

  /** What becomes of a step that did not go well; to do it again is the caller's part. "abort" ends the run. */
  async decide(row: string, dilemma: Dilemma): Promise<Answer> {
    this.steps.fail(row, dilemma.question);
    return await this.ask({ ...dilemma, event: 'failure' });
  }

  /** Items that somebody must acknowledge by name before the run goes on. False: the step before is to be done again. */
  async acknowledge(name: string, row: string, question: string, items: readonly Item[]): Promise<boolean> {
    if (this.steps.isDone(row)) return true;
    const began = Date.now();
    this.steps.mark(row, 'waits');
    const acknowledge = items.map((one) => one.item);
    const answer = await this.ask({ name, question, items, acknowledge, decisions: ['acknowledge', 'retry', 'abort'] });
    if (answer.decision === 'acknowledge')
      this.steps.finish(row, began, `acknowledged by ${answer.by.join(', ')}`, true);
    else this.steps.mark(row, 'pending');
    return answer.decision === 'acknowledge';
  }

  /** One of several things, named by the item that is acknowledged. Undefined: the step before is to be done again. */
  async choose(name: string, row: string, question: string, items: readonly Item[]): Promise<string | undefined> {
    if (this.steps.isDone(row)) return this.steps.resultOf<string>(row);
    const began = Date.now();
    this.steps.mark(row, 'waits');
    const acknowledge = items.map((one) => one.item);
    const decisions = ['acknowledge', 'retry', 'abort'] as const;
    const answer = await this.ask({ name, question, items, acknowledge, one: true, decisions });
    const [chosen] = answer.decision === 'acknowledge' ? (answer.last?.items ?? []) : [];
    if (chosen) this.steps.finish(row, began, `${chosen}, said ${answer.by.join(', ')}`, chosen);
    else this.steps.mark(row, 'pending');
    return chosen;
  }

  /** Asks, and carries out what an answer means at every gate: an end of the run, a change. */
  async ask(ask: Ask, failedStep?: string): Promise<Answer> {
    const unseen = this.changes.unseen();
    const { evolves } = ask;
    const changeProblem = ask.decisions.includes('retry')
      ? (change: Change) => this.changes.problem(change)
      : undefined;
    const answer = await this.desk.ask(
      {
        ...ask,
        items: [...ask.items, ...unseen],
        changeProblem,
        evolves:
          evolves && (async (shown) => [...(await evolves(shown.filter((one) => !unseen.includes(one)))), ...unseen]),
      },
      this.asking(),
    );
    const { decision, by, reason, last } = answer;
    // Whoever approves must have seen the changes; at gates before that they are shown, too.
    if (decision === 'approve') this.changes.seen();
    if (decision === 'retry' && failedStep) this.steps.retry(failedStep);
    if (decision === 'reject') throw new Ending('rejected', `rejected by ${by.join(', ')}: ${reason}`);
    if (decision === 'abort') throw new Ending('aborted', `aborted by ${by.join(', ')}: ${reason}`);
    if (last?.change) this.changes.take({ change: last.change, reason, by: by.join(', ') });
    return answer;
  }
}
