import { Command } from 'commander';
import type { MakeCommand } from '../command.js';
import { renderRun } from '../render.js';
import { readRun, standing } from '../run-view.js';

export const status: MakeCommand = ({ temporal, output }) =>
  new Command('status')
    .description('show a run: its steps, what it waits for, what was decided')
    .argument('<run>', 'id of the run')
    .option('--json', 'one object, as the query "status" answers it, with what the server knows')
    .addHelpText(
      'after',
      '\nExamples:\n  drs-pilot status migration-orders-to-rds\n  drs-pilot status migration-orders-to-rds --json | jq .phase',
    )
    .action(async (run: string) => {
      const view = await readRun(await temporal(), run);
      if (!view.answered && output.json)
        output.say(view.stuck ? standing(view.stuck) : 'No worker answers: only what the server knows is here.');
      output.result(view, renderRun(view));
    });
