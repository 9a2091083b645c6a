import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';

/*
 * Self-contained pages out of values from outside: `html` escapes whatever it is given, `text` takes out what deceives the eye. A page
 * runs no script and fetches nothing, which its own policy demands of the browser, too: so no style attributes either.
 */

export { html };
export type Html = ReturnType<typeof raw>;
/** What may stand in a cell: text from outside, or markup made here. */
export type Cell = string | number | boolean | null | undefined | Html;

/** Good, to be looked at, bad, neither. */
export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** Text without control characters and without those that turn the reading direction round. */
export const text = (value: unknown): string =>
  String(value ?? '').replace(/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, (character) =>
    /[\n\t]/.test(character) ? character : '�',
  );

const cell = (value: Cell): Html =>
  (typeof value === 'object' && value !== null ? value : html`${text(value)}`) as Html;
const joined = (parts: readonly Html[]): Html => raw(parts.join(''));

export const badge = (tone: Tone, label: string): Html =>
  html`<span class="badge ${tone}">${text(label)}</span>` as Html;

/** Columns whose cells are numbers or times begin with `#`, and stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  if (rows.length === 0) return html`<p class="none">none</p>` as Html;
  const side = (column: number): Html => raw(head[column]?.startsWith('#') ? ' class="number"' : '');
  const heads = head.map((name, column) => html`<th scope="col"${side(column)}>${text(name.replace(/^#/, ''))}</th>`);
  const body = rows.map(
    (row) => html`<tr>${joined(row.map((one, column) => html`<td${side(column)}>${cell(one)}</td>` as Html))}</tr>`,
  );
  return html`<div class="wide"><table><thead><tr>${joined(heads as Html[])}</tr></thead><tbody>${joined(body as Html[])}</tbody></table></div>` as Html;
}

/** Names and values, one under the other. */
export const facts = (pairs: readonly (readonly [name: string, value: Cell])[]): Html =>
  html`<dl>${joined(pairs.map(([name, value]) => html`<dt>${text(name)}</dt><dd>${cell(value)}</dd>` as Html))}</dl>` as Html;

export const section = (title: string, ...content: readonly Html[]): Html =>
  html`<section><h2>${text(title)}</h2>${joined(content)}</section>` as Html;

/** Part of a whole, from `from` to `to` out of 1: a place on a time line, or a share. */
export function bar(from: number, to: number, tone: Tone = 'plain'): Html {
  const percent = (share: number): string => (Math.min(1, Math.max(0, share)) * 100).toFixed(2);
  const width = Math.max(0.4, Number(percent(to)) - Number(percent(from)));
  return html`<svg class="bar ${tone}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="8" class="rest"/><rect x="${percent(from)}" width="${width.toFixed(2)}" height="8"/></svg>` as Html;
}

/** Columns side by side, each of stacked shares out of 1; there is room for as many as there are, and for a fortnight at least. */
export function columns(
  label: string,
  all: readonly {
    readonly title: string;
    readonly shares: readonly { readonly tone: Tone; readonly share: number }[];
  }[],
): Html {
  const drawn = all.map(({ title, shares }, x) => {
    let y = 0;
    const parts = shares.map(({ tone, share }) => {
      const from = y;
      y += share * 100;
      return html`<rect class="${tone}" x="${x}" y="${from.toFixed(2)}" width=".85" height="${(share * 100).toFixed(2)}"/>` as Html;
    });
    return html`<g><title>${text(title)}</title>${joined(parts)}</g>` as Html;
  });
  return html`<svg class="columns" viewBox="0 0 ${Math.max(all.length, 14)} 100" preserveAspectRatio="none" role="img" aria-label="${text(label)}">${joined(drawn)}</svg>` as Html;
}

/** A link to http or https, or to a file beside the page; what is neither stays text. `title` shows under the pointer. */
export function link(to: string, label: string, title = ''): Html {
  const web = URL.canParse(to) && ['http:', 'https:'].includes(new URL(to).protocol);
  const file = /^(?!\/)(?:[A-Za-z0-9_=.][A-Za-z0-9._=@+-]*\/?)+$/.test(to);
  return (
    web || file
      ? html`<a href="${to}" title="${text(title)}" rel="noreferrer">${text(label)}</a>`
      : html`${text(label)}`
  ) as Html;
}

export interface Page {
  readonly title: string;
  /** What a person must know first. */
  readonly lead: Html;
  readonly sections: readonly Html[];
  /** When it was written, ISO 8601. */
  readonly at: string;
}

const STYLE = `
:root { color-scheme: light dark; --line: #d5dae1; --quiet: #5c6672; --good: #1a7f4b; --warn: #9a6200; --bad: #c0262d; --plain: #4a6fa5; --rest: #e9edf2; }
@media (prefers-color-scheme: dark) { :root { --line: #39414b; --quiet: #9aa5b1; --good: #4cc38a; --warn: #e0a63c; --bad: #ff6b70; --plain: #7fa6dd; --rest: #2a3038; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: pre-wrap; }
th { font-weight: 600; color: var(--quiet); white-space: nowrap; } dd { min-width: 0; overflow-wrap: anywhere; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } .wide { overflow-x: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; margin: .5rem 0; } dt { color: var(--quiet); } dd { margin: 0; white-space: pre-wrap; }
.badge { display: inline-block; white-space: nowrap; padding: 0 .5rem; border: 1px solid currentColor; border-radius: .6rem; font-size: .85em; font-weight: 600; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .badge.plain { color: var(--plain); } .bar.plain { color: var(--plain); }
.bar { width: 14rem; height: .6rem; fill: currentColor; } .bar .rest { fill: var(--rest); }
.columns { width: 100%; height: 6rem; fill: currentColor; } .columns .plain { color: var(--plain); }
footer, .none { color: var(--quiet); } footer { margin-top: 3rem; font-size: .85em; } code, pre { font-size: .85em; } pre { white-space: pre-wrap; } details { margin: .4rem 0; }
@media print { body { margin: 0; max-width: none; } section { break-inside: avoid; } }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The whole page as one text. */
export function page({ title, lead, sections, at }: Page): string {
  const policy = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>${text(title)}</h1>
${lead}
${joined(sections)}
<footer>Written by drs-pilot at ${text(at)}. All times are UTC.</footer>
</body>
</html>
`);
}

/** `2026-01-31 02:11:09` of an ISO time; what is none stays as it is. */
export const time = (iso: string | undefined): string =>
  iso !== undefined && /^\d{4}-\d\d-\d\dT/.test(iso) ? iso.slice(0, 19).replace('T', ' ') : (iso ?? '');

/** `0.3 s`, `41 s`, `12 min 3 s`, `3 h 4 min`. */
export function took(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const s = Math.round(ms / 1_000);
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
}
