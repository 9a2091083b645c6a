import { DrsError } from './errors.js';
import type { Operation, Paging } from './operation.js';

type Fields = Readonly<Record<string, unknown>>;

/** Asks for one page after another until all rows were seen, each when the caller wants it. */
export async function* readPages(
  entry: Operation,
  name: string,
  request: unknown,
  ask: (page: unknown) => Promise<unknown>,
): AsyncGenerator<unknown, void, undefined> {
  const { paging } = entry;
  if (!paging) throw new DrsError('request', `${name} does not page`, { operation: name });
  let seen = 0;
  for (let page = 0; ; page += 1) {
    const reply = await ask(pageOf(paging, request, page));
    const lists = paging.rows.flatMap((path) => valuesAt(reply, path)).filter(Array.isArray);
    const rows = Math.max(0, ...lists.map(({ length }) => length));
    const total = Math.max(-1, ...paging.totals.flatMap((path) => valuesAt(reply, path).map(toCount)));
    if (page === 0 || rows > 0) yield reply;
    seen += rows;
    const last = total >= 0 ? seen >= total : rows < paging.most;
    if (rows === 0 || last) return;
  }
}

/** The request for the page with this number, from 0. */
function pageOf(paging: Paging, request: unknown, page: number): Fields {
  const own = typeof request === 'object' && request !== null ? (request as Fields) : {};
  const position = {
    [paging.from]: paging.from === 'offset' ? page * paging.most : page + 1,
    [paging.size]: paging.most,
  };
  return paging.within ? { ...own, [paging.within]: position } : { ...own, ...position };
}

/** Everything at a dotted path; lists on the way are walked through. */
function valuesAt(value: unknown, path: string): unknown[] {
  return path.split('.').reduce<unknown[]>(
    (found, name) =>
      found
        .flatMap((one) => (Array.isArray(one) ? one : [one]))
        .flatMap((one) => {
          const next = typeof one === 'object' && one !== null ? (one as Fields)[name] : undefined;
          return next === undefined || next === null ? [] : [next];
        }),
    [value],
  );
}

const toCount = (value: unknown): number => {
  const count = Number(value);
  return value !== '' && Number.isInteger(count) ? count : -1;
};
