/** What one request was and what became of it. Holds no secret. */
export interface JournalEntry {
  /** Counts from 1. */
  n: number;
  /** ISO 8601, by the simulator's clock. */
  at: string;
  /** Huawei's operation id; `unknown` where no route fits. */
  operation: string;
  method: string;
  path: string;
  /** Ids of the tasks that it named, names where it creates. */
  jobs: string[];
  /** HTTP status of the reply; 0 where none was sent. */
  status: number;
  /** Code of a request that was refused as a whole. */
  code?: string;
  /** Codes of jobs that were refused inside a 2xx. */
  perJob?: string[];
  /** Reasons behind the codes, in plain words. */
  why?: string[];
  /** Fields that the reference does not know, by their path. */
  unknownFields?: string[];
  /** Milliseconds inside the simulator. */
  ms: number;
  auth: 'token' | 'aksk' | 'none';
  /** True where the call changed something. */
  effect: boolean;
  /** Kind of the planned fault that it met. */
  fault?: string;
  body: unknown;
}

const LIMIT = 50_000;

export class Journal {
  private entries: JournalEntry[] = [];
  private count = 0;

  add(entry: Omit<JournalEntry, 'n'>): void {
    this.count += 1;
    this.entries.push({ n: this.count, ...entry });
    if (this.entries.length > LIMIT) this.entries = this.entries.slice(-LIMIT / 2);
  }

  list(): readonly JournalEntry[] {
    return this.entries;
  }

  clear(): void {
    this.entries = [];
  }
}

const SECRET =
  /^(db_?password|password|.*_password|.*_pwd|ssl_?cert_?key|ssl_?cert_?password|trust_store_key|key_store_key|key_tab_file|krb5_conf_file|property|sk|token|secret)$/i;

/** A copy with the values of secret fields replaced, at any depth. */
export function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET.test(key) && isValue(inner) ? '******' : masked(inner)]),
  );
}

const isValue = (value: unknown) => typeof value === 'string' || typeof value === 'number';
