import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './codes.js';

export interface Account {
  readonly ak: string;
  readonly sk: string;
  readonly user: string;
  readonly password: string;
  readonly domain: string;
}

export interface Arrived {
  readonly method: string;
  /** As it came, with its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Who = { readonly by: 'token'; readonly project: string | undefined } | { readonly by: 'aksk' };

const DAY = 24 * 3600_000;
const QUARTER = 15 * 60_000;
const SIGNED_BODY_LIMIT = 12 * 1024 * 1024;

/** Tokens as IAM gives them: good for 24 hours, for one project (none: the whole account). */
export class Tokens {
  private readonly tokens = new Map<string, { project: string | undefined; until: number }>();

  constructor(private readonly now: () => number) {}

  issue(project: string | undefined): { token: string; issuedAt: number; until: number } {
    const token = `MIISIM${randomBytes(120).toString('base64url')}`;
    const issuedAt = this.now();
    this.tokens.set(token, { project, until: issuedAt + DAY });
    return { token, issuedAt, until: issuedAt + DAY };
  }

  check(token: string): { project: string | undefined } {
    const known = this.tokens.get(token);
    if (!known) throw new Refusal('DRS.M00100', 'the token is unknown');
    if (this.now() >= known.until) throw new Refusal('DRS.M00100', 'the token has expired');
    return known;
  }

  expireAll(): void {
    this.tokens.clear();
  }
}

/** Who asks. Throws a `Refusal`: 401 of the gateway for missing credentials and bad signatures, DRS.M00100 for tokens. */
export function authenticate(arrived: Arrived, account: Account, tokens: Tokens, now: number): Who {
  const authorization = arrived.headers.authorization;
  const token = arrived.headers['x-auth-token'];
  if (authorization) {
    verifySignature(arrived, authorization, account, now);
    return { by: 'aksk' };
  }
  if (typeof token === 'string' && token !== '') return { by: 'token', project: tokens.check(token).project };
  throw refuse('x-auth-token not found', 'neither X-Auth-Token nor Authorization was sent');
}

const refuse = (about: string, why: string) => new Refusal('APIGW.0301', why, { about });

/** SDK-HMAC-SHA256, §3.2. */
function verifySignature(arrived: Arrived, authorization: string, account: Account, now: number): void {
  const parts = /^SDK-HMAC-SHA256 Access=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  if (!parts) throw refuse('decrypt token fail', 'the Authorization header is no SDK-HMAC-SHA256 one');
  const [, access, signedList, signature] = parts as unknown as [string, string, string, string];
  const failed = (why: string) => refuse('verify aksk signature fail', why);

  if (access !== account.ak) throw refuse(`app not found by access key`, 'the access key is unknown');
  const date = arrived.headers['x-sdk-date'];
  const at = typeof date === 'string' ? readDate(date) : Number.NaN;
  if (Number.isNaN(at)) throw failed('X-Sdk-Date is missing or not like 20060102T150405Z');
  if (Math.abs(now - at) > QUARTER)
    throw refuse('X-Sdk-Date expired', 'X-Sdk-Date is more than 15 minutes away from the clock here');
  if (arrived.body.length > SIGNED_BODY_LIMIT) throw new Refusal('APIGW.0201', 'a signed request has at most 12 MB');

  const signed = signedList.split(';');
  if (signed.some((name) => name !== name.toLowerCase())) throw failed('SignedHeaders are lower case');
  if (signed.join() !== [...signed].sort().join()) throw failed('SignedHeaders are sorted');
  // Not so the host: the SDK for Go leaves it out.
  if (!signed.includes('x-sdk-date')) throw failed('x-sdk-date is not signed');

  const bodyHash = sha256(arrived.body);
  const claimed = arrived.headers['x-sdk-content-sha256'];
  if (claimed !== undefined && claimed !== bodyHash) throw failed('X-Sdk-Content-Sha256 is not the hash of the body');
  const headers = signed.map((name) => {
    const value = arrived.headers[name];
    if (value === undefined) throw failed(`the signed header ${name} was not sent`);
    return `${name}:${String(value).trim()}\n`;
  });
  const url = new URL(arrived.url, 'http://here');
  const request = [
    arrived.method,
    canonicalPath(url.pathname),
    canonicalQuery(url.searchParams),
    headers.join(''),
    signedList,
    bodyHash,
  ];
  const toSign = ['SDK-HMAC-SHA256', date, sha256(request.join('\n'))].join('\n');
  const expected = createHmac('sha256', account.sk).update(toSign).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    throw failed('the signature does not fit the request and the secret key');
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

function readDate(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  return parts ? Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`) : Number.NaN;
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalPath(path: string): string {
  const encoded = path
    .split('/')
    .map((segment) => encode(decodeSafely(segment)))
    .join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

function decodeSafely(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function canonicalQuery(query: URLSearchParams): string {
  const pairs = [...query].map(([key, value]) => `${encode(key)}=${encode(value)}`);
  return pairs.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join('&');
}
