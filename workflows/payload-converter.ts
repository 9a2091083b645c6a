import { DefaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';
import { UNDECODABLE } from './plans/decision.js';

/**
 * Temporal's own converter, but for one thing: a payload that can't be decoded (a foreign encoding, broken JSON, the UI's
 * `json/protobuf` choice) becomes a marker. Where the default one throws, the workflow task fails for ever and the run is lost.
 */
class ForgivingPayloadConverter implements PayloadConverter {
  private readonly strict = new DefaultPayloadConverter();

  toPayload<T>(value: T): Payload {
    return this.strict.toPayload(value);
  }

  fromPayload<T>(payload: Payload): T {
    try {
      return this.strict.fromPayload<T>(payload);
    } catch (error) {
      const encoding = payload.metadata?.['encoding'];
      const named = encoding ? `encoding ${String.fromCharCode(...encoding.slice(0, 60))}` : 'no encoding';
      const name = error instanceof Error ? error.name : 'error';
      return { [UNDECODABLE]: `${name} with ${named}: send plain JSON (encoding json/plain)` } as T;
    }
  }
}

export const payloadConverter = new ForgivingPayloadConverter();
