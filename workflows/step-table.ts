import type { StepRow } from './messages.js';

/** A note is one line in a table, and lies in the history. */
const LONGEST_NOTE = 400;

export interface CarriedSteps {
  readonly rows: readonly StepRow[];
  readonly results: Readonly<Record<string, unknown>>;
  readonly retries: readonly string[];
}

/** The steps of a run: what people see of them, and the results of those that are done. */
export class StepTable {
  private readonly rows: Map<string, StepRow>;
  private readonly results: Map<string, unknown>;
  /** Steps that a person said "retry" to, until they end one way or the other. */
  private readonly retries: Set<string>;

  constructor(
    private readonly changed: () => void,
    carried?: CarriedSteps,
  ) {
    this.rows = new Map(carried?.rows.map((row) => [row.step, row]));
    this.results = new Map(Object.entries(carried?.results ?? {}));
    this.retries = new Set(carried?.retries);
  }

  view(): StepRow[] {
    return [...this.rows.values()];
  }

  carry(): CarriedSteps {
    return { rows: this.view(), results: Object.fromEntries(this.results), retries: [...this.retries] };
  }

  outline(names: readonly string[]): void {
    for (const step of names) if (!this.rows.has(step)) this.rows.set(step, { step, state: 'pending' });
    this.changed();
  }

  isDone(step: string): boolean {
    return this.results.has(step);
  }

  hasBegun(step: string): boolean {
    return (this.rows.get(step)?.state ?? 'pending') !== 'pending';
  }

  isRetried(step: string): boolean {
    return this.retries.has(step);
  }

  retry(step: string): void {
    this.retries.add(step);
  }

  resultOf<T>(step: string): T | undefined {
    return (this.results.get(step) ?? undefined) as T | undefined;
  }

  /** A step that is not done is done again when the sequence comes by. */
  forget(names: readonly string[]): void {
    for (const name of names) this.results.delete(name);
  }

  /** Steps that were done are done again, under the "retry" that somebody said. */
  redo(names: readonly string[]): void {
    for (const name of names) {
      if (this.results.delete(name)) this.retries.add(name);
      else this.retries.delete(name);
    }
  }

  mark(step: string, state: StepRow['state'], note?: string): void {
    this.rows.set(step, { step, state, since: new Date().toISOString(), ...cut(note) });
    this.changed();
  }

  /** A remark on a step that goes on as it is. */
  tell(step: string, note: string): void {
    const row = this.rows.get(step);
    if (row) this.rows.set(step, { ...row, ...cut(note) });
    this.changed();
  }

  /** A step that failed goes on. */
  goOn(step: string, note: string): void {
    if (this.rows.get(step)?.state === 'running') this.tell(step, note);
    else this.mark(step, 'running', note);
  }

  fail(step: string, why: string): void {
    this.retries.delete(step);
    this.mark(step, 'failed', why);
  }

  /** The run ends: nothing runs or waits any more. */
  stop(why: string): void {
    for (const { step, state } of this.view()) if (state === 'running' || state === 'waits') this.fail(step, why);
  }

  finish(step: string, began: number, note: string | undefined, result: unknown): void {
    this.retries.delete(step);
    this.results.set(step, result ?? null);
    this.rows.set(step, {
      step,
      state: 'done',
      since: new Date().toISOString(),
      took: duration(Date.now() - began),
      ...cut(note),
    });
    this.changed();
  }

  skip(step: string, note: string): void {
    this.results.set(step, null);
    this.mark(step, 'skipped', note);
  }
}

const cut = (note: string | undefined) => (note ? { note: note.slice(0, LONGEST_NOTE) } : {});

/** `41s`, `12m 3s`, `3h 4m`, `2d 5h`. */
export function duration(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
  return `${Math.floor(s / 86400)}d ${Math.floor((s % 86400) / 3600)}h`;
}
