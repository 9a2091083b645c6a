import { expect, test } from 'vitest';
import { howToDecide, renderGate } from '../../client/render.js';
import type { GateView } from '../../workflows/messages.js';

const NOW = Date.parse('2026-01-31T18:40:00Z');
const gate: GateView = {
  id: 'switchover#1',
  question: 'Switch over?',
  decisions: ['approve', 'reject'],
  approvals: '2 of 3',
  group: 'dba',
  expires: null,
  window: '01:00–04:00 Asia/Shanghai',
  escalation: { group: 'leads', from: '2026-01-31T18:15:00.000Z' },
  evidence: { snapshot: 3, hash: '', items: [{ item: 'RPO', class: 'blocking', value: '90 s' }] },
  approvers: [
    { by: 'ada', at: '2026-01-31T18:00:00.000Z', expires: '2026-01-31T18:30:00.000Z', force: true },
    { by: 'ben', at: '2026-01-31T18:20:00.000Z', expires: '2026-01-31T18:50:00.000Z', force: true },
  ],
  blocked: { by: ['RPO'], force: 'allowed' },
};

test('a gate shows whose approval counts until when, what else must be, and what to type', () => {
  expect(renderGate(gate, NOW).split('\n')).toEqual([
    'switchover#1: Switch over?',
    '  BLOCKING  RPO: 90 s',
    '  (approvals 2 of 3 · group dba · and leads from 2026-01-31 18:15:00Z on · only in 01:00–04:00 Asia/Shanghai · evidence no. 3)',
    '  approved by ada 2026-01-31 18:00:00Z with force, expired 2026-01-31 18:30:00Z',
    '  approved by ben 2026-01-31 18:20:00Z with force, counts until 2026-01-31 18:50:00Z',
    '  blocked by RPO: an approval overrides that only with --force',
  ]);
  expect(howToDecide('switchover-a', gate)[0]).toBe('  drs-pilot approve switchover-a --force --reason "..."');
});

test('where force overrides nothing the gate says why, and nobody is told to type it', () => {
  const blocked = { by: ['status'], force: 'force never overrides status' };
  expect(renderGate({ ...gate, blocked }, NOW)).toContain('blocked by status: force never overrides status');
  expect(howToDecide('switchover-a', { ...gate, blocked })[0]).not.toContain('--force');
});
