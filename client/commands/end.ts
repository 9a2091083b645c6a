import type { MakeCommand } from '../command.js';
import { sendUpdate, type UpdateOptions, updateCommand } from '../update.js';

export const end: MakeCommand = (context) =>
  updateCommand('end', 'end the task that a run supervises, and the run with it; it cannot be undone', context)
    .addHelpText('after', '\nExample:\n  drs-pilot end synchronization-orders --reason "the old shop is closed"')
    .action((run: string, options: UpdateOptions) => sendUpdate(context, run, 'end', options));
