import type { Approver, Decision } from './messages.js';

/** An approval, and when it was given (epoch ms). */
export interface Given extends Decision {
  readonly at: number;
}

/** The approvals of one opening. One that has expired counts no more, without anybody's having to say so. */
export class Approvals {
  private readonly given: Map<string, Given>;

  constructor(
    /** ms that each counts; absent: until the gate closes. */
    private readonly validFor?: number,
    given: readonly Given[] = [],
  ) {
    this.given = new Map(given.map((one) => [one.by, one]));
  }

  give(decision: Decision, now: number): void {
    this.given.delete(decision.by);
    this.given.set(decision.by, { ...decision, at: now });
  }

  withdraw(by: string): void {
    this.given.delete(by);
  }

  /** Names those that counted. */
  voidAll(now: number): string[] {
    const voided = this.counting(now).map(({ by }) => by);
    this.given.clear();
    return voided;
  }

  counting(now: number): Given[] {
    return [...this.given.values()].filter((one) => now < this.expiry(one));
  }

  has(by: string, now: number): boolean {
    return this.counting(now).some((one) => one.by === by);
  }

  /** When the first of those that count expires, epoch ms; never: Infinity. */
  until(now: number): number {
    return Math.min(...this.counting(now).map((one) => this.expiry(one)));
  }

  view(now: number): Approver[] {
    return this.counting(now).map((one) => ({
      by: one.by,
      at: iso(one.at),
      expires: this.validFor === undefined ? null : iso(this.expiry(one)),
      ...(one.force && { force: true }),
    }));
  }

  carry(): readonly Given[] {
    return [...this.given.values()];
  }

  private expiry({ at }: Given): number {
    return this.validFor === undefined ? Number.POSITIVE_INFINITY : at + this.validFor;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
