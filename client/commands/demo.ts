import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Choice, GateView } from '../../workflows/messages.js';
import { CommandError, type Context, EXIT, type MakeCommand } from '../command.js';
import { connect, type Temporal } from '../connect.js';
import { send } from '../gate.js';
import { Output } from '../output.js';
import { renderGate } from '../render.js';
import type { RunView } from '../run-view.js';
import { demandValid, readSpecFiles } from '../spec-files.js';
import { summary } from '../summary.js';
import { showOn, watchRun } from '../watch.js';

interface Options {
  readonly yes?: true;
  readonly keep?: true;
  readonly speed: string;
}

const TASK_QUEUE = 'drs-pilot';

export const demo: MakeCommand = (context) =>
  new Command('demo')
    .description('watch a whole migration run on a Temporal of its own and a simulated cloud')
    .option('--yes', 'approve by itself; so it does where there is no terminal')
    .option('--keep', 'leave everything up until Ctrl-C')
    .option('--speed <speed>', 'of the simulator: instant, demo or times as fast as demo', 'demo')
    .option('--json', 'the result as the last line of stdout')
    .addHelpText('after', '\nExamples:\n  drs-pilot demo\n  drs-pilot demo --yes --json')
    .action(async ({ yes, keep, speed }: Options) => {
      const { startStack } = await import('../stack.js');
      const { output, interrupted } = context;
      const people = output.json ? new Output(process.stderr, process.stderr) : output;
      const signal = interrupted();
      const over = new AbortController();
      const stack = await startStack({ speed, say: (line) => people.say(line), signal }).catch(orInterrupted(signal));
      try {
        const temporal = await connect({ env: stack.env });
        const ask = yes ? undefined : context.ask;
        const showing = { ...context, output: people, ask, interrupted: () => AbortSignal.any([signal, over.signal]) };
        const view = await Promise.race([conduct(showing, temporal, stack.ui), stack.broken]).catch(
          orInterrupted(signal),
        );
        await temporal.client.connection.close();
        if (output.json) output.result(view, '');
        people.say(`The migration is ${view.outcome ?? view.phase}; its task: ${view.task ?? 'unknown'}.`);
        process.exitCode = view.execution === 'COMPLETED' ? EXIT.done : EXIT.failed;
        if (!keep) return;
        people.say(
          `Everything stays up until Ctrl-C: TEMPORAL_ADDRESS=${stack.temporal}, UI ${stack.ui}, simulator ${stack.simulator}`,
        );
        if (!signal.aborted) await Promise.race([once(signal, 'abort'), stack.broken]);
      } finally {
        over.abort();
        await stack.stop();
      }
    });

/** Runs the example and lets a person decide at its gates, or decides itself. */
async function conduct(context: Context, temporal: Temporal, ui: string): Promise<RunView> {
  const { output } = context;
  const [example] = readSpecFiles([fileURLToPath(new URL('../../examples/migration.yaml', import.meta.url))], output);
  if (!example) throw new Error('the example is missing');
  demandValid([example]);
  const { kind = '', name, spec = {} } = example;
  const workflowId = `${kind}-${name}`;
  await temporal.client.workflow.start(kind, {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [spec],
    staticSummary: `${kind} ${name}`,
  });
  output.say(`Temporal's UI: ${ui}/namespaces/${temporal.namespace}/workflows/${workflowId}`);
  output.say(`From another terminal: TEMPORAL_ADDRESS=${temporal.address} npx drs-pilot status ${workflowId}\n`);
  output.say(`${summary(kind, spec).join('\n')}\n`);

  let decided = '';
  const until = ({ gate }: RunView) => gate !== undefined && opening(gate) !== decided;
  const lines = showOn(output);
  for (;;) {
    // A table would be drawn over the answers: it begins anew below them.
    const view = await watchRun(context, temporal, workflowId, { show: output.live ? showOn(output) : lines, until });
    if (view.closed || !view.gate) return view;
    if (!output.live) output.say(renderGate(view.gate));
    const decision = context.ask ? await askPerson(context.ask, view.gate) : byItself(view.gate);
    await tell(context, temporal, workflowId, view.gate, decision);
    decided = opening(view.gate);
  }
}

const opening = ({ id, approvals }: GateView): string => `${id} ${approvals}`;

/** Never retries: a demo that fails ends. */
const byItself = ({ decisions }: GateView): Choice =>
  decisions.find((decision) => decision === 'approve' || decision === 'acknowledge') ?? 'abort';

async function askPerson(ask: (question: string) => Promise<string>, gate: GateView): Promise<Choice> {
  const words = gate.decisions;
  for (;;) {
    const answer = await ask(`\nDecide at ${gate.id} [${words.join('/')}]: `);
    const meant = words.filter((word) => answer !== '' && word.startsWith(answer.toLowerCase()));
    if (meant.length === 1 && meant[0]) return meant[0];
  }
}

async function tell(
  { output, user }: Context,
  temporal: Temporal,
  workflowId: string,
  gate: GateView,
  decision: Choice,
): Promise<void> {
  const byName = decision === 'approve' || decision === 'reject';
  const items = gate.evidence.items.filter((item) => item.class === 'warning').map(({ item }) => item);
  const { approvals } = await send(temporal, workflowId, byName ? decision : 'decide', {
    gate: gate.id,
    by: user,
    reason: 'decided in the demo',
    snapshot: gate.evidence.snapshot,
    ...(!byName && { decision }),
    ...(decision === 'acknowledge' && { items }),
  });
  output.say(`${gate.id}: ${decision} by ${user}${approvals ? `, approvals ${approvals}` : ''}\n`);
}

const orInterrupted =
  (signal: AbortSignal) =>
  (error: unknown): never => {
    throw signal.aborted ? new CommandError(EXIT.interrupted, 'Interrupted; everything has ended.') : error;
  };
