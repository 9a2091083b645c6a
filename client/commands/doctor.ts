import { Command } from 'commander';
import { failed, type MakeCommand } from '../command.js';
import { harmless, paint } from '../output.js';

const MARKS = { ok: paint('green', '✓'), warning: paint('yellow', '!'), problem: paint('red', '✗') } as const;

export const doctor: MakeCommand = ({ temporal, output }) =>
  new Command('doctor')
    .description('look at all that a worker needs, without changing anything, and say what mends each finding')
    .option('--config <file>', 'drs-pilot.yaml (else DRS_PILOT_CONFIG, else the one in this directory)')
    .option('--task-queue <name>', "task queue (else the configuration's, else drs-pilot)")
    .option('--json', 'one object a line: { check, state, what, mend }; states are ok, warning and problem')
    .addHelpText('after', '\nExamples:\n  drs-pilot doctor\n  drs-pilot doctor --config /etc/drs-pilot.yaml --json')
    .action(async ({ config, taskQueue }: { config?: string; taskQueue?: string }) => {
      // biome-ignore lint/style/noRestrictedImports: it looks at what a worker would have
      const { examine } = await import('../../worker/doctor.js');
      let problems = 0;
      for await (const finding of examine({ config, taskQueue, temporal })) {
        const { check, state, what, mend } = finding;
        if (state === 'problem') problems += 1;
        output.result(finding, harmless(`${MARKS[state]} ${check}: ${what}${mend ? `\n    ${mend}` : ''}`));
      }
      if (problems > 0) throw failed(problems === 1 ? 'There is one problem.' : `There are ${problems} problems.`);
    });
