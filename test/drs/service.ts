import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Cloud } from '../../drs/auth/credentials.js';

/** One request as it reached the service. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The caller's port: equal for requests over one connection. */
  readonly port: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
}

/** Answers, or deals with the connection itself and returns nothing. */
export type Handler = (seen: Seen, response: ServerResponse) => Answer | undefined | Promise<Answer | undefined>;

export interface Service {
  readonly url: string;
  readonly seen: Seen[];
  handler: Handler;
}

/** A real HTTP server for one test; it ends with it. */
export async function startService(handler: Handler): Promise<Service> {
  const seen: Seen[] = [];
  const service = { url: '', seen, handler };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const url = new URL(request.url ?? '/', 'http://service');
      const text = Buffer.concat(chunks).toString();
      const one: Seen = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        text,
        port: request.socket.remotePort ?? 0,
        body: text ? JSON.parse(text) : undefined,
      };
      seen.push(one);
      const answer = await service.handler(one, response);
      if (!answer) return;
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return service;
}

export const PROJECT = '0123456789abcdef0123456789abcdef';

/** A cloud whose both endpoints are this service, with a key pair. */
export const cloudAt = (url: string, more: Partial<Cloud> = {}): Cloud => ({
  name: 'default',
  region: 'eu-west-101',
  projectId: PROJECT,
  drsEndpoint: url,
  iamEndpoint: url,
  credentials: { ak: 'local-ak', sk: 'local-sk' },
  rate: { perSecond: 10_000, burst: 10_000 },
  ...more,
});

/** Ids as the reference has them. */
export const job = (n: number): string => `140b5236-88ad-43c8-811c-1268${String(n).padStart(3, '0')}jb101`;

export interface Signal {
  readonly happened: Promise<void>;
  readonly tell: () => void;
}

/** Something that one side of a test waits for and the other tells. */
export function signalled(): Signal {
  let tell = (): void => undefined;
  const happened = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { happened, tell: () => tell() };
}
