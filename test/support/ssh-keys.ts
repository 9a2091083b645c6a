import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { onPath } from '../../scripts/executables.mjs';
import type { Choice, Decision, Place } from '../../workflows/messages.js';
import { decisionText } from '../../workflows/signed.js';
import type { Run } from './harness.js';

export const hasSshKeygen: boolean = Boolean(onPath('ssh-keygen'));

export interface Key {
  /** The private key's file; the public one lies beside it. */
  readonly file: string;
  /** The line of the `.pub` file. */
  readonly line: string;
  readonly fingerprint: string;
  /** What `ssh-keygen -Y sign` writes. */
  sign(text: string, options?: { namespace?: string; hash?: 'sha256' | 'sha512' }): string;
}

const keygen = (args: readonly string[], input = ''): string =>
  execFileSync('ssh-keygen', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });

/** A key made by the real ssh-keygen. */
export function sshKey(type = 'ed25519', more: readonly string[] = []): Key {
  const file = join(mkdtempSync(join(tmpdir(), 'drs-pilot-key-')), 'id');
  keygen(['-q', '-t', type, '-N', '', '-C', 'a comment', '-f', file, ...more]);
  return {
    file,
    line: readFileSync(`${file}.pub`, 'utf8').trim(),
    fingerprint: keygen(['-l', '-f', file]).split(' ')[1] ?? '',
    sign: (text, { namespace = 'drs-pilot', hash = 'sha512' } = {}) =>
      keygen(['-Y', 'sign', '-q', '-n', namespace, '-O', `hashalg=${hash}`, '-f', file], text),
  };
}

/** What `ssh-keygen -Y verify` says of a signature. */
export function sshVerifies(line: string, signature: string, text: string): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'drs-pilot-verify-'));
  const [signers, made] = [join(directory, 'signers'), join(directory, 'made.sig')];
  writeFileSync(signers, `someone ${line}\n`);
  writeFileSync(made, signature);
  try {
    keygen(['-Y', 'verify', '-f', signers, '-I', 'someone', '-n', 'drs-pilot', '-s', made], text);
    return true;
  } catch {
    return false;
  }
}

const string = (bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

/** A security key as one made of software: what a real one signs, byte by byte (PROTOCOL.u2f). Its `flags` say 1 when touched. */
export function securityKey(flags = 0x01) {
  const { secretKey, publicKey } = ed25519.keygen();
  const type = 'sk-ssh-ed25519@openssh.com';
  const blob = Buffer.concat([string(type), string(publicKey), string('ssh:')]);
  const sha = (name: string, data: Uint8Array) => createHash(name).update(data).digest();
  return {
    line: `${type} ${blob.toString('base64')}`,
    sign: (text: string): string => {
      const head = [string('drs-pilot'), string(''), string('sha512')];
      const signed = Buffer.concat([Buffer.from('SSHSIG'), ...head, string(sha('sha512', Buffer.from(text)))]);
      const tail = Buffer.from([flags, 0, 0, 0, 7]);
      const proof = ed25519.sign(
        Buffer.concat([sha('sha256', Buffer.from('ssh:')), tail, sha('sha256', signed)]),
        secretKey,
      );
      const made = string(Buffer.concat([string(type), string(proof), tail]));
      const whole = Buffer.concat([Buffer.from('SSHSIG'), Buffer.from([0, 0, 0, 1]), string(blob), ...head, made]);
      const lines = whole.toString('base64').replace(/(.{70})/g, '$1\n');
      return `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`;
    },
  };
}

/** A decision at the open gate, signed by the real ssh-keygen over what a person would see. */
export async function signed(
  run: Run,
  gate: string,
  decision: Choice,
  by: string,
  key: Key | undefined,
  time = new Date().toISOString(),
): Promise<Decision> {
  const { id, evidence } = await run.gate(gate);
  const { place } = await run.status();
  const said = { gate: id, by, reason: 'as agreed', decision, snapshot: evidence.snapshot, time };
  return { ...said, signature: key?.sign(decisionText(place as Place, evidence.hash, said)) ?? '' };
}
