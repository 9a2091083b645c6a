import { resolve } from 'node:path';
import { z } from 'zod';
import type { Env } from '../drs/auth/credentials.js';
import { problemsOf } from '../drs/operations/common.js';
import { ConfigError, readConfigFile } from './config-file.js';
import { type KeyRing, NO_KEYS, readKeyRing } from './key-ring.js';
import { readSecret } from './secret.js';
import { CodecServerSection, Encryption } from './sections.js';

/** Of drs-pilot.yaml what a person's command line needs: the worker's own file does, and so does one with these sections alone. */
const Sections = z.object({
  encryption: Encryption.optional(),
  codecServer: CodecServerSection.optional(),
  secrets: z
    .record(z.string(), z.object({ file: z.string().optional(), env: z.string().optional() }).nullable())
    .optional(),
  temporal: z.object({ uiUrl: z.string().optional() }).optional(),
});

export interface From {
  readonly env?: Env;
  /** Else DRS_PILOT_CONFIG, else ./drs-pilot.yaml. */
  readonly file?: string | undefined;
}

/**
 * The keys of the file that a worker reads; none where there is no such file or section.
 * @throws ConfigError with all problems of these sections.
 */
export async function loadKeyRing(from: From = {}): Promise<KeyRing> {
  const { keyRing, problems, source } = await readSections(from);
  if (problems.length > 0) throw new ConfigError(source, problems);
  return keyRing;
}

/** What the file has of these sections, with the problems of its keys. Throws ConfigError where it has not their form. */
export async function readSections({ env = process.env, file }: From) {
  const { source, base, content } = await readConfigFile({ env, file });
  const parsed = Sections.safeParse(content);
  if (!parsed.success) throw new ConfigError(source, problemsOf(parsed.error));
  const { encryption, secrets = {} } = parsed.data;
  const secret = async (name: string): Promise<string> => {
    if (!Object.hasOwn(secrets, name)) throw new Error(`secrets has no "${name}"`);
    const { file: path = `/run/secrets/${name}`, env: variable } = secrets[name] ?? {};
    return await readSecret(name, { file: resolve(base, path), ...(variable !== undefined && { env: variable }) }, env);
  };
  const { keyRing, problems } = encryption ? await readKeyRing(encryption, secret) : { keyRing: NO_KEYS, problems: [] };
  return { source, sections: parsed.data, secret, keyRing, problems };
}
