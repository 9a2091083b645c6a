import { expect, test } from 'vitest';
import { CODES, classify, explain, GATEWAY_CODES, MENDS } from '../../drs/codes.js';
import { KINDS } from '../../drs/errors.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_one, i) => from + i);
const pad = (numbers: number[], digits: number): string[] => numbers.map((n) => String(n).padStart(digits, '0'));

/** Tables of the reference. */
const A3 = [
  ...pad(
    [
      2,
      4,
      7,
      100,
      101,
      102,
      103,
      105,
      200,
      201,
      202,
      210,
      211,
      261,
      269,
      270,
      271,
      273,
      277,
      289,
      ...range(298, 308),
      401,
      402,
      403,
      414,
      1501,
      1504,
      5003,
      5004,
      5006,
      5066,
      6007,
      6011,
      6020,
      6021,
      7000,
    ],
    5,
  ).map((n) => `DRS.M${n}`),
  ...pad([...range(1, 23), ...range(30, 70)], 4).map((n) => `DRS.KE${n}`),
  ...[
    10000001,
    10000010,
    10000011,
    10000012,
    10010000,
    10010002,
    10010004,
    10010006,
    10010007,
    ...range(10010009, 10010014),
    10010016,
    ...range(10010024, 10010033),
    10020000,
    10020001,
    10020002,
    10020072,
    10020077,
    10020111,
    ...range(10030000, 10030012),
    10060015,
    10130014,
  ].map((n) => `DRS.${n}`),
];

test('the table has all 157 codes of the reference, the one of 6.1.35, and no other', () => {
  expect(A3).toHaveLength(157);
  expect(Object.keys(CODES).sort()).toEqual([...A3, 'DRS.10000024'].sort());
});

test.each([...Object.entries(CODES), ...Object.entries(GATEWAY_CODES)])(
  '%s has a kind, a meaning and a mend in plain sentences',
  (_code, entry) => {
    expect(KINDS).toHaveProperty(entry.kind);
    expect(entry.meaning).toMatch(/^[^.].*[^.]$/);
    expect(entry.mend).toMatch(/^["A-Z].*[.)]$/);
  },
);

test.each([
  ['DRS.M01504', 202, 'transient'],
  ['DRS.10000024', 400, 'transient'],
  ['DRS.M00004', 422, 'transient'],
  ['DRS.M01501', 422, 'transient'],
  ['DRS.KE0014', 200, 'transient'],
  ['DRS.KE0015', 200, 'transient'],
  ['DRS.10060015', 400, 'transient'],
  ['DRS.10010002', 400, 'transient'],
  ['DRS.M00100', 403, 'credentials'],
  ['DRS.M00103', 401, 'permission'],
  ['DRS.M00102', 403, 'permission'],
  ['DRS.M00101', 404, 'permission'],
  ['DRS.M00105', 400, 'permission'],
  ['DRS.10130014', 400, 'quota'],
  ['DRS.M00261', 403, 'request'],
  ['DRS.M00271', 400, 'request'],
  ['DRS.M00301', 400, 'request'],
  ['DRS.M00304', 400, 'wrongState'],
  ['DRS.M05004', 400, 'wrongState'],
  ['DRS.M00307', 400, 'wrongId'],
  ['DRS.M00308', 400, 'wrongId'],
  ['DRS.M00303', 400, 'stale'],
  ['DRS.M00277', 422, 'duplicateName'],
  ['DRS.10020077', 400, 'duplicateName'],
  ['DRS.M00298', 400, 'notFound'],
  ['DRS.M05003', 400, 'notFound'],
  ['DRS.10000010', 400, 'notFound'],
  ['DRS.KE0002', 200, 'connection'],
  ['APIGW.0301', 401, 'credentials'],
  ['APIG.0307', 401, 'credentials'],
  ['APIGW.0302', 403, 'permission'],
  ['APIG.0308', 429, 'transient'],
  ['APIG.0308', undefined, 'transient'],
  ['APIGW.0201', 413, 'request'],
  ['APIGW.0201', 504, 'transient'],
  ['APIGW.9999', 503, 'transient'],
  ['DRS.KE9999', 200, 'connection'],
  ['DRS.M99999', 200, 'refused'],
  ['DRS.M99999', 400, 'request'],
  ['DRS.M99999', 500, 'transient'],
  ['AS.0001', 403, 'permission'],
  [undefined, 401, 'credentials'],
  [undefined, 403, 'permission'],
  [undefined, 408, 'transient'],
  [undefined, 429, 'transient'],
  [undefined, 500, 'transient'],
  [undefined, 502, 'transient'],
  [undefined, 503, 'transient'],
  [undefined, 504, 'transient'],
  [undefined, 409, 'wrongState'],
  [undefined, 422, 'request'],
  [undefined, 501, 'refused'],
] as const)('%s with HTTP %s is %s', (code, status, kind) => {
  expect(classify({ code, status })).toBe(kind);
});

test('a 404 that no code explains says nothing about a task: in a clean-up it must not count as "gone"', () => {
  expect(classify({ status: 404 })).toBe('refused');
});

test('a code is explained however it is written, and an unknown one is not made up', () => {
  expect(explain('drs.m00277')).toBe(CODES['DRS.M00277']);
  expect(explain('APIGW.0308')).toBe(explain('apig.0308'));
  expect(explain('DRS.M99999')).toBeUndefined();
  expect(explain('APIG.9999')).toBeUndefined();
  expect(explain('toString')).toBeUndefined();
});

test('no mend promises that a call is sent again: that is for whoever makes it, and some are made once', () => {
  const mends = [...Object.values({ ...CODES, ...GATEWAY_CODES }).map(({ mend }) => mend), ...Object.values(MENDS)];
  expect(mends.filter((mend) => /tried again/.test(mend))).toEqual([]);
});
