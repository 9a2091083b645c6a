import { Command } from 'commander';
import { CommandError, EXIT, failed, type MakeCommand } from '../command.js';
import { connect, type Where } from '../connect.js';
import { reportReady } from '../parent.js';

export const worker: MakeCommand = ({ output, interrupted }) =>
  new Command('worker')
    .description('run a worker: it does what runs ask for, until SIGTERM')
    .option('--config <file>', 'drs-pilot.yaml (else DRS_PILOT_CONFIG, else the one in this directory)')
    .option('--task-queue <name>', "task queue (else the configuration's, else drs-pilot)")
    .addHelpText('after', '\nExample:\n  TEMPORAL_ADDRESS=temporal:7233 drs-pilot worker --config /etc/drs-pilot.yaml')
    .action(async ({ config, taskQueue }: { config?: string; taskQueue?: string }, command: Command) => {
      const signal = interrupted();
      // biome-ignore lint/style/noRestrictedImports: this command is that process
      const { checkConfig, runWorker } = await import('../../worker/main.js');
      const refused = (error: Error) => {
        if (error.name === 'ConfigError') throw new CommandError(EXIT.badInput, error.message);
        throw error.name === 'WorkerRefused' ? failed(error.message) : error;
      };
      // Before Temporal is looked for: whoever mends that at night would find only then what else is wrong.
      await checkConfig(config).catch(refused);
      const where = command.optsWithGlobals<Where>();
      const { address, namespace, client } = await connect(where);
      await client.connection.close();
      const { profile } = where;
      const env = {
        ...process.env,
        TEMPORAL_ADDRESS: address,
        TEMPORAL_NAMESPACE: namespace,
        ...(profile && { TEMPORAL_PROFILE: profile }),
      };
      const onReady = (at: { address: string; namespace: string; taskQueue: string }) => {
        output.say(`working on the task queue "${at.taskQueue}" of namespace "${at.namespace}" at ${at.address}`);
        reportReady(at.taskQueue);
      };
      await runWorker({ env, config, taskQueue, signal, onReady }).catch(refused);
    });
