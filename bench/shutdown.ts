import { setTimeout as delay } from 'node:timers/promises';
import { migrationSpec } from '../test/support/config.js';
import { startWorker } from '../test/support/worker-process.js';
import { atMost, just, report } from './support/report.js';
import { openBench } from './support/stack.js';

/** How long a worker takes from SIGTERM to its end while it holds waits: 200, or as many as the argument says. */

const WAITS = Number(process.argv[2] ?? 200);

/** Runs on their way to their wait. */
const AT_ONCE = 100;

const bench = await openBench('instant');
const { simulator } = bench;
const worker = await startWorker(bench.env);

const names = Array.from({ length: WAITS }, (_, n) => `orders-${n}`);
for (const name of names) simulator.patch(name, { hold: 'CREATING' });
const began = performance.now();
let started = 0;
const waiting = new Set<string>();
let read = 0;
while (waiting.size < WAITS) {
  // More at a time than the server takes would only run into the time-outs of their workflow tasks.
  const next = names.slice(started, waiting.size + AT_ONCE);
  started += next.length;
  await Promise.all(next.map((name) => bench.start(migrationSpec(name))));
  const journal = simulator.journal();
  for (; read < journal.length; read += 1) {
    const { operation, body } = journal[read] as (typeof journal)[number];
    if (operation !== 'showJobList') continue;
    // Waits ask by ids; by name is asked before a creation.
    for (const id of (body as { name: string }).name.split(',')) if (simulator.job(id)?.id === id) waiting.add(id);
  }
  await delay(100);
}
const filled = performance.now() - began;

const asked = performance.now();
const code = await worker.end('SIGTERM');
const took = performance.now() - asked;

report(`SIGTERM with ${WAITS} waits`, [
  atMost('from the signal to the exit', took / 1000, 5, 's'),
  just('exit code', code),
  just('until all of them waited', filled / 1000, 's'),
]);
await bench.close();
