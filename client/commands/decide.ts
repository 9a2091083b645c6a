import { Command, Option } from 'commander';
import { type Choice, DECISIONS } from '../../workflows/messages.js';
import { type MakeCommand, several } from '../command.js';
import { readChanges } from '../gate.js';
import { type DecisionOptions, decideAt, decisionOptions } from './approve.js';

interface Options extends DecisionOptions {
  readonly decision: Choice;
  readonly item?: string[];
  readonly change?: string[];
}

export const decide: MakeCommand = (context) =>
  decisionOptions(new Command('decide').description('decide on a failed step or on alarms of the pre-check'), context)
    .addOption(new Option('--decision <word>', 'what is decided').choices([...DECISIONS]).makeOptionMandatory())
    .option('--item <name>', 'with acknowledge: an item of the evidence; may be repeated', several)
    .option('--change <field=value>', 'with retry: source.FIELD=VALUE or target.FIELD=VALUE; may be repeated', several)
    .addHelpText('after', EXAMPLES)
    .action(async (run: string, { decision, item: items, change: changes = [], ...options }: Options) => {
      const change = readChanges(changes);
      await decideAt(context, run, decision, { ...options, ...(items && { items }), ...(change && { change }) });
    });

const EXAMPLES = `
Examples:
  drs-pilot decide migration-orders-to-rds --decision retry --reason "firewall opened"
  drs-pilot decide migration-orders-to-rds --decision retry --reason "moved" --change source.ip=203.0.113.11
  drs-pilot decide migration-orders-to-rds --decision retry --reason "rotated" --change source.password=secret:orders-source-2
  drs-pilot decide migration-orders-to-rds --decision acknowledge --item "binlog retention" --reason "kept for a week"`;
