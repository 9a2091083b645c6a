import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a hook says
  readonly json: any;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** How it answers from now on: a status, with a text or a place to go to, or never. */
  answer: (received: Received) => number | readonly [status: number, text: string] | 'never';
  /** Until so many calls of a path have come. */
  gets(path: string, count?: number): Promise<readonly Received[]>;
  close(): void;
}

/** A real server for what hooks call. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, headers, body, json: body ? JSON.parse(body) : undefined };
    received.push(one);
    const answer = receiver.answer(one);
    if (answer === 'never') return;
    const [status, said] = typeof answer === 'number' ? [answer, ''] : answer;
    response.writeHead(status, status >= 300 && status < 400 ? { location: said } : {}).end(said);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: () => 204,
    gets: (path, count = 1) =>
      vi.waitFor(
        () => {
          const found = received.filter((one) => one.path === path);
          if (found.length < count) throw new Error(`${path} was called ${found.length} times`);
          return found;
        },
        { timeout: 60_000, interval: 50 },
      ),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return receiver;
}
