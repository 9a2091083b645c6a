import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { atMost, median, report } from './support/report.js';
import { openBench } from './support/stack.js';

/** How long the built program takes until its worker polls; `npm run build` comes first. */

const ROUNDS = 5;

const main = fileURLToPath(new URL('../dist/client/main.js', import.meta.url));
if (!existsSync(main)) throw new Error('npm run build comes first');

const bench = await openBench('instant');

async function start(): Promise<number> {
  const began = performance.now();
  const worker = spawn(process.execPath, [main, 'worker'], {
    env: { ...process.env, ...bench.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: worker.stderr })) if (line.includes('"message":"working"')) break;
  const took = performance.now() - began;
  worker.stderr.resume();
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  return took;
}

await start();
const times: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) times.push(await start());

report('A worker starts, from the built bundle', [
  atMost(`from the start of the process until it polls, median of ${ROUNDS}`, median(times) / 1_000, 2, 's'),
]);
await bench.close();
