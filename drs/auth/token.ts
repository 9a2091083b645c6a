/** A token of IAM and its end, milliseconds since 1970. */
export interface Token {
  readonly value: string;
  readonly expiresAt: number;
}

/** A token is renewed this long before it ends, or in the last tenth of its life where that is shorter. */
const MARGIN = 10 * 60_000;
/** After a refused login or a fresh token that was refused, nothing is tried for so long: IAM locks users who try too often. */
const PAUSE = 60_000;

/** The one token of a cloud's user: fetched once for all who wait for it, renewed before it ends and once after it was refused. */
export class TokenKeeper {
  #token: (Token & { readonly renewAt: number; readonly fetchedAt: number }) | undefined;
  #fetching: Promise<string> | undefined;
  #failure: { readonly error: unknown; readonly until: number } | undefined;
  /** True from a renewal after a refusal until a call was accepted. */
  #doubted = false;

  constructor(
    private readonly fetchToken: () => Promise<Token>,
    /** Whether an error of `fetchToken` would come again at once: a wrong password, but not a lost connection. */
    private readonly isLasting: (error: unknown) => boolean,
    private readonly now: () => number = Date.now,
  ) {}

  /** The token, fetched if need be. A caller who stops waiting does not stop the others. */
  async get(): Promise<string> {
    const now = this.now();
    if (this.#token && now < this.#token.renewAt) return this.#token.value;
    if (this.#failure && now < this.#failure.until) throw this.#failure.error;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** A call with this token was refused. True: try again with `get()`; false: a new token has not helped either. */
  refused(value: string): boolean {
    if (this.#token?.value !== value) return true; // renewed meanwhile
    if (this.#doubted && this.now() < this.#token.fetchedAt + PAUSE) return false;
    this.#token = undefined;
    this.#doubted = true;
    return true;
  }

  accepted(value: string): void {
    if (this.#token?.value === value) this.#doubted = false;
  }

  async #fetch(): Promise<string> {
    try {
      const token = await this.fetchToken();
      const fetchedAt = this.now();
      const renewAt = token.expiresAt - Math.min(MARGIN, (token.expiresAt - fetchedAt) / 10);
      this.#token = { ...token, fetchedAt, renewAt };
      this.#failure = undefined;
      return token.value;
    } catch (error) {
      // The token may still be good for its last minutes.
      if (this.#token && this.now() < this.#token.expiresAt) return this.#token.value;
      if (this.isLasting(error)) this.#failure = { error, until: this.now() + PAUSE };
      throw error;
    }
  }
}
