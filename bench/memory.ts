import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { migrationSpec } from '../test/support/config.js';
import { bundleParts } from '../worker/worker.js';
import { status } from '../workflows/messages.js';
import { atMost, just, report } from './support/report.js';
import { eventually, openBench } from './support/stack.js';

/**
 * Heap that a run costs while a worker keeps it, with its lock and all that worker, client and simulator hold for it: as it is, and
 * where no module is loaded for all runs together.
 */

const RUNS = 60;
const WARM = 10;
const MIB = 1_048_576;

// Workflows in the main thread: the heap of another is not to be asked for.
process.env['TEMPORAL_DEBUG'] = '1';
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-memory-bench-'));
const bench = await openBench('instant');
const names = (function* () {
  for (let n = 1; ; n += 1) yield `orders-${n}`;
})();

/** MiB of a run that waits at its first gate. */
async function cost(preloadModules: readonly string[]): Promise<number> {
  const bundle = join(folder, `${preloadModules.length}.js`);
  const logger = new DefaultLogger('WARN');
  const { code } = await bundleWorkflowCode({ ...bundleParts, preloadModules: [...preloadModules], logger });
  await writeFile(bundle, code);
  const stop = await bench.work({ pace: 0.01, bundle });
  await wait(WARM);
  const before = heap();
  await wait(RUNS);
  const cost = (heap() - before) / MIB / RUNS;
  await stop();
  return cost;
}

/** So many more runs, until each waits for a person. */
async function wait(runs: number): Promise<void> {
  const specs = Array.from({ length: runs }, () => migrationSpec(names.next().value));
  const started = await Promise.all(specs.map((spec) => bench.start(spec)));
  const waits = (run: WorkflowHandle) =>
    eventually(async () => {
      if (!(await run.query(status)).gate) throw new Error(`${run.workflowId} does not wait yet`);
    });
  await Promise.all(started.map(waits));
}

function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const shared = await cost(bundleParts.preloadModules);
const alone = await cost([]);
await bench.close();
await rm(folder, { recursive: true });

report('Memory of a run', [
  just('each run loads all its code', alone, 'MiB'),
  atMost('what has no state is loaded once', shared, 1, 'MiB'),
]);
