import type { GateRule } from './gate.js';
import type { Approver, Decision } from './messages.js';
import { readPublicKey } from './signatures.js';

/** Somebody who approved, and the fingerprint of the key that proves it; without one the name is a claim. */
export interface Signer {
  readonly by: string;
  readonly key?: string;
}

/** An approval, and when it was given (epoch ms). */
export interface Given extends Decision, Signer {
  readonly at: number;
}

/** Whether somebody who approved may do so under a rule that was read later: others may have left the group, or lost a key. */
export function mayApprove(rule: GateRule, { by, key }: Signer, requester?: string): boolean {
  const { members, escalation, keys, fourEyes } = rule;
  if (members && !members.includes(by) && !escalation?.members.includes(by)) return false;
  if (fourEyes && (requester === undefined || by === requester)) return false;
  const own = keys && Object.hasOwn(keys, by) ? keys[by] : undefined;
  return own === undefined || own.some((line) => fingerprintOf(line) === key);
}

function fingerprintOf(line: string): string | undefined {
  const key = readPublicKey(line);
  return typeof key === 'string' ? undefined : key.fingerprint;
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

  give(decision: Decision, now: number, key?: string): void {
    this.given.delete(decision.by);
    this.given.set(decision.by, { ...decision, at: now, ...(key && { key }) });
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
