import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, vi } from 'vitest';
import { VERSION } from '../../drs/version.js';
import { upgrade } from '../../workflows/messages.js';
import { migrationSpec, SOURCE_IP } from '../support/config.js';
import { approveAll, type Run, runOf, test } from '../support/harness.js';
import { recoverySpec } from '../support/specs.js';
import { noted, supervised, supervisedSync } from '../support/supervised.js';
import { approve, protectedTask, switchoverSpec } from '../support/switchover.js';

/*
 * Records one history a case, of this version: `npm run record`. A history that was recorded by a release is never recorded
 * again: it stands for the runs that are under way when the next one is deployed.
 */

async function record(run: Run, name: string): Promise<void> {
  await run.handle.result().catch(() => undefined);
  const file = fileURLToPath(new URL(`histories/${name}-${VERSION}.json`, import.meta.url));
  // Stack traces hold the paths of whoever records.
  const history = historyToJSON(await run.handle.fetchHistory()).replace(/("stackTrace":\s*)"(\\.|[^"\\])*"/g, '$1""');
  writeFileSync(file, `${history}\n`);
}

test('a migration with every step on', async ({ pilot }) => {
  const run = await pilot.start({
    ...migrationSpec('recorded-clean'),
    users: 'all',
    alarm_notify: { alarm_to_user: true, subscriptions: [{ protocol: 'email', endpoints: ['dba@example.com'] }] },
    speed: [{ begin: '22:00', end: '05:59', speed: 50 }],
    parameters: 'align',
    finish: { delete: true },
  });
  await approveAll(run);
  await record(run, 'migration-clean');
});

test('a migration that is mended on its way', async ({ pilot, simulator }) => {
  const spec = migrationSpec('recorded-mended');
  simulator.fault({
    operation: 'batchValidateConnections',
    match: { endPointType: 'so' },
    fault: { kind: 'jobError', code: 'DRS.KE0001' },
  });
  simulator.fault({ operation: 'batchSetObjects', fault: { kind: 'jobError', code: 'DRS.M00201' } });
  simulator.patch(spec.name, {
    precheck: { items: [{ name: 'dstDbVersion', result: 'ALARM', reason: 'the target is newer' }] },
  });
  const run = await pilot.start(spec);
  await run.decide('test-connections', 'retry', { change: { source: { ip: SOURCE_IP } } });
  await run.decide('objects', 'retry');
  await run.decide('pre-check', 'acknowledge', { items: ['dstDbVersion'] });
  simulator.patch(spec.name, { failNext: 'FULL_TRANSFER_FAILED' });
  await run.approve('start');
  await run.decide('full-transfer', 'retry');
  await run.approve('cutover');
  await record(run, 'migration-mended');
});

test('a migration that is rejected', async ({ pilot }) => {
  const run = await pilot.start({ ...migrationSpec('recorded-rejected'), onAbort: 'terminate' });
  await run.decide('start', 'reject');
  await record(run, 'migration-rejected');
});

test('a call that needs an approval', async ({ pilot, simulator }) => {
  const { id } = simulator.createForeign({ name: 'recorded-call', status: 'INCRE_TRANSFER_STARTED' });
  const run = await pilot.start(
    { operation: 'batchStopJobs', jobs: [{ job_id: id, pause_mode: 'target' }] },
    { workflow: 'operation' },
  );
  await run.approve('approval');
  await record(run, 'operation-approved');
});

test('a synchronisation that is supervised, paused, resumed and ended', async ({ pilot, simulator }) => {
  const run = await supervised(pilot, simulator, supervisedSync());
  await run.update('pause');
  await run.update('resume');
  await run.update('end');
  await record(run, 'synchronization-supervised');
});

test('a synchronisation that fails, is retried and asked about, and is given other objects', async ({
  pilot,
  simulator,
}) => {
  const run = await supervised(pilot, simulator, supervisedSync({ supervision: { retries: 1 } }));
  simulator.patch(run.job, { status: 'INCRE_TRANSFER_FAILED' });
  await noted(run, 'retried, 1 of 1 times');
  await vi.waitFor(() => expect(simulator.job(run.job)?.status).toBe('INCRE_TRANSFER_STARTED'));
  simulator.patch(run.job, { status: 'INCRE_TRANSFER_FAILED' });
  await run.decide('supervision', 'retry');
  await vi.waitFor(() => expect(simulator.job(run.job)?.status).toBe('INCRE_TRANSFER_STARTED'));
  await run.update('edit', { objects: [{ database: 'crm', tables: ['accounts', 'contacts'] }] });
  await vi.waitFor(async () => {
    const rows = (await run.status()).steps.map(({ step, state }) => `${step}: ${state}`);
    expect(rows).toContain('Edit 1: New objects: done');
  }, 20_000);
  await run.update('end');
  await record(run, 'synchronization-mended');
});

test('a lock that is waited for, taken over, given back and forgotten', { timeout: 180_000 }, async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec('recorded-lock');
  const holder = await pilot.start(spec);
  await holder.gate('start');
  const job = simulator.job(spec.name)?.id ?? '';
  const call = { operation: 'batchSetSpeed', request: { job_id: job, speed_limit: [] } };
  const waiting = await pilot.start(call, { workflow: 'operation' });
  await waiting.decide('lock', 'approve');
  await waiting.handle.result();
  await holder.handle.terminate('the lock is what is recorded');
  // It ends by itself when nobody has wanted it for a while.
  await record(runOf(pilot.client.workflow.getHandle(`drs-lock-default-${job}`)), 'jobLock-taken');
});

test('a group that is switched over: one reply is lost, one task refused, and all of it goes back', async ({
  pilot,
  simulator,
}) => {
  for (const name of ['orders-dr', 'crm-dr', 'reports-dr']) protectedTask(simulator, name);
  const operation = 'batchSwitchover';
  simulator.fault({ operation, match: { job: 'orders-dr' }, fault: { kind: 'lostReply' } });
  simulator.fault({ operation, match: { job: 'reports-dr' }, fault: { kind: 'jobError', code: 'DRS.M00304' } });
  const stages = [
    { name: 'databases', tasks: ['orders-dr', 'crm-dr'] },
    { name: 'reports', tasks: ['reports-dr'] },
  ];
  const run = await pilot.start(switchoverSpec({ stages }), { workflow: 'switchover' });
  await approve(run);
  await run.decide('outcome', 'acknowledge', { items: ['switch back'] });
  await approve(run, 'switch-back');
  await record(run, 'switchover-back');
});

test('a task that is switched over, and its way back', async ({ pilot, simulator }) => {
  protectedTask(simulator, 'orders-dr');
  const spec = switchoverSpec({ task: 'orders-dr', switchback: true });
  const run = await pilot.start(spec, { workflow: 'switchover' });
  await approve(run);
  await record(run, 'switchover-clean');
  await pilot.client.workflow.getHandle(`${run.id}-back`).terminate('the way there is what is recorded');
});

test('a disaster recovery in both directions', async ({ pilot }) => {
  const run = await pilot.start(recoverySpec({ multi_write: true }), { workflow: 'disasterRecovery' });
  await run.approve('start#1');
  await run.approve('start#2');
  await record(run, 'disasterRecovery-dual');
});

test.override({ settings: { webhooks: { oncall: { url: 'https://chat.example.com' } } } })(
  'news of an end that nobody hears',
  async ({ pilot }) => {
    const run = await pilot.start({ ...migrationSpec('recorded-news'), notify: ['oncall'] });
    await run.decide('start', 'reject');
    await record(run, 'migration-told');
    const { runId } = await run.handle.describe();
    const announcement = pilot.client.workflow.getHandle(`drs-announcement-${runId}`);
    await announcement.cancel();
    await record(runOf(announcement), 'announcement-untold');
  },
);

test('a comparison of one task that is not the same and of one that does not run', async ({ pilot, simulator }) => {
  const { id } = simulator.createForeign({ name: 'recorded-night', status: 'INCRE_TRANSFER_STARTED' });
  simulator.createForeign({ name: 'recorded-paused', status: 'PAUSING' });
  simulator.patch(id, {
    data: { orders: { orders: { rows: 5, differs: ['id=1'] }, items: { rows: 5, targetRows: 4 } } },
  });
  const compare = { kinds: ['objects', 'lines', 'contents'] };
  const spec = { name: 'recorded', select: { name: 'recorded-*' }, compare };
  const run = await pilot.start(spec, { workflow: 'comparison' });
  await record(run, 'comparison-night');
  const { firstExecutionRunId } = run.handle as { firstExecutionRunId?: string };
  const child = `${run.id}/${id}/${firstExecutionRunId?.slice(0, 8)}`;
  await record(runOf(pilot.client.workflow.getHandle(child)), 'taskComparison-inconsistent');
});

test('a synchronisation that was continued as new while it was paused, resumed and ended', async ({
  pilot,
  simulator,
}) => {
  const run = await supervised(pilot, simulator, supervisedSync());
  await run.update('pause');
  const { runId } = await run.handle.describe();
  await run.handle.signal(upgrade);
  await vi.waitFor(async () => expect((await run.handle.describe()).runId).not.toBe(runId), 20_000);
  await run.update('resume');
  await run.update('end');
  await record(run, 'synchronization-continued');
});

test('looks: how ready a disaster recovery is, whether a spec would be taken, and what it would do', async ({
  pilot,
  simulator,
}) => {
  protectedTask(simulator, 'recorded-dr');
  const asked = { kind: 'migration', spec: migrationSpec('recorded') };
  const looks = { readiness: { tasks: ['recorded-dr'] }, validate: asked, plan: asked };
  for (const [workflow, input] of Object.entries(looks))
    await record(await pilot.start(input, { workflow }), `${workflow}-asked`);
});
