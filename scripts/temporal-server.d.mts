export type SearchAttributeType = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

/** Version of the Temporal CLI that is built where none is installed. */
export const TEMPORAL_CLI: string;

/** What runs of drs-pilot are found by. */
export const SEARCH_ATTRIBUTES: Readonly<Record<string, SearchAttributeType>>;

/** Path of our own build of the CLI, there or not. */
export function cachedTemporal(): string;

/**
 * The Temporal CLI to use: DRS_PILOT_TEMPORAL_CLI, `temporal` on PATH, our cache, a build by Go (about 3 minutes, once).
 * `undefined`: the SDK's own download. `onProgress` gets one line for people at a time (default: stderr).
 */
export function findTemporal(options?: { onProgress?: (line: string) => void }): Promise<string | undefined>;

export interface TemporalOptions {
  /** From `findTemporal`; without it the SDK downloads its own server. */
  readonly binary?: string | undefined;
  /** A free one by default, as for the UI; `uiPort: false` leaves the UI away. */
  readonly port?: number;
  readonly uiPort?: number | false;
  /** SQLite file that outlives the server; in memory by default. */
  readonly dbFile?: string;
  readonly namespace?: string;
  readonly searchAttributes?: Readonly<Record<string, SearchAttributeType>>;
  readonly ip?: string;
  readonly extraArgs?: readonly string[];
}

export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string | undefined;
  /** Of the server itself; undefined for one that the SDK downloaded. */
  readonly pid: number | undefined;
  /** Settles when the server has ended, by `stop` or otherwise. */
  readonly exited: Promise<void>;
  /** SIGTERM, after 5 s SIGKILL; returns once it has ended. May be called again. */
  stop(): Promise<void>;
}

/** Starts a dev server and returns once it answers for the namespace and knows the search attributes. It never outlives this process. */
export function startTemporal(options?: TemporalOptions): Promise<TemporalServer>;

/** A port that nobody listens on at this moment. */
export function freePort(ip?: string): Promise<number>;
