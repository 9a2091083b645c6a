import { z } from 'zod';
import { withRules } from '../drs/operations/common.js';

/* The sections of drs-pilot.yaml that worker, command line and codec server share. */

const SecretRef = z.strictObject({ secret: z.string() }, { error: 'must name a secret: { secret: NAME }' });

const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const NONE = 'none';

/** The section `encryption` of drs-pilot.yaml: ids of keys and the secrets that hold them. */
export const Encryption = withRules(
  z.strictObject({
    active: z.string({ error: `is missing: the id of the key that encrypts, or ${NONE}` }),
    keys: z.record(z.string(), SecretRef),
  }),
  ({ active, keys }, tell) => {
    const ids = Object.keys(typeof keys === 'object' && keys !== null ? keys : {});
    for (const id of ids)
      if (!ID.test(id) || id === NONE)
        tell(['keys', id], 'must be a name: up to 63 lower-case letters, digits and hyphens, a letter or digit first');
    if (typeof active === 'string' && active !== NONE && !ids.includes(active))
      tell('active', `keys has no "${active}"`);
  },
);
export type Encryption = z.output<typeof Encryption>;

const Jwt = withRules(
  z.strictObject({
    jwksUrl: z.string().refine(isSafeAddress, 'must be an https address, or http on this machine').optional(),
    key: SecretRef.optional(),
    issuer: z.string().min(1).optional(),
    audience: z.string().min(1).optional(),
  }),
  ({ jwksUrl, key, issuer, audience }, tell) => {
    if ((jwksUrl === undefined) === (key === undefined)) tell('jwksUrl', 'give either this or key');
    // The keys of an identity provider sign tokens for everybody who uses it.
    if (jwksUrl !== undefined && issuer === undefined) tell('issuer', 'is missing: mandatory with jwksUrl');
    if (jwksUrl !== undefined && audience === undefined) tell('audience', 'is missing: mandatory with jwksUrl');
  },
);

/** Who may use a codec server: whoever knows a token, or whoever has a JWT. */
export const Authentication = withRules(
  z.strictObject({ token: SecretRef.optional(), jwt: Jwt.optional() }),
  ({ token, jwt }, tell) => {
    if ((token === undefined) === (jwt === undefined)) tell([], 'give either token or jwt');
  },
);
export type Authentication = z.output<typeof Authentication>;

/** The section `codecServer` of drs-pilot.yaml. */
export const CodecServerSection = z.strictObject({
  origins: z
    .array(z.string().refine(isOrigin, 'must be scheme, host and port alone: https://temporal.example.com'))
    .min(1)
    .optional(),
  auth: Authentication,
});

export type CodecServerSection = z.output<typeof CodecServerSection>;

function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol) && new URL(text).origin === text;
}
