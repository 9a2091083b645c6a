import type { GateView, Item, Status, StepRow } from './messages.js';

/** The Temporal UI clips its panel early, and a query answer has limits. */
const MOST = 20_000;
/** More names of alarms than that are acknowledged in several messages. */
const MOST_TO_PASTE = 3_000;
const MARKS: Readonly<Record<string, string>> = {
  done: '✓',
  running: '▶',
  waits: '?',
  failed: '✗',
  skipped: '–',
  pending: '·',
};
const CLASSES: Readonly<Record<string, string>> = { ok: '✓', warning: '⚠', blocking: '✗' };
/** A paragraph that Markdown keeps: the panel cuts off its last lines. */
const BLANK = '\u00a0';

/** The run as Markdown for the Temporal UI: what a person must decide first, with the payload to paste, then the table. */
export function renderDetails(status: Status): string {
  const head = `**${plain(status.name)}** (${status.kind}), ${plain(status.phase)} since ${at(status.since)}${status.jobId ? `, DRS task \`${code(status.jobId)}\`` : ''}`;
  const parts = [
    head,
    ...(status.gate ? [gate(status.gate, status.place?.workflowId ?? '')] : []),
    steps(status.steps),
    ...refused(status),
    ...decisions(status),
  ];
  return [cut(parts.join('\n\n')), BLANK, BLANK, BLANK].join('\n\n');
}

function gate(view: GateView, workflowId: string): string {
  const { id, question, decisions, approvals, group, expires, window, escalation, evidence, blocked } = view;
  const payload = {
    gate: id,
    by: 'your-name',
    reason: 'why',
    ...(decisions.includes('approve') ? {} : { decision: decisions[0] }),
    ...(decisions[0] === 'acknowledge' && { items: alarms(evidence.items) }),
    snapshot: evidence.snapshot,
    ...(blocked?.force === 'allowed' && { force: true }),
    ...(view.signed && { time: '…', signature: '…' }),
  };
  const message = decisions.includes('approve') ? '`approve` (or `reject`)' : '`decide`';
  const facts = [
    `decisions: ${decisions.join(', ')}`,
    decisions.includes('approve') ? `approvals: ${approvals}` : '',
    group ? `group: ${plain(group)}` : '',
    escalation ? `and ${plain(escalation.group)} from ${at(escalation.from)} on` : '',
    window ? `only in ${plain(window)}` : '',
    expires ? `until ${at(expires)}` : '',
    `evidence no. ${evidence.snapshot}`,
  ];
  return [
    `## ${id}: ${plain(question)}`,
    facts.filter(Boolean).join(' · '),
    ...approvers(view),
    ...blocks(view),
    ...signing(view, workflowId),
    `Send the signal or the update ${message}:`,
    `\`\`\`json\n${JSON.stringify(payload)}\n\`\`\``,
    items(evidence.items),
  ].join('\n\n');
}

function approvers({ approvers: given = [] }: GateView): string[] {
  const shown = given.map(({ by, expires, force }) => {
    const facts = [force ? 'with force' : '', expires ? `until ${at(expires)}` : ''].filter(Boolean);
    return `${plain(by)}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
  });
  return shown.length > 0 ? [`Approved by ${shown.join(', ')}`] : [];
}

function signing({ decisions, signed, fourEyes }: GateView, workflowId: string): string[] {
  const eyes =
    fourEyes === undefined
      ? []
      : fourEyes === null
        ? [
            'Four eyes: **nobody signed the request of this run, so nobody can approve**. Reject it, and start it anew with `--key`.',
          ]
        : [`Four eyes: ${plain(fourEyes)} requested this run, so others must approve.`];
  if (!signed) return eyes;
  const words = decisions.includes('approve') ? 'approve' : 'decide';
  const decision = words === 'decide' ? ` --decision ${decisions[0]}` : '';
  const command = `drs-pilot ${words} ${code(workflowId)}${decision} --by your-name --reason "why" --key FILE`;
  return [
    ...eyes,
    `**What is decided here must be signed.** This does it, and with \`--print\` gives what to paste:`,
    `\`\`\`\n${command}\n\`\`\``,
  ];
}

function blocks({ blocked }: GateView): string[] {
  if (!blocked) return [];
  const { by, force } = blocked;
  const how =
    force === 'allowed' ? 'an approval overrides that only with `"force": true` and the reason' : plain(force);
  return [`**Blocked by ${by.map(plain).join(', ')}**: ${how}`];
}

/** A code block keeps what stands in it as it is, but for its own end. */
function alarms(list: readonly Item[]): string[] {
  const names = list.filter(({ class: c, item }) => c === 'warning' && !item.includes('```')).map(({ item }) => item);
  const longest = names.findIndex((_, index) => names.slice(0, index + 1).join('","').length > MOST_TO_PASTE);
  return longest < 0 ? names : names.slice(0, longest);
}

function items(list: readonly Item[]): string {
  const shown = list
    .slice(0, 60)
    .map(({ item, class: c, value }) => `| ${CLASSES[c]} | ${plain(item)} | ${plain(value)} |`);
  const more = list.length > 60 ? [`|  | … | ${list.length - 60} more: query \`status\` |`] : [];
  return ['|  | evidence | value |', '|---|---|---|', ...shown, ...more].join('\n');
}

function steps(rows: readonly StepRow[]): string {
  const lines = rows.map(
    ({ step, state, since, took, note }) =>
      `| ${MARKS[state]} | ${plain(step)} | ${state} | ${took ?? (state === 'running' || state === 'waits' ? `since ${at(since)}` : '')} | ${plain(note ?? '')} |`,
  );
  return ['**Steps**\n', '|  | step | state | time | result |', '|---|---|---|---|---|', ...lines].join('\n');
}

function refused({ refusedSignals: { count, last } }: Status): string[] {
  if (count === 0) return [];
  const shown = last.slice(-5).map(({ signal, why }) => `- ${plain(signal)}: ${plain(why)}`);
  return [`**Refused signals: ${count}** (they changed nothing)\n\n${shown.join('\n')}`];
}

function decisions({ decisions }: Status): string[] {
  const shown = decisions
    .slice(-10)
    .map(
      (d) =>
        `- ${at(d.at)} ${plain(d.gate)} **${d.decision}** by ${plain(d.by)}${d.claimed ? ' (claimed)' : ''}: ${plain(d.reason)}`,
    );
  return shown.length > 0 ? [`**Decisions**\n\n${shown.join('\n')}`] : [];
}

/** What came from outside stays text: no markup, no links, no line breaks. */
export const plain = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .slice(0, 400)
    .replace(/[\\`*_{}[\]()#+!|<>~&]/g, (c) => `\\${c}`)
    .replace(/\\</g, '&lt;')
    .replace(/\\>/g, '&gt;')
    .replace(/\\&/g, '&amp;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/\bwww\./gi, 'www&#46;');

/** `2026-01-31 02:11:09 UTC` */
const at = (time = ''): string => `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;

const code = (text: string): string => text.replace(/[^\w.:-]/g, '');

function cut(text: string): string {
  const lines: string[] = [];
  let size = 0;
  for (const line of text.split('\n')) {
    size += new TextEncoder().encode(line).length + 1;
    if (size > MOST) return [...lines, '', '… cut: query `status` shows everything'].join('\n');
    lines.push(line);
  }
  return text;
}
