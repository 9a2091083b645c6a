import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { migrationSpec } from '../support/config.js';
import { approveAll } from '../support/harness.js';
import { type Sample, samplesIn } from '../support/prometheus.js';
import { openStack, type Stack } from '../support/stack.js';
import type { WorkerProcess } from '../support/worker-process.js';

/** What a worker tells of itself over HTTP and in its log, as a process of its own. */

const soon = { timeout: 30_000, interval: 100 };

let stack: Stack;
let worker: WorkerProcess;
let address: string;

beforeAll(async () => {
  const telemetry = { address: '127.0.0.1:0', logs: { level: 'debug' } };
  stack = await openStack({ file: false, settings: { telemetry } });
  worker = await stack.startWorker();
  address = String((await logged('working'))['monitor']);
});
afterAll(() => stack.close());

test('the metrics of a run agree with what the cloud was asked for', async () => {
  const { simulator } = stack;
  simulator.fault({ operation: 'batchValidateConnections', times: 1, fault: { kind: 'throttle', retryAfter: 0 } });
  simulator.fault({ operation: 'batchSetObjects', times: 1, fault: { kind: 'jobError', code: 'DRS.M00207' } });
  const run = await stack.start(migrationSpec());
  await run.decide('test-connections', 'retry');
  await run.decide('objects', 'retry');
  await run.gate('start');
  await run.handle.signal('approve', { gate: 'start#7', by: 'ada', reason: 'a wrong gate' });
  await expect(run.send('approve', { gate: 'start#7', by: 'ada', reason: 'a wrong gate' })).rejects.toThrow();

  const waiting = await vi.waitFor(async () => {
    const samples = await scrape();
    expect(value(samples, 'drs_pilot_runs', { kind: 'migration', phase: 'waits for a person' })).toBe(1);
    return samples;
  }, soon);
  expect(value(waiting, 'drs_pilot_gates_open', { kind: 'migration', gate: 'start' })).toBe(1);
  expect(value(waiting, 'drs_pilot_gate_oldest_seconds', { kind: 'migration', gate: 'start' })).toBeGreaterThan(0);
  expect(value(waiting, 'drs_pilot_decisions_refused_total', { message: 'signal' })).toBe(1);
  expect(value(waiting, 'drs_pilot_decisions_refused_total', { message: 'update' })).toBe(1);

  await approveAll(run);
  const samples = await scrape();
  expect(value(samples, 'drs_pilot_throttled_total', { cloud: 'default' })).toBe(1);
  const refused = { operation: 'batchSetObjects', kind: 'refused', code: 'DRS.M00207' };
  expect(value(samples, 'drs_pilot_calls_total', refused)).toBe(1);
  expect(value(samples, 'drs_pilot_calls_total', { operation: 'batchCreateJobs', kind: 'ok' })).toBe(1);
  expect(requestsIn(samples)).toEqual(counted(simulator.journal().map((call) => `${call.operation} ${call.status}`)));
  expect(value(samples, 'drs_pilot_request_jobs_sum', { operation: 'batchStartJobs' })).toBe(1);
  expect(value(samples, 'drs_pilot_poll_round_tasks_count', { use_type: 'migration' })).toBeGreaterThan(0);

  await vi.waitFor(async () => {
    const later = await scrape();
    // Temporal's own stand beside ours; they come a moment later.
    expect(value(later, 'temporal_workflow_completed', { workflow_type: 'migration' })).toBe(1);
    expect(value(later, 'drs_pilot_runs', { kind: 'migration' })).toBe(0);
    expect(later.filter(({ name }) => name.startsWith('drs_pilot_gate'))).toEqual([]);
  }, soon);
});

test('the dashboard and the alert rules ask for nothing that a worker does not tell', async () => {
  // Some are told only once there is something to tell.
  stack.simulator.createForeign({ name: 'orders-paused', status: 'PAUSING' });
  await (await stack.start({ name: 'nightly', task: 'orders-paused' }, 'comparison')).result();
  const compared = { verdict: 'notComparable' };
  await vi.waitFor(async () => expect(value(await scrape(), 'drs_pilot_comparisons_total', compared)).toBe(1), soon);
  const unknown = await stack.client.workflow.start('noSuchWorkflow', {
    taskQueue: 'drs-pilot',
    workflowId: 'unknown',
  });
  const failing = 'temporal_workflow_task_execution_failed';
  await vi.waitFor(async () => expect(value(await scrape(), failing, {})).toBeGreaterThan(0), soon);
  await unknown.terminate();
  const told = new Set((await scrape()).map(({ name }) => name));
  const [, help] = await get('/metrics');
  for (const [, name] of help.matchAll(/^# HELP (\S+)/gm)) told.add(name ?? '');
  for (const [where, asked] of Object.entries(namesAsked())) {
    expect(asked.length, where).toBeGreaterThan(5);
    expect(
      asked.filter((name) => !told.has(name)),
      where,
    ).toEqual([]);
  }
});

test('the log has a line for each request with the ids of run, task and request, and no secret', async () => {
  const create = await logged('request', { operation: 'batchCreateJobs' });
  const [entry] = stack.simulator.jobs();
  expect(create).toMatchObject({
    level: 'debug',
    activityType: 'createTask',
    workflowId: expect.stringMatching(/^migration-/),
    runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    status: 202,
    jobIds: [entry?.name],
    requestId: expect.stringMatching(/./),
  });
  const failure = await logged('Activity failed', { code: 'DRS.M00207' });
  expect(failure).toMatchObject({ operation: 'batchSetObjects', jobId: entry?.id, error: { type: 'drs.refused' } });
  expect(worker.output()).not.toMatch(/canary|local-sk/);
});

test('it is ready while it polls and Temporal answers, and says why when it is not', async () => {
  expect(await get('/healthz')).toEqual([200, 'alive\n']);
  expect(await get('/readyz')).toEqual([200, 'ready\n']);
  expect(await get('/elsewhere')).toEqual([404, 'there are /metrics, /healthz and /readyz\n']);
  await stack.killTemporal();
  const [status, why] = await get('/readyz');
  expect(status).toBe(503);
  expect(why).toMatch(/^Temporal does not answer: /);
  expect(await get('/healthz')).toEqual([200, 'alive\n']);
});

/** Names of metrics in expressions; `up` is Prometheus' own. */
function namesAsked(): Record<string, string[]> {
  const deploy = (path: string) => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');
  const panels = JSON.parse(deploy('grafana/drs-pilot.json')).panels as { targets: { expr: string }[] }[];
  const { groups } = parse(deploy('prometheus/alerts.yaml')) as { groups: { rules: { expr: string }[] }[] };
  const names = (expressions: readonly string[]): string[] =>
    expressions.flatMap((text) => text.match(/\b(?:drs_pilot|temporal|process|nodejs)_\w+/g) ?? []);
  return {
    dashboard: names(panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    alerts: names(groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))),
  };
}

async function get(path: string): Promise<[number, string]> {
  const reply = await fetch(`http://${address}${path}`);
  return [reply.status, await reply.text()];
}

async function scrape(): Promise<Sample[]> {
  const [status, text] = await get('/metrics');
  expect(status).toBe(200);
  return samplesIn(text);
}

/** The sum of all samples with these labels. */
function value(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>): number {
  const fits = (sample: Sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text);
  return samples.filter((sample) => sample.name === name && fits(sample)).reduce((sum, { value: one }) => sum + one, 0);
}

const requestsIn = (samples: readonly Sample[]): Record<string, number> =>
  Object.fromEntries(
    samples
      .filter(({ name }) => name === 'drs_pilot_requests_total')
      .map(({ labels, value: count }) => [`${labels['operation']} ${labels['status']}`, count]),
  );

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** A line of the worker's log, once it is there; each line is JSON. */
const logged = (message: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> =>
  vi.waitFor(() => {
    const lines = worker
      .output()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const found = lines.find(
      (line) => line['message'] === message && Object.entries(fields).every(([name, wanted]) => line[name] === wanted),
    );
    if (!found) throw new Error(`no line ${message} ${JSON.stringify(fields)} yet`);
    return found;
  }, soon);
