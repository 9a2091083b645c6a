import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, createDeflateRaw } from 'node:zlib';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';
import { workbook } from '../simulator/workbook.js';
import { compileTo } from '../test/support/compile.js';
import { ENV } from '../test/support/config.js';
import { openS3, S3_KEYS } from '../test/support/s3.js';
import { startWorker } from '../test/support/worker-process.js';
import { bundleParts } from '../worker/worker.js';
import { atMost, type Figure, just, report } from './support/report.js';
import { openBench } from './support/stack.js';

/** How much memory a worker needs while a large result file is downloaded, checked and kept: in a directory, in a bucket. Linux alone. */

const BYTES = 200 * 1024 * 1024;
const MIB = 1024 * 1024;

const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-export-bench-'));
const file = join(folder, 'result.xlsx');
await largeWorkbook(file, BYTES);
const small = join(folder, 'small.xlsx');
await writeFile(small, workbook([['orders']]));
const directory = join(folder, 'store');
await mkdir(directory);

const s3 = await openS3();
const keys = { BUCKET_KEY: S3_KEYS.access, BUCKET_SECRET: S3_KEYS.secret };
const bench = await openBench('instant', (base) => ({
  ...base,
  secrets: { ...base.secrets, access: { env: 'BUCKET_KEY' }, key: { env: 'BUCKET_SECRET' } },
  stores: {
    directory: { directory },
    ...(s3 && {
      bucket: {
        s3: { endpoint: s3.endpoint, bucket: s3.bucket, accessKey: { secret: 'access' }, secretKey: { secret: 'key' } },
      },
    }),
  },
}));
const { code } = await bundleWorkflowCode({ ...bundleParts, logger: Runtime.instance().logger });
const compiled = join(folder, 'compiled');
compileTo(compiled, code);

const { id } = bench.simulator.createForeign({ name: 'orders', status: 'INCRE_TRANSFER_STARTED' });
bench.simulator.patch(id, { data: { orders: { orders: { rows: 5 } } } });

/** A night with one file, in a worker of its own: what the worker had in memory before, and at most meanwhile. MiB. */
async function night(store: string): Promise<Record<'fresh' | 'idle' | 'warm' | 'peak' | 'seconds', number>> {
  const worker = await startWorker({ ...bench.env, ...ENV, ...keys, DRS_PILOT_PACE: '0.01' }, compiled);
  const memory = memoryOf(worker.pid);
  const fresh = await memory.now();
  const compare = { kinds: ['lines'], databases: [{ database: 'orders' }] };
  const run = async (resultFile: string, name: string) => {
    bench.simulator.patch(id, { resultFile });
    const spec = { name, task: id, compare, store, export: ['lines'] };
    const began = performance.now();
    const handle = await bench.start(spec, 'comparison');
    const { tasks } = (await handle.result()) as {
      tasks: { kinds: { noFile?: string; files: { size: number }[] }[] }[];
    };
    const [kind] = tasks[0]?.kinds ?? [];
    if (kind?.noFile !== undefined) throw new Error(kind.noFile);
    const size = kind?.files.at(-1)?.size ?? 0;
    if (size !== (await stat(resultFile)).size) throw new Error(`${size} bytes were kept of ${resultFile}`);
    return (performance.now() - began) / 1_000;
  };
  await (await bench.start({ name: `${store}-plain`, task: id, compare } as { name: string }, 'comparison')).result();
  const idle = await memory.now();
  await run(small, `${store}-small`);
  const warm = await memory.now();
  await memory.forget();
  const seconds = await run(file, `${store}-large`);
  const peak = await memory.peak();
  await worker.end('SIGTERM');
  return { fresh, idle, warm, peak, seconds };
}

/** The kernel's own account, so that no peak is missed between two looks. */
function memoryOf(pid: number) {
  const line = async (name: string): Promise<number> => {
    const kib = (await readFile(`/proc/${pid}/status`, 'utf8')).match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))?.[1];
    return Number(kib) / 1_024;
  };
  return {
    now: () => line('VmRSS'),
    peak: () => line('VmHWM'),
    forget: () => writeFile(`/proc/${pid}/clear_refs`, '5'),
  };
}

const figures = (where: string, { fresh, idle, warm, peak, seconds }: Awaited<ReturnType<typeof night>>): Figure[] => [
  just(`${where}: a worker that has done nothing yet`, fresh, 'MiB'),
  just('… idle, after a night without files', idle, 'MiB'),
  just('… idle, after one with a small file', warm, 'MiB'),
  just('… at its peak with the large file', peak, 'MiB'),
  atMost('… which is above the one after a small file', peak - warm, 60, 'MiB'),
  atMost('… above the one after no file: with all that is loaded for the first', peak - idle, 60, 'MiB'),
  just('… above the one that had done nothing yet', peak - fresh, 'MiB'),
  just('… the night took', seconds, 's'),
];

report(`Memory of a worker (RSS) while a result file of ${BYTES / MIB} MiB is downloaded, checked and kept`, [
  ...figures('a directory', await night('directory')),
  ...(s3 ? figures('a bucket', await night('bucket')) : []),
]);

await bench.close();
await s3?.close();
await rm(folder, { recursive: true });

/** A workbook of about so many bytes, whose sheet is compressed as those of real ones are. */
async function largeWorkbook(path: string, bytes: number): Promise<void> {
  // All but the sheet: the simulator's, with a sheet of another name.
  const rest = workbook([['orders']]);
  const end = rest.indexOf('PK\x01\x02', 0, 'latin1');
  const listed = rest.subarray(end, rest.length - 22);
  const entries = rest.readUInt16LE(rest.length - 12);
  const name = Buffer.from('xl/worksheets/sheet2.xml');
  const out = await open(path, 'w');
  await out.write(rest.subarray(0, end));
  const deflate = createDeflateRaw();
  let [sum, raw, packed] = [0, 0, 0];
  const header = () => {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(0x21_0000, 6);
    common.writeUInt32LE(sum, 10);
    common.writeUInt32LE(packed, 14);
    common.writeUInt32LE(raw, 18);
    common.writeUInt16LE(name.length, 22);
    return common;
  };
  await out.write(Buffer.concat([Buffer.from('PK\x03\x04'), header(), name]));
  const written = (async () => {
    for await (const chunk of deflate) {
      packed += (chunk as Buffer).length;
      await out.write(chunk as Buffer);
    }
  })();
  while (packed < bytes) {
    const rows = Buffer.from(`<row><c t="inlineStr"><is><t>${randomBytes(65_536).toString('hex')}</t></is></c></row>`);
    sum = crc32(rows, sum);
    raw += rows.length;
    if (!deflate.write(rows)) await once(deflate, 'drain');
  }
  deflate.end();
  await written;
  const at = Buffer.alloc(14);
  at.writeUInt32LE(end, 10);
  const directory = Buffer.concat([listed, Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), header(), at, name]);
  const tail = Buffer.alloc(22);
  tail.write('PK\x05\x06', 'latin1');
  tail.writeUInt16LE(entries + 1, 8);
  tail.writeUInt16LE(entries + 1, 10);
  tail.writeUInt32LE(directory.length, 12);
  tail.writeUInt32LE(end + 30 + name.length + packed, 16);
  await out.write(Buffer.concat([directory, tail]));
  // What only now is known.
  await out.write(header(), 0, 26, end + 4);
  await out.close();
}
