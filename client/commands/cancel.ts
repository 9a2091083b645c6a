import { Command } from 'commander';
import { failed, type MakeCommand } from '../command.js';
import { isYes } from './approve.js';

export const cancel: MakeCommand = ({ temporal, output, ask, user }) =>
  new Command('cancel')
    .description("cancel a run; the spec's onAbort says what becomes of its DRS task")
    .argument('<run>', 'id of the run')
    .option('--reason <text>', "why; it stands in the run's history", 'no reason given')
    .option('--by <name>', 'who cancels', user)
    .option('--yes', 'ask nothing at the terminal')
    .option('--json', 'one object: { workflowId, cancelRequested }')
    .addHelpText('after', '\nExample:\n  drs-pilot cancel migration-orders-to-rds --reason "postponed"')
    .action(async (run: string, { reason, by, yes }: { reason: string; by: string; yes?: true }) => {
      const { client, namespace } = await temporal();
      const { closeTime, status } = await client.workflow.getHandle(run).describe();
      if (closeTime) throw failed(`${run} has ended (${status.name.toLowerCase()}): there is nothing to cancel.`);
      if (ask && !yes && !isYes(await ask(`Cancel ${run}? [y/N] `))) throw failed('Nothing was cancelled.');
      await client.workflowService.requestCancelWorkflowExecution({
        namespace,
        workflowExecution: { workflowId: run },
        reason: `${by}: ${reason}`,
        identity: client.options.identity,
      });
      output.result({ workflowId: run, cancelRequested: true }, `${run}: asked to cancel`);
      output.say(`The run says what became of the task: drs-pilot watch ${run}`);
    });
