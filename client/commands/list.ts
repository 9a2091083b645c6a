import type { WorkflowExecutionInfo } from '@temporalio/client';
import { Command, Option } from 'commander';
import { UnreadablePayload } from '../../encryption/codec.js';
import type { Status } from '../../workflows/messages.js';
import { badInput, type MakeCommand } from '../command.js';
import type { Temporal } from '../connect.js';
import { isUnanswered } from '../errors.js';
import { table } from '../output.js';
import { listened } from '../pollers.js';
import { ago } from '../render.js';
import { KINDS } from '../spec-files.js';

interface Options {
  readonly waiting?: true;
  readonly running?: true;
  readonly kind?: string;
  readonly limit: number;
}

interface Row {
  readonly workflowId: string;
  readonly runId: string;
  readonly kind: string;
  readonly execution: string;
  readonly phase: string;
  readonly gate: string | null;
  readonly jobIds: readonly string[];
  /** When it began to wait where a gate is open, else when it was started. */
  readonly since: string;
  readonly started: string;
}

const ANSWER_WITHIN_MS = 3_000;

export const list: MakeCommand = ({ temporal, output }) =>
  new Command('list')
    .description('list runs, the latest first')
    .option('--waiting', 'only those that wait for a person')
    .option('--running', 'only those that have not ended')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(KINDS))
    .option('--limit <n>', 'at most so many', count, 50)
    .option('--json', 'one object per line')
    .addHelpText(
      'after',
      '\nExamples:\n  drs-pilot list --waiting\n  drs-pilot list --running --json | jq -r .workflowId',
    )
    .action(async (options: Options) => {
      const connected = await temporal();
      const found = await find(connected, options);
      const silent = await silentQueues(connected, found);
      const rows = await Promise.all(found.map((one) => toRow(connected, one, silent)));
      if (output.json) for (const row of rows) output.result(row, '');
      else if (rows.length > 0) output.result(rows, render(rows));
      else output.say('No runs.');
      if (rows.length === options.limit) output.say(`Only the latest ${options.limit}: --limit shows more.`);
      for (const queue of silent)
        output.say(`No worker listens on the task queue "${queue}": this is what the server knows.`);
    });

function count(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw badInput('--limit must be a whole number from 1 to 99999');
  return Number(text);
}

async function find(
  { client }: Temporal,
  { waiting, running, kind, limit }: Options,
): Promise<WorkflowExecutionInfo[]> {
  const query = [
    kind ? `DrsKind = "${kind}"` : 'DrsKind IS NOT NULL',
    ...(waiting ? ['DrsGate IS NOT NULL'] : []),
    ...(waiting || running ? ['ExecutionStatus = "Running"'] : []),
  ].join(' AND ');
  const found: WorkflowExecutionInfo[] = [];
  for await (const one of client.workflow.list({ query, pageSize: Math.min(limit, 1_000) })) {
    if (found.push(one) >= limit) break;
  }
  return found;
}

async function silentQueues(temporal: Temporal, found: readonly WorkflowExecutionInfo[]): Promise<string[]> {
  const queues = [...new Set(found.filter(({ closeTime }) => !closeTime).map(({ taskQueue }) => taskQueue))];
  const checked = await Promise.all(queues.map(async (queue) => ({ queue, heard: await listened(temporal, queue) })));
  return checked.filter(({ heard }) => !heard).map(({ queue }) => queue);
}

async function toRow(temporal: Temporal, info: WorkflowExecutionInfo, silent: readonly string[]): Promise<Row> {
  const { workflowId, runId, status, startTime, taskQueue, searchAttributes } = info;
  const first = (name: string) => searchAttributes[name]?.[0]?.toString();
  const gate = info.closeTime ? null : (first('DrsGate') ?? null);
  const started = startTime.toISOString();
  const since = gate && !silent.includes(taskQueue) ? await waitsSince(temporal, workflowId) : undefined;
  return {
    workflowId,
    runId,
    kind: first('DrsKind') ?? info.type,
    execution: status.name,
    phase: first('DrsPhase') ?? '',
    gate,
    jobIds: (searchAttributes['DrsJobId'] ?? []).map(String),
    since: since ?? started,
    started,
  };
}

/** Only the run itself knows since when it waits. */
async function waitsSince({ client }: Temporal, workflowId: string): Promise<string | undefined> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    const { since } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.query<Status>('status'));
    return since;
  } catch (error) {
    // Without the keys the rest of the list is still worth something.
    if (error instanceof UnreadablePayload) return undefined;
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

function render(rows: readonly Row[]): string {
  const head = ['RUN', 'KIND', 'STATE', 'PHASE', 'GATE', 'SINCE'];
  const cells = rows.map(({ workflowId, kind, execution, phase, gate, since }) => {
    return [workflowId, kind, execution.toLowerCase(), phase, gate ?? '', `${since.slice(0, 16)}Z (${ago(since)})`];
  });
  return table([head, ...cells]);
}
