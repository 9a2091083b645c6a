import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Command, CommanderError } from 'commander';
import { BUILD_ID } from '../drs/version.js';
import { traceProblem, wantsTraces } from '../telemetry/settings.js';
import { badInput, CommandError, type Context, EXIT } from './command.js';
import { commands } from './commands/index.js';
import { connect, keys, type Temporal, type Where } from './connect.js';
import { explain } from './errors.js';
import { Output } from './output.js';
import { endWithParent } from './parent.js';
import type { CommandTrace } from './tracing.js';

const SERVERS: ReadonlySet<string> = new Set(['worker', 'simulator', 'dev', 'demo', 'codec-server']);

const output = new Output();
const interruption = new AbortController();
let listening = false;
let temporal: Promise<Temporal> | undefined;
let command: CommandTrace | undefined;

const program = new Command('drs-pilot')
  .description(
    'Runs migrations of Huawei Cloud DRS as durable Temporal workflows, and stops where a person must decide.',
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
  .exitOverride()
  .hook('preAction', async (_, action) => {
    output.json = action.opts()['json'] === true;
    command = await traced(action.name());
  });

const context: Context = {
  temporal: () =>
    (temporal ??= keys().then((keyRing) =>
      connect(program.opts<Where>(), keyRing, command ? [command.interceptor] : []),
    )),
  output,
  user: userName(),
  ask: process.stdin.isTTY ? ask : undefined,
  interrupted,
};

endWithParent();
// A reader that has had enough (`| head`) is no error.
process.stdout.on('error', () => process.exit(EXIT.done));

for (const make of commands) {
  const command = make(context).copyInheritedSettings(program);
  for (const part of command.commands) part.copyInheritedSettings(command);
  program.addCommand(command);
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}
await temporal?.then(({ client }) => client.connection.close()).catch(() => undefined);
await command?.end(Number(process.exitCode ?? EXIT.done));
// What was under way when somebody interrupted us must not keep us.
if (interruption.signal.aborted) process.exit();

/** Commands that run until they are ended are no part of a trace; a worker traces by itself. */
async function traced(name: string): Promise<CommandTrace | undefined> {
  if (SERVERS.has(name) || !wantsTraces(process.env)) return undefined;
  const problem = traceProblem(process.env);
  if (problem) throw badInput(problem);
  return (await import('./tracing.js')).traceCommand(name);
}

function tell(error: unknown): number {
  // Commander has said it already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  const { exit, message, fields } = explain(error);
  if (output.json) output.result({ error: message, exitCode: exit, ...fields }, '');
  output.say(message);
  return exit;
}

/** From its first use on, Ctrl-C and SIGTERM abort the signal; a second one ends at once. Before that they just end us. */
function interrupted(): AbortSignal {
  if (listening) return interruption.signal;
  listening = true;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => (interruption.signal.aborted ? process.exit(EXIT.interrupted) : interruption.abort()));
  }
  return interruption.signal;
}

/** Ctrl-C at a question is Ctrl-C. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return (await terminal.question(question, { signal: interruption.signal })).trim();
  } catch (error) {
    throw interruption.signal.aborted ? new CommandError(EXIT.interrupted, 'Interrupted; nothing was decided.') : error;
  } finally {
    terminal.close();
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? 'unknown'; // a container's user has no entry
  }
}
