import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';

export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** A request that stands at the checkpoint. */
export interface Held {
  readonly arrived: Promise<void>;
  /** Lets it go on, whether or not its sender still lives; settles when it was answered. */
  release(): Promise<void>;
}

export interface Checkpoint {
  readonly url: string;
  /** Holds the next request that fits, before it has any effect. */
  hold(fits: (passing: Passing) => boolean): Held;
  close(): Promise<void>;
}

interface Barrier {
  readonly fits: (passing: Passing) => boolean;
  readonly arrive: () => void;
  readonly open: Promise<void>;
  readonly passed: (passed: Promise<void>) => void;
}

/** Stands between a worker and a service: requests go through it, but for those that a test wants to stop on their way. */
export async function openCheckpoint(service: string): Promise<Checkpoint> {
  const barriers = new Set<Barrier>();
  const server = createServer((req, res) => {
    void pass(req, res).catch(() => res.destroy());
  });

  async function pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req);
    const barrier = [...barriers].find(({ fits }) => fits({ method: req.method ?? '', path: req.url ?? '', body }));
    if (barrier) {
      barriers.delete(barrier);
      barrier.arrive();
      await barrier.open;
    }
    const passed = forward(service, req, res, body);
    barrier?.passed(passed);
    await passed;
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (fits) => {
      const [arrived, arrive] = gate<void>();
      const [open, release] = gate<void>();
      const [passed, pass] = gate<void>();
      barriers.add({ fits, arrive, open, passed: pass });
      return {
        arrived,
        release: async () => {
          release();
          await passed;
        },
      };
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function forward(service: string, req: IncomingMessage, res: ServerResponse, body: string): Promise<void> {
  const { method, url, headers } = req;
  const onward = send(new URL(url ?? '/', service), { method, headers });
  onward.end(body);
  const [reply] = (await once(onward, 'response')) as [IncomingMessage];
  const answer = await buffer(reply);
  if (res.destroyed) return;
  res.writeHead(reply.statusCode ?? 502, reply.headers);
  res.end(answer);
}

function gate<T>(): [Promise<T>, (value: T | PromiseLike<T>) => void] {
  let open: (value: T | PromiseLike<T>) => void = () => undefined;
  return [new Promise<T>((resolve) => (open = resolve)), open];
}
