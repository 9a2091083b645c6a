import type { Ask } from './desk.js';
import type { Answer } from './gate.js';
import type { Item } from './messages.js';
import type { GateSpec } from './plans/common.js';
import type { StepTable } from './step-table.js';

export type GateOptions = Pick<Ask, 'question' | 'items' | 'watch' | 'about' | 'evolves' | 'forcible'> & {
  readonly ask: GateSpec;
};
export type Dilemma = Pick<
  Ask,
  'name' | 'question' | 'items' | 'decisions' | 'about' | 'settled' | 'acknowledge' | 'one'
>;

/** What people are asked beside failed steps, each with its row in the table of steps. A row that is done is asked no more. */
export class Questions {
  constructor(
    private readonly steps: StepTable,
    private readonly ask: (ask: Ask) => Promise<Answer>,
  ) {}

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
}
