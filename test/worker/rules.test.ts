import { describe, expect, test } from 'vitest';
import { operations } from '../../drs/operations/index.js';
import { DEFAULT_POLICY, ordersFor, policyFor } from '../../worker/policy.js';
import { ruleFor } from '../../worker/rules.js';
import { securityKey } from '../support/ssh-keys.js';
import { load } from './config-file.js';

const config = await load(`
approvers:
  dba: { members: [anna, bert, carla] }
  ops: { members: [bert, carla, dora] }
  lead: { members: [emil] }
rules:
  - { tasks: ['prod-*'], approvals: 1, group: dba }
  - { tasks: ['prod-*'], gates: [cutover], approvals: 2 }
  - { kinds: [switchover], tasks: ['prod-*'], force: false }
  - { kinds: [switchover], tasks: ['*-dr'], group: dba, escalateTo: lead, force: true }
  - { operations: [batchSetSpeed], tasks: ['prod-*'], approvals: 2 }
policy:
  operations: { showQuotas: deny, batchStartJobs: allow, batchDeleteJobs: deny }
`);
const start = { kind: 'migration', name: 'prod-orders', gate: 'start' };
const cutover = { ...start, gate: 'cutover#2' };

describe('rules', () => {
  test('without a matching rule a gate needs one approval, of anybody', () => {
    expect(ruleFor(config, { ...start, name: 'test-orders' })).toEqual({
      approvals: 1,
      group: null,
      fourEyes: false,
      force: true,
      problems: [],
    });
  });

  test('the strictest of all matching rules holds', () => {
    expect(ruleFor(config, start)).toMatchObject({
      approvals: 1,
      group: 'dba',
      members: ['anna', 'bert', 'carla'],
    });
    expect(ruleFor(config, cutover)).toMatchObject({ approvals: 2, group: 'dba' });
    expect(ruleFor(config, { ...start, kind: 'switchover' }).force).toBe(false);
  });

  test('names match in both cases, so that no task slips past its rule', () => {
    expect(ruleFor(config, { ...cutover, name: 'PROD-orders' }).approvals).toBe(2);
  });

  test('a spec makes a rule stricter', () => {
    expect(ruleFor(config, start, { approvals: 2 }).approvals).toBe(2);
    expect(ruleFor(config, start, { group: 'ops' })).toMatchObject({
      group: 'dba and ops',
      members: ['bert', 'carla'],
      problems: [],
    });
  });

  test('a spec never makes it weaker', () => {
    expect(ruleFor(config, cutover, { approvals: 1 }).approvals).toBe(2);
    expect(ruleFor(config, cutover, { group: 'ops' }).members).not.toContain('dora');
    expect(ruleFor(config, start, { group: 'lead' })).toMatchObject({
      members: [],
      problems: [{ path: 'group', message: '1 approvals are needed and only 0 people of dba and lead may give one' }],
    });
  });

  test('what blocks is overridden only where a rule allows force, and none forbids it', () => {
    const force = (name: string) =>
      ruleFor(config, { kind: 'switchover', name, gate: 'switchover' }, { forcible: true }).force;
    expect(['orders', 'orders-dr', 'prod-orders-dr'].map(force)).toEqual([false, true, false]);
    const group = (...tasks: string[]) =>
      ruleFor(config, { kind: 'switchover', name: 'all', tasks, gate: 'switchover' }, { forcible: true }).force;
    expect([group('orders-dr', 'crm-dr'), group('orders-dr', 'orders')]).toEqual([true, false]);
  });

  test('a spec escalates to whom the rules let in, and to anybody where they want nobody in particular', () => {
    const escalated = (name: string, escalate: string) =>
      ruleFor(config, { kind: 'switchover', name, gate: 'switchover' }, { escalate });
    expect(escalated('orders-dr', 'lead').escalation).toEqual({ group: 'lead', members: ['emil'] });
    expect(escalated('orders-dr', 'ops').escalation).toEqual({ group: 'ops', members: ['bert', 'carla'] });
    expect(escalated('orders', 'ops').escalation?.members).toEqual(['bert', 'carla', 'dora']);
    expect(escalated('prod-orders', 'lead')).toMatchObject({ problems: [{ path: 'escalate.group' }] });
  });

  test('an unknown group and more approvals than members are problems', () => {
    expect(ruleFor(config, start, { group: 'constructor' }).problems).toEqual([
      { path: 'group', message: 'the worker\'s approvers have no group "constructor"' },
    ]);
    expect(ruleFor(config, start, { approvals: 4 }).problems).toEqual([
      { path: 'approvals', message: '4 approvals are needed and only 3 people of dba may give one' },
    ]);
  });
});

describe('keys', async () => {
  const [anna, bert, old] = [securityKey().line, securityKey().line, securityKey().line];
  const signed = await load(`
approvers:
  dba: { members: [{ name: anna, keys: ['${anna} laptop', '${old}'] }, { name: bert, keys: ['${bert}'] }] }
  ops: { members: [anna, bert] }
  safe: { members: [{ name: anna, keys: ['${anna}'] }, { name: bert, keys: ['${securityKey().line}'] }] }
rules: [{ gates: [cutover], group: dba, fourEyes: true }]
`);

  test('whose decisions must be signed, and with which keys, comes with the rule', () => {
    expect(ruleFor(signed, cutover)).toMatchObject({ fourEyes: true, keys: { anna: [anna, old], bert: [bert] } });
    expect(ruleFor(signed, start)).toMatchObject({ fourEyes: false, group: null });
    expect(ruleFor(signed, start, { group: 'ops' })).not.toHaveProperty('keys');
  });

  test('of two groups the keys count that stand in both; a group without keys takes none away', () => {
    expect(ruleFor(signed, cutover, { group: 'ops' }).keys).toEqual({ anna: [anna, old], bert: [bert] });
    expect(ruleFor(signed, cutover, { group: 'safe' })).toMatchObject({ members: ['anna'], keys: { anna: [anna] } });
  });
});

describe('policy', () => {
  test('every operation of the table has a default', () => {
    expect(Object.keys(DEFAULT_POLICY).sort()).toEqual(Object.keys(operations).sort());
  });

  test('reads are free; to start, stop, end, delete, switch over, create and change passwords needs one approval', () => {
    const none = { policy: { operations: {}, orders: 'deny' as const }, rules: [] };
    const answers = (...ids: string[]) => [...new Set(ids.map((id) => policyFor(none, id, 'orders')))];
    expect(answers('showJobList', 'batchListJobDetails', 'showMonitoringData')).toEqual(['allow']);
    expect(
      answers(
        'batchStartJobs',
        'batchStopJobs',
        'batchDeleteJobs',
        'batchSwitchover',
        'batchCreateJobs',
        'batchResetPassword',
      ),
    ).toEqual(['approve']);
    expect(answers('batchValidateClustersConnections')).toEqual(['approve']);
    expect(answers('batchFlyToTheMoon', 'toString')).toEqual(['deny']);
    expect(ordersFor(none)).toBe('deny');
  });

  test('the configuration decides otherwise', () => {
    expect(policyFor(config, 'showQuotas')).toBe('deny');
    expect(policyFor(config, 'batchStartJobs', 'orders')).toBe('allow');
    expect(policyFor(config, 'batchDeleteJobs', 'orders')).toBe('deny');
  });

  test('a rule that names the operation makes "allow" an "approve"', () => {
    expect(policyFor(config, 'batchSetSpeed', 'test-orders')).toBe('allow');
    expect(policyFor(config, 'batchSetSpeed', 'prod-orders')).toBe('approve');
  });

  test('task names and tags bound what may be touched', async () => {
    const bounded = await load("policy: { tasks: ['stage-*'], tags: { team: data } }");
    expect(policyFor(bounded, 'batchSetSpeed', 'stage-1')).toBe('allow');
    expect(policyFor(bounded, 'batchSetSpeed', 'prod-1')).toBe('deny');
    expect(policyFor(bounded, 'batchSetSpeed', 'prod-1', { team: 'data' })).toBe('allow');
    expect(policyFor(bounded, 'batchStartJobs')).toBe('deny');
    expect(policyFor(bounded, 'showQuotas')).toBe('allow');
  });
});
