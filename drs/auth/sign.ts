import { createHmac, hash } from 'node:crypto';

/** What a signature covers. `path` as it is on the wire; `query` not yet encoded. */
export interface Signable {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface KeyPair {
  readonly ak: string;
  readonly sk: string;
}

const ALGORITHM = 'SDK-HMAC-SHA256';

/** The two headers that prove who sends a request: its time, and a signature over it (3.2, SDK-HMAC-SHA256). */
export function sign(
  request: Signable,
  key: KeyPair,
  signedAt: Date,
): { readonly 'x-sdk-date': string; readonly authorization: string } {
  const date = timestamp(signedAt);
  const headers = sortedHeaders({ ...request.headers, host: request.host, 'x-sdk-date': date });
  const names = headers.map(([name]) => name).join(';');
  const signature = hmac(key.sk, [ALGORITHM, date, sha256(canonical(request, headers, names))].join('\n'));
  return {
    'x-sdk-date': date,
    authorization: `${ALGORITHM} Access=${key.ak}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const canonical = (request: Signable, headers: [string, string][], names: string): string =>
  [
    request.method,
    canonicalPath(request.path),
    encodeQuery(request.query),
    headers.map(([name, value]) => `${name}:${value}\n`).join(''),
    names,
    request.body ? sha256(request.body) : NO_BODY,
  ].join('\n');

/** Each segment decoded and encoded anew, with a slash at the end. */
function canonicalPath(path: string): string {
  const segments = /^[\w./~-]*$/.test(path) ? [path] : path.split('/').map((segment) => encode(decode(segment)));
  const encoded = segments.join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

/** A query as it is signed and sent: sorted by name, then by value. */
export const encodeQuery = (query: Signable['query']): string =>
  query.length === 0
    ? ''
    : [...query]
        .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
        .map(([name, value]) => `${encode(name)}=${encode(value)}`)
        .join('&');

/** Everything but letters, digits and `-._~` as %XX of its UTF-8 bytes (RFC 3986). */
export const encode = (text: string): string =>
  /^[\w.~-]*$/.test(text)
    ? text
    : encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const decode = (text: string): string => (/%[0-9a-f]{2}/i.test(text) ? decodeURIComponent(text) : text);

const sortedHeaders = (headers: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim()])
    .sort(([a], [b]) => order(a, b));

/** `20260131T021109Z` */
const timestamp = (date: Date): string => `${date.toISOString().replace(/[-:]|\.\d{3}/g, '')}`;

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const sha256 = (text: string): string => hash('sha256', text);
const NO_BODY = sha256('');
const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');
