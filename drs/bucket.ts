/** How many requests per second an endpoint gets. All requests to it wait in one line, so that a refusal slows them all. */
export class Bucket {
  #tokens: number;
  #rate: number;
  #filled: number;
  #closedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(
    readonly limit: { readonly perSecond: number; readonly burst: number },
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#tokens = limit.burst;
    this.#rate = limit.perSecond;
    this.#filled = now();
  }

  /** Resolves when a request may go out, first come first served. Rejects with the signal's reason. */
  take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.size === 0 && this.#grant()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        this.#waiting.delete(go);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiting.add(go);
      this.#wake();
    });
  }

  /** The service said "too many": nothing goes out for `ms`, then at half the rate, which recovers request by request. */
  slow(ms: number): void {
    this.#fill();
    this.#closedUntil = Math.max(this.#closedUntil, this.now() + ms);
    this.#rate = Math.max(this.limit.perSecond / 16, this.#rate / 2);
    this.#tokens = Math.min(this.#tokens, 1);
    this.#wake();
  }

  #grant(): boolean {
    this.#fill();
    if (this.now() < this.#closedUntil || this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.#rate = Math.min(this.limit.perSecond, this.#rate + this.limit.perSecond / 50);
    return true;
  }

  #fill(): void {
    const now = this.now();
    const from = Math.max(this.#filled, Math.min(this.#closedUntil, now));
    this.#tokens = Math.min(this.limit.burst, this.#tokens + ((now - from) / 1000) * this.#rate);
    this.#filled = now;
  }

  #wake(): void {
    clearTimeout(this.#timer);
    for (const go of this.#waiting) {
      if (!this.#grant()) break;
      this.#waiting.delete(go);
      go();
    }
    if (this.#waiting.size === 0) return;
    const missing = ((1 - this.#tokens) / this.#rate) * 1000;
    const wait = Math.max(missing, this.#closedUntil - this.now());
    this.#timer = setTimeout(() => this.#wake(), Math.max(1, Math.ceil(wait)));
  }
}
