import { once } from 'node:events';
import { Command } from 'commander';
import { ConfigError } from '../../encryption/config-file.js';
import { badInput, failed, type MakeCommand } from '../command.js';
import { portOption } from '../options.js';
import { reportReady } from '../parent.js';

interface Options {
  readonly config?: string;
  readonly port: number;
  readonly host: string;
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

export const codecServer: MakeCommand = ({ output, interrupted }) =>
  new Command('codec-server')
    .description('decrypt payloads for the Temporal UI and the temporal CLI, until Ctrl-C')
    .option('--config <file>', 'drs-pilot.yaml (else DRS_PILOT_CONFIG, else the one in this directory)')
    .addOption(portOption(8234))
    .option('--host <address>', 'address to listen on, without TLS', '127.0.0.1')
    .addHelpText(
      'after',
      '\nExample:\n  drs-pilot codec-server\n  temporal workflow show -w ID --codec-endpoint http://127.0.0.1:8234 --codec-auth "Bearer TOKEN"',
    )
    .action(async ({ config: file, port, host }: Options) => {
      const signal = interrupted();
      const [{ loadCodecServer }, { startCodecServer }] = await Promise.all([
        import('../../encryption/server-settings.js'),
        import('../../encryption/server.js'),
      ]);
      const settings = await loadCodecServer({ file }).catch((error: unknown) => {
        throw error instanceof ConfigError ? badInput(error.message) : error;
      });
      const warn = (sentence: string): void => output.say(sentence);
      const running = await startCodecServer({ ...settings, port, host, warn }).catch((error) => {
        throw error.code === 'EADDRINUSE' ? failed(`Port ${port} is taken: give another one with --port.`) : error;
      });
      output.say(
        `decoding at ${running.url} for ${settings.origins.join(', ')}, with the keys ${[...settings.keyRing.keys.keys()].join(', ')}`,
      );
      if (!LOOPBACK.includes(host))
        output.say('This is plain HTTP beyond this machine: put something with TLS before it.');
      reportReady(running.url);
      if (!signal.aborted) await once(signal, 'abort');
      await running.close();
    });
