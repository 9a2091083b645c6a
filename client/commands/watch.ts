import { Command } from 'commander';
import { type Context, EXIT, type MakeCommand } from '../command.js';
import { watchRun } from '../watch.js';

export const watch: MakeCommand = (context) =>
  new Command('watch')
    .description('follow a run to its end; exit code 0 when it completes, else 1')
    .argument('<run>', 'id of the run')
    .option('--json', 'one object per change')
    .addHelpText(
      'after',
      '\nExample:\n  drs-pilot watch migration-orders-to-rds\n\nCtrl-C ends the watching (exit code 130), never the run.',
    )
    .action((run: string) => watchToEnd(context, run));

export async function watchToEnd(context: Context, run: string): Promise<void> {
  const { execution } = await watchRun(context, await context.temporal(), run);
  process.exitCode = execution === 'COMPLETED' ? EXIT.done : EXIT.failed;
}
