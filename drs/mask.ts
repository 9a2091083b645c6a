import { SECRET_FIELDS } from './operations/common.js';

/** What stands where a secret was. */
const MASK = '********';

const secret: ReadonlySet<string> = new Set(SECRET_FIELDS);

/** A copy in which the values of secret fields are masked, however deep they lie; text that is JSON is looked into, too. */
export function mask<T>(value: T): T {
  return masked(value) as T;
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [
      name,
      secret.has(name) && content != null ? MASK : masked(content),
    ]),
  );
}

// `"db_password": "…"`, also escaped in a text inside JSON, cut off before its end, or written as db_password=…
const quoted = new RegExp(
  String.raw`(?<!\\)(\\*["'])(${SECRET_FIELDS.join('|')})\1\s*:\s*(\\*["'])(?:\\.|(?!\3)[^\\])*(?:\3|\\?$)`,
  'gis',
);
const plain = new RegExp(String.raw`\b(${SECRET_FIELDS.join('|')})=[^\s&"']+`, 'gi');
const keys = /\b(Signature|Access)=[^\s,"']+/g;

/** The text with everything in it masked that looks like a secret, and all of `secrets`. */
export function maskText(text: string, secrets: readonly string[] = []): string {
  const known = secrets.reduce((rest, one) => rest.replaceAll(one, MASK), text);
  return known
    .replace(quoted, (_whole, quote: string, name: string) => `${quote}${name}${quote}:${quote}${MASK}${quote}`)
    .replace(plain, `$1=${MASK}`)
    .replace(keys, `$1=${MASK}`);
}

/** The values of the secret fields in a request, longest first: what must not come back out of an error's text. */
export function secretsIn(value: unknown): string[] {
  const found = new Set<string>();
  collect(value, found);
  return [...found].sort((a, b) => b.length - a.length);
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, content] of Object.entries(value)) {
    if (typeof content === 'string' && secret.has(name) && content.length > 2) {
      found.add(content).add(JSON.stringify(content).slice(1, -1)); // as JSON writes it, too
    }
    collect(content, found);
  }
}
