import fc from 'fast-check';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export const json = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null));

/** Every place in a value, as the keys that lead there. */
function places(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Array.isArray(value)
    ? value.flatMap((one, index) => places(one, [...path, index]))
    : Object.entries(value).flatMap(([key, one]) => places(one, [...path, key]));
  return [path, ...inner];
}

/** A copy with what is at a place replaced, or taken away by undefined. */
function replaced(value: Json, [key, ...rest]: readonly (string | number)[], to: Json | undefined): Json {
  if (key === undefined) return to ?? null;
  const copy = structuredClone(value) as Record<string | number, Json>;
  if (rest.length > 0) copy[key] = replaced(copy[key] as Json, rest, to);
  else if (to === undefined) delete copy[key];
  else copy[key] = to;
  return Array.isArray(value) ? (Object.values(copy) as Json[]) : (copy as Json);
}

/** Something that has no business there, or nothing at all. */
const anything = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom<Json>('', 'true', '1', '-1', 'NA', 0, 1, -1, true, null, [], {}),
  fc.string({ maxLength: 8 }),
  fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>,
);

/** Examples of the reference with up to three places changed at random. */
export const mutants = (examples: readonly unknown[]): fc.Arbitrary<Json> =>
  fc
    .tuple(fc.constantFrom(...examples.map(json)), fc.array(fc.tuple(fc.nat(), anything), { maxLength: 3 }))
    .map(([example, changes]) =>
      changes.reduce<Json>((value, [pick, to]) => {
        const all = places(value);
        return replaced(value, all[pick % all.length] ?? [], to);
      }, example),
    );
