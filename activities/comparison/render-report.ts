import type { Consistency } from '../../drs/consistency.js';
import type { StoredFile } from '../stores.js';
import type { Counts, KindVerdict, TableVerdict } from './read.js';
import type { KeptTask, NightInBrief, Summary } from './report.js';

const WORDS: Readonly<Record<Consistency, string>> = {
  consistent: 'consistent',
  inconsistent: 'inconsistent',
  notComparable: 'not comparable',
  notFinished: 'not finished',
};

/** One page that needs nothing else, no script and no network. Everything in it that came from outside is escaped. */
export function renderReport(summary: Summary, trend: readonly NightInBrief[]): string {
  const { name, verdict, began, ended, tasks, tables, differing, compared, night } = summary;
  const folder = `/${night}/`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${text(name)}: ${WORDS[verdict]}</title>
<style>${STYLE}</style>
<h1>${text(name)}: <span class="${verdict}">${WORDS[verdict]}</span></h1>
<p>${time(began)} to ${time(ended)} (${took(began, ended)}).
Tasks: ${told(tasks)}. Tables and other objects: ${told(tables)}. Rows that differ: ${differing}.</p>
<h2>Nights</h2>
${chart(trend)}
<table><thead><tr><th>night<th>verdict<th>took<th>tasks<th>coverage<th>tables that are not consistent<th>differing rows</thead>
<tbody>${[...trend].reverse().map(trendRow).join('\n')}</tbody></table>
<h2>Tasks</h2>
<table><thead><tr><th>task<th>verdict<th>took<th>what was found<th>files</thead>
<tbody>${compared.map((task) => taskRow(task, folder)).join('\n')}</tbody></table>
${compared.flatMap((task) => task.kinds.filter(({ tables }) => tables.length > 0).map((kind) => findings(task, kind))).join('\n')}
</html>
`;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}
code{font-size:.9em;overflow-wrap:anywhere}svg{width:100%;height:6rem}
.consistent{color:#17703b}.inconsistent{color:#b3261e}.notFinished{color:#8a5a00}.notComparable{color:#5b5b5b}
rect.consistent{fill:#2e9d5b}rect.inconsistent{fill:#d0352b}rect.notFinished{fill:#e0a030}rect.notComparable{fill:#9a9a9a}`;

const ORDER = ['inconsistent', 'notFinished', 'notComparable', 'consistent'] as const;

/** A column a night, its tables by what was said of them. */
function chart(trend: readonly NightInBrief[]): string {
  const columns = trend.map(({ tables, began }, index) => {
    const all = sum(tables) || 1;
    let y = 0;
    const parts = ORDER.map((verdict) => {
      const height = (100 * tables[verdict]) / all;
      const part = `<rect class="${verdict}" x="${index}" y="${y}" width=".85" height="${height}"/>`;
      y += height;
      return part;
    });
    return `<g><title>${time(began)}: ${told(tables)}</title>${parts.join('')}</g>`;
  });
  return `<svg viewBox="0 0 ${Math.max(trend.length, 14)} 100" preserveAspectRatio="none" role="img" aria-label="verdicts of tables by night">${columns.join('')}</svg>`;
}

function trendRow({ began, ended, verdict, tasks, tables, differing }: NightInBrief): string {
  const all = sum(tables);
  const judged = tables.consistent + tables.inconsistent;
  const coverage = all === 0 ? '' : `${Math.floor((100 * judged) / all)}%`;
  return `<tr><td>${time(began)}<td class="${verdict}">${WORDS[verdict]}<td>${took(began, ended)}<td>${told(tasks)}<td>${coverage}<td>${all - tables.consistent}<td>${differing}`;
}

function taskRow({ name, jobId, status, verdict, reason, seconds, kinds }: KeptTask, folder: string): string {
  const found = [
    ...(reason ? [text(reason)] : []),
    ...kinds.map((one) => `${one.kind}: ${one.reason ? text(one.reason) : told(one.counts)}`),
    ...kinds.flatMap(({ kind, noFile }) => (noFile ? [`${kind}: no file, ${text(noFile)}`] : [])),
  ];
  const files = kinds.flatMap(({ files = [] }) => files.map((file) => link(file, folder)));
  return `<tr><td>${text(name)}<br><code>${text(jobId)}</code>${status ? `<br>${text(status)}` : ''}<td class="${verdict}">${WORDS[verdict]}<td>${seconds} s<td>${found.join('<br>')}<td>${files.join('<br>')}`;
}

/** The page lies in the folder of its night. */
function link({ name, size, sha256 }: StoredFile, folder: string): string {
  const path = name.slice(name.indexOf(folder) + folder.length);
  const address = path.split('/').map(encodeURIComponent).join('/');
  return `<a href="${address}" title="SHA-256 ${text(sha256)}">${text(path.split('/').at(-1) ?? path)}</a> ${size} B`;
}

function findings({ name }: KeptTask, { kind, tables, more }: KindVerdict): string {
  const rest = more ? `<p>and ${more} more, in the file</p>` : '';
  return `<h3>${text(name)}: ${kind}</h3>
<table><thead><tr><th>table<th>verdict<th>rows in source and target<th>differing<th>rows</thead>
<tbody>${tables.map(finding).join('\n')}</tbody></table>${rest}`;
}

function finding({
  database,
  table,
  object,
  verdict,
  reason,
  sourceRows,
  targetRows,
  differing,
  rows = [],
}: TableVerdict) {
  const named = [database, table].filter(Boolean).join('.');
  const counts = sourceRows === undefined ? '' : `${sourceRows} · ${targetRows ?? '?'}`;
  const shown = rows.map(({ key, sql }) => `<code>${text(key)}</code> <code>${text(sql)}</code>`).join('<br>');
  return `<tr><td>${text(named)}${object ? ` (${text(object)})` : ''}<td class="${verdict}">${WORDS[verdict]}: ${text(reason ?? '')}<td>${counts}<td>${differing ?? ''}<td>${shown}`;
}

const sum = (counts: Counts): number => ORDER.reduce((all, verdict) => all + counts[verdict], 0);

const told = (counts: Counts): string =>
  ORDER.filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${WORDS[verdict]}`)
    .join(', ') || 'none';

const time = (iso: string): string => text(iso.slice(0, 16).replace('T', ' ') + ' UTC');

function took(from: string, to: string): string {
  const minutes = Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Text from outside stays text; what could turn the direction of what follows is shown as a box. */
const text = (value: string): string =>
  value.replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c).replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
