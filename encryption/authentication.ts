import { createHash, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { EnvHttpProxyAgent, fetch } from 'undici';
import type { Problem } from '../drs/operations/common.js';
import type { Authentication } from './sections.js';

export interface Authenticator {
  /** Whether a request with this header `Authorization` is let in. Throws where the issuer's keys can't be had. */
  admits(header: string | undefined): Promise<boolean>;
  /** Header `WWW-Authenticate` of a refusal. */
  readonly challenge: string;
}

const LEAST_CHARACTERS = 32;

/** Problems name the secret, never its value. */
export async function authenticator(
  { token, jwt }: Authentication,
  read: (secret: string) => Promise<string>,
): Promise<{ authenticator?: Authenticator; problems: readonly Problem[] }> {
  const shared = token ?? jwt?.key;
  const path = `codecServer.auth.${token ? 'token' : 'jwt.key'}`;
  const refuse = (message: string) => ({ problems: [{ path, message }] });
  let value = '';
  try {
    value = shared ? await read(shared.secret) : '';
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'cannot be read');
  }
  if (shared && value.length < LEAST_CHARACTERS)
    return refuse(`must have at least ${LEAST_CHARACTERS} characters: \`openssl rand -hex 32\` makes them`);
  return { authenticator: jwt ? byJwt(jwt, value) : byToken(value), problems: [] };
}

/** As `Bearer TOKEN`, or as the password of `Basic`: a browser keeps that one, and sends it along from the Temporal UI. */
function byToken(token: string): Authenticator {
  const expected = digest(token);
  return {
    challenge: 'Basic realm="drs-pilot codec server", charset="UTF-8"',
    admits: async (header) => timingSafeEqual(digest(given(header)), expected),
  };
}

function given(header = ''): string {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return '';
  const text = Buffer.from(value, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const SYMMETRIC = ['HS256', 'HS384', 'HS512'];
const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

function byJwt({ jwksUrl, issuer, audience }: NonNullable<Authentication['jwt']>, key: string): Authenticator {
  const keys = jwksUrl === undefined ? new TextEncoder().encode(key) : remoteKeys(jwksUrl);
  const options = {
    // Of both kinds one list only: else the public key could be taken for a shared one.
    algorithms: jwksUrl === undefined ? SYMMETRIC : ASYMMETRIC,
    requiredClaims: ['exp'],
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  return {
    challenge: 'Bearer realm="drs-pilot codec server"',
    async admits(header = '') {
      const [, token] = /^bearer +(\S+)$/i.exec(header) ?? [];
      if (!token) return false;
      try {
        await (typeof keys === 'function' ? jwtVerify(token, keys, options) : jwtVerify(token, keys, options));
        return true;
      } catch (error) {
        if (error instanceof errors.JOSEError && !UNREACHABLE.includes(error.code)) return false;
        throw error;
      }
    },
  };
}

/** Codes of errors that say nothing of the token: the issuer's keys can't be had. */
const UNREACHABLE = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'];

function remoteKeys(url: string): JWTVerifyGetKey {
  const dispatcher = new EnvHttpProxyAgent();
  return createRemoteJWKSet(new URL(url), {
    [customFetch]: async (address, options) =>
      (await fetch(address, { ...(options as object), dispatcher })) as unknown as Response,
  });
}
