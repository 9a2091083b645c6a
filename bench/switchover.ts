import type { WorkflowHandle } from '@temporalio/client';
import { protectedTask, switchoverSpec } from '../test/support/switchover.js';
import { status } from '../workflows/messages.js';
import { atMost, just, median, report } from './support/report.js';
import { eventually, openBench } from './support/stack.js';

/** How long a switchover takes from the last approval to its request, with the final look in between, and how many requests it sends. */

const RUNS = 21;
const TASKS = 50;

const bench = await openBench('instant');
const stop = await bench.work({ pace: 0.05 });
const { simulator } = bench;
const sent = () => simulator.journal().filter(({ operation }) => operation === 'batchSwitchover');

/** Gives when it was sent, by the clock of the person. */
async function approve(run: WorkflowHandle): Promise<number> {
  const { gate } = await eventually(async () => {
    const now = await run.query(status);
    if (!now.gate) throw new Error('no gate is open yet');
    return now;
  });
  const { snapshot } = gate?.evidence ?? {};
  const at = Date.now();
  await run.executeUpdate('approve', { args: [{ gate: gate?.id, by: 'bench', reason: 'it is a bench', snapshot }] });
  return at;
}

async function approvalToRequest(n: number): Promise<{ counted: number; pressed: number }> {
  const name = `bench-${n}`;
  protectedTask(simulator, name);
  simulator.clearJournal();
  const run = await bench.start(switchoverSpec({ name, task: name }), 'switchover');
  const pressed = await approve(run);
  await run.result();
  const { decisions } = await run.query(status);
  const at = Date.parse(String(sent()[0]?.at));
  return { counted: at - Date.parse(String(decisions[0]?.at)), pressed: at - pressed };
}

const times: { counted: number; pressed: number }[] = [];
for (let n = 0; n < RUNS; n += 1) times.push(await approvalToRequest(n));

const tasks = Array.from({ length: TASKS }, (_, n) => `stage-${n}`);
for (const name of tasks) protectedTask(simulator, name);
simulator.clearJournal();
const stages = [{ name: 'all', tasks }];
const run = await bench.start(switchoverSpec({ name: 'stage', stages }), 'switchover');
await approve(run);
await run.result();
const requests = sent().length;
const events = (await run.fetchHistory()).events?.length ?? 0;

report('Switchover', [
  atMost(
    `from the last approval to the request, median of ${RUNS}`,
    median(times.map(({ counted }) => counted)),
    300,
    'ms',
  ),
  just('… the slowest', Math.max(...times.map(({ counted }) => counted)), 'ms'),
  just('… from the moment in which the approval is sent, median', median(times.map(({ pressed }) => pressed)), 'ms'),
  atMost(`switchover requests of a stage of ${TASKS} tasks`, requests, TASKS / 10),
  just('… history events of that run', events),
]);

await stop();
await bench.close();
