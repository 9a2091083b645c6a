import { once } from 'node:events';
import { Command } from 'commander';
import { badInput, failed, type MakeCommand } from '../command.js';
import { portOption } from '../options.js';
import { reportReady } from '../parent.js';

interface Options {
  readonly port: number;
  readonly host: string;
  readonly speed: string;
  readonly file?: string;
}

export const simulator: MakeCommand = ({ output, interrupted }) =>
  new Command('simulator')
    .description('run a local DRS and IAM to rehearse on, until Ctrl-C')
    .addOption(portOption(8089))
    .option('--host <address>', 'address to listen on; its admin API asks nobody who they are', '127.0.0.1')
    .option('--speed <speed>', 'instant, demo (a transfer takes 20 seconds) or times as fast as demo', 'demo')
    .option('--file <file>', 'keeps its state there over restarts')
    .addHelpText('after', '\nExample:\n  drs-pilot simulator --port 8089 --speed 10')
    .action(async ({ port, host, speed, file }: Options) => {
      if (!/^(instant|demo)$/.test(speed) && !(Number(speed) > 0))
        throw badInput('--speed must be instant, demo or a number');
      const signal = interrupted();
      // biome-ignore lint/style/noRestrictedImports: this command is that process
      const { greeting, runSimulator } = await import('../../simulator/main.js');
      const running = await runSimulator({ port, host, speed, ...(file && { file }) }).catch((error) => {
        throw error.code === 'EADDRINUSE' ? failed(`Port ${port} is taken: give another one with --port.`) : error;
      });
      output.say(greeting(running));
      reportReady(running.url);
      if (!signal.aborted) await once(signal, 'abort');
      await running.close();
    });
