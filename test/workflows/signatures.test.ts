import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PublicKey, readPublicKey, verify } from '../../workflows/signatures.js';
import { hasSshKeygen, securityKey, sshKey, sshVerifies } from '../support/ssh-keys.js';

const read = (line: string): PublicKey => {
  const key = readPublicKey(line);
  if (typeof key === 'string') throw new Error(key);
  return key;
};
const bare = (armoured: string): string => armoured.replace(/-----[A-Z ]+-----|\s/g, '');

test.skipIf(!hasSshKeygen)('what ssh-keygen signs is verified, armoured or bare, with either hash', () => {
  const key = sshKey();
  const [known, text] = [read(key.line), '{"reason":"Übergabe 🎉"}'];
  expect(known.fingerprint).toBe(key.fingerprint);
  for (const hash of ['sha512', 'sha256'] as const) {
    const signature = key.sign(text, { hash });
    for (const form of [signature, bare(signature), signature.replaceAll('\n', '\r\n')])
      expect(verify([read(sshKey().line), known], form, text)).toMatchObject({ fingerprint: key.fingerprint });
  }
});

test.skipIf(!hasSshKeygen)(
  'another text, key or purpose, and what is damaged anywhere, is refused with its reason',
  () => {
    const key = sshKey();
    const known = [read(key.line)];
    const signature = key.sign('this');
    expect(verify(known, signature, 'that')).toContain('something differs from what was signed');
    const stranger = sshKey();
    expect(verify(known, stranger.sign('this'), 'this')).toContain(stranger.fingerprint);
    expect(verify(known, key.sign('this', { namespace: 'git' }), 'this')).toContain('made for "git"');
    expect(verify([], signature, 'this')).toContain('not one of theirs');
    const rsa = sshKey('rsa', ['-b', '2048']);
    expect(verify(known, rsa.sign('this'), 'this')).toMatch(/only keys of type ssh-ed25519/);

    const bytes = Buffer.from(bare(signature), 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(verify(known, changed.toString('base64'), 'this'), `byte ${at}`).toBeTypeOf('string');
      expect(verify(known, bytes.subarray(0, at).toString('base64'), 'this'), `the first ${at}`).toBeTypeOf('string');
    }
    expect(verify(known, Buffer.concat([bytes, Buffer.from('x')]).toString('base64'), 'this')).toContain('damaged');
  },
);

test.skipIf(!hasSshKeygen)(
  'a security key must have been touched; that it signs as a real one does, ssh-keygen says',
  () => {
    const touched = securityKey();
    const signature = touched.sign('this');
    expect(sshVerifies(touched.line, signature, 'this')).toBe(true);
    expect(verify([read(touched.line)], signature, 'this')).toHaveProperty('fingerprint');
    expect(verify([read(touched.line)], signature, 'that')).toContain('something differs');
    const untouched = securityKey(0);
    expect(sshVerifies(untouched.line, untouched.sign('this'), 'this')).toBe(true);
    expect(verify([read(untouched.line)], untouched.sign('this'), 'this')).toBe('nobody touched the security key');
  },
);

test('no input whatever makes it throw, and none is taken', () => {
  const known = [read(securityKey().line)];
  const wire = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom('SSHSIG', 'drs-pilot', 'ssh-ed25519', 'sha512').map((t) => Buffer.from(t)),
      ),
      { maxLength: 8 },
    )
    .map((parts) =>
      Buffer.concat([
        Buffer.from('SSHSIG\0\0\0\x01'),
        ...parts.flatMap((part) => [Buffer.from([0, 0, 0, part.length]), part]),
      ]),
    );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String(),
        wire.map((bytes) => bytes.toString('base64')),
      ),
      (text) => {
        expect(verify(known, text, text)).toBeTypeOf('string');
        expect(readPublicKey(text)).toBeTypeOf('string');
        expect(readPublicKey(`ssh-ed25519 ${text}`)).toBeTypeOf('string');
      },
    ),
    { numRuns: 500 },
  );
});

test.skipIf(!hasSshKeygen)('other types of keys are refused, saying why', () => {
  expect(readPublicKey(sshKey('rsa', ['-b', '2048']).line)).toContain(
    'ssh-rsa is not taken; ssh-keygen -t ed25519 makes one',
  );
  expect(readPublicKey(sshKey('ecdsa').line)).toContain('ecdsa-sha2-nistp256 is not taken');
  expect(readPublicKey('ssh-ed25519-cert-v01@openssh.com AAAA')).toContain('certificates are not taken');
  expect(readPublicKey('-----BEGIN OPENSSH PRIVATE KEY-----')).toContain('the line of a .pub file');
  const { line } = sshKey();
  expect(readPublicKey(line.replace('ssh-ed25519 ', 'sk-ssh-ed25519@openssh.com '))).toContain('cut off or damaged');
  expect(readPublicKey(line.split(' ').slice(0, 2).join(' ').slice(0, -4))).toContain('cut off or damaged');
});
