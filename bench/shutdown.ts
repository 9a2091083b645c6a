import { migrationSpec } from '../test/support/config.js';
import { startWorker } from '../test/support/worker-process.js';
import { atMost, just, report } from './support/report.js';
import { eventually, openBench } from './support/stack.js';

/** How long a worker takes from SIGTERM to its end while it holds waits: 200, or as many as the argument says. */

const WAITS = Number(process.argv[2] ?? 200);

const bench = await openBench('instant');
const { simulator } = bench;
const worker = await startWorker({ ...bench.env, DRS_PILOT_PACE: '0.05' });

const names = Array.from({ length: WAITS }, (_, n) => `orders-${n}`);
for (const name of names) simulator.patch(name, { hold: 'CREATING' });
const began = performance.now();
await Promise.all(names.map((name) => bench.start(migrationSpec(name))));
await eventually(async () => {
  const asked = simulator
    .journal()
    .filter(({ operation }) => operation === 'showJobList')
    .flatMap(({ body }) => (body as { name: string }).name.split(','));
  if (names.some((name) => !asked.includes(simulator.job(name)?.id ?? ''))) throw new Error('not all of them wait yet');
}, 500);
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
