import { Command } from 'commander';
import type { UpdateName, UpdateReceipt } from '../workflows/messages.js';
import { readUpdate } from '../workflows/plans/updates.js';
import { badInput, type Context, failed } from './command.js';
import { isYes } from './commands/approve.js';
import { plain } from './output.js';
import { readRun, unanswered } from './run-view.js';
import { type SigningOptions, signedUpdate, signingOptions } from './sign.js';

/** What every change of a running task says. */
export interface UpdateOptions extends SigningOptions {
  readonly reason: string;
  readonly by: string;
  readonly subtask?: string;
  readonly takeOver?: true;
  readonly yes?: true;
}

/** DRS is looked at and called before the answer comes. */
const ANSWER_WITHIN_MS = 120_000;

const SUPERVISE: readonly string[] = ['synchronization', 'disaster-recovery'];

/** A command that changes a task which a run supervises. */
export const updateCommand = (name: string, description: string, { user }: Context): Command =>
  signingOptions(new Command(name))
    .description(description)
    .argument('<run>', 'id of the run that supervises the task')
    .requiredOption('--reason <text>', 'why; it stays in the record of the run')
    .option('--by <name>', 'who changes it', user)
    .option('--take-over', "take the task's lock over from whoever holds it (drs-pilot locks)")
    .option('--yes', 'ask nothing at the terminal')
    .option('--json', 'one object: { accepted, done, approvals, message }');

/** Of a dual-active disaster recovery one subtask alone can be meant. */
export const withSubtask = (command: Command): Command =>
  command.option('--subtask <which>', 'of a dual-active disaster recovery: forward or backward; both when left out');

/** Checks the form here, asks for a yes at a terminal, sends, and says what became of it. */
export async function sendUpdate(
  { temporal, output, ask }: Context,
  run: string,
  name: UpdateName,
  { by, reason, subtask: task, takeOver, yes, key, print }: UpdateOptions,
  what: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const payload = { by, reason, ...(task && { task }), ...(takeOver && { takeOver }), ...what };
  const form = readUpdate(name, payload);
  if (typeof form === 'string') throw badInput(plain(form));
  const connected = await temporal();
  const view = await readRun(connected, run);
  if (view.closed)
    throw failed(`${run} has ended (${view.outcome ?? view.execution.toLowerCase()}): it changes nothing any more.`);
  if (!view.answered || !view.place) throw failed(unanswered(view));
  if (!SUPERVISE.includes(view.kind))
    throw failed(
      `${run} is of kind ${view.kind}, which supervises no task: it takes no "${name}". \`drs-pilot call\` makes single calls.`,
    );
  if (ask && !yes && !print && !isYes(await ask(`${name} the task ${view.jobId ?? ''} of ${run} as ${by}? [y/N] `)))
    throw failed('Nothing was sent.');
  const whole = key ? await signedUpdate(view.place, name, payload, key) : payload;
  if (print) {
    output.say(`Send this to ${run} as the update "${name}"${key ? ', within five minutes' : ''}:`);
    output.result(whole, JSON.stringify(whole));
    return;
  }
  const { client } = connected;
  const handle = client.workflow.getHandle(run);
  const receipt = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    handle.executeUpdate<UpdateReceipt, [object]>(name, { args: [whole] }),
  );
  output.result(
    receipt,
    `${run}: ${plain(receipt.message)}${receipt.approvals === '1 of 1' ? '' : ` (${receipt.approvals})`}`,
  );
}
