import type { Problem } from '../drs/operations/common.js';
import { type Authenticator, authenticator } from './authentication.js';
import { ConfigError } from './config-file.js';
import type { KeyRing } from './key-ring.js';
import { type From, readSections } from './settings.js';

export interface CodecServerSettings {
  readonly keyRing: KeyRing;
  readonly authenticator: Authenticator;
  readonly origins: readonly string[];
}

/** @throws ConfigError with all problems of these sections; without keys or authentication there is no codec server. */
export async function loadCodecServer(from: From = {}): Promise<CodecServerSettings> {
  const { keyRing, sections, secret, source, problems: found } = await readSections(from);
  const { encryption, codecServer, temporal } = sections;
  const uiOrigin =
    temporal?.uiUrl !== undefined && URL.canParse(temporal.uiUrl) ? new URL(temporal.uiUrl).origin : undefined;
  const origins = codecServer?.origins ?? (uiOrigin ? [uiOrigin] : []);
  const auth = codecServer ? await authenticator(codecServer.auth, secret) : { problems: [] };
  const missing = (path: string, message: string, there: unknown): Problem[] => (there ? [] : [{ path, message }]);
  const problems = [
    ...found,
    ...missing('encryption', 'is missing: without keys there is nothing to decode', encryption),
    ...missing('codecServer', 'is missing: it says who may use it', codecServer),
    ...missing(
      'codecServer.origins',
      "is missing, and so is temporal.uiUrl: one of them names the UI's origin",
      origins.length > 0 || !codecServer,
    ),
    ...auth.problems,
  ];
  if (problems.length > 0 || !auth.authenticator) throw new ConfigError(source, problems);
  return { keyRing, origins, authenticator: auth.authenticator };
}
