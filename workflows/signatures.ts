import { ed25519 } from '@noble/curves/ed25519.js';
import { equalBytes } from '@noble/curves/utils.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64, base64nopad } from '@scure/base';

/**
 * OpenSSH's signatures (`ssh-keygen -Y sign`; PROTOCOL.sshsig, PROTOCOL.u2f), verified without anything of Node: it runs inside
 * workflows. What comes from outside is bytes of any kind: nothing here throws, and a refusal is a sentence.
 */

/** The namespace of our signatures: one made for something else never counts. */
export const SIGNED_FOR = 'drs-pilot';

const ED25519 = 'ssh-ed25519';
const SECURITY_KEY = 'sk-ssh-ed25519@openssh.com';
const HASHES: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = { sha256, sha512 };
const MAGIC = utf8ToBytes('SSHSIG');
const ARMOUR = /^-----BEGIN SSH SIGNATURE-----([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----$/;
/** Of a security key's flags: somebody touched it. */
const PRESENT = 0x01;

export interface PublicKey {
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly line: string;
  readonly blob: Uint8Array;
  readonly point: Uint8Array;
  /** Of a security key: what it signs for, `ssh:`. */
  readonly application?: Uint8Array;
  /** As `ssh-keygen -l` shows it: `SHA256:…`. */
  readonly fingerprint: string;
}

/** Reads a line of a `.pub` file: an Ed25519 key, on a security key or not. Anything else gives a sentence that says why. */
export function readPublicKey(line: string): PublicKey | string {
  const [type = '', encoded = ''] = line.trim().split(/\s+/);
  if (type !== ED25519 && type !== SECURITY_KEY)
    return `must be of type ${ED25519} or ${SECURITY_KEY}: ${others(type)}`;
  const blob = decoded(encoded);
  const key = blob && keyOf(blob, type);
  return key ? { ...key, line: `${type} ${encoded}` } : `is no public key of type ${type}: it is cut off or damaged`;
}

/**
 * Verifies that one of the keys made the signature over the text, for us. `signature` is what `ssh-keygen -Y sign` writes, or only
 * the base64 in it. Gives the key, or a sentence that says why not.
 */
export function verify(keys: readonly PublicKey[], signature: string, text: string): PublicKey | string {
  const read = readSignature(signature);
  if (typeof read === 'string') return read;
  const key = keys.find(({ blob }) => equalBytes(blob, read.key));
  if (!key) return `it was made by the key ${fingerprintOf(read.key)}, which is not one of theirs`;
  const hashed = read.hash(utf8ToBytes(text));
  const signed = concatBytes(
    MAGIC,
    packed(utf8ToBytes(SIGNED_FOR)),
    packed(NOTHING),
    packed(utf8ToBytes(read.hashName)),
    packed(hashed),
  );
  const message = key.application ? concatBytes(sha256(key.application), read.tail, sha256(signed)) : signed;
  if (!holds(read.proof, message, key.point))
    return 'it does not belong to what is sent: something differs from what was signed';
  if (key.application && ((read.tail[0] ?? 0) & PRESENT) === 0) return 'nobody touched the security key';
  return key;
}

interface Signature {
  readonly key: Uint8Array;
  readonly hash: (data: Uint8Array) => Uint8Array;
  readonly hashName: string;
  readonly proof: Uint8Array;
  /** Of a security key: flags and counter. */
  readonly tail: Uint8Array;
}

/** string: 4 bytes of length, then so many bytes (RFC 4251 §5). */
function readSignature(text: string): Signature | string {
  const trimmed = text.trim();
  const bytes = decoded((ARMOUR.exec(trimmed)?.[1] ?? trimmed).replace(/\s+/g, ''));
  if (!bytes) return 'it is no signature of ssh-keygen -Y sign';
  const reader = new Reader(bytes);
  const [magic, version] = [reader.take(MAGIC.length), reader.number()];
  if (!equalBytes(magic, MAGIC) || version !== 1) return 'it is no signature of ssh-keygen -Y sign';
  const [key, namespace, reserved, hashName, made] = [
    reader.string(),
    reader.text(),
    reader.string(),
    reader.text(),
    reader.string(),
  ];
  if (!reader.isSpent || reserved.length > 0) return 'it is cut off or damaged';
  if (namespace !== SIGNED_FOR)
    return `it was made for "${namespace.slice(0, 40)}", not for ${SIGNED_FOR} (ssh-keygen -n)`;
  const hash = Object.hasOwn(HASHES, hashName) ? HASHES[hashName] : undefined;
  if (!hash) return 'its hash is neither sha512 nor sha256';
  const inner = new Reader(made);
  const type = inner.text();
  if (type !== new Reader(key).text() || (type !== ED25519 && type !== SECURITY_KEY))
    return `only keys of type ${ED25519} and ${SECURITY_KEY} sign here`;
  const proof = inner.string();
  const tail = type === SECURITY_KEY ? inner.take(5) : NOTHING;
  if (!inner.isSpent) return 'it is cut off or damaged';
  return { key, hash, hashName, proof, tail };
}

function keyOf(blob: Uint8Array, type: string): Omit<PublicKey, 'line'> | undefined {
  const reader = new Reader(blob);
  const [told, point] = [reader.text(), reader.string()];
  const application = type === SECURITY_KEY ? reader.string() : undefined;
  const whole = told === type && reader.isSpent && ed25519.utils.isValidPublicKey(point, false);
  return whole ? { blob, point, fingerprint: fingerprintOf(blob), ...(application && { application }) } : undefined;
}

const others = (type: string): string => {
  if (type.includes('-cert-')) return 'certificates are not taken, only the keys themselves';
  if (/^(ssh-|ecdsa-|sk-ecdsa-)/.test(type))
    return `${type.slice(0, 40)} is not taken; ssh-keygen -t ed25519 makes one`;
  return 'it is the line of a .pub file, "ssh-ed25519 AAAA…"';
};

const fingerprintOf = (blob: Uint8Array): string => `SHA256:${base64nopad.encode(sha256(blob))}`;

/** Strictly by RFC 8032, as OpenSSH does: no leniency between implementations. */
function holds(proof: Uint8Array, message: Uint8Array, point: Uint8Array): boolean {
  try {
    return ed25519.verify(proof, message, point, { zip215: false });
  } catch {
    return false;
  }
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}

const NOTHING = new Uint8Array();

function packed(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}

/** Reads on past the end without end: then it is never spent. */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** Whether all was read, and no more. */
  get isSpent(): boolean {
    return this.at === this.bytes.length;
  }

  take(count: number): Uint8Array {
    const taken = this.bytes.slice(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  number(): number {
    return this.take(4).reduce((number, byte) => number * 256 + byte, 0);
  }

  string(): Uint8Array {
    return this.take(this.number());
  }

  text(): string {
    return String.fromCharCode(...this.string().slice(0, 200));
  }
}
