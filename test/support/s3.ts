import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { findS3 } from '../../scripts/find-s3.mjs';
import { freePort } from '../../scripts/temporal-server.mjs';

export const S3_KEYS = { access: 'canary-access', secret: 'canary-secret-4e7f' } as const;

export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  /** A client of its own, to look behind the store's back. */
  readonly client: S3Client;
  close(): Promise<void>;
}

/** A real S3 server with an empty bucket; `undefined` where none can be had. */
export async function openS3(): Promise<S3Server | undefined> {
  const binary = await findS3();
  if (binary === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-s3-'));
  const bucket = 'drs-files';
  for (const sub of ['data', 'meta']) await mkdir(join(folder, sub, bucket), { recursive: true });
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const at = ['--port', new URL(endpoint).host, '--access', S3_KEYS.access, '--secret', S3_KEYS.secret, '--quiet'];
  // A directory beside the files for what belongs to them: not every file system of a build machine has extended attributes.
  const child = spawn(binary, [...at, 'posix', '--sidecar', join(folder, 'meta'), join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const until = Date.now() + 20_000;
  while (!(await fetch(endpoint).catch(() => undefined))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the S3 server does not answer: ${said}`);
    await sleep(20);
  }
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: S3_KEYS.access, secretAccessKey: S3_KEYS.secret },
  });
  return {
    endpoint,
    bucket,
    client,
    close: async () => {
      client.destroy();
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same bucket behind a service that takes conditions and keeps none of them, as OBS documents none. */
export async function withoutConditions({
  client,
  bucket: Bucket,
}: S3Server): Promise<{ endpoint: string; close(): void }> {
  const answer = async ({ method, url = '' }: IncomingMessage, body: Buffer) => {
    const Key = decodeURIComponent(new URL(url, 'http://host').pathname.slice(Bucket.length + 2));
    if (method === 'PUT') return await client.send(new PutObjectCommand({ Bucket, Key, Body: body }));
    const found = await client.send(new GetObjectCommand({ Bucket, Key }));
    return { ETag: found.ETag, body: await found.Body?.transformToByteArray() };
  };
  const server = createServer(async (request, response) => {
    const reply = await answer(request, await buffer(request)).catch(() => undefined);
    response.writeHead(reply ? 200 : 404, reply?.ETag ? { etag: reply.ETag } : {});
    response.end(reply && 'body' in reply ? reply.body : '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
