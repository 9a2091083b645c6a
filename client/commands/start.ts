import { WorkflowNotFoundError } from '@temporalio/client';
import { Command } from 'commander';
import { requestText } from '../../workflows/signed.js';
import { badInput, type Context, failed, type MakeCommand } from '../command.js';
import type { Temporal } from '../connect.js';
import { taskQueueOption } from '../options.js';
import { listened } from '../pollers.js';
import { type SigningOptions, sign, signingOptions } from '../sign.js';
import { demandValid, readSpecFiles, type SpecFile, workflowType } from '../spec-files.js';
import { summary } from '../summary.js';
import { watchToEnd } from './watch.js';

interface Options extends SigningOptions {
  readonly id?: string;
  readonly by?: string;
  readonly taskQueue: string;
  readonly watch?: true;
}

interface Started {
  readonly file: string;
  readonly workflowId: string;
  readonly runId: string;
}

export const start: MakeCommand = (context) =>
  signingOptions(new Command('start'))
    .description('check specs and start a run for each; nothing is started if any of them has a problem')
    .argument('<spec...>', 'YAML or JSON files, or directories of them; - is stdin')
    .option('--id <id>', 'id of the run (default: <kind>-<name>)')
    .addOption(taskQueueOption())
    .option('--by <name>', 'with --key: who requests the run', context.user)
    .option('--watch', 'follow the run to its end')
    .option('--json', 'one object: { runs: [{ file, workflowId, runId }] }; with --watch its changes follow')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], options: Options) => {
      const specs = readSpecFiles(paths, context.output);
      demandValid(specs);
      if (specs.length > 1 && (options.id || options.watch)) throw badInput('--id and --watch go with one spec');
      const temporal = await context.temporal();
      const planned: Planned[] = [];
      for (const one of specs) planned.push(await plan(temporal, one, options));
      if (options.print) {
        for (const { spec } of planned) context.output.result(spec, JSON.stringify(spec));
        return;
      }
      const runs = await startAll(context, temporal, planned, options);
      context.output.result({ runs }, runs.map(({ workflowId }) => `started ${workflowId}`).join('\n'));
      const [run] = runs;
      if (run && options.watch) await watchToEnd(context, run.workflowId);
      else for (const { workflowId } of runs) context.output.say(`follow it: drs-pilot watch ${workflowId}`);
    });

const EXAMPLES = `
Examples:
  drs-pilot start orders.yaml --watch
  drs-pilot start specs/
  sed s/orders/orders2/ orders.yaml | drs-pilot start -
  drs-pilot start orders.yaml --key ~/.ssh/id_ed25519 --by anna     # requested by a signature, for four eyes`;

/** A spec and the run that it becomes. */
export interface Planned extends SpecFile {
  readonly workflowId: string;
}

/** What will be started, requested by a signature where a key is given. */
export async function plan(
  { namespace }: Pick<Temporal, 'namespace'>,
  one: SpecFile,
  { id, key, by = '' }: Pick<Options, 'id' | 'key' | 'by'>,
): Promise<Planned> {
  const workflowId = id ?? `${one.kind}-${one.name}`;
  if (!key) return { ...one, workflowId };
  // As JSON has it, which is how it is sent: YAML knows more.
  const spec = { ...JSON.parse(JSON.stringify(one.spec)), requested: { by, time: new Date().toISOString() } };
  const signature = await sign(requestText({ namespace, workflowId }, spec), key);
  return { ...one, workflowId, spec: { ...spec, requested: { ...spec.requested, signature } } };
}

/** Starts them all, or none where an id is in use. */
export async function startAll(
  { output }: Pick<Context, 'output'>,
  temporal: Temporal,
  planned: readonly Planned[],
  { taskQueue }: Pick<Options, 'taskQueue'>,
): Promise<Started[]> {
  await demandFree(
    temporal,
    planned.map(({ workflowId }) => workflowId),
  );
  for (const { kind, spec, workflowId } of planned) {
    output.say([...summary(kind ?? '', spec ?? {}), `  run ${workflowId}`].join('\n'));
  }
  if (!(await listened(temporal, taskQueue))) {
    output.say(`No worker listens on the task queue "${taskQueue}": the run waits for one (drs-pilot worker).`);
  }
  const runs: Started[] = [];
  for (const { file, kind = '', name, spec, workflowId } of planned) {
    const handle = await temporal.client.workflow.start(workflowType(kind), {
      workflowId,
      taskQueue,
      args: [spec],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `${kind} ${name}`,
    });
    runs.push({ file, workflowId, runId: handle.firstExecutionRunId });
  }
  return runs;
}

async function demandFree({ client }: Temporal, ids: readonly string[]): Promise<void> {
  const used = await Promise.all(
    ids.map(async (id) => {
      try {
        return (await client.workflow.getHandle(id).describe()).closeTime ? [] : [id];
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return [];
        throw error;
      }
    }),
  );
  const [first, ...others] = used.flat();
  if (!first) return;
  const told =
    others.length > 0
      ? `The ids ${[first, ...others].join(', ')} are in use by runs that go on`
      : `The id "${first}" is in use by a run that goes on`;
  throw failed(`${told}; nothing was started. Watch that one (drs-pilot watch ${first}), or give another id (--id).`);
}
