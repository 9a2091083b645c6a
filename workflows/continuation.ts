import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { getActivator } from '@temporalio/workflow/lib/global-attributes.js';
import { upgrade } from './messages.js';
import { versioningBehavior } from './versioned.js';

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
  private calm = false;
  private outdated = false;

  constructor() {
    const hear = () => {
      this.outdated = true;
      this.check();
    };
    setHandler(upgrade, hear, {
      description: 'Used by drs-pilot versions: a supervised run goes on by the current version',
    });
  }

  /** Whether nothing is under way that had better not be interrupted. */
  mayContinue(calm: boolean): void {
    this.calm = calm;
    this.check();
  }

  check(): void {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    const leaves = this.outdated && this.calm;
    if (leaves || historyLength > this.mostEvents || continueAsNewSuggested) this.overfull = true;
  }

  /** Lets something go on beside the sequence, which waits for it only when the run continues as new. */
  beside(work: Promise<unknown>): void {
    const aside = work.catch(() => undefined).then(() => void this.asides.delete(aside));
    this.asides.add(aside);
  }

  /** Until nothing goes on any more that the next run would not know of: what is beside the sequence, and updates. */
  async quiet(): Promise<void> {
    await CancellationScope.nonCancellable(() => condition(() => this.asides.size === 0 && allHandlersFinished()));
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

/**
 * Continues as new, by the version of the workers that is current then: within a run the version stays the same. What is handed over
 * must be read by every later version.
 */
export async function continueOnCurrentVersion(...args: readonly unknown[]): Promise<never> {
  // Servers before `initialVersioningBehavior` (1.29) look at the last task of the run that ends.
  const behavior = versioningBehavior('AUTO_UPGRADE');
  if (behavior) getActivator().versioningBehavior = behavior;
  return await makeContinueAsNewFunc<(...args: unknown[]) => Promise<never>>({
    initialVersioningBehavior: 'AUTO_UPGRADE',
  })(...args);
}
