import { readFile } from 'node:fs/promises';
import type { Env } from '../drs/auth/credentials.js';

/** Where a secret's value lies: an environment variable where one is named, else the file. */
export interface SecretPlace {
  readonly file: string;
  readonly env?: string;
}

/** The value without the newline that editors and `echo` put at the end. Errors name the secret and where it should be. */
export async function readSecret(name: string, place: SecretPlace, env: Env): Promise<string> {
  const fail = (what: string): never => {
    throw new Error(`secret "${name}": ${what}`);
  };
  if (place.env !== undefined) {
    const value = env[place.env];
    return value ? value : fail(`the environment variable ${place.env} is not set`);
  }
  const text = await readFile(place.file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    fail(`its file ${place.file} cannot be read (${error.code})`),
  );
  const value = text.replace(/\r?\n$/, '');
  return value ? value : fail(`its file ${place.file} is empty`);
}
