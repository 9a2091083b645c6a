import { expect } from 'vitest';
import type { Simulator } from '../../simulator/server.js';
import { migrationSpec } from '../support/config.js';
import { approveAll, test } from '../support/harness.js';

const ALARMS = [
  { name: 'srcDbBinlogRetention', result: 'ALARM' as const, reason: 'binlogs are kept for one day only' },
  { name: 'dstDbVersion', result: 'ALARM' as const, reason: 'the target is newer' },
];

const checks = (simulator: Simulator) => simulator.journal().filter(({ operation }) => operation === 'batchCheckJobs');

test('a pre-check at 100% with alarms waits until somebody has acknowledged each by name', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { precheck: { items: ALARMS } });
  const run = await pilot.start(spec);

  const gate = await run.gate('pre-check');
  expect(gate).toMatchObject({ id: 'pre-check#1', decisions: ['acknowledge', 'retry', 'abort'] });
  expect(gate.evidence.items).toEqual(
    ALARMS.map(({ name, reason }) => ({ item: name, class: 'warning', value: expect.stringContaining(reason) })),
  );
  await expect(run.decide('pre-check', 'acknowledge', { items: ['noSuchItem'] })).rejects.toThrow();
  await run.decide('pre-check', 'acknowledge', { items: ['dstDbVersion'] });
  expect((await run.status()).gate?.id).toBe('pre-check#1');
  await run.decide('pre-check', 'acknowledge', { items: ['srcDbBinlogRetention'], reason: 'we cut over today' });

  const start = await run.gate('start');
  expect(start.evidence.items).toContainEqual({
    item: 'srcDbBinlogRetention',
    class: 'warning',
    value: expect.stringMatching(/ALARM.*accepted/),
  });
  const result = await approveAll(run);
  expect(result.decisions.filter(({ decision }) => decision === 'acknowledge')).toMatchObject([
    { items: ['dstDbVersion'] },
    { items: ['srcDbBinlogRetention'], reason: 'we cut over today' },
  ]);
  expect(checks(simulator)).toHaveLength(1);
});

test('alarms that the spec accepts need nobody, and are shown before the start all the same', async ({
  pilot,
  simulator,
}) => {
  const spec = { ...migrationSpec(), precheck: { accept: ALARMS.map(({ name }) => name) } };
  simulator.patch(spec.name, { precheck: { items: ALARMS } });
  const run = await pilot.start(spec);
  const { evidence } = await run.gate('start');
  expect(evidence.items.filter(({ value }) => value.startsWith('ALARM')).map(({ item }) => item)).toEqual(
    ALARMS.map(({ name }) => name),
  );
});

test('an alarm beside accepted ones is asked about alone', async ({ pilot, simulator }) => {
  const spec = { ...migrationSpec(), precheck: { accept: ['dstDbVersion'] } };
  simulator.patch(spec.name, { precheck: { items: ALARMS } });
  const { evidence } = await (await pilot.start(spec)).gate('pre-check');
  expect(evidence.items.map(({ item }) => item)).toEqual(['srcDbBinlogRetention']);
});

test('"retry" runs the check again, and a mended cause is no alarm any more', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { precheck: { items: ALARMS } });
  const run = await pilot.start(spec);
  await run.gate('pre-check');
  simulator.patch(spec.name, { precheck: null });
  await run.decide('pre-check', 'retry');
  const { evidence } = await run.gate('start');
  expect(evidence.items.filter(({ value }) => value.startsWith('ALARM'))).toEqual([]);
  expect(checks(simulator)).toHaveLength(2);
});

test('a failed item does not let a task start; it is named with its reason, and the same task goes on once it is mended', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, {
    precheck: { items: [{ name: 'srcDbBinlogIsOff', result: 'FAILED', reason: 'the binlog is off' }, ...ALARMS] },
  });
  const run = await pilot.start(spec);
  const gate = await run.gate('pre-check');
  expect(gate.decisions).toEqual(['retry', 'abort']);
  expect(gate.evidence.items).toContainEqual({
    item: 'srcDbBinlogIsOff',
    class: 'blocking',
    value: expect.stringContaining('the binlog is off'),
  });
  const { jobId } = await run.status();
  simulator.patch(spec.name, { precheck: null });
  await run.decide('pre-check', 'retry');
  expect(await approveAll(run)).toMatchObject({ outcome: 'completed', jobId });
});
