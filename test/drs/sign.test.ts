import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode, encodeQuery, sign } from '../../drs/auth/sign.js';

// The other signer breaks characters beyond the BMP and encodes what is encoded already, so neither is among the random ones.
const letters = fc.constantFrom(...'abcXYZ019-._~äß中é');
const text = fc.string({ unit: fc.constantFrom(...'aZ09 -._~!*\'()+/=&%#?"<>@:,;äß中', '\n'), maxLength: 20 });
const path = fc
  .array(fc.string({ unit: letters, minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 })
  .filter((segments) => segments.every((segment) => !/^\.+$/.test(segment)))
  .map((segments) => `/${segments.join('/')}`);
const query = fc.dictionary(
  fc.string({ unit: letters, minLength: 1, maxLength: 10 }),
  fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 4 })),
  {
    noNullPrototype: true,
    maxKeys: 6,
  },
);
const headers = fc.dictionary(
  fc
    .stringMatching(/^[A-Z][a-z]{1,8}(-[A-Z][a-z]{1,8})?$/)
    .filter((name) => !/^(host|authorization|content-type)$/i.test(name)),
  fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
  { noNullPrototype: true, maxKeys: 6 },
);
const distinct = (names: string[]): boolean => new Set(names.map((name) => name.toLowerCase())).size === names.length;

test('any request is signed as the service’s own SDK signs it', () => {
  fc.assert(
    fc.property(
      fc.record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
        path,
        query,
        headers: headers.filter((all) => distinct(Object.keys(all))),
        data: fc.option(fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }), {
          nil: undefined,
        }),
        at: fc.date({ min: new Date('2020-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
        ak: fc.stringMatching(/^[A-Z0-9]{20}$/),
        sk: fc.stringMatching(/^[A-Za-z0-9]{40}$/),
      }),
      ({ method, path, query, headers, data, at, ak, sk }) => {
        const own = sign(
          {
            method,
            host: 'drs.eu-west-101.myhuaweicloud.eu',
            path,
            query: Object.entries(query).flatMap(([name, value]) =>
              [value].flat().map((one): [string, string] => [name, one]),
            ),
            headers: { ...headers, 'Content-Type': 'application/json' },
            ...(data && { body: JSON.stringify(data) }),
          },
          { ak, sk },
          at,
        );
        const theirs = AKSKSigner.sign(
          {
            endpoint: `https://drs.eu-west-101.myhuaweicloud.eu${path}`,
            method,
            queryParams: structuredClone(query),
            headers: { ...headers, 'Content-Type': 'application/json', 'X-Sdk-Date': own['x-sdk-date'] },
            data,
          } as never,
          new BasicCredentials().withAk(ak).withSk(sk),
        ) as unknown as Record<string, string>;
        expect(own.authorization).toBe(theirs['Authorization']);
      },
    ),
    { numRuns: 300 },
  );
});

test('a path that is encoded already is not encoded twice', () => {
  const signed = (path: string) =>
    sign({ method: 'GET', host: 'h', path, query: [], headers: {} }, { ak: 'a', sk: 's' }, new Date(0)).authorization;
  expect(signed('/v3/a%20b')).toBe(signed('/v3/a b'));
  expect(signed('/v3/a%20b')).not.toBe(signed('/v3/a%2520b'));
});

test('a query is sorted by name, then by value, and everything but unreserved characters is encoded', () => {
  expect(
    encodeQuery([
      ['b', '2'],
      ['a', 'z'],
      ['a', 'ä&'],
    ]),
  ).toBe('a=z&a=%C3%A4%26&b=2');
  expect(encode("-._~!'()* +😀")).toBe('-._~%21%27%28%29%2A%20%2B%F0%9F%98%80');
});
