import { leastSyncSpec, recoverySpec, syncSpec } from '../test/support/specs.js';
import { atMost, report } from './support/report.js';
import { approve, eventually, openBench } from './support/stack.js';

/** What synchronisations and disaster recoveries cost in history: their creation, with every step on and no failure; then for years. */

const bench = await openBench(100);
const stop = await bench.work({ pace: 0.01 });
const alarm_notify = { alarm_to_user: true, subscriptions: [{ protocol: 'email', endpoints: ['dba@example.com'] }] };

async function eventsOf(workflow: string, spec: { readonly name: string }, ...gates: string[]): Promise<number> {
  const run = await bench.start({ ...spec, ...{ alarm_notify } }, workflow);
  for (const gate of gates) await approve(run, gate);
  const { outcome } = (await run.result()) as { outcome: string };
  if (outcome !== 'completed') throw new Error(`${spec.name} is ${outcome}`);
  return (await run.fetchHistory()).events?.length ?? 0;
}

/** Events of a supervised run that is changed until it goes on as a new one. */
async function eventsOfSupervision(): Promise<number> {
  const spec = { ...leastSyncSpec('mysql'), name: 'supervised', supervise: true };
  const run = await bench.start(spec, 'synchronization');
  await approve(run, 'start#1');
  const { runId } = await run.describe();
  const change = { by: 'bench', reason: 'it is a bench' };
  for (let speed = 1; (await run.describe()).runId === runId; speed += 1) {
    const window = { begin: '22:00', end: '05:59', speed };
    await eventually(() => run.executeUpdate('limitSpeed', { args: [{ ...change, speed: [window] }] }));
  }
  const first = bench.client.workflow.getHandle(run.workflowId, runId);
  const events = (await first.fetchHistory()).events?.length ?? 0;
  await bench.client.workflow.getHandle(run.workflowId).terminate('the bench is over');
  return events;
}

const postgresql = { ...leastSyncSpec('postgresql'), policies: { conflict_policy: 'stop' }, users: 'all' };
const align = { parameters: 'align' };

report('History events of a creation without failures', [
  atMost('synchronisation of MySQL', await eventsOf('synchronization', syncSpec(), 'start#1'), 250),
  atMost('synchronisation of PostgreSQL, with users', await eventsOf('synchronization', postgresql, 'start#1'), 250),
  atMost(
    'disaster recovery, single-active',
    await eventsOf('disasterRecovery', { ...recoverySpec(), ...align }, 'start#1'),
    250,
  ),
  atMost(
    'disaster recovery, dual-active',
    await eventsOf('disasterRecovery', { ...recoverySpec({ multi_write: true }), ...align }, 'start#1', 'start#2'),
    450,
  ),
]);

report('History events of a supervised synchronisation, changed again and again', [
  atMost('of a run, until it continues as new', await eventsOfSupervision(), 5_000),
]);

await stop();
await bench.close();
