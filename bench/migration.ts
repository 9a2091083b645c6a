import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { JournalEntry } from '../simulator/journal.js';
import { migrationSpec } from '../test/support/config.js';
import { atMost, just, report } from './support/report.js';
import { approve, eventually, openBench } from './support/stack.js';

/** What a whole migration costs: activities, history, requests, and that its length changes nothing. */

/** A transfer takes 20 seconds at speed 1. */
const FAST = 100;
const SLOW = 1;
const PACE = 0.01;
/** What a call to a cloud takes, more or less: the share of our own work is seen beside it. */
const SERVICE_MS = 20;
/** Activities that wait, or ask nothing of DRS. */
const OTHERS = /^(wait|hold|admit|gateRule|notify|requestLocks|releaseLocks)/;

const spec = (name: string) => ({
  ...migrationSpec(name),
  users: 'all',
  alarm_notify: { alarm_to_user: true, subscriptions: [{ protocol: 'email', endpoints: ['dba@example.com'] }] },
  speed: [{ begin: '22:00', end: '05:59', speed: 50 }],
  parameters: 'align',
  finish: { delete: true },
});

/** Milliseconds inside activities, by name. */
const inside = new Map<string, number>();
const clock: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    async execute(input, next) {
      const began = performance.now();
      try {
        return await next(input);
      } finally {
        inside.set(info.activityType, (inside.get(info.activityType) ?? 0) + performance.now() - began);
      }
    },
  },
});

const bench = await openBench(FAST);
const stop = await bench.work({ pace: PACE, around: [clock] });

interface Cost {
  readonly seconds: number;
  readonly activities: number;
  readonly events: number;
  /** Without workflow tasks: whether two results that come together share one is chance. */
  readonly steady: number;
  readonly requests: number;
  readonly polls: number;
  readonly ratio: number;
}

async function migrate(name: string, speed: number, serviceMs = 0): Promise<Cost> {
  const { simulator } = bench;
  simulator.clearJournal();
  inside.clear();
  for (const operation of serviceMs > 0 ? OPERATIONS : [])
    simulator.fault({ operation, times: 1_000, fault: { kind: 'delay', ms: serviceMs } });
  const began = performance.now();
  simulator.setSpeed(FAST);
  simulator.patch(name, { hold: 'STARTJOBING' });
  const run = await bench.start(spec(name));
  await approve(run, 'start#1');
  await heard(run, 1);
  // From here on the transfer alone decides how long it takes.
  simulator.setSpeed(speed);
  simulator.patch(name, { hold: 'RELEASE_RESOURCE_STARTED' });
  await approve(run, 'cutover#1');
  await heard(run, 2);
  simulator.setSpeed(FAST);
  simulator.patch(name, { hold: null });
  const { outcome } = (await run.result()) as { outcome: string };
  if (outcome !== 'completed') throw new Error(`${name} is ${outcome}`);
  simulator.clearFaults();

  const seconds = (performance.now() - began) / 1000;
  const events = (await run.fetchHistory()).events ?? [];
  const calls = simulator.journal();
  const polls = calls.filter((call, n) => isPoll(call, calls.slice(0, n)));
  const work = calls.filter((call) => !polls.includes(call));
  const spent = [...inside].filter(([activity]) => !OTHERS.test(activity)).reduce((sum, [, ms]) => sum + ms, 0);
  return {
    seconds,
    activities: events.filter(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled).length,
    events: events.length,
    steady: events.filter((event) => !isWorkflowTask(event)).length,
    requests: work.length,
    polls: polls.length,
    ratio: spent / work.reduce((sum, { ms }) => sum + ms, 0),
  };
}

const isWorkflowTask = (event: {
  workflowTaskScheduledEventAttributes?: unknown;
  workflowTaskStartedEventAttributes?: unknown;
  workflowTaskCompletedEventAttributes?: unknown;
}): boolean =>
  Boolean(
    event.workflowTaskScheduledEventAttributes ??
      event.workflowTaskStartedEventAttributes ??
      event.workflowTaskCompletedEventAttributes,
  );

/**
 * The activity that held a gate hears of its end with a heartbeat, up to ten seconds later, and that is an event of its own: it
 * is awaited, since a real transfer takes longer.
 */
const heard = (run: WorkflowHandle, gates: number): Promise<void> =>
  eventually(async () => {
    const events = (await run.fetchHistory()).events ?? [];
    const holds = events
      .filter(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'holdGate')
      .map(({ eventId }) => String(eventId));
    const ends = events
      .map((event) => event.activityTaskCanceledEventAttributes ?? event.activityTaskCompletedEventAttributes)
      .filter((end) => holds.includes(String(end?.scheduledEventId)));
    if (ends.length < gates) throw new Error('not heard yet');
  }, 500);

const OPERATIONS = [
  'showJobList',
  'batchCreateJobs',
  'batchValidateConnections',
  'batchUpdateJob',
  'listUsers',
  'batchUpdateUser',
  'batchSetObjects',
  'batchSetSpeed',
  'batchCheckJobs',
  'batchShowParams',
  'updateParams',
  'batchListJobStatus',
  'batchListJobDetails',
  'batchStartJobs',
  'batchDeleteJobs',
];

/** What waits ask again and again: the list by ids, progress, and the result of the pre-check but for the look before it. */
function isPoll({ operation, body }: JournalEntry, before: readonly JournalEntry[]): boolean {
  if (operation === 'batchListProgresses') return true;
  if (operation === 'batchCheckResults') return before.some((call) => call.operation === 'batchCheckJobs');
  return operation === 'showJobList' && isIds((body as { name: string }).name);
}

const isIds = (name: string): boolean => name.split(',').every((id) => id.length === 36);

await migrate('warm-up', FAST);
const fast = await migrate('fast-orders', FAST);
const slow = await migrate('slow-orders', SLOW);
const real = await migrate('real-orders', FAST, SERVICE_MS);

report('A migration with every step on, two gates, deletion at its end', [
  atMost('activities', fast.activities, 26),
  atMost('history events', fast.events, 200),
  atMost('HTTP requests, polls apart', fast.requests, 40),
  just('… polls', fast.polls),
  just(
    'the transfer a hundred times longer: the run took',
    `${slow.seconds.toFixed(1)} s instead of ${fast.seconds.toFixed(1)} s`,
  ),
  atMost('… activities more', slow.activities - fast.activities, 0),
  atMost('… history events more, workflow tasks apart', slow.steady - fast.steady, 0),
  just('… workflow tasks more', (slow.events - slow.steady - fast.events + fast.steady) / 3),
  just('… polls', slow.polls),
  atMost(`time inside activities ÷ inside the simulator, which takes ${SERVICE_MS} ms for a call`, real.ratio, 1.5),
  just('… the same with a simulator that answers at once', fast.ratio),
]);

await stop();
await bench.close();
