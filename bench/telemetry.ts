import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { traceCommand } from '../client/tracing.js';
import { openCollector } from '../test/support/collector.js';
import { migrationSpec } from '../test/support/config.js';
import { startWorker } from '../test/support/worker-process.js';
import { freePort } from '../worker/monitor.js';
import { cpuMs } from './support/cpu.js';
import { atMost, just, median, report } from './support/report.js';
import { approve, openBench } from './support/stack.js';

/** What metrics and traces cost: CPU of a worker for a migration with them and without, in turns. */

const ROUNDS = 5;
const MIGRATIONS = 6;

const bench = await openBench('instant');
const collector = await openCollector();
const port = await freePort();
const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
Object.assign(process.env, otlp);
const trace = traceCommand('bench');
const { connection, options } = bench.client;
const dataConverter = options.loadedDataConverter;

/** A worker with a queue of its own; the other one's polls are not in its CPU. */
async function open(queue: string, settings: object, env: Readonly<Record<string, string>>) {
  const config = join(dirname(bench.config), `${queue}.yaml`);
  writeFileSync(
    config,
    stringify({ ...parse(readFileSync(bench.config, 'utf8')), ...settings, temporal: { taskQueue: queue } }),
  );
  const { OTEL_EXPORTER_OTLP_ENDPOINT: _, ...plain } = process.env as Record<string, string>;
  const worker = await startWorker({
    ...plain,
    ...bench.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    DRS_PILOT_CONFIG: config,
    DRS_PILOT_PACE: '0.01',
    ...env,
  });
  return { queue, worker };
}

type Opened = Awaited<ReturnType<typeof open>>;

let count = 0;
async function migrate({ queue }: Opened, measured: boolean): Promise<void> {
  count += 1;
  const name = `orders-${count}`;
  const client = new Client({
    connection,
    dataConverter,
    ...(measured && { interceptors: { workflow: [trace.interceptor] } }),
  });
  const run = await client.workflow.start('migration', {
    taskQueue: queue,
    workflowId: `migration-${name}`,
    args: [migrationSpec(name)],
  });
  await approve(run, 'start#1');
  await approve(run, 'cutover#1');
  await run.result();
  // More often than Prometheus does.
  if (measured) await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

async function cost(one: Opened, measured: boolean): Promise<number> {
  // What a worker does once must not count.
  await migrate(one, measured);
  const before = cpuMs(one.worker.pid);
  for (let n = 0; n < MIGRATIONS; n += 1) await migrate(one, measured);
  return (cpuMs(one.worker.pid) - before) / MIGRATIONS;
}

const plain = await open('plain', {}, {});
const measured = await open('measured', { telemetry: { address: `127.0.0.1:${port}` } }, otlp);
const without: number[] = [];
const with_: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  without.push(await cost(plain, false));
  with_.push(await cost(measured, true));
}
await Promise.all([plain, measured].map(({ worker }) => worker.end('SIGTERM')));
await trace.end(0);
const scraped = collector.spans.length;
collector.close();
await bench.close();

report('Metrics and traces', [
  just('CPU of a worker for a migration, without, median', median(without), 'ms'),
  just('CPU of a worker for a migration, with both, median', median(with_), 'ms'),
  atMost('with ÷ without', median(with_) / median(without), 1.3),
  just('spans of a migration that arrived at the collector', scraped / (ROUNDS * (MIGRATIONS + 1))),
]);
