import { resolve } from 'node:path';
import { z } from 'zod';
import type { Env } from '../drs/auth/credentials.js';
import { problemsOf } from '../drs/operations/common.js';
import { ConfigError, readConfigFile } from './config-file.js';
import { Encryption, type KeyRing, NO_KEYS, readKeyRing } from './key-ring.js';
import { readSecret } from './secret.js';

/** Of drs-pilot.yaml what a person's command line needs: the worker's own file does, and so does one with these sections alone. */
const Sections = z.object({
  encryption: Encryption.optional(),
  secrets: z
    .record(z.string(), z.object({ file: z.string().optional(), env: z.string().optional() }).nullable())
    .optional(),
});

/**
 * The keys of the same file that a worker reads: `file`, else DRS_PILOT_CONFIG, else ./drs-pilot.yaml; none without one.
 * @throws ConfigError with all problems of these sections.
 */
export async function loadKeyRing({ env = process.env, file }: { env?: Env; file?: string } = {}): Promise<KeyRing> {
  const { source, base, content } = await readConfigFile({ env, file });
  const parsed = Sections.safeParse(content);
  if (!parsed.success) throw new ConfigError(source, problemsOf(parsed.error));
  const { encryption, secrets = {} } = parsed.data;
  if (!encryption) return NO_KEYS;
  const { keyRing, problems } = await readKeyRing(encryption, async (name) => {
    if (!Object.hasOwn(secrets, name)) throw new Error(`secrets has no "${name}"`);
    const { file: path = `/run/secrets/${name}`, env: variable } = secrets[name] ?? {};
    return await readSecret(name, { file: resolve(base, path), ...(variable !== undefined && { env: variable }) }, env);
  });
  if (problems.length > 0) throw new ConfigError(source, problems);
  return keyRing;
}
