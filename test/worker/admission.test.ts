import { expect, test } from 'vitest';
import { admission } from '../../worker/admission.js';
import { secretBook } from '../../worker/secrets.js';
import { ENV, file, load } from './config-file.js';

const path = file('canary-password');
const config = await load(`
clouds: { eu: { region: eu-west-101 }, paris: { region: eu-west-0 } }
secrets: { orders: { file: ${path}, hosts: [203.0.113.10] }, users: { file: ${path}, hosts: [192.168.0.20] } }
webhooks: { oncall: { url: 'https://chat.example.com' } }
approvers: { dba: { members: [anna, bert] }, leads: { members: [emil] } }
stores: { nightly: { directory: . } }
rules: [{ tasks: ['prod-*'], gates: [cutover], approvals: 2, group: dba }]
`);
const admit = admission(config, secretBook(config, ENV));

const SPEC = {
  name: 'prod-orders',
  cloud: 'eu',
  source: { ip: '203.0.113.10', password: { secret: 'orders' } },
  target: { ip: '192.168.0.20', password: { secret: 'users' } },
  notify: ['oncall'],
  cutover: { gate: { approvals: 2, group: 'dba' } },
};
const told = async (spec: Record<string, unknown>) =>
  (await admit('migration', spec)).map(({ path: at, message }) => `${at}: ${message}`);

test('a spec that names what the worker has is admitted', async () => {
  expect(await told(SPEC)).toEqual([]);
});

test('passwords of migrated users belong to the target', async () => {
  expect(await told({ ...SPEC, users: { list: [{ account: 'app', password: { secret: 'users' } }] } })).toEqual([]);
  expect(await told({ ...SPEC, users: { list: [{ account: 'app', password: { secret: 'orders' } }] } })).toHaveLength(
    1,
  );
});

test('everything that the worker lacks is told at once, each at its path', async () => {
  const problems = await told({
    ...SPEC,
    cloud: 'mars',
    source: { ip: '198.51.100.66', password: { secret: 'orders' } },
    target: { ip: '192.168.0.20', password: { secret: 'nowhere' } },
    notify: ['oncall', 'offcall'],
    start: { gate: { group: 'ops' } },
    cutover: { gate: { approvals: 3 } },
  });
  expect(problems).toEqual([
    'cloud: this worker serves no cloud of that name, only eu, paris',
    expect.stringMatching(/^source\.password: secret "orders" may not be used with this host/),
    'target.password: the worker\'s configuration has no secret "nowhere"',
    'notify[1]: the worker\'s configuration has no webhook "offcall"',
    'cutover.gate.approvals: 3 approvals are needed and only 2 people of dba may give one',
    'start.gate.group: the worker\'s approvers have no group "ops"',
  ]);
});

test('a store that the worker lacks is told at its path', async () => {
  expect(await told({ ...SPEC, report: { store: 'nightly' }, export: { store: 'elsewhere' } })).toEqual([
    'export.store: the worker\'s configuration has no store "elsewhere"',
  ]);
});

test('a second group is one of the worker, and nobody whom a rule keeps out', async () => {
  const escalated = (group: string) => ({ approvals: 2, escalate: { after: '1h', group, notify: ['oncall', 'lead'] } });
  expect(await told({ ...SPEC, start: { gate: escalated('ops') }, cutover: { gate: escalated('leads') } })).toEqual([
    "cutover.gate.escalate.group: nobody of leads may decide here: the worker's rules want dba, and name no escalateTo with them",
    'cutover.gate.escalate.notify[1]: the worker\'s configuration has no webhook "lead"',
    'start.gate.escalate.group: the worker\'s approvers have no group "ops"',
    'start.gate.escalate.notify[1]: the worker\'s configuration has no webhook "lead"',
  ]);
});

test('with several clouds a spec must name one', async () => {
  const { cloud: _, ...spec } = SPEC;
  expect(await told(spec)).toEqual(['cloud: is missing: this worker serves eu, paris']);
});

test('a broken spec gets only what can be said of it', async () => {
  expect(
    await told({ cloud: 'eu', source: 7, target: [null], notify: 'oncall', start: { gate: null }, cutover: null }),
  ).toEqual([]);
});
