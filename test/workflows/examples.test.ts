import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { changeUpdate } from '../../workflows/messages.js';
import type { ENV } from '../support/config.js';
import { test } from '../support/harness.js';
import { phase } from '../support/supervised.js';

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

test.override({ settings: { secrets: { ...secrets, ...cloud }, approvers: demo.approvers } });

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
      if (spec.supervise) {
        await phase(run, 'supervises');
        await run.handle.executeUpdate(changeUpdate('end'), { args: [{ by: 'anna', reason: 'all was seen' }] });
      }
      return [name, (await run.result()).task];
    }),
  );
  const ends = (name: string) => (name.includes('supervised') ? 'terminated' : 'running');
  expect(results).toEqual(EXAMPLES.map((name) => [name, ends(name)]));
  expect(simulator.journal().filter(({ unknownFields }) => unknownFields)).toEqual([]);
});
