import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** What a file is made of: all of it at once, or a stream that is never held in memory as a whole. A chunk is good until the next one. */
export type Body = string | Uint8Array | AsyncIterable<Uint8Array>;

/** A file as it was written: its bytes and their SHA-256, in hex. */
export interface Stored {
  readonly size: number;
  readonly sha256: string;
}

/** A file as a result names it. */
export interface StoredFile extends Stored {
  readonly store: string;
  readonly name: string;
}

export interface Listed {
  readonly name: string;
  readonly size: number;
  /** When it was written, ISO 8601. */
  readonly at: string;
}

export interface PutOptions {
  /** Content type; by default `application/octet-stream`. */
  readonly type?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A place for files that outlive DRS and Temporal: a directory or a bucket. Names have `/` between their parts, see `nameProblem`.
 * Whatever fails here fails with a StoreError; what the body itself throws is thrown as it is.
 */
export interface Store {
  readonly name: string;
  /** Writes a file, in place of one of that name. Nobody sees it before it is whole and durable; a failure leaves nothing behind. */
  put(file: string, body: Body, options?: PutOptions): Promise<Stored>;
  /** @throws StoreError of kind `notFound`. */
  get(file: string, signal?: AbortSignal): Promise<{ readonly size: number; readonly stream: Readable }>;
  /** The files whose names begin so, in the order of their names' bytes; states are not among them. */
  list(prefix: string): AsyncIterable<Listed>;
  /** A file that is not there is removed already. */
  remove(file: string): Promise<void>;
  /** A state as it is now, with the version that `compareAndSwap` asks for. States are small, and apart from files. */
  state(name: string): Promise<{ readonly body: Buffer; readonly version: string } | undefined>;
  /**
   * Writes a state where it still has this version (`undefined`: where there is none yet). Gives the new version, or `undefined`
   * where somebody else was faster: read it again. A state that already reads exactly so counts as written.
   */
  compareAndSwap(name: string, version: string | undefined, body: string | Uint8Array): Promise<string | undefined>;
  /** Writes and removes a trial file; clears away what uploads that were killed left behind a day ago or longer. */
  check(): Promise<void>;
}

/** The store of the worker's configuration. @throws StoreError of kind `unknown`. */
export type Stores = (name: string) => Store;

/** What an error of a store means. `retry`: Temporal tries again by itself. */
export const STORE_TROUBLE = {
  /** No answer, busy, cut off. */
  transient: { retry: true },
  /** No room left: somebody may make some. */
  full: { retry: true },
  /** Permissions, a missing bucket or directory: a person must mend it. */
  refused: { retry: false },
  notFound: { retry: false },
  /** No store of that name, or no name of a file. */
  unknown: { retry: false },
} as const satisfies Record<string, { retry: boolean }>;

/** Says what failed, at which file of which store, and what to do. Never holds a key. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly kind: keyof typeof STORE_TROUBLE,
    readonly store: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`store "${store}": ${message}`, options);
  }
}

const PART = /^[A-Za-z0-9_=][A-Za-z0-9._=@+-]{0,127}$/;
const LONGEST = 512;

/** Why this is no name of a file in a store; undefined where it is one. */
export function nameProblem(name: string): string | undefined {
  const parts = name.split('/');
  if (name.length <= LONGEST && parts.every((part) => PART.test(part))) return undefined;
  return `"${name.slice(0, 100)}" is no name of a file: parts of letters, digits and . _ = @ + -, none of which begins with a dot, with / between them, ${LONGEST} characters at most`;
}

const LONGEST_PART = 100;

/** A part of a name that stands for any text, another one for every other text: `orders/2026` is `orders=2F2026`. */
export function namePart(text: string): string {
  const written = text.replace(/[^A-Za-z0-9._@+-]|^[.@+-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  if (written.length <= LONGEST_PART) return written || '=';
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return `${written.slice(0, LONGEST_PART - hash.length - 1)}=${hash}`;
}
