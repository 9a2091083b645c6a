import type { z } from 'zod';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What one result of a reply says about its job. `remark` is for the person who reads the result; it is no failure. */
export type Verdict =
  | { readonly ok: true; readonly remark?: string }
  | { readonly ok: false; readonly code?: string; readonly message: string };

/** Judges ONE result (a batch reply's entry, or the whole reply of a single-job call). A missing result never gets here. */
export type Judge = (result: Readonly<Record<string, unknown>>) => Verdict;

/** How many jobs share one request. */
export interface Batch {
  /** The array of the request's body that holds the jobs, `jobs` mostly. */
  readonly key: string;
  /** The most jobs that one request may carry: 10 where the reference says so or says nothing. */
  readonly limit: number;
  /** Field of the request that names its job; absent where a job is its bare id (`["…jb101", "…jb102"]`). */
  readonly id?: string;
  /** The request is an object, yet its job travels as its bare id; what else it has is shared or stands in the path. */
  readonly bare?: true;
  /** Fields of a result that name its job, the first present one wins. Empty: the reply names nothing, so one job a request. */
  readonly resultId: readonly string[];
  /** Field of request and result that tells two entries of one job apart, so that they may share a request (6.1.15). */
  readonly part?: string;
  /** The array of the reply that holds the results; `results` when absent. */
  readonly results?: string;
  /** Reply fields that may stand beside the results; with one job in the request they belong to its result. */
  readonly beside?: readonly string[];
  /** Request fields that stand once, beside `key`: jobs are merged only where these are equal. */
  readonly shared?: readonly string[];
  /** Fields beside `key` unless the request says otherwise, for instance `page_req` with a page that holds all of the request's jobs. */
  readonly envelope?: Readonly<Record<string, unknown>>;
  /** True for start, stop, delete, switchover and passwords: jobs of different callers never travel together. */
  readonly alone?: true;
}

/** How a list is asked for page by page. Paths are dotted; a list on the way is walked through. */
export interface Paging {
  /** Request field of the position: `offset` counts rows from 0, the others count pages from 1. */
  readonly from: 'offset' | 'cur_page' | 'current_page';
  /** Request field that says how many rows a page has. */
  readonly size: 'limit' | 'per_page';
  /** The most rows that a page may have. */
  readonly most: number;
  /** Request field that holds both, where they don't stand in the request itself. */
  readonly within?: 'page_req';
  /** Where the rows stand in the reply; several where one reply carries several lists that page together. */
  readonly rows: readonly string[];
  /** Where the reply says how many rows there are; the largest of several counts. */
  readonly totals: readonly string[];
}

/** One call of the API reference. Both schemas describe ONE job, also where the wire carries many. */
export interface Operation<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> {
  /** Section of the reference, `6.1.11`. */
  readonly section: string;
  /** As the reference writes it, `POST /v3/{project_id}/jobs/batch-starting`. `{field}`s other than project_id are taken out of the request. */
  readonly route: `${Method} /${string}`;
  /** What the call does, one line. */
  readonly summary: string;
  /** Strict: refuses what the reference refuses, before any network. */
  readonly request: In;
  /** Lenient: unknown fields and statuses are kept. */
  readonly reply: Out;
  readonly batch?: Batch;
  /** Request fields that travel in the query string. */
  readonly query?: readonly string[];
  /** Request field → HTTP header that carries it. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Request fields that travel as text: what is no string yet is sent as its JSON. */
  readonly stringify?: readonly string[];
  readonly paging?: Paging;
  readonly judge: Judge;
  /** True where sending it twice does no more than sending it once; else a lost reply is ambiguous. */
  readonly repeatable: boolean;
  /** The call may rightly answer with nothing, `{}` or `""` (6.1.25 and others). */
  readonly empty?: true;
  /** The reply is a file, to be streamed. */
  readonly file?: true;
  /** IAM action of §8.2; absent where the reference has none. */
  readonly action?: string;
  /** Further roles that §8.2 or the section names. */
  readonly roles?: readonly string[];
}

/** Identity: lets TypeScript infer an entry exactly (its schemas, whether it has a batch) and refuses fields it doesn't know. */
export const operation = <const E extends Operation>(entry: E & Record<Exclude<keyof E, keyof Operation>, never>): E =>
  entry;
