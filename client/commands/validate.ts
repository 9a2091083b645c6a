import { Command } from 'commander';
import type { Problem } from '../../workflows/plans/common.js';
import { askWorker } from '../ask-worker.js';
import type { Context, MakeCommand } from '../command.js';
import { taskQueueOption } from '../options.js';
import { demandValid, readSpecFiles, type SpecFile } from '../spec-files.js';
import { unchecked } from '../summary.js';

/** A worker that is there answers at once. */

export const validate: MakeCommand = (context) =>
  new Command('validate')
    .description('check specs without starting anything: all problems of all files at once')
    .argument('<spec...>', 'YAML or JSON files, or directories of them; - is stdin')
    .option('--worker', 'also ask a worker for what only it knows: secrets, approvers, clouds, webhooks')
    .addOption(taskQueueOption())
    .option('--json', 'one object: { files: [{ file, kind, name, problems, unchecked }] }')
    .addHelpText('after', '\nExamples:\n  drs-pilot validate orders.yaml\n  drs-pilot validate --worker specs/')
    .action(async (paths: string[], options: { worker?: true; taskQueue: string }) => {
      const specs = readSpecFiles(paths, context.output);
      demandValid(specs);
      if (options.worker) {
        const asked = await Promise.all(specs.map((one) => ask(context, one, options.taskQueue)));
        demandValid(asked, 'the worker would refuse this');
      }
      show(context, specs, options.worker === true);
    });

async function ask(context: Context, one: SpecFile, taskQueue: string): Promise<SpecFile> {
  const { problems } = await askWorker<{ problems: Problem[] }>(context, {
    workflow: 'validate',
    about: `${one.kind}-${one.name}`,
    input: { kind: one.kind, spec: one.spec },
    taskQueue,
    within: '20 seconds',
  });
  return { ...one, problems };
}

function show({ output }: Context, specs: readonly SpecFile[], asked: boolean): void {
  const files = specs.map(({ file, kind, name, spec, problems }) => {
    return { file, kind, name, problems, ...(!asked && { unchecked: unchecked(spec ?? {}) }) };
  });
  output.result({ files }, files.map(({ file, kind, name }) => `${file}: ${kind} ${name} is valid`).join('\n'));
  if (asked) return;
  for (const { file, unchecked } of files) {
    const named = Object.entries(unchecked ?? {}).map(([what, names]) => `${what} ${names.join(', ')}`);
    output.say(`${file}: not checked here: ${named.join('; ')}`);
  }
  output.say('Only a worker can check those: drs-pilot validate --worker');
}
