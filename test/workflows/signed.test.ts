import { expect, test } from 'vitest';
import { decisionText, requestText, updateText } from '../../workflows/signed.js';

const place = { namespace: 'default', workflowId: 'migration-orders', runId: 'r1' };
const said = {
  gate: 'cutover#1',
  by: 'ada',
  reason: 'as agreed',
  decision: 'approve',
  snapshot: 2,
  time: '2026-01-31T02:11:09.000Z',
  signature: 'AAAA',
} as const;

test('what is signed is the whole decision in canonical JSON: fields in order, absent ones absent, no signature', () => {
  expect(decisionText(place, 'abc', said)).toBe(
    '{"by":"ada","decision":"approve","gate":"cutover#1","hash":"abc","namespace":"default","reason":"as agreed","runId":"r1","snapshot":2,"time":"2026-01-31T02:11:09.000Z","workflowId":"migration-orders"}',
  );
  const change = { target: { ip: '10.0.0.1' }, source: { db_port: 3307 } };
  expect(decisionText(place, 'abc', { ...said, decision: 'retry', change, force: true, items: ['b', 'a'] })).toBe(
    '{"by":"ada","change":{"source":{"db_port":3307},"target":{"ip":"10.0.0.1"}},"decision":"retry","force":true,"gate":"cutover#1","hash":"abc","items":["b","a"],"namespace":"default","reason":"as agreed","runId":"r1","snapshot":2,"time":"2026-01-31T02:11:09.000Z","workflowId":"migration-orders"}',
  );
});

test('the examples of RFC 8785 come out as they stand there', () => {
  const spec = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false],
    "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7
  }`);
  expect(requestText(place, spec)).toBe(
    '{"namespace":"default","spec":{"\\r":2,"1":4,"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"requested":{},"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3},"workflowId":"migration-orders"}',
  );
});

test('an update and a request are told from a decision', () => {
  expect(updateText(place, 'pause', { by: 'ada', time: 't', signature: 's' })).toContain('"update":"pause"');
  expect(requestText(place, { name: 'orders', requested: { by: 'ada', time: 't', signature: 's' } })).toBe(
    '{"namespace":"default","spec":{"name":"orders","requested":{"by":"ada","time":"t"}},"workflowId":"migration-orders"}',
  );
});
