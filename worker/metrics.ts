import type { Client } from '@temporalio/client';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { HoldInput } from '../activities/hold-gate.js';
import type { Observer } from '../drs/observer.js';

export interface Metrics {
  /** Counts what the connections to the clouds do. */
  readonly observer: Observer;
  /** Counts the gates that this worker holds open. */
  readonly gates: ActivityInterceptorsFactory;
  /** From here on the runs of a namespace are counted, too, at each scrape. */
  countRuns(temporal: Client): void;
  /** Ours, in Prometheus' text format. */
  text(): Promise<string>;
}

/** A scrape asks Temporal for the runs at most so often. */
const RUNS_EVERY_MS = 5_000;
/** More runs than this are not read one by one. */
const MOST_RUNS = 20_000;

/**
 * What an operator must see beside Temporal's own metrics. Labels hold names out of closed lists (operations, kinds of errors,
 * codes, phases, gates) and names of clouds: never ids, so that their number stays small.
 */
export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gates = new Set<Held>();
  return {
    observer: observerOf(registry),
    gates: gatesOf(registry, gates),
    countRuns: (temporal) => countRuns(registry, temporal),
    text: () => registry.metrics(),
  };
}

function observerOf(registry: Registry): Observer {
  const registers = [registry];
  const requests = new Counter({
    name: 'drs_pilot_requests_total',
    help: 'HTTP requests to clouds; status is "none" where no reply came back whole',
    labelNames: ['cloud', 'operation', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'drs_pilot_request_duration_seconds',
    help: 'From a request to its reply',
    labelNames: ['cloud', 'operation'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const jobs = new Histogram({
    name: 'drs_pilot_request_jobs',
    help: 'Jobs in one request',
    labelNames: ['cloud', 'operation'],
    buckets: [1, 2, 3, 5, 10, 100],
    registers,
  });
  const throttled = new Counter({
    name: 'drs_pilot_throttled_total',
    help: 'Requests that a cloud refused because there were too many',
    labelNames: ['cloud'],
    registers,
  });
  const calls = new Counter({
    name: 'drs_pilot_calls_total',
    help: 'Jobs that calls were made for, by what became of them: kind is "ok" or the kind of the error, code the one of DRS',
    labelNames: ['cloud', 'operation', 'kind', 'code'],
    registers,
  });
  const polls = new Histogram({
    name: 'drs_pilot_poll_round_requests',
    help: 'Requests of one round of polling, by the kind of the tasks',
    labelNames: ['use_type'],
    buckets: [1, 2, 5, 10, 20, 50, 100],
    registers,
  });
  const tasks = new Histogram({
    name: 'drs_pilot_poll_round_tasks',
    help: 'Tasks that one round of polling asked for',
    labelNames: ['use_type'],
    buckets: [1, 10, 100, 500, 1_000, 2_000, 5_000],
    registers,
  });
  return {
    request: ({ cloud, operation, jobs: count }) => {
      const told = seconds.startTimer({ cloud, operation });
      return ({ status, throttled: slowed }) => {
        told();
        requests.inc({ cloud, operation, status: status ?? 'none' });
        if (count > 0) jobs.observe({ cloud, operation }, count);
        if (slowed) throttled.inc({ cloud });
      };
    },
    outcome: (cloud, operation, outcome) =>
      calls.inc({
        cloud,
        operation,
        kind: outcome.ok ? 'ok' : outcome.kind,
        code: (outcome.ok ? undefined : outcome.at.code) ?? '',
      }),
    round: ({ useType, tasks: asked, calls: made }) => {
      polls.observe({ use_type: useType }, made);
      tasks.observe({ use_type: useType }, asked);
    },
  };
}

interface Held {
  readonly kind: string;
  readonly gate: string;
  readonly since: number;
}

/** An open gate is one activity on one worker of all, which hears of the decision within seconds: their sum is what is open. */
function gatesOf(registry: Registry, held: Set<Held>): ActivityInterceptorsFactory {
  const gauge = (name: string, help: string, read: (gates: readonly Held[]) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['kind', 'gate'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, gates] of grouped(held)) {
          const [kind = '', gate = ''] = key.split(' ');
          this.set({ kind, gate }, read(gates));
        }
      },
    });
  };
  gauge('drs_pilot_gates_open', 'Gates that wait for a person, as far as this worker holds them', (all) => all.length);
  gauge(
    'drs_pilot_gate_oldest_seconds',
    'For how long the oldest of them has been open',
    (all) => (Date.now() - Math.min(...all.map(({ since }) => since))) / 1_000,
  );
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        if (info.activityType !== 'holdGate') return await next(input);
        const { run, gate } = input.args[0] as HoldInput;
        const open = { kind: run.kind, gate: gate.id.replace(/#\d+$/, ''), since: info.scheduledTimestampMs };
        held.add(open);
        try {
          return await next(input);
        } finally {
          held.delete(open);
        }
      },
    },
  });
}

function grouped(held: ReadonlySet<Held>): Map<string, Held[]> {
  const groups = new Map<string, Held[]>();
  for (const one of held) {
    const key = `${one.kind} ${one.gate}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

/** Every worker tells the same of its namespace: a dashboard takes the largest. */
function countRuns(registry: Registry, temporal: Client): void {
  let readAt = Number.NEGATIVE_INFINITY;
  const failures = new Counter({
    name: 'drs_pilot_runs_unread_total',
    help: 'Scrapes at which Temporal did not tell which runs there are',
    registers: [registry],
  });
  new Gauge({
    name: 'drs_pilot_runs',
    help: 'Running runs of the namespace by kind and phase, as Temporal finds them; the same on every worker',
    labelNames: ['kind', 'phase'],
    registers: [registry],
    async collect() {
      if (performance.now() - readAt < RUNS_EVERY_MS) return;
      readAt = performance.now();
      const counts = await runsByPhase(temporal).catch(() => undefined);
      // What was true before is not shown as if it still were.
      this.reset();
      if (!counts) failures.inc();
      for (const [key, count] of counts ?? []) {
        const [kind = '', phase = ''] = key.split('\n');
        this.set({ kind, phase }, count);
      }
    },
  });
}

async function runsByPhase({ workflow }: Client): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let seen = 0;
  const query = 'ExecutionStatus = "Running" AND DrsKind IS NOT NULL';
  for await (const { searchAttributes } of workflow.list({ query, pageSize: 1_000 })) {
    const key = `${searchAttributes['DrsKind']?.[0] ?? ''}\n${searchAttributes['DrsPhase']?.[0] ?? ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    seen += 1;
    if (seen >= MOST_RUNS) break;
  }
  return counts;
}
