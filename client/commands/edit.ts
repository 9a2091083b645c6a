import { badInput, type MakeCommand } from '../command.js';
import { nameOf, parse } from '../spec-files.js';
import { sendUpdate, type UpdateOptions, updateCommand } from '../update.js';

interface Options extends UpdateOptions {
  readonly file: string;
}

export const edit: MakeCommand = (context) =>
  updateCommand('edit', 'let the synchronisation that a run supervises have other objects', context)
    .requiredOption('-f, --file <file>', 'YAML or JSON with objects or policies, as in a spec; - is stdin')
    .addHelpText('after', EXAMPLES)
    .action((run: string, { file, ...options }: Options) => {
      const content = parse(file);
      if ('problem' in content) throw badInput(`${nameOf(file)}: ${content.problem}`);
      const { value } = content;
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw badInput(`${nameOf(file)}: must have objects or policies, as a spec has them`);
      return sendUpdate(context, run, 'edit', options, value as Record<string, unknown>);
    });

const EXAMPLES = `
Example:
  drs-pilot edit synchronization-orders -f objects.yaml --reason "crm goes along"
  where objects.yaml is: { objects: [{ database: orders }, { database: crm, tables: [accounts] }] }

The objects are the whole new list. They are pre-checked before the task takes them over; its gates are those of the run.`;
