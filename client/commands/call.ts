import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { stringify } from 'yaml';
import type { JobOutcome } from '../../workflows/messages.js';
import type { Raw } from '../../workflows/plans/common.js';
import { entryOf } from '../../workflows/plans/operation.js';
import { badInput, type Context, EXIT, type MakeCommand } from '../command.js';
import { taskQueueOption } from '../options.js';
import { harmless, type Output, paint, plain } from '../output.js';
import { howToDecide, renderGate } from '../render.js';
import { type RunView, standing } from '../run-view.js';
import { checkSpec, demandValid, nameOf, parse } from '../spec-files.js';
import { type Show, watchRun } from '../watch.js';
import { plan, startAll } from './start.js';

interface Options {
  readonly file?: string;
  readonly name?: string;
  readonly reason?: string;
  readonly cloud?: string;
  readonly id?: string;
  readonly key?: string;
  readonly by: string;
  readonly taskQueue: string;
  readonly wait: boolean;
}

/** A run of kind `operation` at its end. */
type Called = RunView & { readonly summary?: string; readonly outcomes?: readonly JobOutcome[] };

export const call: MakeCommand = (context) =>
  new Command('call')
    .description("make one call of the API for one job or many; the worker's policy may want an approval first")
    .argument('<operation>', 'id of the call: drs-pilot operations')
    .option('-f, --file <file>', 'YAML or JSON: a request, a list of requests, or a whole spec; - is stdin')
    .option('--name <name>', 'what the run is called')
    .option('--reason <text>', 'why; shown to whoever approves')
    .option('--cloud <name>', 'only where the worker serves several')
    .option('--id <id>', 'id of the run (default: operation-<name>)')
    .option('--key <file>', 'sign the request with this key of OpenSSH, for four eyes')
    .option('--by <name>', 'with --key: who requests it', context.user)
    .addOption(taskQueueOption())
    .option('--no-wait', 'only start the run')
    .option('--json', 'one object: { workflowId, outcome, summary, outcomes }; with --no-wait { workflowId, runId }')
    .addHelpText('after', EXAMPLES)
    .action(async (operation: string, { file, wait, ...options }: Options) => {
      if (!entryOf(operation)) throw badInput(`${plain(operation)} is no call of DRS: drs-pilot operations lists them`);
      const spec = checkSpec(file ? nameOf(file) : operation, specOf(operation, file, options));
      demandValid([spec]);
      const { id = `operation-${spec.spec?.['name'] ?? `${operation}-${randomUUID().slice(0, 8)}`}` } = options;
      const temporal = await context.temporal();
      const [run] = await startAll(context, temporal, [await plan(temporal, spec, { ...options, id })], options);
      if (!wait) {
        context.output.result({ workflowId: id, runId: run?.runId }, `started ${id}`);
        return;
      }
      tell(context.output, await watchRun(context, temporal, id, { show: whatItAsks(context) }));
    });

const EXAMPLES = `
Examples:
  drs-pilot call showQuotas
  drs-pilot call batchStopJobs -f pause.yaml --reason "network maintenance"
  echo '[{ job_id: 140b5236-88ad-43c8-811c-1268453jb101, pause_mode: target }]' | drs-pilot call batchStopJobs -f -
  drs-pilot call batchListJobStatus -f ids.json --json | jq .outcomes

A password is the name of a secret of the worker's configuration: db_password: { secret: NAME }`;

/** Fields of a spec, of which a request has none. */
const OF_SPEC = ['kind', 'operation', 'request', 'jobs'];

function specOf(
  operation: string,
  file: string | undefined,
  { name, reason, cloud }: Omit<Options, 'file' | 'wait'>,
): Raw {
  const content = file === undefined ? undefined : parse(file);
  if (content && 'problem' in content) throw badInput(`${nameOf(file ?? '')}: ${content.problem}`);
  const body = content?.value;
  const given = { ...(name && { name }), ...(reason && { reason }), ...(cloud && { cloud }) };
  const spec = { kind: 'operation', operation };
  if (body === undefined || body === null) return { ...spec, ...given };
  if (Array.isArray(body)) return { ...spec, jobs: body, ...given };
  if (typeof body !== 'object' || !OF_SPEC.some((field) => field in body)) return { ...spec, request: body, ...given };
  const whole = { ...spec, ...body, ...given } as Raw;
  if (whole['operation'] !== operation)
    throw badInput(`${nameOf(file ?? '')}: is a spec of ${plain(String(whole['operation']))}, not of ${operation}`);
  return whole;
}

/** While it waits only what a person must do is told. */
function whatItAsks({ output }: Pick<Context, 'output'>): Show {
  const told = new Set<string>();
  const once = (key: string, text: string): void => {
    if (!told.has(key)) output.say(text);
    told.add(key);
  };
  return ({ gate, answered, stuck, workflowId }) => {
    if (!answered)
      once('worker', stuck ? standing(stuck) : 'No worker answers: the run waits for one (drs-pilot worker).');
    if (gate && answered) once(gate.id, [renderGate(gate), ...howToDecide(workflowId, gate)].join('\n'));
  };
}

function tell(output: Output, view: Called): void {
  const { workflowId, runId, outcome = view.execution.toLowerCase(), summary, outcomes = [], failure } = view;
  const done = view.execution === 'COMPLETED' && outcomes.every(({ ok }) => ok);
  process.exitCode = done ? EXIT.done : EXIT.failed;
  output.result(
    { workflowId, runId, outcome, ...(summary && { summary }), outcomes, ...(failure && { failure }) },
    harmless(outcomes.map(render).join('\n') || outcome),
  );
  if (failure) output.say(plain(failure));
  else if (outcomes.length > 1 && summary) output.say(summary);
}

function render(outcome: JobOutcome): string {
  const { jobId, name } = outcome;
  const job = name && jobId ? `${name} (${jobId})` : name || jobId || 'reply';
  if (!outcome.ok) {
    const word = outcome.kind === 'ambiguous' ? paint('yellow', 'unknown') : paint('red', 'failed');
    return `${word}  ${job}: ${plain(outcome.message)}${outcome.accepted ? ` (left at that by ${plain(outcome.accepted)})` : ''}`;
  }
  const remark = outcome.remark ? `: ${plain(outcome.remark)}` : '';
  const says = stringify(telling(outcome.result), { lineWidth: 0 }).trimEnd().replace(/^/gm, '  ');
  return `${paint('green', 'done')}  ${job}${remark}${says.trim() === '{}' ? '' : `\n${says}`}`;
}

/** A reply that only says "success" for its job tells nothing. */
function telling(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result;
  const { id: _, job_id: __, ...rest } = result as Raw;
  const { status, ...more } = rest;
  return status === 'success' ? more : rest;
}
