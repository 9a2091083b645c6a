import { expect, test } from 'vitest';
import { requestOf } from '../../worker/requests.js';
import { requestText } from '../../workflows/signed.js';
import { securityKey } from '../support/ssh-keys.js';
import { load } from './config-file.js';

const [anna, bert, stranger] = [securityKey(), securityKey(), securityKey()];
const config = await load(`
approvers:
  dba: { members: [{ name: anna, keys: ['${anna.line}'] }, { name: bert, keys: ['${bert.line}'] }] }
  ops: { members: [carla] }
rules:
  - { kinds: [migration], tasks: ['prod-*'], group: dba, fourEyes: true }
  - { kinds: [switchover], tasks: ['prod-*'], group: dba, approvals: 2, fourEyes: true }
  - { kinds: [operation], group: dba, fourEyes: true }
`);
const START = { namespace: 'default', workflowId: 'migration-prod-orders', at: '2026-01-31T02:11:09.000Z' };
const SPEC = { name: 'prod-orders', objects: [{ database: 'orders' }] };

function requested(by = 'anna', key = anna, { spec = SPEC, start = START, time = START.at } = {}) {
  const timed = { ...spec, requested: { by, time } };
  return { ...spec, requested: { by, time, signature: key.sign(requestText(start, timed)) } };
}
const told = (spec: object, kind = 'migration', start = START) =>
  requestOf(config, kind, spec as Record<string, unknown>, start).problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );

test('who requested a run is known by the signature over the whole spec and the id of the run', () => {
  expect(requestOf(config, 'migration', requested(), START)).toEqual({
    problems: [],
    requester: {
      by: 'anna',
      time: START.at,
      signature: expect.any(String),
      key: expect.stringMatching(/^SHA256:/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
});

test('a request for another run, of another spec, by another or from long ago is refused', () => {
  const differs = [
    expect.stringContaining('something differs from what was signed (drs-pilot start SPEC --key FILE signs it)'),
  ];
  expect(told(requested(), 'migration', { ...START, workflowId: 'migration-prod-crm' })).toEqual(differs);
  expect(told(requested(), 'migration', { ...START, namespace: 'other' })).toEqual(differs);
  expect(told({ ...requested(), objects: [{ database: 'crm' }] })).toEqual(differs);
  expect(told({ ...requested(), onAbort: 'terminate' })).toEqual(differs);
  expect(told({ ...SPEC, requested: { ...requested().requested, by: 'bert' } })).toEqual([
    expect.stringContaining('which is not one of theirs'),
  ]);
  expect(told(requested('anna', stranger))).toEqual([expect.stringContaining('which is not one of theirs')]);
  expect(told(requested('anna', anna, { time: '2026-01-31T02:06:08.000Z' }))).toEqual([
    expect.stringContaining('more than 5 minutes'),
  ]);
  expect(told(requested('carla'))).toEqual([expect.stringContaining('requested.by: has no key')]);
});

test('it is demanded where a rule of four eyes may hold, with the command that signs it, and nowhere else', () => {
  const missing = [
    'requested: is missing: under four eyes a request is signed, and drs-pilot start SPEC --key FILE signs it',
  ];
  expect(told(SPEC)).toEqual(missing);
  expect(told({ ...SPEC, name: 'test-orders' })).toEqual([]);
  expect(told(SPEC, 'synchronization')).toEqual([]);
  expect(told({ name: 'night', stages: [{ tasks: ['test-1'] }, { tasks: ['PROD-dr'] }] }, 'switchover')).toEqual(
    missing,
  );
  expect(told({ name: 'prod-drill', drill: true }, 'switchover')).toEqual([]);
  expect(told({ ...requested(), switchback: true }, 'switchover')).toEqual([
    'switchback: does not go with four eyes: nobody signs the request of the way back; start it by hand',
  ]);
  expect(told({ operation: 'showQuotas' }, 'operation')).toEqual([]);
  expect(told({ operation: 'showQuotas', gate: {} }, 'operation')).toEqual(missing);
  expect(told({ operation: 'batchStopJobs' }, 'operation')).toEqual(missing);
  expect(told({ name: 'prod-orders', requested: 7 })).toEqual([]);
});

test('whoever requests leaves enough others to approve', () => {
  const start = { ...START, workflowId: 'switchover-prod' };
  const spec = requested('anna', anna, { spec: { ...SPEC, name: 'prod' }, start });
  expect(told({ ...spec, name: 'prod' }, 'switchover', start)).toEqual([]);
  const named = requested('anna', anna, { start });
  expect(told(named, 'switchover', start)).toEqual([
    'requested.by: leaves too few under four eyes: 2 of dba must approve, and besides anna it has 1',
  ]);
});
