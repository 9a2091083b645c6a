import { Command } from 'commander';
import type { Consistency } from '../../drs/consistency.js';
import { badInput, failed, type MakeCommand } from '../command.js';
import type { Temporal } from '../connect.js';
import { harmless } from '../output.js';

/** The result of a comparison, as far as it is shown here. */
interface Night {
  readonly name: string;
  readonly verdict: Consistency;
  readonly began: string;
  readonly ended: string;
  readonly counts: Readonly<Record<string, Readonly<Record<Consistency, number>>>>;
  readonly differing: number;
  readonly tasks: readonly {
    readonly name: string;
    readonly verdict: Consistency;
    readonly reason?: string;
    readonly kinds: readonly {
      readonly kind: string;
      readonly tables: readonly {
        readonly database: string;
        readonly table: string;
        readonly verdict: string;
        readonly reason?: string;
      }[];
      readonly more?: number;
      readonly postponed?: { readonly tables: number; readonly next: readonly Turn[] };
    }[];
  }[];
  readonly more?: number;
  /** Where values have their turns. */
  readonly values?: {
    readonly tables?: number;
    readonly chosen?: number;
    readonly postponed?: number;
    readonly overdue?: number;
    readonly verified?: number;
    readonly rotation?: number;
    readonly warnings?: readonly string[];
    readonly trouble?: string;
  };
  readonly report?: { readonly page: { readonly store: string; readonly name: string } } | { readonly trouble: string };
}

/** A table whose values are compared another night. */
interface Turn {
  readonly database: string;
  readonly table: string;
  readonly verdict?: Consistency;
  readonly at?: string;
  readonly inNights?: number;
}

const MOST_LOOKED_AT = 500;

interface Options {
  readonly name?: string;
  readonly store?: string;
  readonly config?: string;
}

export const report: MakeCommand = ({ temporal, output }) =>
  new Command('report')
    .description('show what a comparison found: the latest, or that of a date; also where Temporal has forgotten it')
    .argument('<when>', 'latest, or a date (UTC): 2026-01-31')
    .option('--name <name>', 'only comparisons of this name; mandatory for what lies in a store')
    .option('--store <name>', "look into this store of the worker's configuration, and not into Temporal")
    .option('--config <file>', 'drs-pilot.yaml with the stores (else DRS_PILOT_CONFIG, else the one in this directory)')
    .option('--json', 'one object: the result of the run, and its id; of a store its summary, and its page')
    .addHelpText(
      'after',
      '\nExamples:\n  drs-pilot report latest --name nightly\n  drs-pilot report 2026-01-31 --json\n  drs-pilot report 2024-01-31 --name nightly --store obs',
    )
    .action(async (when: string, options: Options) => {
      const day = dayOf(when);
      const found = options.store === undefined ? await find(await temporal(), day, options.name) : undefined;
      if (found) return output.result(found, render(found));
      const kept = await findKept(day, options);
      if (kept) return output.result(kept, render(kept));
      const { name, store } = options;
      const where = store === undefined ? '' : ` in the store "${store}"`;
      throw failed(
        `No comparison${name ? ` "${name}"` : ''} has ended ${day === undefined ? 'yet' : `that began on ${day}`}${where}.${
          name === undefined
            ? ' Temporal forgets runs after a while: with --name it is looked for in the stores, too.'
            : ''
        }`,
      );
    });

type Found = Night & { readonly workflowId: string };

async function find(
  { client }: Temporal,
  day: string | undefined,
  name: string | undefined,
): Promise<Found | undefined> {
  const query = `WorkflowType = "comparison" AND ExecutionStatus = "Completed"${during(day)}`;
  let looked = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const night = (await client.workflow.getHandle(workflowId, runId).result()) as Night;
    if (name === undefined || night.name === name) return { workflowId, ...night };
    if (++looked >= MOST_LOOKED_AT) return undefined;
  }
  return undefined;
}

/** What a store keeps, in the form of a run's result. Without a configuration here there is nothing to look into, unless one was named. */
async function findKept(day: string | undefined, { name, store, config }: Options) {
  if (name === undefined) {
    if (store !== undefined)
      throw badInput('--name is missing: a store keeps nights by the names of their comparisons');
    return undefined;
  }
  // biome-ignore lint/style/noRestrictedImports: the stores are those of the worker's configuration
  const { readNight } = await import('../../worker/nights.js');
  const asked = { name, ...(day && { day }), ...(store && { store }), ...(config && { config }) };
  const kept = await readNight(asked).catch((error: unknown) => {
    if (store !== undefined || config !== undefined)
      throw failed(`The stores cannot be read: ${error instanceof Error ? error.message : error}`);
    return undefined;
  });
  if (!kept) return undefined;
  const { compared, tasks, tables, ...summary } = kept.summary;
  const { store: where, page } = kept;
  return { ...summary, counts: { tasks, tables }, tasks: compared, report: { page: { store: where, name: page } } };
}

/** Undefined: the latest of all. */
function dayOf(when: string): string | undefined {
  if (when === 'latest') return undefined;
  if (!/^\d{4}-\d\d-\d\d$/.test(when) || Number.isNaN(Date.parse(`${when}T00:00:00Z`)))
    throw badInput(`"${when}" is neither latest nor a date like 2026-01-31`);
  return when;
}

function during(day: string | undefined): string {
  if (day === undefined) return '';
  const begin = Date.parse(`${day}T00:00:00Z`);
  const next = new Date(begin + 86_400_000).toISOString();
  return ` AND StartTime >= "${new Date(begin).toISOString()}" AND StartTime < "${next}"`;
}

function render({
  workflowId,
  name,
  verdict,
  began,
  ended,
  counts,
  differing,
  tasks,
  more,
  values,
  report,
}: Night & { readonly workflowId?: string }): string {
  const told = (count: Readonly<Record<string, number>> = {}) =>
    Object.entries(count)
      .filter(([, number]) => number > 0)
      .map(([what, number]) => `${number} ${what}`)
      .join(', ');
  const lines = [
    `${name}: ${verdict}, ${began} to ${ended}${workflowId ? ` (${workflowId})` : ''}`,
    ...Object.entries(counts).map(([what, count]) => `  ${what}: ${told(count)}`),
    ...(differing > 0 ? [`  rows that differ: ${differing}`] : []),
    ...(values ? valuesLines(values) : []),
    ...tasks.flatMap(turnLines),
    ...tasks.filter((task) => task.verdict !== 'consistent').flatMap(taskLines),
    ...(more ? [`  and ${more} tasks more`] : []),
    ...(report && 'page' in report ? [`  report: ${report.page.name} in the store "${report.page.store}"`] : []),
    ...(report && 'trouble' in report ? [`  no report: ${report.trouble}`] : []),
  ];
  return lines.map((line) => harmless(line)).join('\n');
}

const taskLines = ({ name, verdict, reason, kinds }: Night['tasks'][number]): string[] => [
  `  ${name}: ${verdict}${reason ? `, ${reason}` : ''}`,
  ...kinds.flatMap(({ kind, tables, more }) => [
    ...tables.map(
      ({ database, table, verdict: said, reason: why }) =>
        `    ${kind} ${[database, table].filter(Boolean).join('.')}: ${said}${why ? `, ${why}` : ''}`,
    ),
    ...(more ? [`    ${kind}: and ${more} more`] : []),
  ]),
];

function valuesLines(values: NonNullable<Night['values']>): string[] {
  const { tables, chosen, postponed, overdue = 0, verified, rotation, warnings = [], trouble } = values;
  const late = overdue > 0 ? `, ${overdue} longer ago than promised` : '';
  return [
    ...(tables === undefined
      ? []
      : [
          `  values: ${chosen} of ${tables} tables tonight, ${postponed} another night, all within ${rotation}; ${verified} verified as lately as promised${late}`,
        ]),
    ...[...warnings, ...(trouble ? [trouble] : [])].map((warning) => `  ${warning}`),
  ];
}

const turnLines = ({ name, kinds }: Night['tasks'][number]): string[] =>
  kinds.flatMap(({ postponed }) => {
    if (!postponed) return [];
    const { tables, next } = postponed;
    const shown = next.map(({ database, table, verdict, at, inNights }) => {
      const last = verdict && at ? `, ${verdict} on ${at.slice(0, 10)}` : '';
      return `    ${database}.${table}: ${inNights === undefined ? 'not in sight' : inNights === 1 ? 'the next night' : `in ${inNights} nights`}${last}`;
    });
    const rest = tables > next.length ? [`    and ${tables - next.length} more`] : [];
    return [`  ${name}: values another night`, ...shown, ...rest];
  });
