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

/** Whether a request says itself which page it wants: it then gets that one. One that doesn't can be read to its end. */
export const namesPage = (paging: Paging, request: unknown): boolean =>
  typeof request === 'object' &&
  request !== null &&
  [paging.from, paging.size, paging.within].some((field) => field !== undefined && field in request);

/** The request for the page with this number, from 0. */
export function pageOf(paging: Paging, request: unknown, page: number): Fields {
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

/** Puts the rows of a further page to those of an earlier reply; parts of lists on the way find each other by their names. */
export function addPage(paging: Paging, reply: unknown, page: unknown): void {
  for (const path of paging.rows) add(reply, page, path.split('.'));
}

function add(to: unknown, from: unknown, [name, ...deeper]: readonly string[]): void {
  if (!isFields(to) || !isFields(from) || name === undefined) return;
  const [there, more] = [to[name], from[name]];
  if (more === undefined || more === null) return;
  if (there === undefined || there === null) (to as Record<string, unknown>)[name] = more;
  else if (!Array.isArray(there) || !Array.isArray(more)) add(there, more, deeper);
  else if (deeper.length === 0) there.push(...more);
  else {
    for (const part of more) {
      const same = there.find((one) => named(one) === named(part));
      if (same === undefined) there.push(part);
      else add(same, part, deeper);
    }
  }
}

/** What tells a part from others of its list: all but its own lists. */
const named = (part: unknown): string =>
  JSON.stringify(isFields(part) ? Object.entries(part).filter(([, value]) => typeof value !== 'object') : part);

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
