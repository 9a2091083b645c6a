import { Command } from 'commander';
import { type LockView, lockQuery } from '../../workflows/messages.js';
import type { MakeCommand } from '../command.js';
import type { Temporal } from '../connect.js';
import { isUnanswered } from '../errors.js';
import { plain, table } from '../output.js';
import { listened } from '../pollers.js';
import { ago } from '../render.js';

const ANSWER_WITHIN_MS = 5_000;
const AT_ONCE = 20;

/** A lock as `locks --json` prints it; `answered` is false where no worker told who holds it. */
interface Row extends Partial<LockView> {
  readonly lockId: string;
  readonly answered: boolean;
}

export const locks: MakeCommand = ({ temporal, output }) =>
  new Command('locks')
    .description('list the locks of tasks: who holds them, since when and why, who waits')
    .argument('[job]', 'id of a DRS task; all of them when left out')
    .option('--json', 'one object per line')
    .addHelpText('after', EXAMPLES)
    .action(async (job?: string) => {
      const rows = await read(await temporal(), job);
      if (output.json) for (const row of rows) output.result(row, '');
      else if (rows.length > 0) output.result(rows, render(rows));
      else output.say('No task is locked.');
      if (rows.some(({ answered }) => !answered))
        output.say('No worker answers for some of them: who holds those is not known.');
    });

const EXAMPLES = `
Examples:
  drs-pilot locks
  drs-pilot locks 140b5236-88ad-43c8-811c-1268453jb101 --json

A run that waits for a lock asks at its gate "lock": approve takes it over. An update takes it over with --take-over.`;

async function read(connected: Temporal, job: string | undefined): Promise<Row[]> {
  const queues = new Map<string, string[]>();
  const query = 'WorkflowType = "jobLock" AND ExecutionStatus = "Running"';
  for await (const { workflowId, taskQueue } of connected.client.workflow.list({ query })) {
    if (job && !workflowId.endsWith(`-${job}`)) continue;
    queues.set(taskQueue, [...(queues.get(taskQueue) ?? []), workflowId]);
  }
  const rows = await Promise.all([...queues].map(([queue, ids]) => readQueue(connected, queue, ids)));
  return rows.flat().filter(({ answered, holders = [], queue = [] }) => !answered || holders.length + queue.length > 0);
}

/** Locks of one task queue. Where nobody answers for one of them, nobody is asked for the others: each would take its seconds. */
async function readQueue(connected: Temporal, taskQueue: string, ids: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  let silent = !(await listened(connected, taskQueue));
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    rows.push(
      ...(silent
        ? some.map((lockId) => ({ lockId, answered: false }))
        : await Promise.all(some.map((id) => look(connected, id)))),
    );
    silent ||= rows.some(({ answered }) => !answered);
  }
  return rows;
}

async function look({ client }: Temporal, lockId: string): Promise<Row> {
  try {
    const handle = client.workflow.getHandle(lockId);
    const lock = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.query(lockQuery));
    return { lockId, answered: true, ...lock };
  } catch (error) {
    if (isUnanswered(error)) return { lockId, answered: false };
    throw error;
  }
}

function render(rows: readonly Row[]): string {
  const head = ['TASK', 'STATE', 'RUN', 'SINCE', 'WHAT FOR'];
  const cells = rows.flatMap(({ lockId, jobId = lockId, holders = [], queue = [], answered }) => {
    const line = (state: string, { owner, since, reason }: (typeof queue)[number]) => [
      plain(jobId),
      state,
      plain(owner.workflowId),
      `${since.slice(0, 16)}Z (${ago(since)})`,
      plain(reason),
    ];
    if (!answered) return [[plain(jobId), 'unknown', '', '', '']];
    return [
      ...holders.map((hold) => line(hold.mode === 'shared' ? 'shared' : 'held', hold)),
      ...queue.map((ticket) => line('waits', ticket)),
    ];
  });
  return table([head, ...cells]);
}
