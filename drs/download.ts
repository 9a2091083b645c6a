import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { HttpReply, Sink } from './transport.js';
import { Trouble } from './trouble.js';

/** Streams to a file beside `path`, which takes its name only when all of it is on the disk. */
export async function saveTo(
  path: string,
  fetch: (sink: Sink) => Promise<HttpReply>,
): Promise<{ readonly bytes: number }> {
  const part = `${path}.${randomUUID()}.part`;
  const file = await open(part, 'wx', 0o600);
  let bytes = 0;
  try {
    const reply = await fetch(async (chunk) => {
      await file.writeFile(chunk);
      bytes += chunk.length;
    });
    if (bytes === 0)
      throw new Trouble('transient', { status: reply.status, requestId: reply.requestId, what: 'the file is empty' });
    await file.sync();
    await file.close();
    await rename(part, path);
    return { bytes };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error;
  }
}
