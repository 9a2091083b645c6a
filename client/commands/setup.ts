import { Command } from 'commander';
import { failed, type MakeCommand } from '../command.js';

export const setup: MakeCommand = ({ temporal, output }) =>
  new Command('setup')
    .description('add the search attributes that runs are found by to the namespace')
    .option('--check', 'change nothing; exit code 1 where something is missing')
    .option('--json', 'one object: { namespace, added, missing }')
    .addHelpText('after', '\nExamples:\n  drs-pilot setup\n  drs-pilot setup --check --namespace production')
    .action(async ({ check }: { check?: true }) => {
      const { addSearchAttributes, explainMissing, missingSearchAttributes } = await import(
        '../../workflows/search-attributes.js'
      );
      const { client, namespace } = await temporal();
      const { connection } = client;
      const missing = await missingSearchAttributes(connection, namespace);
      if (check && missing.length > 0)
        throw failed(`${explainMissing(missing, namespace)}. \`drs-pilot setup\` adds what is missing.`, { missing });
      const added = missing.length > 0 ? await addSearchAttributes(connection, namespace) : [];
      output.result(
        { namespace, added, missing: [] },
        added.length > 0 ? `${namespace}: added ${added.join(', ')}` : `${namespace}: every search attribute is there`,
      );
    });
