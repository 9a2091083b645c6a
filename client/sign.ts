import { spawn } from 'node:child_process';
import { text as read } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { GateView, MessageName, Place, UpdateName } from '../workflows/messages.js';
import { readMessage } from '../workflows/plans/decision.js';
import { readUpdate } from '../workflows/plans/updates.js';
import { SIGNED_FOR } from '../workflows/signatures.js';
import { decisionText, updateText } from '../workflows/signed.js';
import { badInput, failed } from './command.js';
import type { Sent } from './gate.js';
import { plain } from './output.js';

export interface SigningOptions {
  readonly key?: string;
  readonly print?: true;
}

/** The options of what can be signed. */
export const signingOptions = (command: Command): Command =>
  command
    .option(
      '--key <file>',
      'sign with this key of OpenSSH: a private one, or a public one whose private one the agent has',
    )
    .option(
      '--print',
      'send nothing: print the JSON to paste into the Temporal UI, within five minutes where it is signed',
    );

/**
 * Signs as `ssh-keygen -Y sign` does, since that is what signs: passphrases are asked for at the terminal, agents and security
 * keys work. Gives the signature in one line, without its armour. Throws CommandError (exit 1) where there is none.
 */
export async function sign(text: string, key: string): Promise<string> {
  const child = spawn('ssh-keygen', ['-Y', 'sign', '-q', '-n', SIGNED_FOR, '-f', key], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(text);
  const exit = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  // What it asks for, a touch of the security key for instance, must be seen while it waits.
  child.stderr.on('data', (said) => process.stderr.write(said));
  const [code, out, err] = await Promise.all([exit, read(child.stdout), read(child.stderr)]).catch((error) => {
    throw error.code === 'ENOENT' ? failed(`${NO_SSH_KEYGEN} Nothing was sent.`) : error;
  });
  const [, signature] = /-----BEGIN SSH SIGNATURE-----([\s\S]+)-----END SSH SIGNATURE-----/.exec(out) ?? [];
  if (code === 0 && signature) return signature.replace(/\s/g, '');
  const why = err.trim().split('\n').at(-1) ?? '';
  throw failed(`ssh-keygen could not sign with ${key}: ${plain(why) || `it ended with ${code}`}. Nothing was sent.`);
}

/** A decision with its signature: over what the run reads out of it, and over the evidence that was shown. */
export async function signedDecision(
  place: Place,
  { evidence }: GateView,
  name: Exclude<MessageName, 'comment'>,
  sent: Sent,
  key: string,
): Promise<Sent> {
  const timed = { ...sent, time: new Date().toISOString() };
  const read = readMessage(name, timed);
  if (typeof read === 'string') throw badInput(plain(read));
  return { ...timed, signature: await sign(decisionText(place, evidence.hash, read), key) };
}

/** The same for an update of a supervised run. */
export async function signedUpdate<P extends object>(
  place: Place,
  name: UpdateName,
  payload: P,
  key: string,
): Promise<P> {
  const timed = { ...payload, time: new Date().toISOString() };
  const read = readUpdate(name, timed);
  if (typeof read === 'string') throw badInput(plain(read));
  return { ...timed, signature: await sign(updateText(place, name, read), key) };
}

const NO_SSH_KEYGEN =
  'ssh-keygen, which makes the signature, is not installed here: OpenSSH brings it (Debian: apt-get install openssh-client).';
