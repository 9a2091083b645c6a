import { badInput, type MakeCommand } from '../command.js';
import { sendUpdate, type UpdateOptions, updateCommand, withSubtask } from '../update.js';

interface Options extends UpdateOptions {
  readonly source?: string;
  readonly target?: string;
}

export const rotatePassword: MakeCommand = (context) =>
  withSubtask(updateCommand('rotate-password', 'let the task that a run supervises use other passwords', context))
    .option('--source <secret>', "name of the secret with the source's password")
    .option('--target <secret>', "name of the secret with the target's password")
    .addHelpText('after', EXAMPLES)
    .action((run: string, { source, target, ...options }: Options) => {
      if (!source && !target) throw badInput('give --source, --target or both: names of secrets of the worker');
      return sendUpdate(context, run, 'rotatePassword', options, {
        ...(source && { source: { secret: source } }),
        ...(target && { target: { secret: target } }),
      });
    });

const EXAMPLES = `
Example:
  drs-pilot rotate-password synchronization-orders --source orders-source-2 --reason "yearly rotation"

A password is never typed here: it is the name of a secret of the worker's configuration.`;
