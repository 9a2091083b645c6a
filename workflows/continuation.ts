import { allHandlersFinished, CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';

/** Above this a run continues as new; the server's own limit is ten times as far. Rehearsals say less, in their memo. */
const MOST_EVENTS = 4_500;

/** Whether this run goes on from an earlier one; whoever starts a run must not bring its record along. */
export function isContinued(): boolean {
  const { continuedFromExecutionRunId, attempt, cronSchedule } = workflowInfo();
  return continuedFromExecutionRunId !== undefined && attempt === 1 && !cronSchedule;
}

/** The history is long: the run goes on as a new one. */
export class Overfull extends Error {}

/** Sees when the history has become long, and stops the sequence then. */
export class Continuation {
  private readonly mostEvents = Number(workflowInfo().memo?.['mostEvents'] ?? MOST_EVENTS);
  private readonly asides = new Set<Promise<unknown>>();
  private overfull = false;

  check(): void {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    if (historyLength > this.mostEvents || continueAsNewSuggested) this.overfull = true;
  }

  /** Lets something go on beside the sequence, which waits for it only when the run continues as new. */
  beside(work: Promise<unknown>): void {
    const aside = work.catch(() => undefined).then(() => void this.asides.delete(aside));
    this.asides.add(aside);
  }

  async asidesDone(): Promise<void> {
    await Promise.all(this.asides);
  }

  /** @throws Overfull once the history is long and no update is under way. */
  async unlessOverfull<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    const full = condition(() => this.overfull && allHandlersFinished()).then(() => scope.cancel());
    full.catch(() => undefined);
    try {
      return await scope.run(work);
    } catch (error) {
      const asked = CancellationScope.current().consideredCancelled;
      throw this.overfull && isCancellation(error) && !asked ? new Overfull() : error;
    }
  }
}
