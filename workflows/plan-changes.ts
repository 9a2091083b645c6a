import { item } from './evidence.js';
import type { Change, Item } from './messages.js';
import { applyChange, type PlanBase, type ReadSpec } from './plans/common.js';

/** What a person may change when a step of a part of the sequence has failed. */
export interface Mending {
  readonly allows: 'endpoints' | 'secrets';
  /** Steps that a change makes undone: they run again, approvals among them. */
  readonly forget: readonly string[];
  /** What must be done with the change before the part goes on. */
  readonly apply?: (change: Change) => Promise<void>;
}

export interface NotedChange {
  readonly change: Change;
  readonly by: string;
  readonly reason: string;
}

export interface CarriedChanges {
  readonly changes: readonly NotedChange[];
  readonly shownChanges: number;
  readonly pending?: Change;
}

/** A person changed something: what it touches is done again. */
export class Changed extends Error {}

/** What people changed in the plan of a run, and what of it whoever approves next must see. */
export class PlanChanges<P extends PlanBase> {
  private readonly changes: NotedChange[];
  private shown: number;
  /** Taken, and not yet carried out by the part that it belongs to. */
  private pending: Change | undefined;
  private mending: Mending | undefined;

  constructor(
    private readonly plan: () => P,
    private readonly reader: ReadSpec<P>,
    carried?: CarriedChanges,
  ) {
    this.changes = [...(carried?.changes ?? [])];
    this.shown = carried?.shownChanges ?? 0;
    this.pending = carried?.pending;
  }

  carry(): CarriedChanges {
    return { changes: this.changes, shownChanges: this.shown, ...(this.pending && { pending: this.pending }) };
  }

  /** A plan as it was given becomes what it is by now. */
  applyAll(plan: P): void {
    for (const { change } of this.changes) applyChange(plan, change);
  }

  /** From here on the plan has this; nobody needs to be shown it. */
  amend(noted: NotedChange): void {
    applyChange(this.plan(), noted.change);
    this.changes.push(noted);
    this.shown = this.changes.length;
  }

  /** @throws Changed always: the part that it belongs to begins anew. */
  take(noted: NotedChange): never {
    applyChange(this.plan(), noted.change);
    this.changes.push(noted);
    this.pending = noted.change;
    throw new Changed();
  }

  /** Those that nobody has approved yet. */
  unseen(): Item[] {
    return this.changes
      .slice(this.shown)
      .map(({ change, by, reason }) => item('change', 'warning', `${describe(change)}, by ${by}: ${reason}`));
  }

  seen(): void {
    this.shown = this.changes.length;
  }

  /** Why a change can't be made now. */
  problem(change: Change): string | undefined {
    const allows = this.mending?.allows;
    if (!allows) return 'nothing can be changed here';
    const fields = [change.source, change.target].flatMap((endpoint) => Object.keys(endpoint ?? {}));
    const others = fields.filter((field) => field !== 'password');
    if (allows === 'secrets' && others.length > 0) {
      return `${others.join(', ')} cannot change any more: once a task has been started, DRS changes only passwords (§6.1.15)`;
    }
    const changed = { ...this.plan() };
    applyChange(changed, change);
    const problems = this.reader.problems(changed);
    return problems.length > 0 ? problems.map(({ path, message }) => `${path}: ${message}`).join('; ') : undefined;
  }

  /** A part of the sequence in which a person may mend a failure by a change; `redo` makes earlier steps undone. */
  async part<T>(mending: Mending, redo: (steps: readonly string[]) => void, work: () => Promise<T>): Promise<T> {
    for (;;) {
      this.mending = mending;
      try {
        if (this.pending) {
          await mending.apply?.(this.pending);
          this.pending = undefined;
        }
        return await work();
      } catch (error) {
        if (!(error instanceof Changed)) throw error;
        redo(mending.forget);
      } finally {
        this.mending = undefined;
      }
    }
  }
}

const describe = (change: Change): string =>
  Object.entries(change)
    .flatMap(([end, fields]) =>
      Object.entries(fields ?? {}).map(
        ([name, value]) => `${end}.${name} → ${typeof value === 'object' ? JSON.stringify(value) : value}`,
      ),
    )
    .join(', ');
