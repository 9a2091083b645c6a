import { badInput, type MakeCommand, several } from '../command.js';
import { sendUpdate, type UpdateOptions, updateCommand, withSubtask } from '../update.js';

interface Options extends UpdateOptions {
  readonly window?: string[];
  readonly off?: true;
}

export const limitSpeed: MakeCommand = (context) =>
  withSubtask(updateCommand('limit-speed', 'limit the speed of the task that a run supervises', context))
    .option(
      '--window <hours=speed>',
      'MB/s in hours of UTC, 08:00-17:59=10; may be repeated, at most ten times',
      several,
    )
    .option('--off', 'lift the limit')
    .addHelpText('after', EXAMPLES)
    .action((run: string, { window, off, ...options }: Options) => {
      if ((window === undefined) === (off === undefined)) throw badInput('give --window, or --off');
      return sendUpdate(context, run, 'limitSpeed', options, { speed: (window ?? []).map(read) });
    });

const EXAMPLES = `
Examples:
  drs-pilot limit-speed synchronization-orders --window 08:00-17:59=10 --reason "office hours"
  drs-pilot limit-speed synchronization-orders --off --reason "the night is long"`;

function read(text: string): { begin: string; end: string; speed: number } {
  const [, begin, end, speed] = /^(\d\d:00)-(\d\d:59)=(\d{1,4})$/.exec(text) ?? [];
  if (!begin || !end) throw badInput('--window is written HH:00-HH:59=MB/s, for instance 08:00-17:59=10');
  return { begin, end, speed: Number(speed) };
}
