import { Argument, Command } from 'commander';
import { z } from 'zod';
import { type Kind, kinds } from '../../workflows/plans/index.js';
import type { MakeCommand } from '../command.js';
import { KINDS } from '../spec-files.js';

export const schema: MakeCommand = ({ output }) =>
  new Command('schema')
    .description('print the JSON Schema of a kind of spec, for completion in editors')
    .addArgument(new Argument('<kind>', 'kind of spec').choices(KINDS))
    .addHelpText(
      'after',
      '\nExample:\n  drs-pilot schema migration > migration.schema.json\n\nThen, as the first line of a spec:\n  # yaml-language-server: $schema=./migration.schema.json',
    )
    .action((kind: Kind) => {
      const made = z.toJSONSchema(kinds[kind].schema, { io: 'input' });
      const whole = { ...made, title: `drs-pilot: ${kind}` };
      output.result(whole, JSON.stringify(whole, undefined, 2));
    });
