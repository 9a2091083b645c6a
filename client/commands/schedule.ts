import { Command, Option } from 'commander';
import { badInput, type MakeCommand, several } from '../command.js';
import { table } from '../output.js';
import {
  createSchedule,
  listSchedules,
  OVERLAPS,
  type Overlap,
  type Policies,
  period,
  type Scheduled,
  scheduledSpec,
  scheduleOf,
  updateSchedule,
  type When,
} from '../schedules.js';

interface Given extends When, Policies {
  readonly taskQueue?: string;
}

export const schedule: MakeCommand = (context) => {
  const parts = [create, list, describe, pause, resume, trigger, backfill, update, remove];
  const command = new Command('schedule')
    .description('comparisons and drills night after night: Temporal Schedules')
    .addHelpText('after', EXAMPLES);
  for (const part of parts) command.addCommand(part(context));
  return command;
};

const EXAMPLES = `
Examples:
  drs-pilot schedule create nightly comparison.yaml --cron "0 1 * * *" --timezone Asia/Shanghai
  drs-pilot schedule create drill examples/switchover-drill.yaml --cron "0 2 * * SUN"
  drs-pilot schedule list
  drs-pilot schedule trigger nightly
  drs-pilot schedule backfill nightly --from 2026-01-30T00:00:00Z --to 2026-01-31T12:00:00Z`;

const times = (command: Command): Command =>
  command
    .option('--cron <expression>', 'when, "MINUTE HOUR DAY MONTH WEEKDAY"; may be repeated', several)
    .option('--timezone <name>', 'IANA name of the zone that the hours are in (UTC when left out)')
    .option('--jitter <duration>', 'begins up to so much later, by chance (0s when left out)')
    .addOption(
      new Option('--overlap <what>', 'while the one before still runs (skip when left out)').choices(
        Object.keys(OVERLAPS),
      ),
    )
    .option('--catch-up <duration>', 'how late one may still begin after Temporal was down (1h when left out)')
    .option('--pause-on-failure', 'pause after a run that failed; an inconsistency is no failure')
    .option('--no-pause-on-failure', 'go on after a run that failed (when left out)')
    .option('--task-queue <name>', "the worker's task queue");

const create: MakeCommand = ({ temporal, output }) =>
  times(new Command('create'))
    .description('make a schedule; the spec is checked, and nothing runs yet')
    .argument('<name>', 'name of the schedule')
    .argument('<spec>', 'a comparison, or a switchover with drill: true; YAML or JSON')
    .option('--paused', 'make it paused')
    .option('--json', 'one object: { schedule, cron, timezone, paused, next, last }')
    .action(async (name: string, path: string, { taskQueue = 'drs-pilot', ...given }: Given & { paused?: true }) => {
      const spec = scheduledSpec(path, output);
      if (!given.cron) throw badInput('--cron is missing: say when it runs, for instance --cron "0 1 * * *"');
      const connected = await temporal();
      await createSchedule(connected, name, spec, { ...given, taskQueue });
      const made = await scheduleOf(connected, name);
      output.result(made, render(made));
    });

const list: MakeCommand = ({ temporal, output }) =>
  new Command('list')
    .description('list schedules')
    .option('--json', 'one object per line')
    .action(async () => {
      const connected = await temporal();
      const all = await Promise.all((await listSchedules(connected)).map((name) => scheduleOf(connected, name)));
      if (output.json) for (const one of all) output.result(one, '');
      else if (all.length === 0) output.say('No schedules.');
      else output.result(all, table([HEAD, ...all.map(row)]));
    });

const HEAD = ['SCHEDULE', 'CRON', 'TIME ZONE', 'NEXT', 'LAST RUN'];
const row = ({ schedule, cron, timezone, paused, next, last }: Scheduled): string[] => [
  schedule,
  cron.join('; '),
  timezone,
  paused ? 'paused' : (next[0] ?? 'never'),
  last.at(-1)?.workflowId ?? 'none yet',
];

const describe: MakeCommand = ({ temporal, output }) =>
  named('describe', 'show a schedule: when it ran, and when it will').action(async (name: string) => {
    const one = await scheduleOf(await temporal(), name);
    output.result(one, render(one));
  });

function render({ schedule, cron, timezone, paused, note, next, last }: Scheduled): string {
  return [
    `${schedule}: ${cron.join('; ')} ${timezone}${paused ? `, paused${note ? ` (${note})` : ''}` : ''}`,
    ...next.map((time) => `  next ${time}`),
    ...last.map(({ workflowId, at }) => `  ran ${at} as ${workflowId}`),
  ].join('\n');
}

const pause = setPaused('pause', 'pause a schedule: nothing runs until it is resumed', true);
const resume = setPaused('resume', 'let a paused schedule go on', false);

function setPaused(name: 'pause' | 'resume', what: string, paused: boolean): MakeCommand {
  return ({ temporal, output, user }) =>
    named(name, what)
      .option('--reason <text>', 'why', 'no reason given')
      .option('--by <name>', 'who', user)
      .action(async (schedule: string, { reason, by }: { reason: string; by: string }) => {
        const handle = (await temporal()).client.schedule.getHandle(schedule);
        await (paused ? handle.pause(`${by}: ${reason}`) : handle.unpause(`${by}: ${reason}`));
        output.result({ schedule, paused }, `${schedule}: ${paused ? 'paused' : 'goes on'}`);
      });
}

const trigger: MakeCommand = ({ temporal, output }) =>
  named('trigger', 'run it now, once')
    .addOption(overlapOption())
    .action(async (schedule: string, { overlap }: { overlap?: Overlap }) => {
      await (await temporal()).client.schedule.getHandle(schedule).trigger(overlap && OVERLAPS[overlap]);
      output.result({ schedule, triggered: true }, `${schedule}: triggered`);
      output.say('Its run: drs-pilot list');
    });

const backfill: MakeCommand = ({ temporal, output }) =>
  named('backfill', 'run it for nights that have passed; the data are compared as they are now')
    .requiredOption('--from <time>', 'ISO 8601')
    .requiredOption('--to <time>', 'ISO 8601')
    .addOption(overlapOption())
    .action(
      async (
        schedule: string,
        { from, to, overlap = 'buffer-one' }: { from: string; to: string; overlap?: Overlap },
      ) => {
        const { start, end } = period(from, to);
        const handle = (await temporal()).client.schedule.getHandle(schedule);
        await handle.backfill({ start, end, overlap: OVERLAPS[overlap] });
        output.result({ schedule, from: start, to: end }, `${schedule}: backfills ${from} to ${to}`);
      },
    );

const update: MakeCommand = ({ temporal, output }) =>
  times(named('update', 'change a schedule: only what is given'))
    .argument('[spec]', 'another one, YAML or JSON')
    .action(async (name: string, path: string | undefined, given: Given) => {
      const spec = path === undefined ? undefined : scheduledSpec(path, output);
      const { pauseOnFailure: _, ...others } = given;
      if (!spec && Object.keys(given).length === 0) throw badInput('nothing to change: give a spec or an option');
      const connected = await temporal();
      await updateSchedule(connected, name, { ...others, ...given, ...(spec && { spec }) });
      const now = await scheduleOf(connected, name);
      output.result(now, render(now));
    });

const remove: MakeCommand = ({ temporal, output }) =>
  named('delete', 'delete a schedule; its runs and their files stay').action(async (schedule: string) => {
    await (await temporal()).client.schedule.getHandle(schedule).delete();
    output.result({ schedule, deleted: true }, `${schedule}: deleted`);
  });

const overlapOption = () =>
  new Option('--overlap <what>', 'while another one still runs').choices(Object.keys(OVERLAPS));

const named = (name: string, what: string): Command =>
  new Command(name).description(what).argument('<schedule>', 'name of the schedule').option('--json', 'one object');
