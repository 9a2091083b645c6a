import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import type { WebhookEvent } from '../../activities/notify.js';

export interface Heard {
  readonly event: WebhookEvent;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Webhook {
  readonly url: string;
  readonly heard: readonly Heard[];
  /** How it answers from now on: `well`, with 503, or never. */
  answer: 'well' | 'badly' | 'never';
  /** Until it has been told of such an event; those before it count. */
  hears(event: WebhookEvent['event'], gate?: string): Promise<Heard>;
  /** Breaks the connections of those that wait for an answer. */
  hangUp(): void;
  close(): void;
}

/** A real receiver of webhooks. */
export async function openWebhook(): Promise<Webhook> {
  const heard: Heard[] = [];
  const hanging = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (webhook.answer === 'never') {
      hanging.add(response);
      return;
    }
    if (webhook.answer === 'well')
      heard.push({ event: JSON.parse(body) as WebhookEvent, body, headers: request.headers });
    response.statusCode = webhook.answer === 'well' ? 204 : 503;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhook: Webhook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    heard,
    answer: 'well',
    hears: (event, gate) =>
      vi.waitFor(
        () => {
          const found = heard.find(
            (one) => one.event.event === event && (gate === undefined || one.event.gate === gate),
          );
          if (!found)
            throw new Error(
              `not told of ${event} ${gate ?? ''}, but of ${heard.map((one) => one.event.event).join(', ')}`,
            );
          return found;
        },
        { timeout: 30_000, interval: 50 },
      ),
    hangUp: () => {
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    close: () => {
      webhook.hangUp();
      server.closeAllConnections();
      server.close();
    },
  };
  return webhook;
}

/** A fixture: one of its own for each test that names it. */
// biome-ignore lint/correctness/noEmptyPattern: vitest reads it
export async function aWebhook({}, use: (webhook: Webhook) => Promise<void>): Promise<void> {
  const webhook = await openWebhook();
  await use(webhook);
  webhook.close();
}
