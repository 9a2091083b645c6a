import { createHash } from 'node:crypto';
import type { Body, Stored } from '../../activities/stores.js';

/** Counts and hashes a body on its way, and ends it at the signal. */
export class Meter {
  private readonly hash = createHash('sha256');
  private size = 0;
  /** What the body itself failed with: no fault of the store. */
  failed: { readonly error: unknown } | undefined;

  constructor(
    private readonly body: Body,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      const whole = typeof this.body === 'string' || this.body instanceof Uint8Array;
      for await (const chunk of whole ? [Buffer.from(this.body as string | Uint8Array)] : this.body) {
        this.signal?.throwIfAborted();
        this.size += (chunk as Uint8Array).length;
        this.hash.update(chunk as Uint8Array);
        yield chunk as Uint8Array;
      }
      this.signal?.throwIfAborted();
    } catch (error) {
      this.failed = { error };
      throw error;
    }
  }

  /** Once all of it has passed. */
  result(): Stored {
    return { size: this.size, sha256: this.hash.digest('hex') };
  }
}
