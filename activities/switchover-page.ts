import {
  badge,
  bar,
  type Cell,
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
} from './page.js';
import type { ReadinessItem } from './readiness-items.js';
import type { Standing, SwitchoverReport } from './switchover-result.js';

/** What of a switchover's result the page shows; the result itself fits. */
export interface SwitchoverResult {
  readonly name: string;
  readonly outcome: string;
  readonly reason?: string;
  readonly steps: readonly {
    readonly step: string;
    readonly state: string;
    readonly since?: string;
    readonly took?: string;
    readonly note?: string;
  }[];
  readonly decisions: readonly {
    readonly gate: string;
    readonly decision: string;
    readonly by: string;
    readonly claimed: boolean;
    readonly reason: string;
    readonly at: string;
    readonly snapshot?: number;
    readonly hash?: string;
    readonly force?: boolean;
    /** Of a signed one: the key's fingerprint, what was signed, and the signature over it. */
    readonly key?: string;
    readonly text?: string;
    readonly signature?: string;
  }[];
  readonly requested?: {
    readonly by: string;
    readonly key: string;
    readonly sha256: string;
    readonly signature: string;
  };
  readonly switchover?: SwitchoverReport;
}

const OUTCOMES: Readonly<Record<string, Tone>> = { completed: 'good', cancelled: 'warn' };
const CLASSES: Readonly<Record<string, Tone>> = { ok: 'good', warning: 'warn', blocking: 'bad' };
const STATES: Readonly<Record<string, Tone>> = {
  switched: 'good',
  switchedBack: 'warn',
  rehearsed: 'plain',
  pending: 'plain',
  skipped: 'warn',
  done: 'good',
  waits: 'warn',
  running: 'plain',
};

/** The report of a switchover as one page that needs nothing beside itself. */
export function switchoverPage(
  result: SwitchoverResult,
  run: { readonly workflowId: string; readonly runId: string; readonly link?: string },
  at: string,
): string {
  const { name, outcome, reason, switchover, decisions, requested, steps } = result;
  const signed = decisions.flatMap(signature);
  const what = switchover?.drill ? 'Drill of switchover' : 'Switchover';
  return page({
    title: `${what} ${name}: ${outcome}`,
    at,
    lead: facts([
      ['outcome', badge(OUTCOMES[outcome] ?? 'bad', outcome)],
      ...(reason ? [['reason', reason] as const] : []),
      ...(switchover ? summary(switchover) : []),
      ...(requested ? [['requested by', requestedBy(requested)] as const] : []),
      ['run', html`${run.link ? link(run.link, run.workflowId) : text(run.workflowId)} ${text(run.runId)}` as Html],
    ]),
    sections: [
      ...(switchover ? parts(switchover) : []),
      ...(switchover?.switchedBack ? parts(switchover.switchedBack, 'Way back: ') : []),
      section(
        'Decisions',
        table(['when', 'gate', 'decision', 'by', 'reason', 'evidence', 'proof'], decisions.map(decided)),
      ),
      ...(signed.length > 0 ? [section('Signatures', ...signed)] : []),
      section(
        'Steps',
        table(
          ['step', 'state', 'since', '#took', 'note'],
          steps.map(({ step, state, since, took, note }) => [
            step,
            badge(STATES[state] ?? 'bad', state),
            time(since),
            took,
            note,
          ]),
        ),
      ),
    ],
  });
}

function summary({
  direction,
  drill,
  began,
  totalMs,
  rto,
  tasks,
  switchback,
}: SwitchoverReport): (readonly [string, Cell])[] {
  const done = tasks.filter(({ state }) => state === 'switched').length;
  return [
    ['direction afterwards', direction],
    ['tasks', drill ? `${tasks.length}, none of them touched` : `${done} of ${tasks.length} switched over`],
    ['began', time(began)],
    ['total time', took(totalMs)],
    ...(rto ? [['recovery time', measured(rto)] as const] : []),
    ...(switchback
      ? [
          [
            'way back',
            switchback.problem ? `not started: ${switchback.problem}` : `waits in ${switchback.workflowId}`,
          ] as const,
        ]
      : []),
  ];
}

function measured({ measuredMs, targetMs, met }: NonNullable<SwitchoverReport['rto']>): Html {
  if (targetMs === undefined) return html`${took(measuredMs)}, no target was set` as Html;
  return html`${took(measuredMs)} against a target of ${took(targetMs)} ${badge(met ? 'good' : 'bad', met ? 'met' : 'missed')}` as Html;
}

function parts(part: SwitchoverReport, of = ''): Html[] {
  return [
    ...(part.wouldBlock ? [section(`${of}What would have blocked`, items(part.wouldBlock))] : []),
    section(`${of}Time`, phases(part)),
    section(`${of}Tasks`, tasks(part)),
    ...part.approvals.map(({ by, reason, at, forced, snapshot, hash, items: shown }, index) =>
      section(
        `${of}Evidence of approval ${index + 1}`,
        facts([
          ['by', html`${text(by.join(', '))} ${forced ? badge('bad', 'forced') : ''}` as Html],
          ['reason', reason],
          ['when', time(at)],
          ['snapshot', html`${snapshot} <code>${text(hash)}</code>` as Html],
        ]),
        items(shown),
      ),
    ),
  ];
}

const items = (shown: readonly ReadinessItem[]): Html =>
  table(
    ['item', 'class', 'value'],
    shown.map((one) => [one.item, badge(CLASSES[one.class] ?? 'plain', one.class), one.value]),
  );

/** Where each phase lies in the whole. */
function phases({ phases: all, began, totalMs }: SwitchoverReport): Html {
  const start = Date.parse(began);
  const whole = Math.max(totalMs, 1);
  return table(
    ['phase', 'stage', 'began', '#took', ''],
    all.map(({ phase, stage, began: from, tookMs }) => {
      const offset = (Date.parse(from) - start) / whole;
      return [phase, stage, time(from), took(tookMs), bar(offset, offset + tookMs / whole)];
    }),
  );
}

const tasks = ({ tasks: all }: SwitchoverReport): Html =>
  table(
    ['task', 'stage', 'state', 'before', 'after', 'requested', '#took'],
    all.map((task) => [
      html`${text(task.name)}\n<code>${text(task.jobId)}</code>` as Html,
      task.stage,
      html`${badge(STATES[task.state] ?? 'bad', task.state)}${task.why ? `\n${text(task.why)}` : ''}` as Html,
      standing(task.before),
      standing(task.after),
      time(task.requestedAt),
      took(task.tookMs),
    ]),
  );

function standing(stood: Standing | undefined): string {
  if (!stood) return '';
  const { at, status, direction, readonly, rpoMs, rtoMs } = stood;
  return [
    status,
    direction && `direction ${direction}`,
    readonly !== undefined && `target ${readonly ? 'read-only' : 'writable'}`,
    rpoMs !== undefined && `RPO ${took(rpoMs)}`,
    rtoMs !== undefined && `RTO ${took(rtoMs)}`,
    time(at),
  ]
    .filter(Boolean)
    .join('\n');
}

function decided(one: SwitchoverResult['decisions'][number]): Cell[] {
  const { at, gate, decision, by, claimed, reason, snapshot, hash, force, key } = one;
  const evidence = snapshot === undefined ? '' : html`${snapshot} <code>${text(hash?.slice(0, 12))}</code>`;
  const proof = claimed ? badge('warn', 'claimed') : html`${badge('good', 'signed')}\n<code>${text(key)}</code>`;
  return [
    time(at),
    gate,
    html`${text(decision)} ${force ? badge('bad', 'force') : ''}` as Html,
    by,
    reason,
    evidence as Cell,
    proof as Cell,
  ];
}

const requestedBy = ({ by, key, sha256 }: NonNullable<SwitchoverResult['requested']>): Html =>
  html`${text(by)} ${badge('good', 'signed')} <code>${text(key)}</code>, spec <code>${text(sha256)}</code>` as Html;

/** All that `ssh-keygen -Y verify` wants, to be copied. */
const signature = ({ by, key, text: signed, signature: proof }: SwitchoverResult['decisions'][number]): Html[] =>
  proof === undefined
    ? []
    : [
        html`<details><summary>${text(by)} <code>${text(key)}</code></summary><pre>${text(signed)}</pre><pre>${text(proof)}</pre></details>` as Html,
      ];
