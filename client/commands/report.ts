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
    }[];
  }[];
  readonly more?: number;
  readonly report?: { readonly page: { readonly store: string; readonly name: string } } | { readonly trouble: string };
}

const MOST_LOOKED_AT = 500;

export const report: MakeCommand = ({ temporal, output }) =>
  new Command('report')
    .description('show what a comparison found: the latest, or that of a date')
    .argument('<when>', 'latest, or a date (UTC): 2026-01-31')
    .option('--name <name>', 'only comparisons of this name')
    .option('--json', 'one object: the result of the run, and its id')
    .addHelpText('after', '\nExamples:\n  drs-pilot report latest --name nightly\n  drs-pilot report 2026-01-31 --json')
    .action(async (when: string, { name }: { name?: string }) => {
      const found = await find(await temporal(), when, name);
      if (!found)
        throw failed(
          `No comparison${name ? ` "${name}"` : ''} has ended ${when === 'latest' ? 'yet' : `that began on ${when}`}.`,
        );
      output.result(found, render(found));
    });

async function find({ client }: Temporal, when: string, name: string | undefined) {
  const query = `WorkflowType = "comparison" AND ExecutionStatus = "Completed"${during(when)}`;
  let looked = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const night = (await client.workflow.getHandle(workflowId, runId).result()) as Night;
    if (name === undefined || night.name === name) return { workflowId, ...night };
    if (++looked >= MOST_LOOKED_AT) return undefined;
  }
  return undefined;
}

function during(when: string): string {
  if (when === 'latest') return '';
  const day = /^\d{4}-\d\d-\d\d$/.test(when) ? Date.parse(`${when}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(day)) throw badInput(`"${when}" is neither latest nor a date like 2026-01-31`);
  const next = new Date(day + 86_400_000).toISOString();
  return ` AND StartTime >= "${new Date(day).toISOString()}" AND StartTime < "${next}"`;
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
  report,
}: Night & { workflowId: string }): string {
  const told = (count: Readonly<Record<string, number>> = {}) =>
    Object.entries(count)
      .filter(([, number]) => number > 0)
      .map(([what, number]) => `${number} ${what}`)
      .join(', ');
  const lines = [
    `${name}: ${verdict}, ${began} to ${ended} (${workflowId})`,
    ...Object.entries(counts).map(([what, count]) => `  ${what}: ${told(count)}`),
    ...(differing > 0 ? [`  rows that differ: ${differing}`] : []),
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
