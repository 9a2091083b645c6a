import { expect } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { test } from '../support/harness.js';
import { leastSyncSpec } from '../support/specs.js';

const same = { orders: { orders: { rows: 5 } } };
const differs = {
  orders: { orders: { rows: 5, differs: ['id=3'] }, items: { rows: 5, targetRows: 4 }, prices: { rows: 2 } },
};

test('a migration whose verification finds a difference opens its cutover only once that is acknowledged by name', async ({
  pilot,
  simulator,
}) => {
  const spec = { ...migrationSpec(), cutover: { maxDelay: '5s', verify: 'contents' } };
  simulator.patch(spec.name, { data: differs });
  const run = await pilot.start(spec);
  await run.approve('start');
  const gate = await run.gate('verification');
  expect(gate.question).toContain('inconsistent');
  expect(gate.evidence.items).toEqual([
    { item: 'orders.orders (contents)', class: 'warning', value: 'inconsistent: values differ' },
    { item: 'orders.items (contents)', class: 'warning', value: 'inconsistent: values differ' },
  ]);
  await run.decide('verification', 'acknowledge', { items: ['orders.items (contents)'] });
  expect((await run.status()).gate?.id).toBe('verification#1');

  simulator.patch(spec.name, { data: { ...differs, orders: { ...differs.orders, items: { rows: 5 } } } });
  await run.decide('verification#1', 'retry');
  await run.decide('verification#2', 'acknowledge', { items: ['orders.orders (contents)'] });
  const cutover = await run.gate('cutover');
  expect(cutover.evidence.items).toEqual(
    expect.arrayContaining([
      { item: 'verification', class: 'warning', value: expect.stringMatching(/^contents: inconsistent at .*the run /) },
      { item: 'orders.orders (contents)', class: 'warning', value: 'inconsistent: values differ' },
    ]),
  );
  await run.approve('cutover');
  const result = await run.result();
  expect(result).toMatchObject({
    outcome: 'completed',
    cutover: { verification: { verdict: 'inconsistent', findings: [{ name: 'orders.orders (contents)' }] } },
  });
  expect(result.decisions).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ decision: 'acknowledge', gate: 'verification#2', items: ['orders.orders (contents)'] }),
    ]),
  );
});

test('a synchronisation is verified once it is in sync, and asks nobody where all is the same', async ({
  pilot,
  simulator,
}) => {
  const spec = { ...leastSyncSpec('mysql'), inSync: { verify: 'lines' } };
  simulator.patch(spec.name, { data: same });
  const run = await pilot.start(spec, { workflow: 'synchronization' });
  await run.approve('start');
  expect(await run.result()).toMatchObject({
    task: 'running',
    verification: { verdict: 'consistent', counts: 'objects: 1 consistent; lines: 1 consistent', findings: [] },
  });
});
