import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cpuMs } from './support/cpu.js';
import { atMost, just, median, report } from './support/report.js';
import { openBench } from './support/stack.js';

/** How long the built program takes until its worker polls; `npm run build` comes first. */

const ROUNDS = 8;

const main = fileURLToPath(new URL('../dist/client/main.js', import.meta.url));
if (!existsSync(main)) throw new Error('npm run build comes first');

const bench = await openBench('instant');

async function start(): Promise<{ took: number; cpu: number }> {
  const began = performance.now();
  const worker = spawn(process.execPath, [main, 'worker'], {
    env: { ...process.env, ...bench.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: worker.stderr })) if (line.includes('"message":"working"')) break;
  const took = performance.now() - began;
  const cpu = cpuMs(worker.pid as number);
  worker.stderr.resume();
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  return { took, cpu };
}

await start();
const starts: Awaited<ReturnType<typeof start>>[] = [];
for (let round = 0; round < ROUNDS; round += 1) starts.push(await start());

report('From the start of a process, with the built bundle', [
  atMost(`until it polls, median of ${ROUNDS}`, median(starts.map(({ took }) => took)) / 1_000, 2, 's'),
  just('… CPU of the process, median', median(starts.map(({ cpu }) => cpu)) / 1_000, 's'),
]);
await bench.close();
