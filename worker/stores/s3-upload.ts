import type { S3Client } from '@aws-sdk/client-s3';
import type { Body } from '../../activities/stores.js';
import { Meter } from './meter.js';
import type { Bucket } from './s3.js';
import { ifMissing, Passed } from './s3-errors.js';

export type Sdk = typeof import('@aws-sdk/client-s3');

/** Parts of an upload; two are in memory at a time. At most 10,000 make a file: 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
const ABANDONED_AFTER_MS = 86_400_000;
const ABORT_LIMIT_MS = 10_000;

/**
 * One request for what fits in a part, a multipart upload for what does not: its file shows only when all parts are there. Whatever
 * ends it early takes its parts away.
 */
export async function upload(
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
export async function clearAbandoned(
  sdk: Sdk,
  client: S3Client,
  { bucket: Bucket, prefix: Prefix }: Bucket,
): Promise<void> {
  const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix }));
  for (const { Key, UploadId, Initiated } of Uploads)
    if (Date.now() - (Initiated?.getTime() ?? Date.now()) > ABANDONED_AFTER_MS)
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(ifMissing);
}

export const abort = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {});
