import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytes, shorten } from '../../activities/shorten.js';

test('a reply that fits is left alone', () => {
  const reply = { id: 'a', rows: [1, 2, 3] };
  expect(shorten(reply, bytes(reply))).toEqual({ value: reply });
});

test('of a larger one the longest lists are cut, and the remark says how much there was', () => {
  const reply = {
    id: 'a',
    tags: [{ key: 'team', value: 'orders' }],
    objects: { infos: Array.from({ length: 1_000 }, (_, n) => ({ id: `table-${n}` })) },
  };
  const { value, remark } = shorten(reply, 2_000);
  const { id, tags, objects } = value as typeof reply;
  expect({ id, tags }).toEqual({ id: 'a', tags: reply.tags });
  expect(objects.infos).toEqual(reply.objects.infos.slice(0, objects.infos.length));
  expect(bytes(value)).toBeGreaterThan(1_500);
  expect(remark).toBe(`too large to be kept whole: ${objects.infos.length} of 1000 objects.infos`);
});

test('one that has no lists to cut is left out, not cut in the middle', () => {
  const { value, remark } = shorten({ text: 'x'.repeat(5_000) }, 100);
  expect(value).toEqual({});
  expect(remark).toMatch(/^a reply of \d+ bytes is too large/);
});

test('whatever it is, it fits then, is a part of what it was, and the original stays', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 2, max: 300 }), (reply, most) => {
      const before = JSON.stringify(reply);
      const { value, remark } = shorten(reply, most);
      expect(bytes(value)).toBeLessThanOrEqual(most);
      expect(remark === undefined).toBe(bytes(reply) <= most);
      expect(JSON.stringify(reply)).toBe(before);
    }),
    { numRuns: 500 },
  );
});
