import { Command, CommanderError } from 'commander';
import { BUILD_ID } from '../drs/version.js';
import { CommandError, type Context, EXIT } from './command.js';
import { commands } from './commands/index.js';

const TELL_OF_ALL: ReadonlySet<string> = new Set(['completion']);

/** `drs-pilot` with its own options and no command yet. Errors of usage are thrown, and told on stderr before. */
export const createProgram = (): Command =>
  new Command('drs-pilot')
    .description(
      'Runs migrations, synchronisations and disaster recoveries of Huawei Cloud DRS as durable Temporal workflows, and stops where a person must decide.',
    )
    .version(BUILD_ID)
    .option('--address <host:port>', "Temporal's address (else TEMPORAL_ADDRESS, temporal.toml, 127.0.0.1:7233)")
    .option('--namespace <name>', "Temporal's namespace (else TEMPORAL_NAMESPACE, temporal.toml, default)")
    .option('--profile <name>', 'profile of temporal.toml')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, refused, not found or cancelled, 2 bad input, 3 Temporal or DRS unreachable, 130 interrupted',
    )
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows how)')
    .exitOverride();

/** The commands of these names, or all, as they are with this context. */
export async function addCommands(
  program: Command,
  context: Context,
  names: readonly string[] = Object.keys(commands),
): Promise<Command> {
  program.hook('preAction', (_, action) => {
    context.output.json = action.opts()['json'] === true;
  });
  for (const make of await Promise.all(names.map((name) => commands[name]?.()))) {
    if (!make) continue;
    const command = make(context).copyInheritedSettings(program);
    for (const part of command.commands) part.copyInheritedSettings(command);
    program.addCommand(command);
  }
  return program;
}

/** Runs the command that `args` name, tells what is wrong, and returns the exit code. `before` hears the command's name first. */
export async function runCommand(
  program: Command,
  context: Context,
  args: readonly string[],
  before: (name: string) => Promise<void> = async () => undefined,
): Promise<number> {
  try {
    await addCommands(program, context, neededBy(program, [...args]));
    program.hook('preAction', (_, action) => before(action.name()));
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return await tell(context, error);
  }
}

async function tell({ output }: Context, error: unknown): Promise<number> {
  // Commander has said it already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  const { exit, message, fields } =
    error instanceof CommandError ? error : (await import('./errors.js')).explain(error);
  if (output.json) output.result({ error: message, exitCode: exit, ...fields }, '');
  output.say(message);
  return exit;
}

/** Names of the commands that these arguments need: the one that they name, which starts faster alone, or all. */
function neededBy(program: Command, args: string[]): string[] {
  const [name = ''] = program.parseOptions(args).operands;
  return Object.hasOwn(commands, name) && !TELL_OF_ALL.has(name) ? [name] : Object.keys(commands);
}
