import { once } from 'node:events';
import { Command } from 'commander';
import { badInput, type MakeCommand } from '../command.js';

interface Options {
  readonly port: string;
  readonly uiPort: string;
  readonly simulatorPort: string;
  readonly speed: string;
  readonly state?: string;
}

export const dev: MakeCommand = ({ output, interrupted }) =>
  new Command('dev')
    .description(
      'keep a Temporal with its UI, the simulator and a worker up, until Ctrl-C; what runs there survives restarts',
    )
    .option('--port <n>', "Temporal's port", '7233')
    .option('--ui-port <n>', "port of Temporal's UI", '8233')
    .option('--simulator-port <n>', "the simulator's port", '8089')
    .option('--speed <speed>', 'of the simulator: instant, demo or times as fast as demo', 'demo')
    .option('--state <dir>', 'directory that keeps the state (default: ~/.local/state/drs-pilot)')
    .addHelpText(
      'after',
      '\nExample:\n  drs-pilot dev\n  drs-pilot start examples/migration.yaml --watch    # in another terminal',
    )
    .action(async ({ port, uiPort, simulatorPort, speed, state }: Options) => {
      const { startStack, stateHome } = await import('../stack.js');
      const signal = interrupted();
      const directory = state ?? stateHome();
      const stack = await startStack({
        speed,
        state: directory,
        ports: { temporal: number(port), ui: number(uiPort), simulator: number(simulatorPort) },
        say: (line) => output.say(line),
        signal,
      });
      try {
        output.say(
          [
            `Temporal   ${stack.temporal}   (TEMPORAL_ADDRESS=${stack.temporal}, unless it is the default)`,
            `UI         ${stack.ui}`,
            `simulator  ${stack.simulator}   (what it holds: ${stack.simulator}/_simulator/jobs)`,
            `state      ${directory}`,
            'Ctrl-C ends all of it.',
          ].join('\n'),
        );
        if (!signal.aborted) await Promise.race([once(signal, 'abort'), stack.broken]);
      } finally {
        await stack.stop();
      }
    });

function number(port: string): number {
  if (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535) return Number(port);
  throw badInput('a port is a number from 1 to 65535');
}
