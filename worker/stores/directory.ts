import { randomUUID } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Body, type Listed, nameProblem, type Store, StoreError } from '../../activities/stores.js';
import { Meter } from './meter.js';

/** Beside the files, under names that no file can have: what is being written, and the states with their last versions. */
const INCOMING = '.incoming';
const STATES = '.states';
const ABANDONED_AFTER_MS = 86_400_000;
/** Versions of a state that stay, so that whoever reads one does not lose it while reading. */
const VERSIONS_KEPT = 10;
const READ_ATTEMPTS = 5;

/** A directory, of this machine or shared by all that run a worker (NFS: its hard links and renames are atomic, too). */
export function directoryStore(name: string, root: string): Store {
  const trouble = (error: unknown, doing: string): unknown => translate(name, root, error, doing);
  const pathOf = (file: string, under = ''): string => {
    const problem = nameProblem(file);
    if (problem) throw new StoreError('unknown', name, problem);
    return join(root, under, file);
  };

  /** Writes beside the final name, to the disk; the caller gives it that name. */
  async function incoming<T>(
    body: Body,
    signal: AbortSignal | undefined,
    place: (part: string, meter: Meter) => Promise<T>,
  ): Promise<T> {
    // Not the root itself: where it is gone its disk is not mounted, and this would fill another.
    await mkdir(join(root, INCOMING)).catch(unless('EEXIST'));
    const part = join(root, INCOMING, randomUUID());
    const meter = new Meter(body, signal);
    const handle = await open(part, 'wx', 0o640);
    try {
      for await (const chunk of meter.chunks()) await handle.writeFile(chunk);
      await handle.sync();
      await handle.close();
      return await place(part, meter);
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw meter.failed ? meter.failed.error : error;
    } finally {
      await rm(part, { force: true }).catch(() => undefined);
    }
  }

  const sync = async (from: string): Promise<void> => {
    for (let folder = dirname(from); folder.length >= root.length; folder = dirname(folder)) {
      await syncFolder(folder);
      if (folder === dirname(folder)) break;
    }
  };

  const versionsOf = async (folder: string): Promise<number[]> => {
    const entries = await readdir(folder).catch(unless('ENOENT'));
    return (entries ?? [])
      .flatMap((entry) => (/^\.\d+$/.test(entry) ? [Number(entry.slice(1))] : []))
      .sort((a, b) => a - b);
  };

  async function readState(folder: string): Promise<{ body: Buffer; version: string } | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const latest = (await versionsOf(folder)).at(-1);
      if (latest === undefined) {
        await stat(root);
        return undefined;
      }
      const body = await readFile(join(folder, `.${latest}`)).catch(unless('ENOENT'));
      if (body) return { body, version: String(latest) };
      if (attempt === READ_ATTEMPTS)
        throw new StoreError('transient', name, `a state in ${folder} changes all the time`);
    }
  }

  /** Oldest first, and never the first: so a version whose forerunner is there was never cleared away. */
  async function clearVersions(folder: string, latest: number): Promise<void> {
    for (const version of await versionsOf(folder))
      if (version > 1 && version <= latest - VERSIONS_KEPT)
        await unlink(join(folder, `.${version}`)).catch(unless('ENOENT'));
  }

  const exists = async (path: string): Promise<boolean> => (await stat(path).catch(unless('ENOENT'))) !== undefined;

  /** A hard link is made by one alone: the next version belongs to whoever makes it. */
  async function nextVersion(
    folder: string,
    version: string | undefined,
    body: string | Uint8Array,
  ): Promise<string | undefined> {
    const before = version === undefined ? 0 : Number(version);
    const next = before + 1;
    return await incoming(body, undefined, async (part) => {
      await mkdir(folder, { recursive: true });
      const made = await link(part, join(folder, `.${next}`)).then(() => true, unless('EEXIST'));
      // Where its forerunner is gone, the next one was there and gone already: ours is no part of the line.
      const lost = !made || (before > 0 && !(await exists(join(folder, `.${before}`))));
      if (lost && made) await unlink(join(folder, `.${next}`));
      if (lost) return undefined;
      await sync(join(folder, `.${next}`));
      await clearVersions(folder, next).catch(() => undefined);
      return String(next);
    });
  }

  async function clearAbandoned(): Promise<void> {
    for (const entry of await readdir(join(root, INCOMING))) {
      const path = join(root, INCOMING, entry);
      const there = await stat(path).catch(unless('ENOENT'));
      if (there && Date.now() - there.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
    }
  }

  const told = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw trouble(error, doing);
    }
  };

  return {
    name,
    put: async (file, body, { signal } = {}) => {
      const path = pathOf(file);
      return await told(`writing ${file}`, () =>
        incoming(body, signal, async (part, meter) => {
          await mkdir(dirname(path), { recursive: true });
          await rename(part, path);
          await sync(path);
          return meter.result();
        }),
      );
    },
    get: async (file, signal) => {
      const path = pathOf(file);
      return await told(`reading ${file}`, async () => {
        const handle = await open(path, 'r').catch(async (error) => {
          await stat(root);
          throw error;
        });
        const { size } = await handle.stat();
        const stream = createReadStream(path, { fd: handle, ...(signal && { signal }) });
        return { size, stream };
      });
    },
    list: (prefix) => listed(root, prefix, trouble),
    remove: async (file) => {
      const path = pathOf(file);
      await told(`removing ${file}`, async () => {
        await unlink(path).catch(unless('ENOENT', 'ENOTDIR'));
        await syncFolder(dirname(path)).catch(unless('ENOENT', 'ENOTDIR'));
      });
    },
    state: async (state) => {
      const folder = pathOf(state, STATES);
      return await told(`reading state ${state}`, () => readState(folder));
    },
    compareAndSwap: async (state, version, body) => {
      const folder = pathOf(state, STATES);
      return await told(`writing state ${state}`, async () => {
        const now = await readState(folder);
        if (now && Buffer.from(body).equals(now.body)) return now.version;
        return now?.version === version ? await nextVersion(folder, version, body) : undefined;
      });
    },
    check: async () => {
      await told('trying whether it can be written', () =>
        incoming('drs-pilot', undefined, async (part) => {
          const second = `${part}-link`;
          await link(part, second);
          await unlink(second);
          await syncFolder(join(root, INCOMING));
          await clearAbandoned();
        }),
      );
    },
  };
}

/** In the order of a bucket's keys: by the bytes of the whole name. */
async function* listed(
  root: string,
  prefix: string,
  trouble: (error: unknown, doing: string) => unknown,
): AsyncGenerator<Listed> {
  async function* walk(folder: string): AsyncGenerator<Listed> {
    const entries =
      (await readdir(join(root, folder), { withFileTypes: true }).catch(folder ? unless('ENOENT') : undefined)) ?? [];
    const keyed = entries
      .filter((entry) => !nameProblem(entry.name))
      .map((entry) => ({ entry, key: folder + entry.name + (entry.isDirectory() ? '/' : '') }))
      .filter(({ key }) => key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key)))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const { entry, key } of keyed) {
      if (entry.isDirectory()) yield* walk(key);
      else yield* one(entry, key);
    }
  }
  async function* one(entry: Dirent, name: string): AsyncGenerator<Listed> {
    const found = entry.isFile() ? await stat(join(root, name)).catch(unless('ENOENT')) : undefined;
    if (found) yield { name, size: found.size, at: found.mtime.toISOString() };
  }
  try {
    yield* walk('');
  } catch (error) {
    throw trouble(error, 'listing');
  }
}

const unless =
  (...codes: readonly string[]) =>
  (error: NodeJS.ErrnoException): undefined => {
    if (!codes.includes(error.code ?? '')) throw error;
  };

/** What a name stands for is on the disk only when its folder is. Some file systems know no such thing. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync().catch(unless('EINVAL', 'EPERM', 'ENOTSUP', 'EISDIR', 'EBADF'));
  } finally {
    await handle.close();
  }
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const REFUSED: Readonly<Record<string, string>> = {
  EACCES: 'the worker may not do that there: give its user the right',
  EPERM: 'the worker may not do that there, or its file system knows no hard links',
  ENOTSUP: 'its file system knows no hard links: take another one',
  EROFS: 'it is mounted for reading only',
  EXDEV: 'it lies on more than one file system: take one directory of one',
  EISDIR: 'a folder has that name',
  ENOTDIR: 'a part of that name is a file',
  EEXIST: 'a part of that name is a file',
  ENOTEMPTY: 'a folder has that name',
  ENAMETOOLONG: 'its file system takes no name that long',
};

function translate(store: string, root: string, error: unknown, doing: string): unknown {
  if (error instanceof StoreError) return error;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const fail = (kind: StoreError['kind'], why: string): StoreError =>
    new StoreError(kind, store, `${doing} failed: ${why} (${code}, ${root})`, { cause: error });
  if (FULL.has(code)) return fail('full', 'no room is left; make some');
  if (code === 'ENOENT' && (syscall === 'mkdir' || path === root || path === join(root, INCOMING)))
    return fail('refused', 'its directory is not there: is its disk mounted?');
  if (code === 'ENOENT') return new StoreError('notFound', store, `${doing} failed: there is no such file`);
  const refused = REFUSED[code];
  return refused === undefined ? fail('transient', 'the disk has trouble') : fail('refused', refused);
}
