import type { Approver, GateView, StepState } from '../workflows/messages.js';
import { paint, plain } from './output.js';
import { type LiveRow, type RunView, standing } from './run-view.js';

const MARKS = {
  done: ['✓', 'green'],
  running: ['▸', 'cyan'],
  waits: ['?', 'yellow'],
  failed: ['✗', 'red'],
  skipped: ['-', 'gray'],
  pending: ['·', 'gray'],
} as const satisfies Record<StepState, readonly [string, Parameters<typeof paint>[0]]>;

const CLASSES = { ok: ['ok', 'green'], warning: ['warning', 'yellow'], blocking: ['BLOCKING', 'red'] } as const;

/** The whole run for a person: what it is, its steps, what it waits for. */
export function renderRun(view: RunView, now = Date.now()): string {
  return [header(view, now), ...view.steps.map((row) => renderStep(row, view.steps, now)), ...footer(view)].join('\n');
}

function header(
  { name, kind, workflowId, phase, since, execution, jobId, answered, stuck }: RunView,
  now: number,
): string {
  const word = execution.toLowerCase().replace('_', ' ');
  const ended = execution === 'RUNNING' || word === phase ? '' : ` (${word})`;
  const title = paint('bold', plain(name || workflowId));
  return [
    `${title}  ${kind} · ${plain(phase)}${ended} since ${clock(since)}${execution === 'RUNNING' ? ` (${ago(since, now)})` : ''}`,
    `${workflowId}${jobId ? ` · DRS task ${plain(jobId)}` : ''}`,
    ...(answered
      ? []
      : [
          stuck
            ? plain(standing(stuck))
            : 'No worker answers: what stands here is what the server knows. `drs-pilot worker` starts one.',
        ]),
    '',
  ].join('\n');
}

/** One line: mark, name, bar or time, what it says. */
function renderStep(row: LiveRow, all: readonly LiveRow[], now = Date.now()): string {
  const width = Math.max(...all.map(({ step }) => step.length));
  const [mark, colour] = MARKS[row.state] ?? MARKS.pending;
  return `  ${paint(colour, mark)} ${row.step.padEnd(width)}  ${[timeOf(row, now).padEnd(18), says(row)].join(' ').trimEnd()}`.trimEnd();
}

function timeOf({ state, progress, took, since }: LiveRow, now: number): string {
  if (state === 'running' && progress !== undefined) return bar(progress);
  if (state === 'running' || state === 'waits') return since ? `since ${ago(since, now)}` : '';
  return took ?? '';
}

export function says({ note, delaySeconds, attempt, lastFailure }: LiveRow): string {
  const parts = [
    note && plain(note),
    delaySeconds !== undefined && (delaySeconds < 0 ? 'delay not known yet' : `delay ${delaySeconds} s`),
    lastFailure && paint('yellow', `attempt ${attempt}, the last failed: ${plain(lastFailure).slice(0, 300)}`),
  ];
  return parts.filter(Boolean).join(' · ');
}

/** `██████░░░░ 60 %` */
export function bar(progress: number): string {
  const percent = Math.max(0, Math.min(100, Math.round(progress)));
  const full = Math.floor(percent / 10);
  return `${'█'.repeat(full)}${'░'.repeat(10 - full)} ${percent} %`;
}

function footer(view: RunView): string[] {
  const { gate, failure, refusedSignals, activities, answered, workflowId } = view;
  const lines: string[] = [];
  if (gate && answered) lines.push('', renderGate(gate), '', ...howToDecide(workflowId, gate));
  if (gate && !answered) lines.push(`waits for a person at ${plain(gate.id)}`);
  if (!answered) {
    for (const { activity, attempt, lastFailure } of activities) {
      lines.push(
        `  pending: ${activity}, attempt ${attempt}${lastFailure ? `, the last failed: ${plain(lastFailure)}` : ''}`,
      );
    }
  }
  if (failure) lines.push('', paint('red', plain(failure)));
  if (refusedSignals.count > 0) {
    const last = refusedSignals.last.at(-1);
    lines.push(
      '',
      `${refusedSignals.count} signals were refused and changed nothing${last ? `; the last: ${plain(last.why)}` : ''}`,
    );
  }
  return lines;
}

/** The question with its evidence, who has approved, and what else must be. */
export function renderGate(gate: GateView, now = Date.now()): string {
  const { id, question, evidence, approvals, decisions, group, window, escalation, expires } = gate;
  const facts = [
    decisions.includes('approve') && `approvals ${approvals}`,
    group && `group ${plain(group)}`,
    escalation && `and ${plain(escalation.group)} from ${clock(escalation.from)} on`,
    window && `only in ${plain(window)}`,
    expires && `until ${clock(expires)}`,
    `evidence no. ${evidence.snapshot}`,
  ];
  return [
    paint('bold', `${id}: ${plain(question)}`),
    ...evidence.items.map(({ item, class: c, value }) => {
      const [word, colour] = CLASSES[c] ?? CLASSES.warning;
      return `  ${paint(colour, word.padEnd(8))}  ${plain(item)}: ${plain(value)}`;
    }),
    `  (${facts.filter(Boolean).join(' · ')})`,
    ...(gate.approvers ?? []).map((one) => `  ${renderApprover(one, now)}`),
    ...(gate.blocked ? [`  ${renderBlock(gate.blocked)}`] : []),
    ...renderSigning(gate).map((line) => `  ${line}`),
  ].join('\n');
}

function renderSigning({ signed, fourEyes }: GateView): string[] {
  const requester =
    fourEyes === null
      ? 'four eyes: nobody signed the request of this run, so nobody can approve it; start it anew with --key'
      : `four eyes: ${plain(fourEyes ?? '')} requested this run, so others must approve`;
  return [
    ...(fourEyes === undefined ? [] : [requester]),
    ...(signed ? ['what is decided here must be signed: --key FILE'] : []),
  ];
}

/** The run tells what it knew last: an approval may have expired since. */
function renderApprover({ by, at, expires, force }: Approver, now: number): string {
  const over = expires !== null && Date.parse(expires) <= now;
  const until = expires === null ? '' : over ? `, expired ${clock(expires)}` : `, counts until ${clock(expires)}`;
  return paint(over ? 'yellow' : 'green', `approved by ${plain(by)} ${clock(at)}${force ? ' with force' : ''}${until}`);
}

function renderBlock({ by, force }: NonNullable<GateView['blocked']>): string {
  const how = force === 'allowed' ? 'an approval overrides that only with --force' : plain(force);
  return paint('red', `blocked by ${by.map(plain).join(', ')}: ${how}`);
}

/** What to type. */
export function howToDecide(workflowId: string, { decisions, blocked, signed }: GateView): string[] {
  const key = signed ? ' --key FILE' : '';
  if (decisions.includes('approve')) {
    const force = blocked?.force === 'allowed' ? ' --force' : '';
    return [`approve ${workflowId}${force}`, `reject ${workflowId}`].map(
      (words) => `  drs-pilot ${words} --reason "..."${key}`,
    );
  }
  return decisions.map((decision) => {
    const items = decision === 'acknowledge' ? ' --item "..."' : '';
    return `  drs-pilot decide ${workflowId} --decision ${decision}${items} --reason "..."${key}`;
  });
}

/** Times of day are UTC, as everywhere in DRS; of another day with the date. */
export const clock = (iso: string): string =>
  `${iso.slice(0, 10) === new Date().toISOString().slice(0, 10) ? '' : `${iso.slice(0, 10)} `}${iso.slice(11, 19)}Z`;

/** `41s`, `12m`, `3h 4m`, `2d 5h`. */
export function ago(iso: string, now = Date.now()): string {
  const s = Math.max(0, Math.round((now - Date.parse(iso)) / 1_000));
  if (s < 60) return `${s}s`;
  if (s < 3_600) return `${Math.floor(s / 60)}m`;
  if (s < 86_400) return `${Math.floor(s / 3_600)}h ${Math.floor((s % 3_600) / 60)}m`;
  return `${Math.floor(s / 86_400)}d ${Math.floor((s % 86_400) / 3_600)}h`;
}
