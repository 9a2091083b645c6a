import type { Hold, LockRequest, LockView, Owner, Taken, TakeOver, Ticket } from '../activities/lock-view.js';

/** So many take-overs are remembered. */
const REMEMBERED = 20;

export interface CarriedLock extends LockView {
  readonly lastToken: number;
}

/** Who holds the lock of a task and who waits for it, in order. Pure: time comes from outside. */
export class LockState {
  private holders: Hold[];
  private queue: Ticket[];
  private taken: Taken[];
  private lastToken: number;
  /** Changes with everything that others must hear of. */
  version = 0;

  constructor(
    readonly jobId: string,
    readonly cloud: string,
    carried?: CarriedLock,
  ) {
    this.holders = [...(carried?.holders ?? [])];
    this.queue = [...(carried?.queue ?? [])];
    this.taken = [...(carried?.taken ?? [])];
    this.lastToken = carried?.lastToken ?? 0;
  }

  get isFree(): boolean {
    return this.holders.length === 0 && this.queue.length === 0;
  }

  get isWanted(): boolean {
    return this.queue.length > 0;
  }

  get owners(): Owner[] {
    return [...this.holders, ...this.queue].map(({ owner }) => owner);
  }

  view(): LockView {
    const { jobId, cloud, holders, queue, taken } = this;
    return { jobId, cloud, holders: [...holders], queue: [...queue], taken: [...taken] };
  }

  carry(): CarriedLock {
    return { ...this.view(), lastToken: this.lastToken };
  }

  /** The token, or nothing: then the request stands in the queue. Who holds the lock already gets its token again. */
  request(request: LockRequest, now: number): number | undefined {
    const held = this.holderOf(request.owner.runId);
    if (held && (held.mode === 'exclusive' || request.mode === 'shared')) return held.token;
    const { owner, mode, reason } = request;
    const ticket = { owner, mode, reason, since: new Date(now).toISOString() };
    const place = this.queue.findIndex((one) => one.owner.runId === owner.runId);
    // Who asks again keeps its place.
    if (place >= 0 && this.queue[place]?.mode === mode) return undefined;
    if (place >= 0) this.queue[place] = ticket;
    else this.queue.push(ticket);
    this.version += 1;
    this.grant(now);
    const got = this.holderOf(owner.runId);
    return got && (got.mode === 'exclusive' || mode === 'shared') ? got.token : undefined;
  }

  /** Takes it from those who are in the way, and tells who they are. */
  takeOver(request: TakeOver, now: number): { token: number; from: readonly Hold[] } {
    const { owner, mode, reason, by, why } = request;
    const from = this.holders.filter(
      (hold) => hold.owner.runId !== owner.runId && (mode === 'exclusive' || hold.mode === 'exclusive'),
    );
    const at = new Date(now).toISOString();
    this.taken.push(...from.map((hold) => ({ from: hold.owner, to: owner, by, reason: why, at })));
    this.taken = this.taken.slice(-REMEMBERED);
    for (const { owner: one } of [...from, request]) this.remove(one.runId);
    const hold = this.hold({ owner, mode, reason, since: at }, now);
    this.version += 1;
    this.grant(now);
    return { token: hold.token, from };
  }

  /** These hold it no more and wait for it no more: they gave it back, or are gone. */
  drop(runIds: readonly string[], now: number): void {
    for (const runId of runIds) this.remove(runId);
    this.version += 1;
    this.grant(now);
  }

  private grant(now: number): void {
    for (let [next] = this.queue; next && this.admits(next); [next] = this.queue) {
      this.remove(next.owner.runId);
      this.hold({ ...next, since: new Date(now).toISOString() }, now);
    }
  }

  private admits({ owner, mode }: Ticket): boolean {
    const others = this.holders.filter((hold) => hold.owner.runId !== owner.runId);
    return mode === 'shared' ? others.every((hold) => hold.mode === 'shared') : others.length === 0;
  }

  /** Tokens grow also where the lock ended in between and began anew. */
  private hold(ticket: Ticket, now: number): Hold {
    this.lastToken = Math.max(this.lastToken + 1, now);
    const hold = { ...ticket, token: this.lastToken };
    this.holders.push(hold);
    return hold;
  }

  private remove(runId: string): void {
    this.holders = this.holders.filter(({ owner }) => owner.runId !== runId);
    this.queue = this.queue.filter(({ owner }) => owner.runId !== runId);
  }

  private holderOf(runId: string): Hold | undefined {
    return this.holders.find(({ owner }) => owner.runId === runId);
  }
}
