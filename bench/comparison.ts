import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { atMost, just, report } from './support/report.js';
import { openBench } from './support/stack.js';

/** What a night costs that compares many tasks with all kinds that such tasks have: requests, history, payloads. */

const TASKS = 200;
const TABLES = 20;
const KINDS = ['objects', 'lines', 'contents'];
/** The wait for a comparison begins with a read; each further one is a poll. */
const FIRST_READS = KINDS.length;
const WAITS = new Set(['listObjectLevelCompareOverview', 'listDataLevelTableCompareJobs']);

const bench = await openBench('instant');
const stop = await bench.work({ pace: 0.01 });
const tables = Object.fromEntries(Array.from({ length: TABLES }, (_, n) => [`t${n}`, { rows: 1_000 }]));
for (let n = 0; n < TASKS; n += 1) {
  const { id } = bench.simulator.createForeign({
    name: `night-${n}`,
    db_use_type: 'sync',
    status: 'INCRE_TRANSFER_STARTED',
  });
  bench.simulator.patch(id, { data: { orders: tables } });
}

const began = Date.now();
const spec = { kind: 'comparison', name: 'bench', select: { name: 'night-*' }, compare: { kinds: KINDS }, atOnce: 20 };
const run = (await bench.start(spec, 'comparison')) as WorkflowHandleWithFirstExecutionRunId;
const result = (await run.result()) as { verdict: string; counts: { tasks: { consistent: number } } };
const seconds = (Date.now() - began) / 1_000;

const journal = bench.simulator.journal();
// Before it waits each task is looked at once (two reads); what waits read beyond their first time are polls.
const reads = journal.filter(({ operation }) => WAITS.has(operation)).length;
const polls = reads - TASKS * (2 + FIRST_READS);

interface Cost {
  readonly events: number;
  readonly largest: number;
}

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

const parents: Cost[] = [];
for (let runId: string | undefined = run.firstExecutionRunId; runId; ) {
  const cost = await costOf(bench.client, run.workflowId, runId);
  parents.push(cost);
  runId = cost.next;
}
const others: Cost[] = [];
for await (const { workflowId, runId, type } of bench.client.workflow.list({
  query: 'WorkflowType IN ("taskComparison", "jobLock")',
}))
  if (type !== 'comparison') others.push(await costOf(bench.client, workflowId, runId));
const sum = (costs: readonly Cost[]) => costs.reduce((all, { events }) => all + events, 0);
const most = (costs: readonly Cost[], of: keyof Cost) => Math.max(...costs.map((cost) => cost[of]));

report(
  `A night: ${TASKS} tasks with ${TABLES} tables each in one database, nothing differing, ${KINDS.join(', ')}, one worker`,
  [
    just('verdict', `${result.verdict} (${result.counts.tasks.consistent} tasks)`),
    atMost('HTTP requests per task, polls apart', (journal.length - polls) / TASKS, 14),
    just('… polls per task', polls / TASKS),
    atMost(
      'history events per task in all: the run, its children, the locks',
      (sum(parents) + sum(others)) / TASKS,
      120,
    ),
    atMost('events of the longest run', most([...parents, ...others], 'events'), 2_000),
    just('… runs of the night, continued as new', parents.length),
    atMost('largest payload', most([...parents, ...others], 'largest') / 1_024, 64, 'KiB'),
    just('it took', seconds, 's'),
  ],
);

await stop();
await bench.close();
