import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { nameProblem, type Store, StoreError } from '../../activities/stores.js';
import { ifMissing, ifNotImplemented, isConflict, translate } from './s3-errors.js';
import { abort, clearAbandoned, type Sdk, upload } from './s3-upload.js';

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

const STATES = '.states/';
const TRIAL = '.states/trial';

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
        if (isConflict(error)) return undefined;
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
