/** Everything that a value holds as text, payloads decoded: what must not be in it is looked for in this. */
export function inClear(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(inClear).join('\n');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}: ${inClear(inner)}`)
    .join('\n');
}
