import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { changeUpdate } from '../../workflows/messages.js';
import type { ENV } from '../support/config.js';
import { test as base, type Run } from '../support/harness.js';
import { expectAsPlanned } from '../support/planned.js';
import { phase } from '../support/supervised.js';
import { protectedTask } from '../support/switchover.js';

const read = (path: string) => parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const EXAMPLES = readdirSync(new URL('../../examples/', import.meta.url)).filter((name) =>
  /^(synchronization|disaster-recovery)-.*\.yaml$/.test(name),
);
const WORKFLOWS = { synchronization: 'synchronization', 'disaster-recovery': 'disasterRecovery' } as const;

/** The secrets of the demo's worker, each with the value that stands in the environment. */
const demo = read('client/demo/drs-pilot.yaml');
const secrets = Object.fromEntries(
  Object.entries(demo.secrets as Record<string, { file?: string }>).map(([name, { file: _, ...where }]) => [
    name,
    { ...where, env: 'SOURCE' satisfies keyof typeof ENV },
  ]),
);
const cloud = { 'cloud-ak': { env: 'AK' }, 'cloud-sk': { env: 'SK' } };

const test = base.extend({ settings: { secrets: { ...secrets, ...cloud }, approvers: demo.approvers } });

test('the examples of migrations run to their ends', async ({ pilot, simulator }) => {
  const examples = readdirSync(new URL('../../examples/', import.meta.url)).filter((name) => /^migration-/.test(name));
  const results = await Promise.all(
    examples.map(async (name) => {
      const spec = read(`examples/${name}`);
      // Not as late as the example says.
      if (spec.start?.at) spec.start.at = 'now';
      const run = await pilot.start(spec);
      for (const gate of ['start', 'cutover'] as const)
        for (const by of ['anna', 'bert'].slice(0, spec[gate]?.gate?.approvals ?? 1)) await run.approve(gate, by);
      const { outcome, task } = await run.result();
      await expectAsPlanned(run, spec, simulator.journal());
      return [name, outcome, task];
    }),
  );
  expect(results.length).toBeGreaterThanOrEqual(3);
  expect(results).toEqual(examples.map((name) => [name, 'completed', expect.stringMatching(/^(terminated|deleted)$/)]));
  expect(simulator.journal().filter(({ unknownFields }) => unknownFields)).toEqual([]);
});

test('the examples of synchronisation and disaster recovery run until their tasks run, or for as long as they do', async ({
  pilot,
  simulator,
}) => {
  const results = await Promise.all(
    EXAMPLES.map(async (name) => {
      const spec = read(`examples/${name}`);
      const run = await pilot.start(spec, { workflow: WORKFLOWS[spec.kind as keyof typeof WORKFLOWS] });
      const { approvals = 1 } = spec.start?.gate ?? {};
      for (const id of spec.task.multi_write ? ['start#1', 'start#2'] : ['start#1'])
        for (const by of ['anna', 'bert'].slice(0, approvals)) await run.approve(id, by);
      if (spec.supervise) await phase(run, 'supervises');
      else await run.result();
      await expectAsPlanned(run, spec, simulator.journal());
      if (spec.supervise) {
        await run.handle.executeUpdate(changeUpdate('end'), { args: [{ by: 'anna', reason: 'all was seen' }] });
      }
      return [name, (await run.result()).task];
    }),
  );
  const ends = (name: string) => (name.includes('supervised') ? 'terminated' : 'running');
  expect(results).toEqual(EXAMPLES.map((name) => [name, ends(name)]));
  expect(simulator.journal().filter(({ unknownFields }) => unknownFields)).toEqual([]);
});

test('the examples of switchovers, comparisons and calls do what their plans tell', async ({ pilot, simulator }) => {
  const started = (spec: { kind: string }) => pilot.start(spec, { workflow: spec.kind });
  const billing = { ...read('examples/switchover.yaml'), switchback: false };
  const group = read('examples/switchover-group.yaml');
  const orders = read('examples/comparison.yaml');
  const pause = read('examples/operation-pause.yaml');
  for (const name of [billing.task, 'shop-orders-dr', 'shop-customers-dr']) protectedTask(simulator, name);
  const { id } = simulator.createForeign({ name: orders.task, status: 'INCRE_TRANSFER_STARTED' });
  const data = { orders: { items: { rows: 5 } }, crm: { accounts: { rows: 7 }, contacts: { rows: 9 } } };
  simulator.patch(id, { data: data as never });
  const others = ['a', 'b'].map((name) => simulator.createForeign({ name, status: 'INCRE_TRANSFER_STARTED' }).id);
  pause.jobs = others.map((job_id) => ({ job_id, pause_mode: 'target' }));
  group.stages = [{ name: 'databases', tasks: group.stages[0].tasks }];
  delete group.gate.window;

  const paused = await started(pause);
  await paused.approve('approval');
  expect((await paused.result()).outcome).toBe('completed');
  await expectAsPlanned(paused, pause, simulator.journal());
  const compared = await started(orders);
  const switched = [await started(billing), await started(group)];
  for (const run of switched)
    for (const by of ['anna', 'bert']) {
      const { evidence } = await run.gate('switchover');
      await run.decide('switchover', 'approve', { by, snapshot: evidence.snapshot });
    }
  for (const run of [compared, ...switched]) expect((await run.result()).outcome).toBe('completed');
  const journal = simulator.journal();
  await expectAsPlanned(compared, orders, journal, [id]);
  await expectAsPlanned(switched[0] as Run, billing, journal);
  await expectAsPlanned(switched[1] as Run, group, journal);
});
