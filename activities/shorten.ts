/** What came of a reply that may have only so many bytes. */
export interface Shortened {
  readonly value: unknown;
  /** What was left out, in words; absent where nothing was. */
  readonly remark?: string;
}

interface List {
  readonly path: string;
  readonly rows: unknown[];
}

/** A payload has limits: rows of the largest lists are left out until the rest has at most `most` bytes as JSON. */
export function shorten(reply: unknown, most: number): Shortened {
  const size = bytes(reply);
  if (size <= most) return { value: reply };
  const value = structuredClone(reply);
  const full = new Map(listsIn(value).map(({ rows }) => [rows, rows.length]));
  for (let excess = size - most; excess > 0; excess = bytes(value) - most) {
    const lists = listsIn(value).filter(({ rows }) => rows.length > 0);
    const [largest] = lists.map(({ rows }) => ({ rows, size: bytes(rows) })).sort((a, b) => b.size - a.size);
    if (!largest)
      return { value: {}, remark: `a reply of ${size} bytes is too large to be kept: ask for less at once` };
    const { rows } = largest;
    rows.length = Math.max(0, Math.min(rows.length - 1, Math.floor(rows.length * (1 - excess / largest.size))));
  }
  const cut = listsIn(value).filter(({ rows }) => rows.length < (full.get(rows) ?? 0));
  const told = cut.map(({ path, rows }) => `${rows.length} of ${full.get(rows)} ${path || 'rows'}`);
  return { value, remark: `too large to be kept whole: ${told.join(', ')}` };
}

/** All lists of a reply with their paths, those in rows of other lists, too. */
function listsIn(value: unknown, path = ''): List[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    listsIn(one, Array.isArray(value) ? path : path ? `${path}.${key}` : key),
  );
  return Array.isArray(value) ? [{ path, rows: value }, ...inner] : inner;
}

export const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '');
