import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run as cli, file } from '../client/cli.js';
import { type CollectedSpan, type Collector, openCollector } from '../support/collector.js';
import { migrationSpec, PASSWORDS } from '../support/config.js';
import { approveAll, runOf } from '../support/harness.js';
import { openStack, type Stack } from '../support/stack.js';

/** Traces, as a collector receives them from the CLI and from a worker. */

const soon = { timeout: 30_000, interval: 100 };

let stack: Stack;
let collector: Collector;
let env: Record<string, string>;

beforeAll(async () => {
  [stack, collector] = await Promise.all([openStack({ file: false }), openCollector()]);
  env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    TEMPORAL_ADDRESS: stack.address,
  };
  await stack.startWorker(env);
});
afterAll(async () => {
  await stack.close();
  collector.close();
});

test('one trace leads from the command to the request id of DRS', async () => {
  const spec = migrationSpec();
  const started = await cli(['start', file(spec), '--json'], { env });
  expect(started.code).toBe(0);
  await approveAll(runOf(stack.client.workflow.getHandle(`migration-${spec.name}`)));

  const command = await spanOf((span) => span.name === 'drs-pilot start');
  const chain = [
    'StartWorkflow:migration',
    'RunWorkflow:migration',
    'StartActivity:createTask',
    'RunActivity:createTask',
  ];
  let parent = command;
  for (const name of [...chain, 'DRS batchCreateJobs']) {
    const above: CollectedSpan = parent;
    parent = await spanOf((span) => span.name === name && span.parentSpanId === above.spanId);
  }
  expect(parent).toMatchObject({
    traceId: command.traceId,
    attributes: {
      'drs.operation': 'batchCreateJobs',
      'drs.jobs': 1,
      'drs.request_id': expect.stringMatching(/^[0-9a-f]{32}$/),
      'http.response.status_code': 202,
    },
    status: { code: 1 },
  });
  expect(command.part).toBe('cli');
  expect(parent.part).toBe('worker');
  // Polls belong to no run: a trace of years would never end.
  const requests = collector.spans.filter(({ name }) => name.startsWith('DRS '));
  expect(requests.length).toBeLessThan(stack.simulator.journal().length);
  expect(new Set(requests.map(({ traceId }) => traceId))).toEqual(new Set([command.traceId]));
  for (const secret of [...Object.values(PASSWORDS), 'local-sk']) expect(collector.raw()).not.toContain(secret);
});

test('a run that was started without a trace has none, and a header that is no trace harms nothing', async () => {
  const { client } = stack;
  const seen = collector.spans.length;
  const header = { '_tracer-data': { metadata: { encoding: Buffer.from('json/protobuf') }, data: Buffer.from('}') } };
  const hostile = new (client.constructor as typeof import('@temporalio/client').Client)({
    connection: client.connection,
    dataConverter: client.options.loadedDataConverter,
    interceptors: { workflow: [{ startWithDetails: (input, next) => next({ ...input, headers: header }) }] },
  });
  const handle = await hostile.workflow.start('migration', {
    taskQueue: 'drs-pilot',
    workflowId: 'migration-hostile',
    args: [migrationSpec()],
  });
  await runOf(handle).gate('start');
  expect(
    collector.spans.slice(seen).filter(({ attributes }) => attributes['workflowId'] === handle.workflowId),
  ).toEqual([]);
  await handle.terminate();
});

const spanOf = (fits: (span: CollectedSpan) => boolean): Promise<CollectedSpan> =>
  vi.waitFor(() => {
    const span = collector.spans.find(fits);
    if (!span) throw new Error(`not among ${[...new Set(collector.spans.map(({ name }) => name))].join(', ')}`);
    return span;
  }, soon);
