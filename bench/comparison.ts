import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { atMost, just, report } from './support/report.js';
import { openBench } from './support/stack.js';

/** What a night costs that compares many tasks with all kinds: requests, history, payloads; then, of some of them, what files cost. */

const TASKS = 200;
const TABLES = 20;
const WITH_FILES = 20;
const IN_TURNS = 100;
const KINDS = ['objects', 'lines', 'contents', 'random'];
/** What waits ask; each wait begins with a read, and each further one is a poll. */
const WAITS = new Set(['listObjectLevelCompareOverview', 'listDataLevelTableCompareJobs']);

const directory = await mkdtemp(join(tmpdir(), 'drs-pilot-nights-'));
const bench = await openBench('instant', (base) => ({ ...base, stores: { local: { directory } } }));
const stop = await bench.work({ pace: 0.01 });
const tables = Object.fromEntries(Array.from({ length: TABLES }, (_, n) => [`t${n}`, { rows: 1_000 }]));
for (let n = 0; n < TASKS + IN_TURNS; n += 1) {
  const { id } = bench.simulator.createForeign({
    name: n < TASKS ? `night-${n < WITH_FILES ? 'files' : 'plain'}-${n}` : `turns-${n}`,
    db_use_type: 'sync',
    engine_type: 'gaussdbv5',
    status: 'INCRE_TRANSFER_STARTED',
  });
  bench.simulator.patch(id, { data: { orders: tables } });
}

interface Cost {
  readonly events: number;
  readonly largest: number;
}
interface Night {
  readonly verdict: string;
  readonly counts: { readonly tasks: { readonly consistent: number } };
}

async function night(name: string, tasks: number, more: object) {
  const before = bench.simulator.journal().at(-1)?.n ?? 0;
  const began = Date.now();
  const compare = { kinds: KINDS, proportion_value: 20 };
  const spec = { kind: 'comparison', name, select: { name: 'night-*' }, compare, atOnce: 20, ...more };
  const run = (await bench.start(spec, 'comparison')) as WorkflowHandleWithFirstExecutionRunId;
  const result = (await run.result()) as Night;
  const seconds = (Date.now() - began) / 1_000;
  const journal = bench.simulator.journal().filter(({ n }) => n > before);
  // Before anything waits each task is looked at once, in two reads; what waits read beyond their first time are polls.
  const reads = journal.filter(({ operation }) => WAITS.has(operation)).length;
  const files = 'export' in more ? KINDS.length : 0;
  const polls = reads - tasks * (2 + KINDS.length + files);
  const ofTasks = journal.filter(({ jobs }) => jobs.length > 0).length;
  const perTask = (ofTasks - polls) / tasks;
  return { run, result, seconds, perTask, polls: polls / tasks, others: journal.length - ofTasks, files };
}

const plain = await night('bench', TASKS, {});
const { run, result } = plain;

async function costOf(client: Client, workflowId: string, runId?: string): Promise<Cost & { readonly next?: string }> {
  const { events = [] } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  let largest = 0;
  const look = (value: unknown): void => {
    if (value instanceof Uint8Array) largest = Math.max(largest, value.length);
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) look(inner);
  };
  look(events);
  const next = (events ?? []).at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  return { events: (events ?? []).length, largest, ...(next && { next }) };
}

/** The runs of a night, of its children, and of the locks that were not there before. */
async function costsOf(run: WorkflowHandleWithFirstExecutionRunId, since: string) {
  const parents: Cost[] = [];
  for (let runId: string | undefined = run.firstExecutionRunId; runId; ) {
    const cost = await costOf(bench.client, run.workflowId, runId);
    parents.push(cost);
    runId = cost.next;
  }
  const others: Cost[] = [];
  for await (const { workflowId, runId } of bench.client.workflow.list({
    query: `WorkflowType IN ("taskComparison", "jobLock") AND StartTime >= "${since}"`,
  }))
    others.push(await costOf(bench.client, workflowId, runId));
  return { parents, others };
}

const { parents, others } = await costsOf(run, '1970-01-01T00:00:00Z');
const withFiles = await night('files', WITH_FILES, {
  select: { name: 'night-files-*' },
  store: 'local',
  export: KINDS,
});
const since = new Date().toISOString();
const turns = await night('turns', IN_TURNS, {
  select: { name: 'turns-*' },
  store: 'local',
  compare: { kinds: ['objects', 'lines', 'contents'] },
  budget: { window: '2h' },
});
const inTurns = await costsOf(turns.run, since);
const sum = (costs: readonly Cost[]) => costs.reduce((all, { events }) => all + events, 0);
const most = (costs: readonly Cost[], of: keyof Cost) => Math.max(...costs.map((cost) => cost[of]));

report(
  `A night: ${TASKS} tasks with ${TABLES} tables each in one database, nothing differing, ${KINDS.join(', ')}, one worker`,
  [
    just('verdict', `${result.verdict} (${result.counts.tasks.consistent} tasks)`),
    atMost('HTTP requests per task, further polls apart', plain.perTask, 14),
    just('… further polls per task', plain.polls),
    just('… requests of the night that are about no one task: lists of tasks', plain.others),
    atMost(
      '… more for each exported file, further polls apart',
      (withFiles.perTask - plain.perTask) / withFiles.files,
      3,
    ),
    atMost(
      'history events per task in all: the run, its children, the locks',
      (sum(parents) + sum(others)) / TASKS,
      120,
    ),
    atMost('events of the longest run', most([...parents, ...others], 'events'), 2_000),
    just('… runs of the night, continued as new', parents.length),
    atMost('largest payload', most([...parents, ...others], 'largest') / 1_024, 64, 'KiB'),
    just('it took', plain.seconds, 's'),
  ],
);

report(`A night with a budget, where all has its turn: ${IN_TURNS} of such tasks; objects, lines, contents`, [
  just('verdict', `${turns.result.verdict} (${turns.result.counts.tasks.consistent} tasks)`),
  atMost(
    'history events per task in all: the run, its two children, the locks',
    (sum(inTurns.parents) + sum(inTurns.others)) / IN_TURNS,
    120,
  ),
  atMost('events of the longest run', most([...inTurns.parents, ...inTurns.others], 'events'), 2_000),
  atMost('largest payload', most([...inTurns.parents, ...inTurns.others], 'largest') / 1_024, 64, 'KiB'),
  just('it took', turns.seconds, 's'),
]);

await stop();
await bench.close();
await rm(directory, { recursive: true });
