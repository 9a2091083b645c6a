import { Command } from 'commander';
import { badInput, type MakeCommand, several } from '../command.js';
import { taskQueueOption } from '../options.js';
import { checkSpec, demandValid } from '../spec-files.js';
import { plan, startAll } from './start.js';
import { watchToEnd } from './watch.js';

interface Options {
  readonly kinds: string;
  readonly database?: string[];
  readonly unfinished?: string;
  readonly within?: string;
  readonly cloud?: string;
  readonly taskQueue: string;
  readonly watch: boolean;
}

export const compare: MakeCommand = (context) =>
  new Command('compare')
    .description('compare a task now, once, and say what is not the same')
    .argument('<job>', 'name or id of the DRS task')
    .option('--kinds <list>', 'objects, lines, contents', 'objects,lines')
    .option('--database <name>', 'only this one; may be repeated', several)
    .option('--unfinished <what>', 'keep, cancel or wait: a comparison of somebody else that goes on')
    .option('--within <duration>', 'what is not over by then is cancelled')
    .option('--cloud <name>', 'where the worker serves several')
    .addOption(taskQueueOption())
    .option('--no-watch', 'only start it')
    .option('--json', 'one object: { runs: [{ workflowId, runId }] }; its changes follow')
    .addHelpText(
      'after',
      '\nExamples:\n  drs-pilot compare orders-to-rds\n  drs-pilot compare orders-to-rds --kinds objects,contents --database orders',
    )
    .action(async (job: string, { kinds, database, taskQueue, watch, ...more }: Options) => {
      const { unfinished, within, cloud } = more;
      const spec = {
        kind: 'comparison',
        name: job,
        task: job,
        compare: {
          kinds: kinds.split(',').map((kind) => kind.trim()),
          ...(database && { databases: database.map((name) => ({ database: name })) }),
        },
        ...(unfinished && { unfinished }),
        ...(within && { within }),
        ...(cloud && { cloud }),
      };
      const checked = checkSpec('this comparison', spec);
      if (checked.problems.some(({ path }) => path === 'name' || path === 'task'))
        throw badInput(`"${job}" is neither the name nor the id of a task`);
      demandValid([checked], 'nothing was started');
      const temporal = await context.temporal();
      const runs = await startAll(context, temporal, [await plan(temporal, checked, {})], { taskQueue });
      context.output.result({ runs }, runs.map(({ workflowId }) => `started ${workflowId}`).join('\n'));
      const [run] = runs;
      if (run && watch) await watchToEnd(context, run.workflowId);
    });
