import { Command } from 'commander';
import type { Outlook } from '../../workflows/plan.js';
import { duration } from '../../workflows/step-table.js';
import { askWorker } from '../ask-worker.js';
import { badInput, type Context, EXIT, type MakeCommand } from '../command.js';
import { taskQueueOption } from '../options.js';
import { plain, table } from '../output.js';
import { type Cost, type PlannedCall, type PlannedGate, type PlannedRun, type PlannedStep, planOf } from '../plan.js';
import { demandValid, readSpecFiles, type SpecFile } from '../spec-files.js';
import { unchecked } from '../summary.js';

/** It reads lists of tasks, which takes a while where there are hundreds. */

interface Options {
  readonly online?: true;
  readonly days?: number;
  readonly taskQueue: string;
}

export const plan: MakeCommand = (context) =>
  new Command('plan')
    .description('tell what a run would do, without starting it: steps, calls, gates, and for how long tasks are paid')
    .argument('<spec...>', 'YAML or JSON files, or directories of them; - is stdin')
    .option('--online', 'also ask a worker what is there already: tasks, quota, flavours, and who decides by its rules')
    .option('--days <n>', 'count the task-days of a run that lasts so long', days)
    .addOption(taskQueueOption())
    .option('--json', 'one object a spec: { file, kind, name, workflowId, steps, cost, unchecked } or { …, online }')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], options: Options) => {
      const specs = readSpecFiles(paths, context.output);
      demandValid(specs);
      const outlooks = options.online ? await lookAhead(context, specs, options.taskQueue) : [];
      for (const [index, one] of specs.entries()) show(context, one, options, outlooks[index]);
      const blocked = outlooks.some(({ found }) => found.some((item) => item.class === 'blocking'));
      if (blocked) process.exitCode = EXIT.failed;
    });

const EXAMPLES = `
Examples:
  drs-pilot plan orders.yaml --days 14
  drs-pilot plan --online orders.yaml
  drs-pilot plan specs/ --json | jq .cost

Exit code 1 where --online finds what would stop the run.`;

function days(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}(\.\d+)?$/.test(text)) throw badInput('--days must be a number of days: 14, or 0.5');
  return value;
}

async function lookAhead(context: Context, specs: readonly SpecFile[], taskQueue: string): Promise<Outlook[]> {
  const outlooks = await Promise.all(
    specs.map(({ kind, name, spec }) =>
      askWorker<Outlook>(context, {
        workflow: 'plan',
        about: `${kind}-${name}`,
        input: { kind, spec },
        taskQueue,
        within: '1 minute',
      }),
    ),
  );
  demandValid(
    specs.map((one, index) => ({ ...one, problems: outlooks[index]?.problems ?? [] })),
    'the worker would refuse this',
  );
  return outlooks;
}

function show({ output }: Context, { file, kind, name, spec }: SpecFile, options: Options, online?: Outlook): void {
  if (!kind) return;
  const planned = planOf(kind, spec, { days: options.days, asks: online?.asks });
  const workflowId = `${kind}-${name}`;
  const rest = online ? { online } : { unchecked: unchecked(spec ?? {}) };
  output.result(
    { file, kind, name, workflowId, ...planned, ...rest },
    text(`${kind} ${name}`, workflowId, planned, online),
  );
  if (!online) output.say('What is there already, and who decides by the rules of the worker: drs-pilot plan --online');
}

function text(title: string, workflowId: string, { steps, cost }: PlannedRun, online?: Outlook): string {
  const gates = steps.filter(({ gate }) => gate);
  return [
    plain(`${title}, as the run ${workflowId}`),
    '',
    table(
      [['', 'STEP', 'CALL', 'SECTION', 'JOBS', ''], ...steps.flatMap(lines)].map((row) =>
        row.map((cell) => plain(cell)),
      ),
    ),
    '',
    ...(gates.length > 0 ? ['people are asked:'] : ['people are asked: only where something fails']),
    ...gates.map(({ step, gate }) => `  ${plain(`${step}: ${asked(gate as PlannedGate, online)}`)}`),
    ...(gates.length > 0 ? ['  and wherever a step fails: nothing ends a run but a decision'] : []),
    '',
    ...costLines(cost),
    ...(online ? ['', ...online.found.map((one) => plain(`${MARKS[one.class]} ${one.item}: ${one.value}`))] : []),
  ].join('\n');
}

const MARKS = { ok: '✓', warning: '⚠', blocking: '✗' } as const;

/** A line for each call, and one for what else there is to know of a step. */
function lines(one: PlannedStep, index: number): string[][] {
  const { step, calls, gate, hook, until, withinSeconds, remark } = one;
  const waits = until && `until ${until}${withinSeconds ? `, ${duration(withinSeconds * 1_000)} at most` : ''}`;
  const told = [gate && 'asks people', hook !== undefined && 'a hook of the worker', waits, remark]
    .filter(Boolean)
    .join('; ');
  const first = [`${index + 1}`, step];
  const rows = calls.map(({ operation, section, jobs, ...call }) => [operation, section, `${jobs}`, how(call)]);
  const all = [...rows, ...(told || rows.length === 0 ? [['', '', '', told]] : [])];
  return all.map((row, n) => [...(n === 0 ? first : ['', '']), ...row]);
}

function how({ effect, requests = 1, polls, only }: Omit<PlannedCall, 'operation' | 'section' | 'jobs'>): string {
  const what = {
    reads: polls ? 'reads, again and again' : 'reads',
    repeatable: 'changes',
    once: 'changes, never sent twice by itself',
  };
  const told = [what[effect], ...(requests > 1 ? [`${requests} requests`] : []), ...(only ? [`only if ${only}`] : [])];
  return told.join(', ');
}

/** Who decides at a gate, and for how long it waits. */
function asked({ name, approvals, group, only, spec }: PlannedGate, online?: Outlook): string {
  const { validFor, window, timeout, deadline, onTimeout, escalate } = spec;
  const rule = online?.gates[name];
  const count = rule?.approvals ?? approvals;
  const who = rule?.group ?? group;
  const members = rule?.members ? ` (${rule.members.join(', ')})` : '';
  const by = who ? `of ${who}${members}` : 'of anybody who may send it';
  const end = onTimeout ?? (deadline ? 'reject' : 'wait');
  const limit = deadline
    ? `until ${'at' in deadline ? new Date(deadline.at).toISOString() : `${duration(deadline.after)} after it opened`}, then ${end}`
    : timeout
      ? `${duration(timeout)}, then ${end === 'wait' ? 'asks again' : end}`
      : 'as long as it takes';
  return [
    `${count} ${count === 1 ? 'approval' : 'approvals'} ${by}${rule ? '' : ', or more by the rules of the worker'}`,
    `waits ${limit}`,
    ...(validFor ? [`each approval counts for ${duration(validFor)}`] : []),
    ...(window ? [`inside its window of each day`] : []),
    ...(escalate ? [`after ${duration(escalate.after)} ${escalate.group} may decide, too`] : []),
    ...(rule?.fourEyes ? ['not by whoever requested it'] : []),
    ...(rule?.keys ? ['signed'] : []),
    ...(only ? [`only if ${only}`] : []),
  ].join('; ');
}

function costLines({ tasks, taskDaysPerDay, days: lasting, taskDays, atLeastDays, ordered, remarks }: Cost): string[] {
  const made = tasks === 0 ? 'cost: makes no task' : `cost: makes ${tasks === 1 ? 'one task' : `${tasks} tasks`}`;
  const daily =
    taskDaysPerDay > 0
      ? `; each day that it lasts is ${taskDaysPerDay} task-day${taskDaysPerDay === 1 ? '' : 's'}`
      : '';
  return [
    `${made}${daily}`,
    ...(taskDays === undefined ? [] : [`  ${lasting} days are ${taskDays} task-days`]),
    ...(atLeastDays > 0 ? [`  it lasts ${atLeastDays} days at least: the spec has its start wait`] : []),
    ...(ordered
      ? [
          `  ordered for ${ordered.months} months, paid at once at the start${ordered.renewed ? ', renewed by itself' : ''}`,
        ]
      : []),
    ...remarks.map((remark) => `  ${plain(remark)}`),
  ];
}
