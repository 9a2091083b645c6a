import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { type Body, nameProblem, type Store, StoreError } from '../../activities/stores.js';
import { Meter } from './meter.js';

export interface Bucket {
  /** Scheme and host; the region's own for OBS: `https://obs.eu-west-101.myhuaweicloud.eu`. */
  readonly endpoint: string;
  readonly bucket: string;
  /** What all keys begin with, for instance `drs-pilot/`. */
  readonly prefix: string;
  readonly region: string;
  /** Whether the bucket stands in the path and not in the host's name. */
  readonly forcePathStyle: boolean;
  /** Read at each use, so that a rotated key counts at once. */
  readonly credentials: () => Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }>;
}

export interface S3Store extends Store {
  close(): void;
}

/** Parts of an upload; two are in memory at a time. At most 10,000 make a file: 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
const STATES = '.states/';
const TRIAL = '.states/trial';
const ABANDONED_AFTER_MS = 86_400_000;
const ABORT_LIMIT_MS = 10_000;

type Sdk = typeof import('@aws-sdk/client-s3');

/** A bucket of any service that speaks S3. The SDK costs 20 MB and is loaded at the first use. */
export function s3Store(name: string, bucket: Bucket): S3Store {
  let opened: Promise<{ sdk: Sdk; client: S3Client }> | undefined;
  const open = () => (opened ??= connect(bucket));
  let conditional: Promise<boolean> | undefined;

  const at = (key: string) => ({ Bucket: bucket.bucket, Key: bucket.prefix + key });
  const keyOf = (file: string, under = '') => {
    const problem = nameProblem(file);
    if (problem) throw new StoreError('unknown', name, problem);
    return under + file;
  };
  const told = async <T>(doing: string, work: (sdk: Sdk, client: S3Client) => Promise<T>): Promise<T> => {
    try {
      const { sdk, client } = await open();
      return await work(sdk, client);
    } catch (error) {
      throw translate(name, bucket, error, doing);
    }
  };

  async function readState(key: string): Promise<{ body: Buffer; version: string } | undefined> {
    const { sdk, client } = await open();
    const reply = await client.send(new sdk.GetObjectCommand(at(key))).catch(ifMissing);
    if (!reply) return undefined;
    return { body: Buffer.from((await reply.Body?.transformToByteArray()) ?? []), version: reply.ETag ?? '' };
  }

  /** Undefined where the condition does not hold. */
  async function write(key: string, body: Uint8Array, condition: object): Promise<string | undefined> {
    const { sdk, client } = await open();
    const reply = await client
      .send(new sdk.PutObjectCommand({ ...at(key), Body: body, ...condition }))
      .catch((error: unknown) => {
        if (CONFLICTS.has(statusOf(error) ?? 0)) return undefined;
        throw error;
      });
    return reply && (reply.ETag ?? '');
  }

  /** Whether the service keeps conditions: some accept a condition and write all the same. */
  async function keepsConditions(): Promise<boolean> {
    conditional ??= (async () => {
      const trial = Buffer.from('drs-pilot');
      await write(TRIAL, trial, {});
      return (await write(TRIAL, trial, { IfNoneMatch: '*' }).catch(ifNotImplemented)) === undefined;
    })();
    return await conditional.catch((error: unknown) => {
      conditional = undefined;
      throw error;
    });
  }

  return {
    name,
    put: async (file, body, { type = 'application/octet-stream', signal } = {}) => {
      const key = keyOf(file);
      return await told(`writing ${file}`, (sdk, client) =>
        upload(sdk, client, { ...at(key), ContentType: type }, body, signal),
      );
    },
    get: async (file, signal) => {
      const key = keyOf(file);
      return await told(`reading ${file}`, async (sdk, client) => {
        const reply: GetObjectCommandOutput = await client.send(new sdk.GetObjectCommand(at(key)), abort(signal));
        return { size: reply.ContentLength ?? 0, stream: reply.Body as Readable };
      });
    },
    list: async function* (prefix) {
      let ContinuationToken: string | undefined;
      do {
        const page = await told('listing', (sdk, client) =>
          client.send(
            new sdk.ListObjectsV2Command({
              Bucket: bucket.bucket,
              Prefix: bucket.prefix + prefix,
              ...(ContinuationToken && { ContinuationToken }),
            }),
          ),
        );
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          const file = Key.slice(bucket.prefix.length);
          if (!nameProblem(file)) yield { name: file, size: Size, at: (LastModified ?? new Date(0)).toISOString() };
        }
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (ContinuationToken);
    },
    remove: async (file) => {
      const key = keyOf(file);
      await told(`removing ${file}`, (sdk, client) =>
        client.send(new sdk.DeleteObjectCommand(at(key))).catch(ifMissing),
      );
    },
    state: async (state) => {
      const key = keyOf(state, STATES);
      return await told(`reading state ${state}`, () => readState(key));
    },
    compareAndSwap: async (state, version, body) => {
      const key = keyOf(state, STATES);
      return await told(`writing state ${state}`, async () => {
        const bytes = Buffer.from(body);
        if (!(await keepsConditions())) {
          const now = await readState(key);
          if (now?.version !== version) return now?.body.equals(bytes) ? now.version : undefined;
          return await write(key, bytes, {});
        }
        const condition = version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version };
        const written = await write(key, bytes, condition).catch(ifMissing);
        if (written !== undefined) return written;
        // A reply that was lost and sent again meets its own effect.
        const now = await readState(key);
        return now?.body.equals(bytes) ? now.version : undefined;
      });
    },
    check: async () => {
      await told('trying whether it can be written', async (sdk, client) => {
        await write(TRIAL, Buffer.from('drs-pilot'), {});
        await client.send(new sdk.DeleteObjectCommand(at(TRIAL)));
        await clearAbandoned(sdk, client, bucket);
      });
    },
    close: () => void opened?.then(({ client }) => client.destroy()).catch(() => undefined),
  };
}

async function connect({
  endpoint,
  region,
  forcePathStyle,
  credentials,
}: Bucket): Promise<{ sdk: Sdk; client: S3Client }> {
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    endpoint,
    region,
    forcePathStyle,
    credentials: async () => ({ ...(await credentials()), expiration: new Date() }),
    // Not every service knows the newer checksums; SHA-256 of each part is signed all the same.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 10_000,
      requestTimeout: 60_000,
      socketTimeout: 60_000,
      throwOnRequestTimeout: true,
    },
  });
  return { sdk, client };
}

/**
 * One request for what fits in a part, a multipart upload for what does not: its file shows only when all parts are there. Whatever
 * ends it early takes its parts away.
 */
async function upload(
  sdk: Sdk,
  client: S3Client,
  where: { readonly Bucket: string; readonly Key: string; readonly ContentType: string },
  body: Body,
  signal: AbortSignal | undefined,
) {
  const meter = new Meter(body, signal);
  const { Bucket, Key } = where;
  let uploadId: string | undefined;
  try {
    const parts = inParts(meter.chunks());
    const first = await parts.next();
    const second = first.done ? first : await parts.next();
    if (second.done) {
      await client.send(new sdk.PutObjectCommand({ ...where, Body: first.value ?? Buffer.alloc(0) }), abort(signal));
      return meter.result();
    }
    uploadId = (await client.send(new sdk.CreateMultipartUploadCommand(where), abort(signal))).UploadId;
    const done: { PartNumber: number; ETag: string | undefined }[] = [];
    const send = async (part: Buffer, number: number): Promise<void> => {
      const at = { Bucket, Key, UploadId: uploadId, PartNumber: number };
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...at, Body: part }), abort(signal));
      done.push({ PartNumber: number, ETag });
    };
    // While one part is on its way the next one fills.
    let underway = send(first.value as Buffer, 1);
    underway.catch(() => undefined);
    let number = 1;
    for (let next: IteratorResult<Buffer, undefined> = second; !next.done; next = await parts.next()) {
      await underway;
      underway = send(next.value, ++number);
      underway.catch(() => undefined);
    }
    await underway;
    await client.send(
      new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId: uploadId, MultipartUpload: { Parts: done } }),
      abort(signal),
    );
    return meter.result();
  } catch (error) {
    if (uploadId !== undefined) {
      const gone = new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId: uploadId });
      await client.send(gone, { abortSignal: AbortSignal.timeout(ABORT_LIMIT_MS) }).catch(() => undefined);
    }
    throw meter.failed ? new Passed(meter.failed.error) : error;
  }
}

/** What the body failed with goes through as it is. */
class Passed {
  constructor(readonly error: unknown) {}
}

/** In two buffers by turns: while one part is on its way, the next one fills the other. A part is good until the one after the next. */
async function* inParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  const buffers: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  let turn: 0 | 1 = 0;
  let size = 0;
  for await (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, PART_BYTES - size);
      buffers[turn] = withRoom(buffers[turn], size + piece.length);
      buffers[turn].set(piece, size);
      size += piece.length;
      rest = rest.subarray(piece.length);
      if (size === PART_BYTES) {
        yield buffers[turn];
        turn = turn === 0 ? 1 : 0;
        size = 0;
      }
    }
  }
  if (size > 0) yield buffers[turn].subarray(0, size);
  return undefined;
}

/** Grows by doubling: most files are small. */
const withRoom = (buffer: Buffer, bytes: number): Buffer =>
  bytes <= buffer.length ? buffer : Buffer.concat([buffer], Math.min(PART_BYTES, Math.max(bytes, 2 * buffer.length)));

/** Parts that killed uploads left: they cost money and no list of files shows them. */
async function clearAbandoned(sdk: Sdk, client: S3Client, { bucket: Bucket, prefix: Prefix }: Bucket): Promise<void> {
  const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix }));
  for (const { Key, UploadId, Initiated } of Uploads)
    if (Date.now() - (Initiated?.getTime() ?? Date.now()) > ABANDONED_AFTER_MS)
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(ifMissing);
}

const abort = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {});

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

const CONFLICTS: ReadonlySet<number> = new Set([409, 412]);

function ifMissing(error: unknown): undefined {
  if (statusOf(error) !== 404 || codeOf(error) === 'NoSuchBucket') throw error;
}

function ifNotImplemented(error: unknown): string {
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
function translate(store: string, { endpoint, bucket }: Bucket, error: unknown, doing: string): unknown {
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
