import { Command } from 'commander';
import type { MakeCommand } from '../command.js';
import { send } from '../gate.js';

export const comment: MakeCommand = ({ temporal, output, user }) =>
  new Command('comment')
    .description('leave a remark in the record of a run')
    .argument('<run>', 'id of the run')
    .argument('<text...>', 'the remark')
    .option('--by <name>', 'who says it', user)
    .option('--json', 'one object: { accepted }')
    .addHelpText('after', '\nExample:\n  drs-pilot comment migration-orders-to-rds "the application team is informed"')
    .action(async (run: string, words: string[], { by }: { by: string }) => {
      const { accepted } = await send(await temporal(), run, 'comment', { by, reason: words.join(' ') });
      output.result({ accepted }, `${run}: noted`);
    });
