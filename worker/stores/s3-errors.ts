import { StoreError } from '../../activities/stores.js';
import type { Bucket } from './s3.js';

/** What the body failed with goes through as it is. */
export class Passed {
  constructor(readonly error: unknown) {}
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

const CONFLICTS: ReadonlySet<number> = new Set([409, 412]);

/** Whether the condition of a request did not hold. */
export const isConflict = (error: unknown): boolean => CONFLICTS.has(statusOf(error) ?? 0);

export function ifMissing(error: unknown): undefined {
  if (statusOf(error) !== 404 || codeOf(error) === 'NoSuchBucket') throw error;
}

export function ifNotImplemented(error: unknown): string {
  if (statusOf(error) === 501) return 'written';
  throw error;
}

const codeOf = (error: unknown): string => {
  const { Code, name, code } = error as { Code?: string; name?: string; code?: string };
  return Code ?? code ?? name ?? 'no reason';
};

const FULL = /^(QuotaExceeded|XMinioStorageFull|InsufficientCapacity|InsufficientStorageSpace|StorageFull)/;
const REFUSED: Readonly<Record<string, string>> = {
  AccessDenied: 'its key may not do that: it needs to read, write, list and delete under the prefix',
  InvalidAccessKeyId: 'the service does not know its access key',
  SignatureDoesNotMatch: 'its secret key is not that of its access key',
  NoSuchBucket: 'there is no such bucket',
  RequestTimeTooSkewed: 'the clock of this worker is wrong',
  PermanentRedirect: 'the bucket lies elsewhere: name its own endpoint and region',
};

/** By the service's code alone: its words may repeat keys. */
export function translate(store: string, { endpoint, bucket }: Bucket, error: unknown, doing: string): unknown {
  if (error instanceof Passed) return error.error;
  if (error instanceof StoreError) return error;
  if ((error as Error).name === 'AbortError') return error;
  if ((error as Error).message?.startsWith('secret "'))
    return new StoreError('refused', store, `${doing} failed: ${(error as Error).message}`);
  const [code, status] = [codeOf(error), statusOf(error)];
  const requestId = (error as { $metadata?: { requestId?: string } }).$metadata?.requestId;
  const where = [code, status, `bucket ${bucket} at ${endpoint}`, requestId && `request ${requestId}`]
    .filter(Boolean)
    .join(', ');
  const fail = (kind: StoreError['kind'], why: string) =>
    new StoreError(kind, store, `${doing} failed: ${why} (${where})`);
  if (FULL.test(code) || status === 507) return fail('full', 'no room is left; make some');
  const refused = REFUSED[code];
  if (refused !== undefined) return fail('refused', refused);
  if (status === 404) return new StoreError('notFound', store, `${doing} failed: there is no such file`);
  if (status === undefined) return fail('transient', 'the service could not be reached');
  if (status >= 500 || status === 429 || status === 408) return fail('transient', 'the service has trouble');
  return fail('refused', 'the service refused it');
}
