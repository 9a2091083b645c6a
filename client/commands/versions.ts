import { Command } from 'commander';
import { BUILD_ID } from '../../drs/version.js';
import { upgrade as upgradeSignal } from '../../workflows/messages.js';
import { badInput, failed, type MakeCommand } from '../command.js';
import type { Temporal } from '../connect.js';
import { plain, table } from '../output.js';
import { ago } from '../render.js';
import {
  outdated,
  setCurrent,
  setRamping,
  type Versions,
  versionNamed,
  versionsOf,
  type WorkerVersion,
} from '../worker-versions.js';

const DEPLOYMENT = process.env['TEMPORAL_DEPLOYMENT_NAME'] || 'drs-pilot';

export const versions: MakeCommand = (context) => {
  const command = new Command('versions')
    .description('versions of the workers: which one new runs begin on, and which ones still have runs')
    .addHelpText('after', EXAMPLES);
  for (const part of [list, set, ramp, upgrade]) command.addCommand(part(context));
  return command;
};

const EXAMPLES = `
Examples:
  drs-pilot versions list
  drs-pilot versions set-current 0.1.0-1f3c5a7b9d2e
  drs-pilot versions ramp 0.1.0-1f3c5a7b9d2e 10
  drs-pilot versions upgrade

Workers have versions where their configuration says temporal.deployment: docs/versions.md.`;

const of = (command: Command): Command =>
  command.option(
    '--deployment <name>',
    'worker deployment (else TEMPORAL_DEPLOYMENT_NAME, else drs-pilot)',
    DEPLOYMENT,
  );

interface Given {
  readonly deployment: string;
}

const list: MakeCommand = ({ temporal, output }) =>
  of(new Command('list'))
    .description('list them, with their workers and open runs')
    .option('--json', 'one object: { deployment, current, versions }')
    .action(async ({ deployment }: Given) => {
      const found = await demand(await temporal(), deployment);
      output.result(found, render(found));
      for (const trouble of troubles(found)) output.say(trouble);
    });

const set: MakeCommand = ({ temporal, output }) =>
  of(new Command('set-current'))
    .description('let new runs begin on a version; those under way stay on theirs')
    .argument('[version]', 'build id of its workers; that of this drs-pilot when left out', BUILD_ID)
    .option('--if-none', 'only where no version is current yet')
    .option('--json', 'one object: { deployment, current, versions }')
    .action(async (version: string, { deployment, ifNone }: Given & { ifNone?: true }) => {
      const connected = await temporal();
      const before = await demand(connected, deployment);
      const kept = ifNone && before.current !== null;
      if (!kept) {
        demandWorkers(versionNamed(before, version));
        await setCurrent(connected, { deployment, version });
      }
      const found = await demand(connected, deployment);
      output.result(found, render(found));
      for (const trouble of troubles(found)) output.say(trouble);
    });

const ramp: MakeCommand = ({ temporal, output }) =>
  of(new Command('ramp'))
    .description('let some new runs begin on a version; 0 percent ends that')
    .argument('<version>', 'build id of its workers')
    .argument('<percent>', 'of new runs, 0 to 100')
    .option('--json', 'one object: { deployment, current, versions }')
    .action(async (version: string, percent: string, { deployment }: Given) => {
      const share = Number(percent);
      if (!/^\d+(\.\d+)?$/.test(percent) || share > 100)
        throw badInput(`<percent> must be a number from 0 to 100, not "${percent}"`);
      const connected = await temporal();
      const wanted = versionNamed(await demand(connected, deployment), version);
      if (share > 0) demandWorkers(wanted);
      await setRamping(connected, { deployment, version }, share);
      const found = await demand(connected, deployment);
      output.result(found, render(found));
    });

const upgrade: MakeCommand = ({ temporal, output }) =>
  of(new Command('upgrade'))
    .description('tell supervised runs of other versions to go on by the current one, as new runs')
    .option('--json', 'one object: { deployment, current, told }')
    .action(async ({ deployment }: Given) => {
      const connected = await temporal();
      const { current } = await demand(connected, deployment);
      if (current === null)
        throw failed(`No version of "${deployment}" is current: drs-pilot versions set-current comes first.`);
      const told: string[] = [];
      for await (const workflowId of outdated(connected, { deployment, version: current })) {
        await connected.client.workflow.getHandle(workflowId).signal(upgradeSignal);
        told.push(workflowId);
      }
      output.result(
        { deployment, current, told },
        told.map(plain).join('\n') || `Every supervised run is on ${current}.`,
      );
      if (told.length > 0)
        output.say(
          `Told ${told.length}. Each moves within seconds where it supervises, else as soon as it does: drs-pilot versions list shows when.`,
        );
    });

async function demand(connected: Temporal, deployment: string): Promise<Versions> {
  const found = await versionsOf(connected, deployment);
  if (found) return found;
  throw failed(
    `Temporal knows no worker deployment "${deployment}" in the namespace "${connected.namespace}": workers are of one where their configuration says temporal.deployment. Without it they are unversioned, and there is nothing to set.`,
  );
}

function demandWorkers({ version, workers }: WorkerVersion): void {
  if (workers > 0) return;
  throw failed(
    `No worker of version "${version}" asked for work in the last minutes: new runs would wait. Start one, then set it.`,
  );
}

function render({ deployment, versions: all }: Versions): string {
  const rows = all.map(({ version, state, percent, since, workers, runs }) => [
    plain(version),
    percent === undefined ? state : `${state} ${percent} %`,
    since ? `${since.slice(0, 16)}Z (${ago(since)})` : '',
    String(workers),
    String(runs),
  ]);
  return table([[`VERSION OF ${deployment}`, 'STATE', 'SINCE', 'WORKERS', 'OPEN RUNS'], ...rows]);
}

/** What keeps runs from going on. */
function troubles({ current, versions: all }: Versions): string[] {
  const nothing =
    current === null ? ['No version is current: new runs wait until drs-pilot versions set-current names one.'] : [];
  const left = all
    .filter(({ workers, runs, state }) => workers === 0 && (runs > 0 || state === 'current'))
    .map(
      ({ version, runs }) =>
        `No worker of ${plain(version)} asks for work: ${runs > 0 ? `its ${runs} open runs wait` : 'new runs wait'}. Start its workers.`,
    );
  return [...nothing, ...left];
}
