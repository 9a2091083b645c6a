import canonicalize from 'canonicalize';
import type { Decision, UpdateName } from './messages.js';
import { type PublicKey, readPublicKey, verify } from './signatures.js';

/** What people sign: canonical JSON (RFC 8785) of all that they say, and of the place where they say it. Clients make the same text. */

/** A signature counts in no other run. */
export interface Place {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
}

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
  const { signature: _, ...request } = (spec['request'] ?? {}) as Signed;
  return canonical({ namespace, workflowId, spec: { ...spec, request } });
}

export interface Signed {
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly time?: string | undefined;
  readonly signature?: string | undefined;
}

/** That somebody said it: with the text anybody can verify the signature again, years later. */
export interface Proof {
  readonly time: string;
  readonly signature: string;
  /** `SHA256:…` of the key. */
  readonly key: string;
  readonly text: string;
}

/** How far the time of a signature may lie from now. */
export const FRESH_MS = 5 * 60_000;

/**
 * The proof that somebody with one of the keys said it now, or a sentence that says why it is none. `last` is the time of what they
 * said before: nothing is heard twice, and nothing after what came later.
 */
export function prove(
  { by, time, signature }: Signed,
  { keys, text, now, last }: { keys: readonly string[]; text: () => string; now: number; last?: string | undefined },
): Proof | string {
  if (!time || !signature) return `what ${by} decides must be signed, with time and signature (drs-pilot … --key FILE)`;
  const stale = staleness(time, now);
  if (stale) return stale;
  if (last && Date.parse(time) <= Date.parse(last))
    return `it was signed at ${time}, and what ${by} said at ${last} counts already: sign again`;
  const signed = written(text);
  if (signed === undefined) return 'it cannot be written as canonical JSON (RFC 8785): a character is half of a pair';
  const key = verify(
    keys.map(readPublicKey).filter((read): read is PublicKey => typeof read !== 'string'),
    signature,
    signed,
  );
  return typeof key === 'string'
    ? `the signature of ${by} does not count: ${key}`
    : { time, signature, key: key.fingerprint, text: signed };
}

/** Why a signature of this time is too old or too new, or undefined. */
export function staleness(time: string, now: number): string | undefined {
  if (Math.abs(now - Date.parse(time)) <= FRESH_MS) return undefined;
  return `it was signed at ${time}, which is more than 5 minutes from now (${new Date(now).toISOString()}): sign again, or mend the clock`;
}

function written(text: () => string): string | undefined {
  try {
    return text();
  } catch {
    return undefined;
  }
}

const canonical = (value: object): string => canonicalize(value) as string;
