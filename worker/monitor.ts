import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';

/** What the address of the configuration tells. */
export interface Monitored {
  /** Prometheus' text; absent where metrics are switched off. */
  readonly metrics?: (() => Promise<string>) | undefined;
  /** Why this worker does no work now, or undefined. */
  readonly unready: () => Promise<string | undefined>;
}

export interface Monitor {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * The one HTTP server of a worker, for machines that watch it: `/metrics`, `/healthz` (the process lives and answers) and
 * `/readyz` (it polls, and Temporal answers; 503 with the reason). It shows names and numbers, no ids and no secrets.
 * @throws Error with the code of the system where the address cannot be had.
 */
export async function openMonitor(address: string, { metrics, unready }: Monitored): Promise<Monitor> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', request.method ?? 'GET', response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(`${error instanceof Error ? error.message : error}\n`);
    });
  });

  async function answer(url: string, method: string, response: ServerResponse): Promise<void> {
    const [path] = url.split('?');
    const say = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
    };
    if (method !== 'GET' && method !== 'HEAD') return say(405, 'only GET\n');
    if (path === '/healthz') return say(200, 'alive\n');
    if (path === '/readyz') {
      const why = await unready();
      return why === undefined ? say(200, 'ready\n') : say(503, `${why}\n`);
    }
    if (path === '/metrics' && metrics) return say(200, await metrics(), 'text/plain; version=0.0.4; charset=utf-8');
    say(404, `there are ${metrics ? '/metrics, ' : ''}/healthz and /readyz\n`);
  }

  const { host, port } = hostAndPort(address);
  server.listen(port, host);
  await once(server, 'listening');
  return { address: addressOf(server), close: () => close(server) };
}

const hostAndPort = (address: string): { host: string; port: number } => {
  const { hostname, port } = new URL(`http://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
};

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** A port of this host that nobody else had a moment ago. */
export async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}
