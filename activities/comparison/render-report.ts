import type { Consistency } from '../../drs/consistency.js';
import {
  badge,
  type Cell,
  columns,
  facts,
  type Html,
  html,
  link,
  page,
  section,
  type Tone,
  table,
  text,
  time,
  took,
} from '../page.js';
import type { StoredFile } from '../stores.js';
import type { Counts, KindVerdict, TableVerdict } from './read.js';
import type { KeptTask, NightInBrief, Summary, ReportedValues as Values } from './report.js';

/** The worst first. */
const WORDS: Readonly<Record<Consistency, string>> = {
  inconsistent: 'inconsistent',
  notFinished: 'not finished',
  notComparable: 'not comparable',
  consistent: 'consistent',
};
const ORDER = Object.keys(WORDS) as readonly Consistency[];
const TONES: Readonly<Record<Consistency, Tone>> = {
  inconsistent: 'bad',
  notFinished: 'warn',
  notComparable: 'plain',
  consistent: 'good',
};

/** The report of a night as one page that needs nothing beside itself but for its files, which lie in the same folder. */
export function renderReport(summary: Summary, trend: readonly NightInBrief[]): string {
  const { name, verdict, began, ended, tasks, tables, differing, compared, night, values } = summary;
  return page({
    title: `${name}: ${WORDS[verdict]}`,
    at: ended,
    lead: facts([
      ['verdict', said(verdict)],
      ['night', `${time(began)} to ${time(ended)}, ${span(began, ended)}`],
      ['tasks', told(tasks)],
      ['tables and other objects', told(tables)],
      ['rows that differ', differing],
      ...(values ? ([['values', toldOf(values)]] as const) : []),
    ]),
    sections: [
      section(
        'Nights',
        columns('verdicts of tables by night', trend.map(column)),
        table(
          ['night', 'verdict', '#took', 'tasks', '#coverage', '#tables that are not consistent', '#differing rows'],
          [...trend].reverse().map(trendRow),
        ),
      ),
      section(
        'Tasks',
        table(
          ['task', 'verdict', '#took', 'what was found', 'files'],
          compared.map((task) => taskRow(task, `/${night}/`)),
        ),
      ),
      ...compared.flatMap((task) =>
        task.kinds.flatMap((kind) => (kind.postponed ? [turns(task, kind.postponed)] : [])),
      ),
      ...compared.flatMap((task) =>
        task.kinds.filter((kind) => kind.tables.length > 0).map((kind) => findings(task, kind)),
      ),
    ],
  });
}

/** A night's tables by what was said of them. */
const column = ({ began, tables }: NightInBrief) => ({
  title: `${time(began)}: ${told(tables)}`,
  shares: ORDER.map((verdict) => ({ tone: TONES[verdict], share: tables[verdict] / (sum(tables) || 1) })),
});

function trendRow({ began, ended, verdict, tasks, tables, differing, values }: NightInBrief): Cell[] {
  const all = sum(tables);
  const judged = tables.consistent + tables.inconsistent;
  const tonight = all === 0 ? '' : `${Math.floor((100 * judged) / all)}%`;
  const { tables: turns = 0, verified = 0 } = values ?? {};
  const coverage = turns === 0 ? tonight : `${tonight}, values ${Math.floor((100 * verified) / turns)}%`;
  return [time(began), said(verdict), span(began, ended), told(tasks), coverage, all - tables.consistent, differing];
}

function taskRow({ name, jobId, status, verdict, reason, seconds, kinds }: KeptTask, folder: string): Cell[] {
  const found = [
    ...(reason ? [reason] : []),
    ...kinds.map((one) => `${one.kind}: ${one.waits ? 'none tonight' : (one.reason ?? told(one.counts))}`),
    ...kinds.flatMap(({ kind, postponed }) => (postponed ? [`${kind}: ${postponed.tables} tables another night`] : [])),
    ...kinds.flatMap(({ kind, noFile }) => (noFile ? [`${kind}: no file, ${noFile}`] : [])),
  ];
  const files = kinds.flatMap(({ files = [] }) => files.map((file) => fileLink(file, folder)));
  return [
    html`${text(name)}\n<code>${text(jobId)}</code>${status ? `\n${text(status)}` : ''}` as Html,
    said(verdict),
    took(seconds * 1_000),
    found.join('\n'),
    lined(files),
  ];
}

/** The page lies in the folder of its night. */
function fileLink({ name, size, sha256 }: StoredFile, folder: string): Html {
  const path = name.slice(name.indexOf(folder) + folder.length);
  return html`${link(path, path.split('/').at(-1) ?? path, `SHA-256 ${sha256}`)} ${size} B` as Html;
}

/** Tables whose values are compared another night. */
const turns = ({ name }: KeptTask, { tables, next }: NonNullable<KindVerdict['postponed']>): Html =>
  section(
    `${name}: values another night`,
    table(
      ['table', 'last verdict on its values', 'of', 'its turn comes'],
      next.map(({ database, table: named, verdict, at, inNights, overdue }) => [
        `${database}.${named}`,
        verdict ? said(verdict) : 'none',
        at ? `${time(at)}${overdue ? ', longer ago than promised' : ''}` : '',
        inNights === undefined ? 'not in sight' : inNights === 1 ? 'the next night' : `in ${inNights} nights`,
      ]),
    ),
    html`${tables > next.length ? `and ${tables - next.length} more, in values.json` : ''}` as Html,
  );

/** `5 tables: 3 tonight, 2 another night, all within 3 nights; 60% verified as promised`. */
function toldOf({
  tables = 0,
  chosen,
  postponed,
  overdue = 0,
  verified = 0,
  rotation,
  warnings = [],
  trouble,
}: Values): string {
  if (tables === 0) return trouble ?? 'no table is known';
  return [
    `${tables} tables: ${chosen} tonight, ${postponed} another night, all within ${rotation}`,
    `${verified} verified as lately as promised`,
    ...(overdue > 0 ? [`${overdue} longer ago than promised`] : []),
    ...warnings,
    ...(trouble ? [trouble] : []),
  ].join('\n');
}

const findings = ({ name }: KeptTask, { kind, tables, more }: KindVerdict): Html =>
  section(
    `${name}: ${kind}`,
    table(['table', 'verdict', 'why', '#rows in source · target', '#differing', 'rows'], tables.map(finding)),
    html`${more ? `and ${more} more, in the file` : ''}` as Html,
  );

function finding(one: TableVerdict): Cell[] {
  const { database, table: named, object, verdict, reason, sourceRows, targetRows, differing, rows = [] } = one;
  return [
    `${[database, named].filter(Boolean).join('.')}${object ? ` (${object})` : ''}`,
    said(verdict),
    reason,
    sourceRows === undefined ? '' : `${sourceRows} · ${targetRows ?? '?'}`,
    differing,
    lined(rows.map(({ key, sql }) => html`<code>${text(key)}</code> <code>${text(sql)}</code>` as Html)),
  ];
}

const said = (verdict: Consistency): Html => badge(TONES[verdict], WORDS[verdict]);

/** One under the other. */
const lined = (parts: readonly Html[]): Html =>
  parts.reduce((all, part, index) => html`${all}${index > 0 ? '\n' : ''}${part}` as Html, html`` as Html);

const sum = (counts: Counts): number => ORDER.reduce((all, verdict) => all + counts[verdict], 0);

const told = (counts: Counts): string =>
  ORDER.filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${WORDS[verdict]}`)
    .join(', ') || 'none';

const span = (from: string, to: string): string => took(Date.parse(to) - Date.parse(from));
