import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Problem } from '../drs/operations/common.js';
import { type Encryption, NONE } from './sections.js';

/** Keys by their ids. All of them decrypt; the active one encrypts, and without one nothing new is encrypted. */
export interface KeyRing {
  readonly active: string | undefined;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

export const NO_KEYS: KeyRing = { active: undefined, keys: new Map() };

/** Reads the keys, each 32 bytes in base64 or hex. Problems name the key and never show it. */
export async function readKeyRing(
  { active, keys }: Encryption,
  read: (secret: string) => Promise<string>,
): Promise<{ keyRing: KeyRing; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const found = new Map<string, KeyObject>();
  for (const [id, { secret }] of Object.entries(keys)) {
    const tell = (message: string): void => void problems.push({ path: `encryption.keys.${id}`, message });
    try {
      const bytes = keyBytes(await read(secret));
      if (bytes) found.set(id, createSecretKey(bytes));
      else tell('must be 32 bytes in base64 or hex: `openssl rand -base64 32` makes them');
    } catch (error) {
      tell(error instanceof Error ? error.message : 'cannot be read');
    }
  }
  return { keyRing: { active: active === NONE ? undefined : active, keys: found }, problems };
}

function keyBytes(text: string): Buffer | undefined {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  // 43 digits of six bits, the last of which has two bits too many.
  return /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=?$/.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined;
}
