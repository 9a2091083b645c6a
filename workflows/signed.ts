import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import type { Decision, Place, Proof, UpdateName } from './messages.js';
import { type PublicKey, readPublicKey, verify } from './signatures.js';

/** What people sign: canonical JSON (RFC 8785) of all that they say, and of the place where they say it. Clients make the same text. */

/** `hash` is that of the evidence whose number the decision names. */
export const decisionText = (place: Place, hash: string, { signature: _, ...said }: Decision): string =>
  canonical({ ...place, ...said, hash });

/** An update of a supervised run, in the form that `readUpdate` gives it. */
export const updateText = (place: Place, update: UpdateName, { signature: _, ...said }: Signed): string =>
  canonical({ ...place, ...said, update });

/** A request to start a run: the whole spec, but for the signature in it. No run is there yet. */
export function requestText(
  { namespace, workflowId }: Omit<Place, 'runId'>,
  spec: Readonly<Record<string, unknown>>,
): string {
  const { signature: _, ...requested } = (spec['requested'] ?? {}) as Signed;
  return canonical({ namespace, workflowId, spec: { ...spec, requested } });
}

export interface Signed {
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly time?: string | undefined;
  readonly signature?: string | undefined;
}

/** How far the time of a signature may lie from now. */
export const FRESH_MS = 5 * 60_000;

/**
 * Why something can't count as signed, seen without any cryptography: what is missing, too old or too new (`now` is epoch ms), or not
 * later than `last`, the time of what they said before. Nothing is heard twice.
 */
export function unfit({ by, time, signature }: Signed, now: number, last?: string): string | undefined {
  if (!time || !signature) return `what ${by} says must be signed, with time and signature (drs-pilot … --key FILE)`;
  if (Math.abs(now - Date.parse(time)) > FRESH_MS)
    return `it was signed at ${time}, more than 5 minutes from ${new Date(now).toISOString()}: sign again, or mend the clock`;
  if (last && Date.parse(time) <= Date.parse(last))
    return `it was signed at ${time}, and what ${by} said at ${last} counts already: sign again`;
  return undefined;
}

/** The proof that somebody with one of the keys said it, or a sentence that says why it is none. */
export function prove({ by, time, signature }: Signed, keys: readonly string[], text: () => string): Proof | string {
  const signed = written(text);
  if (signed === undefined) return 'it cannot be written as canonical JSON (RFC 8785): a character is half of a pair';
  const read = keys.map(readPublicKey).filter((key): key is PublicKey => typeof key !== 'string');
  const key = verify(read, signature ?? '', signed);
  if (typeof key === 'string') return `the signature of ${by} does not count: ${key}`;
  return { time: time ?? '', signature: signature ?? '', key: key.fingerprint, text: signed };
}

function written(text: () => string): string | undefined {
  try {
    return text();
  } catch {
    return undefined;
  }
}

/** SHA-256, hex. */
export const digest = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

const canonical = (value: object): string => canonicalize(value) as string;
