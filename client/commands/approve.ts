import { Command } from 'commander';
import type { Choice } from '../../workflows/messages.js';
import { type Context, failed, type MakeCommand } from '../command.js';
import { demandOffered, openGate, type Sent, send } from '../gate.js';
import { renderGate } from '../render.js';
import { type SigningOptions, signedDecision, signingOptions } from '../sign.js';

export interface DecisionOptions extends SigningOptions {
  readonly reason: string;
  readonly by: string;
  readonly gate?: string;
  readonly yes?: true;
  readonly force?: true;
}

/** The options that every decision has. */
export const decisionOptions = (command: Command, { user }: Context): Command =>
  signingOptions(command)
    .argument('<run>', 'id of the run')
    .requiredOption('--reason <text>', 'why; it stays in the record of the run')
    .option('--by <name>', 'who decides', user)
    .option('--gate <gate>', 'the gate that is meant, cutover or cutover#1; any other is left alone')
    .option('--force', 'where the step and the rules allow it')
    .option('--yes', 'ask nothing at the terminal')
    .option('--json', 'one object: { gate, accepted, approvals }');

const word =
  (decision: 'approve' | 'reject', description: string, done: string): MakeCommand =>
  (context) =>
    decisionOptions(new Command(decision).description(description), context)
      .addHelpText(
        'after',
        `\nExamples:\n  drs-pilot ${decision} migration-orders-to-rds --reason "application is stopped"
  drs-pilot ${decision} migration-orders-to-rds --reason "application is stopped" --by anna --key ~/.ssh/id_ed25519`,
      )
      .action((run: string, options: DecisionOptions) => decideAt(context, run, decision, options, done));

export const approve = word('approve', 'approve what a run asks; shows question and evidence first', 'approved');
export const reject = word('reject', 'reject what a run asks: it ends as rejected', 'rejected');

/** Shows the opening, asks for a yes at a terminal, and sends the decision for exactly what was shown. */
export async function decideAt(
  { temporal, output, ask }: Context,
  run: string,
  decision: Choice,
  { by, reason, gate: named, yes, force, key, print, items, change }: DecisionOptions & Pick<Sent, 'items' | 'change'>,
  done: string = decision,
): Promise<void> {
  const connected = await temporal();
  const { gate, place } = await openGate(connected, run, named);
  output.say(renderGate(gate));
  demandOffered(run, gate, decision);
  if (ask && !yes && !print && !isYes(await ask(`${decision} ${gate.id} of ${run} as ${by}? [y/N] `)))
    throw failed('Nothing was sent.');

  const byName = decision === 'approve' || decision === 'reject';
  const sent: Sent = {
    gate: gate.id,
    by,
    reason,
    ...(!byName && { decision }),
    ...(gate.evidence.snapshot > 0 && { snapshot: gate.evidence.snapshot }),
    ...(force && { force }),
    ...(items && { items }),
    ...(change && { change }),
  };
  const message = byName ? decision : 'decide';
  const whole = key ? await signedDecision(place, gate, message, sent, key) : sent;
  if (print) {
    output.say(`Send this to ${run} as the signal or the update "${message}"${key ? ', within five minutes' : ''}:`);
    output.result(whole, JSON.stringify(whole));
    return;
  }
  const receipt = await send(connected, run, message, whole);
  const count = byName && receipt.approvals ? `, approvals ${receipt.approvals}` : '';
  output.result(receipt, `${run}: ${gate.id} ${done} by ${by}${count}`);
}

export const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer);
