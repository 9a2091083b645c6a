import type { MakeCommand } from '../command.js';
import { sendUpdate, type UpdateOptions, updateCommand, withSubtask } from '../update.js';

interface PauseOptions extends UpdateOptions {
  readonly all?: true;
}

export const pause: MakeCommand = (context) =>
  withSubtask(updateCommand('pause', 'pause the task that a run supervises', context))
    .option('--all', 'stop the capture of logs, too, and not only the replay')
    .addHelpText(
      'after',
      '\nExample:\n  drs-pilot pause synchronization-orders --reason "maintenance of the target until noon"',
    )
    .action((run: string, { all, ...options }: PauseOptions) =>
      sendUpdate(context, run, 'pause', options, { mode: all ? 'all' : 'target' }),
    );

export const resume: MakeCommand = (context) =>
  withSubtask(updateCommand('resume', 'resume the paused task of a run, or retry the failed one', context))
    .addHelpText('after', '\nExample:\n  drs-pilot resume synchronization-orders --reason "maintenance is over"')
    .action((run: string, options: UpdateOptions) => sendUpdate(context, run, 'resume', options));
