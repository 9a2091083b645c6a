import { expect } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { approveAll, rejection, test } from '../support/harness.js';

const alarm = (name: string, reason = 'look at it') => ({ name, result: 'ALARM' as const, reason });
const BINLOG = alarm('srcBinlogRetention', 'the binlog is kept for 4 hours only');
const DISK = alarm('dstDiskSpace', 'only 60% of the size are free');

test('an alarm waits until somebody acknowledges it by its name, and stands in the evidence of the start', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { precheck: { items: [BINLOG] } });
  const run = await pilot.start(spec);
  expect(await run.gate('pre-check')).toMatchObject({
    id: 'pre-check#1',
    question: 'The pre-check passed with an alarm. Go on all the same?',
    decisions: ['acknowledge', 'retry', 'abort'],
    evidence: { items: [{ item: BINLOG.name, class: 'warning', value: expect.stringContaining(BINLOG.reason) }] },
  });
  const answer = (more: Record<string, unknown>) => rejection(() => run.decide('pre-check', 'acknowledge', more));
  expect(await answer({})).toMatch(/^acknowledge names the items/);
  expect(await answer({ items: ['another'] })).toBe('not shown here: another');
  expect(await rejection(() => run.decide('pre-check', 'approve'))).toContain('does not offer "approve"');
  expect(simulator.journal().filter(({ operation }) => operation === 'batchShowParams')).toEqual([]);

  await run.decide('pre-check', 'acknowledge', { items: [BINLOG.name], by: 'ben', reason: 'it takes 2 hours' });
  const { evidence } = await run.gate('start');
  expect(evidence.items).toContainEqual({
    item: BINLOG.name,
    class: 'warning',
    value: `ALARM ${BINLOG.reason}, accepted`,
  });
  const result = await approveAll(run);
  expect(result.decisions[0]).toMatchObject({ gate: 'pre-check#1', by: 'ben', items: [BINLOG.name] });
});

test("alarms in the spec's list need nobody; any other does", async ({ pilot, simulator }) => {
  const [all, one] = [migrationSpec(), migrationSpec()];
  for (const { name } of [all, one]) simulator.patch(name, { precheck: { items: [BINLOG, DISK] } });
  const accepted = await pilot.start({ ...all, precheck: { accept: [BINLOG.name, DISK.name] } });
  expect((await accepted.gate('start')).evidence.items.filter((item) => item.class === 'warning')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ item: BINLOG.name, value: expect.stringMatching(/, accepted$/) }),
      expect.objectContaining({ item: DISK.name, value: expect.stringMatching(/, accepted$/) }),
    ]),
  );
  const partly = await pilot.start({ ...one, precheck: { accept: [DISK.name] } });
  expect((await partly.gate('pre-check')).evidence.items.map(({ item }) => item)).toEqual([BINLOG.name]);
});

test('of several alarms each must be acknowledged, by whomever', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { precheck: { items: [BINLOG, DISK] } });
  const run = await pilot.start(spec);
  await run.decide('pre-check', 'acknowledge', { items: [DISK.name], by: 'ada' });
  expect((await run.status()).gate?.id).toBe('pre-check#1');
  await run.decide('pre-check', 'acknowledge', { items: [BINLOG.name], by: 'ben' });
  await run.gate('start');
});

test('a retry runs the pre-check again: what was acknowledged before counts no more', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, { precheck: { items: [BINLOG, DISK] } });
  const run = await pilot.start(spec);
  await run.decide('pre-check', 'acknowledge', { items: [BINLOG.name] });
  simulator.patch(spec.name, { precheck: { items: [BINLOG, DISK] } });
  await run.decide('pre-check', 'retry');
  const again = await run.gate('pre-check#2');
  expect(again.evidence.items.map(({ item }) => item)).toEqual([BINLOG.name, DISK.name]);
  await run.decide('pre-check', 'acknowledge', { items: [DISK.name] });
  expect((await run.status()).gate?.id).toBe('pre-check#2');
  await run.decide('pre-check', 'retry');
  expect((await run.gate('start')).evidence.items).toContainEqual({
    item: 'pre-check',
    class: 'ok',
    value: '39 of 39 items passed',
  });
  const checks = simulator.journal().filter(({ operation }) => operation === 'batchCheckJobs');
  expect(checks.map(({ body }) => body)).toEqual(
    Array.from({ length: 3 }, () => ({ jobs: [{ job_id: expect.any(String), precheck_mode: 'forStartJob' }] })),
  );
});

test('however many alarms there are, each is shown', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const items = Array.from({ length: 150 }, (_, n) => alarm(`item${n}`));
  simulator.patch(spec.name, { precheck: { items } });
  const run = await pilot.start(spec);
  const { evidence } = await run.gate('pre-check');
  expect(evidence.items.map(({ item }) => item)).toEqual(items.map(({ name }) => name));
  await run.decide('pre-check', 'acknowledge', { items: items.slice(0, 149).map(({ name }) => name) });
  expect((await run.status()).gate?.id).toBe('pre-check#1');
});

test('items that failed, and a check that DRS does not let pass, are mended and checked again', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  simulator.patch(spec.name, {
    precheck: { items: [BINLOG, { name: 'dstPrivileges', result: 'FAILED', reason: 'no CREATE' }] },
  });
  const run = await pilot.start(spec);
  const gate = await run.gate('pre-check');
  expect(gate.question).toBe('Pre-check failed. 1 of 41 items failed: dstPrivileges. Mend what they name, then retry');
  expect(gate.decisions).toEqual(['retry', 'abort']);
  expect(gate.evidence.items).toEqual([
    { item: 'dstPrivileges', class: 'blocking', value: expect.stringContaining('no CREATE') },
  ]);
  await run.decide('pre-check', 'retry');
  expect((await approveAll(run)).outcome).toBe('completed');
});
