import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { namePart, nameProblem, type Store, StoreError } from '../../activities/stores.js';
import { openStores } from '../../worker/stores/index.js';
import { openS3, S3_KEYS, type S3Server, withoutConditions } from '../support/s3.js';
import { file, load } from './config-file.js';

/* One contract, kept by a directory and by a bucket of a real S3 server. */

let s3: S3Server | undefined;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  s3 = await openS3();
}, 600_000);
afterAll(async () => {
  for (const close of closing) await close();
  await s3?.close();
});

const open = async (entry: string) => {
  const keys = `secrets: { access: { file: ${file(S3_KEYS.access)} }, key: { file: ${file(S3_KEYS.secret)} }, wrong: { file: ${file('canary-wrong')} } }`;
  const { store, close } = openStores(await load(`${keys}\nstores: { nightly: ${entry} }`), {});
  closing.push(close);
  return store('nightly');
};

interface Place {
  readonly store: Store;
  /** All that lies there, what no list of files shows among it. */
  readonly everything: () => Promise<string[]>;
}

async function directory(): Promise<Place & { readonly root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'drs-pilot-store-'));
  closing.push(() => rm(root, { recursive: true, force: true }));
  const everything = async () => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  };
  return { store: await open(`{ directory: ${root} }`), everything, root };
}

let prefixes = 0;
const bucketEntry = (server: S3Server, more = '') =>
  `{ s3: { endpoint: '${server.endpoint}', bucket: ${server.bucket}, accessKey: { secret: access }, secretKey: { secret: key }${more} } }`;

async function bucket(): Promise<Place> {
  const server = s3 as S3Server;
  const prefix = `team-${++prefixes}/`;
  const where = { Bucket: server.bucket, Prefix: prefix };
  const everything = async () => {
    const { Contents = [] } = await server.client.send(new ListObjectsV2Command(where));
    const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand(where));
    return [...Contents, ...Uploads].map(({ Key = '' }) => Key.slice(prefix.length));
  };
  return { store: await open(bucketEntry(server, `, prefix: ${prefix}`)), everything };
}

const MIB = 1024 * 1024;
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

async function* inChunks(data: Uint8Array, bytes: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < data.length; from += bytes) yield data.subarray(from, from + bytes);
}

const list = async (store: Store, prefix = '') => {
  const found = [];
  for await (const one of store.list(prefix)) found.push(one);
  return found;
};
const kindOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof StoreError ? error.kind : String(error)),
  );

describe.each([
  ['a directory', directory],
  ['a bucket', bucket],
])('%s', (title, place) => {
  let store: Store;
  let everything: Place['everything'];
  beforeEach(async ({ skip }) => {
    if (title === 'a bucket' && !s3) skip('no S3 server here: Go builds one, or DRS_PILOT_VERSITYGW names one');
    ({ store, everything } = await place());
  });

  test('keeps a file of any size byte for byte, with its size and SHA-256, and nothing beside it', async () => {
    for (const size of [0, 1, 8 * MIB, 17 * MIB + 3]) {
      const data = randomBytes(size);
      const stored = await store.put(`night/${size}.bin`, inChunks(data, 300_001), { type: 'application/pdf' });
      expect(stored).toEqual({ size, sha256: sha256(data) });
      const { size: told, stream } = await store.get(`night/${size}.bin`);
      expect(told).toBe(size);
      expect(sha256(await buffer(stream))).toBe(stored.sha256);
    }
    expect((await everything()).sort()).toEqual(['0', '1', 17 * MIB + 3, 8 * MIB].map((size) => `night/${size}.bin`));
  });

  test('lists what begins so, in the order of names, and forgets what is removed', async () => {
    const names = ['a-b', 'a/b', 'a/c/d', 'ab', 'b'];
    for (const name of [...names].reverse()) await store.put(name, name);
    await store.compareAndSwap('a/state', undefined, '{}');
    expect((await list(store)).map(({ name, size }) => [name, size])).toEqual(names.map((name) => [name, name.length]));
    expect((await list(store, 'a/')).map(({ name }) => name)).toEqual(['a/b', 'a/c/d']);
    expect((await list(store, 'a/c')).map(({ name }) => name)).toEqual(['a/c/d']);
    expect(Date.parse((await list(store))[0]?.at ?? '')).toBeGreaterThan(Date.now() - 60_000);
    await store.remove('a/b');
    await store.remove('a/b');
    expect((await list(store, 'a/')).map(({ name }) => name)).toEqual(['a/c/d']);
    expect(await kindOf(store.get('a/b'))).toBe('notFound');
  });

  test.each([MIB, 20 * MIB])(
    'leaves nothing of a file whose source breaks after %i bytes, and keeps the one before',
    async (at) => {
      await store.put('night.xlsx', 'the one before');
      const broken = async function* () {
        yield* inChunks(randomBytes(at), 65_536);
        throw new Error('the download was cut off');
      };
      await expect(store.put('night.xlsx', broken())).rejects.toThrow(/^the download was cut off$/);
      expect(await everything()).toEqual(['night.xlsx']);
      expect((await buffer((await store.get('night.xlsx')).stream)).toString()).toBe('the one before');
    },
  );

  test('ends at the signal and leaves nothing', async () => {
    const stop = new AbortController();
    const endless = async function* () {
      for (let sent = 0; ; sent += 1) {
        if (sent === 20) stop.abort(new Error('the worker shuts down'));
        yield randomBytes(MIB);
      }
    };
    await expect(store.put('night.xlsx', endless(), { signal: stop.signal })).rejects.toThrow();
    expect(await everything()).toEqual([]);
  });

  test('lets one of many change a state, each time', async () => {
    expect(await store.state('planner/nightly')).toBeUndefined();
    let version: string | undefined;
    for (let round = 0; round < 13; round += 1) {
      const asked = version;
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, who) => store.compareAndSwap('planner/nightly', asked, `${round} by ${who}`)),
      );
      const winners = answers.flatMap((answer, who) => (answer === undefined ? [] : [{ answer, who }]));
      expect(winners).toHaveLength(1);
      version = winners[0]?.answer;
      expect(await store.state('planner/nightly')).toEqual({
        body: Buffer.from(`${round} by ${winners[0]?.who}`),
        version,
      });
      // A reply that was lost and asked for again.
      expect(await store.compareAndSwap('planner/nightly', asked, `${round} by ${winners[0]?.who}`)).toBe(version);
      if (asked) expect(await store.compareAndSwap('planner/nightly', asked, 'too late')).toBeUndefined();
    }
    expect(await store.compareAndSwap('planner/nightly', undefined, 'once more from the beginning')).toBeUndefined();
    expect((await everything()).length).toBeLessThan(13);
  });

  test('says that it can be written, and leaves no trace of the trial', async () => {
    await store.check();
    expect(await everything()).toEqual([]);
  });

  test('has no file outside of it, nor one with a name that another place could not keep', async () => {
    for (const name of [
      '../up',
      '/etc/passwd',
      'a//b',
      'a/../b',
      '.hidden',
      'a/.b',
      '',
      'a b',
      'a\\b',
      'a/',
      'x'.repeat(129),
    ]) {
      expect(nameProblem(name), name).toContain('is no name of a file');
      const works = [store.put(name, 'x'), store.get(name), store.remove(name), store.state(name)];
      expect(await Promise.all([...works, store.compareAndSwap(name, undefined, 'x')].map(kindOf)), name).toEqual(
        Array(5).fill('unknown'),
      );
    }
    expect(await everything()).toEqual([]);
  });
});

test('any text is a part of a name, and no two are the same', () => {
  const texts = [
    'orders',
    'orders/x',
    'orders=2Fx',
    '.',
    '..',
    '',
    '=',
    ' ',
    '_ ',
    'бд',
    '表',
    '\u0000',
    'x'.repeat(300),
    `${'x'.repeat(300)}y`,
  ];
  const parts = texts.map(namePart);
  expect(parts.map(nameProblem)).toEqual(texts.map(() => undefined));
  expect(new Set(parts.map((part) => part.toLowerCase())).size).toBe(texts.length);
  expect(parts[0]).toBe('orders');
});

test('a directory that went away is told, and not made anew', async () => {
  const { store, root } = await directory();
  await store.put('a', 'a');
  await rm(root, { recursive: true });
  const works = [store.put('b', 'b'), store.get('a'), store.check(), list(store), store.state('s')];
  for (const failed of await Promise.all(works.map((work) => work.catch((error: unknown) => error))))
    expect(String(failed)).toMatch(/store "nightly": .* failed: its directory is not there: is its disk mounted\?/);
});

test('a full disk is told as such, and leaves nothing', async () => {
  const { root, everything } = await directory();
  const write = `
    import { directoryStore } from ${JSON.stringify(pathToFileURL(resolve('worker/stores/directory.ts')).href)};
    const error = await directoryStore('nightly', ${JSON.stringify(root)}).put('night.xlsx', Buffer.alloc(4_000_000)).catch((e) => e);
    console.log(JSON.stringify([error.kind, error.message]));`;
  // The limit on the size of a file is what can be had without a disk of one's own.
  const limited = `trap '' XFSZ; ulimit -f 1000; exec "$0" --import tsx --input-type=module -e "$1"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', limited, process.execPath, write]);
  expect(JSON.parse(stdout)).toEqual([
    'full',
    `store "nightly": writing night.xlsx failed: no room is left; make some (EFBIG, ${root})`,
  ]);
  expect(await everything()).toEqual([]);
});

test('what a bucket refuses is told without any key', async ({ skip }) => {
  if (!s3) return skip('no S3 server here');
  const wrongKey = await open(bucketEntry(s3).replace('secretKey: { secret: key }', 'secretKey: { secret: wrong }'));
  const wrongBucket = await open(bucketEntry({ ...s3, bucket: 'no-such-bucket' }));
  const nobody = await open(bucketEntry({ ...s3, endpoint: 'http://127.0.0.1:9' }));
  const errors = await Promise.all(
    [wrongKey, wrongBucket, nobody].map((store) => store.check().catch((error: unknown) => error)),
  );
  expect(errors.map((error) => (error as StoreError).kind)).toEqual(['refused', 'refused', 'transient']);
  expect(errors.map((error) => (error as Error).message)).toEqual([
    expect.stringContaining('its secret key is not that of its access key (SignatureDoesNotMatch, 403'),
    expect.stringContaining('there is no such bucket (NoSuchBucket, 404, bucket no-such-bucket'),
    expect.stringContaining('the service could not be reached (ECONNREFUSED'),
  ]);
  expect(JSON.stringify(errors.map((error) => [String(error), error]))).not.toContain('canary');
});

test('where a bucket keeps no conditions a state is compared by the store itself', async ({ skip }) => {
  if (!s3) return skip('no S3 server here');
  const obs = await withoutConditions(s3);
  closing.push(obs.close);
  const store = await open(bucketEntry({ ...s3, endpoint: obs.endpoint }, ', prefix: obs/'));
  expect(await store.state('planner')).toBeUndefined();
  const first = await store.compareAndSwap('planner', undefined, 'first');
  expect(await store.compareAndSwap('planner', undefined, 'too late')).toBeUndefined();
  const second = await store.compareAndSwap('planner', first, 'second');
  expect(await store.compareAndSwap('planner', first, 'too late')).toBeUndefined();
  expect(await store.compareAndSwap('planner', first, 'second')).toBe(second);
  expect(await store.state('planner')).toEqual({ body: Buffer.from('second'), version: second });
});
