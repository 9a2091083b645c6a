import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { type CodecOptions, EncryptionCodec } from './codec.js';
import { type KeyRing, NO_KEYS } from './key-ring.js';

/** Sources and what is built from them lie side by side. */
const ours = (path: string): string => fileURLToPath(new URL(`../${path}${extname(import.meta.url)}`, import.meta.url));

export const payloadConverterPath = ours('workflows/payload-converter');

/**
 * How workers and clients alike write and read payloads. Without keys the codec is there, too: it says in words what it can't
 * read. Failures are encoded only where something encrypts them then.
 */
export const dataConverterWith = (keyRing: KeyRing = NO_KEYS, options: CodecOptions = {}): DataConverter => ({
  payloadConverterPath,
  payloadCodecs: [new EncryptionCodec(keyRing, options)],
  ...(keyRing.active !== undefined && { failureConverterPath: ours('encryption/failure-converter') }),
});
