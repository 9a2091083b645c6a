import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Bucket } from '../../drs/bucket.js';
import { type ConnectOptions, connect, type Drs } from '../../drs/connect.js';
import type { operations } from '../../drs/operations/index.js';
import { retryAfterOf } from '../../drs/transport.js';
import { cloudAt, job, startService } from './service.js';

const drsAt = (
  url: string,
  more: Parameters<typeof cloudAt>[1] = {},
  options: ConnectOptions<typeof operations> = {},
): Drs => {
  const drs = connect(cloudAt(url, more), options);
  onTestFinished(() => drs.close());
  return drs;
};

/** A server of sockets: its handler does what no well-behaved service does. */
async function sockets(
  handler: (socket: Socket, nth: number) => void,
  server: Server = createServer(),
): Promise<{ url: string; port: number; count: () => number }> {
  let count = 0;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    count += 1;
    handler(socket, count);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, count: () => count };
}

const start = (drs: Drs) => drs.batchStartJobs({ job_id: job(1) });
const head = (length: number, more = '') =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more}\r\n`;

test('a refused connection is transient for every call: nothing was sent; the endpoint and the mend are told', async () => {
  const { url, port } = await sockets((socket) => socket.destroy());
  const closed = await new Promise<string>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(`http://127.0.0.1:${port}`));
    });
  });
  expect(url).toContain(String(port));
  await expect(start(drsAt(closed))).rejects.toMatchObject({
    kind: 'transient',
    message: `batchStartJobs on ${job(1)}: ${closed} cannot be reached (ECONNREFUSED). Check the endpoint and its port, and that it is not blocked.`,
  });
});

test('an unknown host is transient: nothing was sent', async () => {
  const error = await start(drsAt('http://no-such-host.invalid')).catch((reason: unknown) => reason as Error);
  expect(error).toMatchObject({
    kind: 'transient',
    message: expect.stringMatching(/cannot be reached \((ENOTFOUND|EAI_AGAIN)\)\. Check the endpoint’s name/),
  });
});

test.each([
  ['closed without a byte', (socket: Socket) => socket.once('data', () => socket.destroy())],
  ['closed inside the head', (socket: Socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-'))],
  ['closed inside the body', (socket: Socket) => socket.once('data', () => socket.end(`${head(100)}{"results":`))],
  [
    'cut short but whole by its length',
    (socket: Socket) => socket.once('data', () => socket.end(`${head(11)}{"results":`)),
  ],
  ['no HTTP', (socket: Socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))],
])('a reply that is %s is ambiguous for a start and transient for a read', async (_what, handler) => {
  const { url } = await sockets(handler);
  const drs = drsAt(url);
  await expect(start(drs)).rejects.toMatchObject({ kind: 'ambiguous' });
  await expect(drs.showQuotas({})).rejects.toMatchObject({ kind: 'transient' });
});

test('a reply that does not come in time is ambiguous for a start', async () => {
  const { url } = await sockets(() => undefined);
  await expect(start(drsAt(url, {}, { limits: { connect: 500, reply: 100 } }))).rejects.toMatchObject({
    kind: 'ambiguous',
    message: expect.stringContaining('its reply was lost'),
  });
});

test('an untrusted certificate is refused before anything is sent, and an own authority is accepted', async () => {
  const folder = new URL('./tls/', import.meta.url);
  const [cert, key] = await Promise.all(['cert.pem', 'key.pem'].map((file) => readFile(new URL(file, folder), 'utf8')));
  let asked = 0;
  const tls = createTlsServer({ cert, key }, (_request, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json').end('{"quotas":{"resource":{}}}');
  });
  const { port } = await sockets(() => undefined, tls);
  const url = `https://localhost:${port}`;
  await expect(start(drsAt(url))).rejects.toMatchObject({
    kind: 'transient',
    message: expect.stringContaining('certificate is not trusted'),
  });
  expect(asked).toBe(0);
  await expect(drsAt(url, { ca: cert ?? '' }).showQuotas({})).resolves.toBeDefined();
});

test('reads share a connection; what must not be sent twice never goes over a used one', async () => {
  const service = await startService(({ path, body }) =>
    path.endsWith('/quotas')
      ? { body: { quotas: { resource: {} } } }
      : { status: 202, body: { results: [{ id: body.jobs[0].job_id, status: 'success' }] } },
  );
  const drs = drsAt(service.url);
  const portsOf = async (call: () => Promise<unknown>): Promise<number[]> => {
    service.seen.length = 0;
    for (let i = 0; i < 6; i += 1) await call();
    return service.seen.map(({ port }) => port);
  };
  const reads = await portsOf(() => drs.showQuotas({}));
  const starts = await portsOf(() => start(drs));
  expect(new Set(reads).size).toBeLessThanOrEqual(2);
  expect(new Set([...starts, ...reads]).size).toBe(6 + new Set(reads).size);
});

test('a proxy from the environment carries the calls, but not those to hosts that it is not for', async () => {
  const service = await startService(() => ({ body: { quotas: { resource: {} } } }));
  const tunnels: string[] = [];
  const proxy = createHttpServer().on('connect', (request, client: Socket, rest: Buffer) => {
    tunnels.push(String(request.url));
    const target = connectSocket(Number(new URL(service.url).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.write(rest);
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
  });
  const { url } = await sockets(() => undefined, proxy);
  const far = 'http://drs-behind-the-proxy:8080';
  await drsAt(far, {}, { env: { HTTP_PROXY: url } }).showQuotas({});
  expect(tunnels).toEqual(['drs-behind-the-proxy:8080']);
  await drsAt(service.url, {}, { env: { HTTP_PROXY: url, NO_PROXY: '127.0.0.1' } }).showQuotas({});
  expect(tunnels).toHaveLength(1);
});

test('a signed request of more than 12 MB is refused before it is sent', async () => {
  const service = await startService(() => ({ body: {} }));
  const big = Array.from({ length: 13 }, (_one, n) => ({ key: `k${n}`, target_value: 'x'.repeat(2 ** 20) }));
  await expect(drsAt(service.url).updateParams({ job_id: job(1), group: 'common', params: big })).rejects.toMatchObject(
    {
      kind: 'request',
      message: expect.stringContaining('12 MB'),
    },
  );
  expect(service.seen).toHaveLength(0);
});

test('a 429 slows all calls to the endpoint for as long as it says', async () => {
  const times: number[] = [];
  const service = await startService(() => {
    times.push(performance.now());
    return times.length === 1
      ? { status: 429, headers: { 'retry-after': '0.2' }, body: { error_code: 'APIGW.0308', error_msg: 'throttled' } }
      : { body: { quotas: { resource: {} } } };
  });
  const drs = drsAt(service.url);
  await expect(drs.showQuotas({})).rejects.toMatchObject({
    kind: 'transient',
    at: { code: 'APIGW.0308', retryAfter: 200 },
  });
  await Promise.all([drs.showQuotas({}), drs.showQuotas({})]);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(195);
});

test('a call that waits for its turn can be aborted', async () => {
  const service = await startService(() => ({ body: { quotas: { resource: {} } } }));
  const drs = drsAt(service.url, { rate: { perSecond: 0.001, burst: 1 } });
  await drs.showQuotas({});
  const stop = new AbortController();
  const call = drs.showQuotas({}, { signal: stop.signal });
  stop.abort(new Error('stopped'));
  await expect(call).rejects.toThrow('stopped');
  expect(service.seen).toHaveLength(1);
});

test('a bucket gives its burst at once, then its rate, first come first served', async () => {
  let now = 0;
  const bucket = new Bucket({ perSecond: 1000, burst: 2 }, () => now);
  const order: number[] = [];
  await bucket.take();
  await bucket.take();
  const waiting = [1, 2, 3].map((n) => bucket.take().then(() => order.push(n)));
  await Promise.resolve();
  expect(order).toEqual([]);
  now = 2;
  await Promise.all(waiting.slice(0, 2));
  expect(order).toEqual([1, 2]);
  now = 3;
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

test('Retry-After is read as seconds or as a date, and never as more than ten minutes', () => {
  const now = Date.parse('2026-01-31T00:00:00Z');
  expect(retryAfterOf({ 'retry-after': '7' }, now)).toBe(7000);
  expect(retryAfterOf({ 'retry-after': 'Sat, 31 Jan 2026 00:00:30 GMT' }, now)).toBe(30_000);
  expect(retryAfterOf({ 'retry-after': '999999' }, now)).toBe(600_000);
  expect(retryAfterOf({ 'retry-after': 'soon' }, now)).toBeUndefined();
  expect(retryAfterOf({}, now)).toBeUndefined();
});
