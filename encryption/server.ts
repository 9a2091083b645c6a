import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { z } from 'zod';
import type { Authenticator } from './authentication.js';
import { EncryptionCodec } from './codec.js';
import type { KeyRing } from './key-ring.js';

const { Payloads } = proto.temporal.api.common.v1;

export interface CodecServerOptions {
  readonly keyRing: KeyRing;
  readonly authenticator: Authenticator;
  /** Of Temporal UIs: pages from elsewhere are refused. */
  readonly origins: readonly string[];
  /** A free one when absent. */
  readonly port?: number;
  readonly host?: string;
  /** Hears what whoever runs it must know. Never of a refused request, or of what a payload holds. */
  readonly warn?: (sentence: string) => void;
}

export interface CodecServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A page of the UI asks for the payloads of a hundred events or so at once, each of 2 MB at most. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The JSON form of temporal.api.common.v1.Payloads: bytes in base64. */
const Body = z.object({
  payloads: z.array(
    z.looseObject({ metadata: z.record(z.string(), z.string()).optional(), data: z.string().nullish() }),
  ),
});

/**
 * A remote codec as Temporal's UI and CLI want it: POST /encode and /decode. What it can't decrypt comes back as an object that
 * says why. Rejects with EADDRINUSE where the port is taken.
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { port = 0, host = '127.0.0.1' } = options;
  const app = codecApp(options);
  const server = await new Promise<Server>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, port, hostname: host }, () => resolve(starting as Server)) as Server;
    starting.once('error', reject);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function codecApp({ keyRing, authenticator, origins, warn }: CodecServerOptions): Hono {
  const codec = new EncryptionCodec(keyRing, { marks: true });
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok'));
  app.use(async (c, next) => {
    const origin = c.req.header('origin');
    if (origin !== undefined && !origins.includes(origin))
      return c.json({ error: 'pages from there may not use this codec server: look at codecServer.origins' }, 403);
    await next();
    c.header('cache-control', 'no-store');
  });
  app.use(
    cors({
      origin: [...origins],
      allowMethods: ['POST'],
      allowHeaders: ['content-type', 'x-namespace', 'authorization', 'authorization-extras'],
      credentials: true,
      maxAge: 600,
    }),
  );
  app.use(async (c, next) => {
    const admitted = await authenticator.admits(c.req.header('authorization')).catch((error: unknown) => {
      warn?.(`Tokens cannot be checked: ${error instanceof Error ? error.message : error}. Look at codecServer.auth.`);
      return undefined;
    });
    if (admitted === undefined) return c.json({ error: 'tokens cannot be checked now' }, 503);
    if (admitted) return await next();
    c.header('www-authenticate', authenticator.challenge);
    return c.json({ error: 'a valid token is needed' }, 401);
  });
  // A browser that is led here asks for the token once, and has it for the UI's requests from then on.
  app.get('/', (c) => c.text('You are known to the codec server of drs-pilot: the Temporal UI can show payloads now.'));
  app.use(bodyLimit({ maxSize: MOST_BYTES, onError: (c) => c.json({ error: 'too large' }, 413) }));
  for (const [path, convert] of [
    ['/encode', codec.encode.bind(codec)],
    ['/decode', codec.decode.bind(codec)],
  ] as const) {
    app.post(path, async (c) => {
      const payloads = readPayloads(await c.req.text());
      if (!payloads) return c.json({ error: 'the body must be {"payloads": […]} with bytes in base64' }, 400);
      const namespace = c.req.header('x-namespace');
      // Which run a payload belongs to is not told.
      const converted = await convert(payloads, namespace ? { namespace, workflowId: '' } : undefined);
      // Without what is empty: the UI passes a reply on, and an older Temporal refuses fields that it does not know.
      return c.json({
        payloads: [],
        ...Payloads.toObject(Payloads.create({ payloads: converted }), { bytes: String }),
      });
    });
  }
  app.onError((error, c) => {
    warn?.(`A request failed (${error.name}).`);
    return c.json({ error: 'it failed' }, 500);
  });
  return app;
}

function readPayloads(text: string): Payload[] | undefined {
  try {
    const { payloads } = Body.parse(JSON.parse(text));
    return Payloads.fromObject({ payloads }).payloads;
  } catch {
    return undefined;
  }
}
