import { createHash } from 'node:crypto';
import { cancellationSignal } from '@temporalio/activity';
import type { Services } from '../services.js';
import { type Body, namePart, type Store, type StoredFile } from '../stores.js';

/** Where a night keeps its files: `comparison/<name>/<night>/`. */
export interface Archive {
  readonly store: string;
  readonly name: string;
  /** `20260131T010000Z-1a2b3c4d`: when it began, and the run. */
  readonly night: string;
}

export const nightsFolder = ({ name }: Pick<Archive, 'name'>): string => `comparison/${namePart(name)}`;
/** The state that holds the nights in brief. */
export const nightsState = (archive: Pick<Archive, 'name'>): string => `${nightsFolder(archive)}/nights`;
export const folderOf = (archive: Archive): string => `${nightsFolder(archive)}/${archive.night}`;
export const taskFolder = (archive: Archive, jobId: string): string => `${folderOf(archive)}/tasks/${namePart(jobId)}`;
/** What a task came to, with the names of its files: all of the report is made of these. */
export const TASK_FILE = 'task.json';

export async function keep(store: Store, file: string, body: Body, type: string): Promise<StoredFile> {
  const stored = await store.put(file, body, { type, signal: cancellationSignal() });
  return { store: store.name, name: file, ...stored };
}

/** JSON lines, made as they are written. */
export async function* lines(rows: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const row of rows) yield Buffer.from(`${JSON.stringify(row)}\n`);
}

export async function readBytes(store: Store, file: string): Promise<Buffer> {
  const { stream } = await store.get(file, cancellationSignal());
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export const readJson = async <T>(store: Store, file: string): Promise<T> =>
  JSON.parse((await readBytes(store, file)).toString()) as T;

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Keeps what one task came to. */
export const keepTask =
  ({ store }: Services) =>
  async ({
    archive,
    jobId,
    verdict,
  }: {
    readonly archive: Archive;
    readonly jobId: string;
    readonly verdict: unknown;
  }) =>
    await keep(
      store(archive.store),
      `${taskFolder(archive, jobId)}/${TASK_FILE}`,
      JSON.stringify(verdict),
      'application/json',
    );
