import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { traceProblem, wantsTraces } from '../telemetry/settings.js';
import { badInput, CommandError, type Context, EXIT } from './command.js';
import type { Temporal, Where } from './connect.js';
import { Output } from './output.js';
import { endWithParent } from './parent.js';
import { createProgram, runCommand } from './program.js';
import type { CommandTrace } from './tracing.js';

const SERVERS: ReadonlySet<string> = new Set(['worker', 'simulator', 'dev', 'demo', 'codec-server']);

const output = new Output();
const interruption = new AbortController();
let listening = false;
let temporal: Promise<Temporal> | undefined;
let command: CommandTrace | undefined;

const program = createProgram();

const context: Context = {
  temporal: () => (temporal ??= connected()),
  output,
  user: userName(),
  ask: process.stdin.isTTY ? ask : undefined,
  interrupted,
};

endWithParent();
// A reader that has had enough (`| head`) is no error.
process.stdout.on('error', () => process.exit(EXIT.done));

process.exitCode = await runCommand(program, context, process.argv.slice(2), async (name) => {
  command = await traced(name);
});
await temporal?.then(({ client }) => client.connection.close()).catch(() => undefined);
await command?.end(process.exitCode);
// What was under way when somebody interrupted us must not keep us.
if (interruption.signal.aborted) process.exit();

/** Temporal's client takes as long to load as all the rest: what works offline does without. */
async function connected(): Promise<Temporal> {
  const { connect, keys } = await import('./connect.js');
  return await connect(program.opts<Where>(), await keys(), command ? [command.interceptor] : []);
}

/** Commands that run until they are ended are no part of a trace; a worker traces by itself. */
async function traced(name: string): Promise<CommandTrace | undefined> {
  if (SERVERS.has(name) || !wantsTraces(process.env)) return undefined;
  const problem = traceProblem(process.env);
  if (problem) throw badInput(problem);
  return (await import('./tracing.js')).traceCommand(name);
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
