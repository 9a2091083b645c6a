import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { UNDECODABLE, UNDECRYPTED } from '../workflows/plans/decision.js';
import type { KeyRing } from './key-ring.js';

const { Payload: Wire } = proto.temporal.api.common.v1;

/** Temporal's usual names for encrypted payloads, so that other tools see what they have before them. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
/** Ours: how it was encrypted, and for which run: `namespace/workflow id`, as far as that was known. */
const FORMAT_FIELD = 'encryption-format';
const SCOPE = 'encryption-scope';
const FORMAT = 'drs-pilot/1';

const SALT_BYTES = 16;
const TAG_BYTES = 16;

/** Where a payload belongs, as far as it is known. */
type Place = Pick<SerializationContext, 'namespace' | 'workflowId'>;

/** A payload can't be read; the message is a sentence that says why. */
export class UnreadablePayload extends Error {
  override readonly name = 'UnreadablePayload';
}

export interface CodecOptions {
  /** For workers: what can't be read is handed to the workflow as a marker, which it refuses. */
  readonly marks?: boolean;
  /** Hears in a sentence why something can't be read. */
  readonly warn?: (sentence: string) => void;
}

/**
 * Encrypts whole payloads with AES-256-GCM. Key and nonce of each come from a random salt (HKDF-SHA-256), so a key wears out
 * with no number of payloads. The key's id and the run that a payload is for are authenticated with it.
 *
 * What can't be read throws UnreadablePayload. In a worker a signal that throws would stop its run for ever, and whoever may
 * send one could do that: there it becomes the marker that workflows refuse. But for what a run's own activities said: with a
 * marker in its place the run would go astray, so that task fails and is tried again, until a worker has the key.
 */
export class EncryptionCodec implements PayloadCodec {
  constructor(
    private readonly keyRing: KeyRing,
    private readonly options: CodecOptions = {},
  ) {}

  async encode(payloads: Payload[], context?: Place): Promise<Payload[]> {
    const id = this.keyRing.active;
    return id === undefined ? payloads : payloads.map((payload) => this.seal(payload, id, context));
  }

  async decode(payloads: Payload[], context?: Place & { readonly type?: string }): Promise<Payload[]> {
    return payloads.map((payload) => {
      if (text(payload, 'encoding') !== ENCODING) return payload;
      const opened = this.open(payload, context);
      if (typeof opened !== 'string') return opened;
      const sentence = `A payload${ofRun(context)} cannot be read: ${opened}.`;
      this.options.warn?.(sentence);
      if (!this.options.marks || context?.type === 'activity') throw new UnreadablePayload(sentence);
      return marker(opened);
    });
  }

  private seal(payload: Payload, id: string, place: Place | undefined): Payload {
    const metadata = {
      encoding: Buffer.from(ENCODING),
      [FORMAT_FIELD]: Buffer.from(FORMAT),
      [KEY_ID]: Buffer.from(id),
      [SCOPE]: Buffer.from(scopeOf(place)),
    };
    const salt = randomBytes(SALT_BYTES);
    const { key, nonce } = this.derive(id, salt);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated(metadata));
    const sealed = [salt, cipher.update(Wire.encode(payload).finish()), cipher.final(), cipher.getAuthTag()];
    return { metadata, data: Buffer.concat(sealed) };
  }

  /** The payload that was encrypted, or why it can't be had: the end of a sentence. */
  private open(payload: Payload, context: Place | undefined): Payload | string {
    if (text(payload, FORMAT_FIELD) !== FORMAT) return 'it was encrypted by another program than drs-pilot';
    const id = text(payload, KEY_ID);
    const { keys } = this.keyRing;
    if (!keys.has(id))
      return `it is encrypted with the key "${shown(id)}", which the key ring here lacks (${keys.size > 0 ? `it has ${[...keys.keys()].join(', ')}` : 'it is empty'})`;
    const decrypted = this.decrypt(payload, id);
    if (!decrypted)
      return `it is encrypted with the key "${id}" and does not decrypt: another key has this id here, or somebody changed it on its way`;
    const scope = text(payload, SCOPE);
    return fits(scope, context) ? decrypted : `it was encrypted for another run (${shown(scope)})`;
  }

  private decrypt({ metadata, data }: Payload, id: string): Payload | undefined {
    const bytes = Buffer.from(data ?? []);
    if (bytes.length < SALT_BYTES + TAG_BYTES) return undefined;
    const { key, nonce } = this.derive(id, bytes.subarray(0, SALT_BYTES));
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(authenticated(metadata ?? {}))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const opened = [decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES)), decipher.final()];
      return Wire.decode(Buffer.concat(opened));
    } catch {
      return undefined;
    }
  }

  private derive(id: string, salt: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
    const key = this.keyRing.keys.get(id);
    if (!key) throw new Error(`the key ring has no key "${id}"`);
    const derived = new Uint8Array(hkdfSync('sha256', key, salt, FORMAT, 32 + 12));
    return { key: derived.subarray(0, 32), nonce: derived.subarray(32) };
  }
}

const authenticated = (metadata: Readonly<Record<string, Uint8Array>>): Buffer =>
  Buffer.from(JSON.stringify([ENCODING, FORMAT_FIELD, KEY_ID, SCOPE].map((field) => text({ metadata }, field))));

const text = ({ metadata }: Payload, field: string): string => {
  const value = metadata?.[field];
  return value ? Buffer.from(value).toString('utf8') : '';
};

const scopeOf = (place: Place | undefined): string => (place ? `${place.namespace}/${place.workflowId ?? ''}` : '');

/** A schedule's runs have its workflow id with their time behind it. */
const SCHEDULED = /^-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function fits(scope: string, context: Place | undefined): boolean {
  if (!context || scope === '') return true;
  const [namespace, ...rest] = scope.split('/');
  const id = rest.join('/');
  if (namespace !== context.namespace) return false;
  const asked = context.workflowId;
  if (!asked || id === '' || asked === id) return true;
  return asked.startsWith(id) && SCHEDULED.test(asked.slice(id.length));
}

/** Decoded as what it is by every converter. */
const marker = (why: string): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify({ [UNDECODABLE]: why, [UNDECRYPTED]: true })),
});

const ofRun = (context: Place | undefined): string => (context?.workflowId ? ` of the run ${context.workflowId}` : '');

/** What came from outside, short and without anything that could move a cursor. */
const shown = (value: string): string => value.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
