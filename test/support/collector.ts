import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code?: number };
  readonly part: unknown;
}

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT, with the protocol http/json. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** All that was received, as it came. */
  readonly raw: () => string;
  close(): void;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const attributesOf = (list: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A collector as far as a test needs one: it reads OTLP's JSON over HTTP. */
export async function openCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  let raw = '';
  const server = createServer(async (request, response) => {
    const body = await text(request);
    raw += body;
    if (request.url === '/v1/traces') {
      for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
        const part = attributesOf(resource.attributes)['drs_pilot.part'];
        for (const span of scopeSpans.flatMap((scope: { spans: unknown[] }) => scope.spans))
          spans.push({ ...span, attributes: attributesOf(span.attributes), part });
      }
    }
    response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    raw: () => raw,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
