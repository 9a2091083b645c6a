import { Command, Option } from 'commander';
import { problemLines, problemsOf } from '../../drs/operations/problems.js';
import { ReadinessSpec } from '../../workflows/plans/switchover.js';
import type { ReadinessAnswer } from '../../workflows/readiness.js';
import { askWorker } from '../ask-worker.js';
import { badInput, type Context, EXIT, type MakeCommand } from '../command.js';
import { taskQueueOption } from '../options.js';
import { plain, table } from '../output.js';

interface Options {
  readonly direction?: string;
  readonly rpo?: string;
  readonly rto?: string;
  readonly comparison?: string;
  readonly cloud?: string;
  readonly taskQueue: string;
}

export const readiness: MakeCommand = (context) =>
  new Command('readiness')
    .description('tell whether disaster recovery tasks can be switched over; reads only')
    .argument('<job...>', 'names or ids of DR tasks')
    .addOption(
      new Option('--direction <direction>', 'that they shall have; the opposite of their own when left out').choices([
        'up',
        'down',
      ]),
    )
    .option('--rpo <duration>', 'limit of the RPO (default: 60s)')
    .option('--rto <duration>', 'limit of the RTO (default: 60s)')
    .option('--comparison <duration>', 'how old the last comparison may be')
    .option('--cloud <name>', 'only where the worker serves several')
    .addOption(taskQueueOption())
    .option('--json', 'one object: { ready, items: [{ item, class, value }], tasks, problems }')
    .addHelpText('after', EXAMPLES)
    .action(async (tasks: string[], options: Options) => {
      const answer = await ask(context, tasks, options);
      const lines = answer.problems.map(({ message }) => `✗ ${plain(message)}`);
      const rows = answer.items.map((one) => [MARKS[one.class], plain(one.item), plain(one.value)]);
      const verdict = answer.ready ? 'ready' : 'not ready: what is marked ✗ blocks a switchover';
      context.output.result(answer, [...(rows.length > 0 ? [table(rows)] : []), ...lines, verdict].join('\n'));
      if (!answer.ready) process.exitCode = EXIT.failed;
    });

const EXAMPLES = `
Examples:
  drs-pilot readiness orders-dr
  drs-pilot readiness orders-dr crm-dr --direction down --rpo 5s --comparison 24h --json

Exit code 0 where nothing blocks, 1 where something does.`;

const MARKS = { ok: '✓', warning: '⚠', blocking: '✗' } as const;

async function ask(context: Context, tasks: readonly string[], options: Options): Promise<ReadinessAnswer> {
  const { direction, rpo, rto, comparison, cloud, taskQueue } = options;
  const given = (fields: object) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const asked = { tasks, ...given({ direction, cloud }), limits: given({ rpo, rto, comparison }) };
  const parsed = ReadinessSpec.safeParse(asked);
  if (!parsed.success) throw badInput(problemLines(problemsOf(parsed.error)).join('\n'));
  return await askWorker(context, {
    workflow: 'readiness',
    about: `${tasks[0]}`,
    input: asked,
    taskQueue,
    within: '1 minute',
  });
}
