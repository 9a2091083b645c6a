import { executeChild, workflowInfo } from '@temporalio/workflow';
import type { ComparisonKind } from '../../activities/comparison/scope.js';
import type { Consistency } from '../../drs/consistency.js';
import type { Steps } from '../branch.js';
import type { comparison } from '../comparison.js';
import { item } from '../evidence.js';
import type { Item } from '../messages.js';
import type { TaskVerdict } from '../task-comparison.js';
import { describe, WORDS } from '../verdicts.js';
import type { Task } from './task.js';

export type Verify = 'none' | Exclude<ComparisonKind, 'random'>;

/** What a comparison said of the run's task, as the result of the run keeps it. */
export interface Verification {
  readonly verdict: Consistency;
  /** The run that compared: it tells all. */
  readonly comparison: string;
  readonly at: string;
  readonly counts: string;
  /** What is not consistent, by its name; the last one stands for those that are left out. */
  readonly findings: readonly { readonly name: string; readonly verdict: Consistency; readonly reason: string }[];
}

/** So many are told and acknowledged one by one. */
const SHOWN = 20;

/**
 * Compares the task (§6.1.26 to §6.1.37) in a run of its own. Anything but consistent must be acknowledged by name; "retry"
 * compares again. Gives the evidence for whoever decides next.
 */
export async function verify(run: Steps, task: Task, name: string, what: Verify): Promise<Item[]> {
  if (what === 'none') return [];
  for (;;) {
    const found = await run.step('Verification', () => compare(task, name, what), {
      note: ({ verdict, counts }) => `${WORDS[verdict]}: ${counts}`,
    });
    const whole = item(
      'verification',
      found.verdict === 'consistent' ? 'ok' : 'warning',
      `${what}: ${WORDS[found.verdict]} at ${found.at.slice(0, 19)}Z (${found.counts}); all of it in the run ${found.comparison}`,
    );
    if (found.verdict === 'consistent') return [whole];
    const items = found.findings.map(({ name: table, verdict, reason }) =>
      item(table, 'warning', `${WORDS[verdict]}: ${reason}`),
    );
    const question = `The comparison says ${WORDS[found.verdict]}. Go on all the same? retry compares again`;
    if (await run.acknowledge('verification', 'Verification result', question, items)) return [whole, ...items];
    run.forget('Verification');
  }
}

/** What was found says nothing any more: the task stood still in between. */
export const forgetVerification = (run: Steps): void => run.forget('Verification', 'Verification result');

async function compare({ jobId, cloud }: Task, name: string, what: Exclude<Verify, 'none'>): Promise<Verification> {
  const { workflowId, runId } = workflowInfo();
  const child = `${workflowId}/verification/${runId.slice(0, 8)}-${new Date().toISOString().slice(0, 19)}`;
  // Objects first, whatever is verified: they tell which tables there are, so that none is missing from the result.
  const kinds = what === 'objects' ? ['objects'] : ['objects', what];
  const result = (await executeChild<typeof comparison>('comparison', {
    workflowId: child,
    args: [{ kind: 'comparison', name, ...(cloud && { cloud }), task: jobId, compare: { kinds } }],
    staticSummary: `comparison of ${name} before the cutover`,
  })) as unknown as { readonly verdict: Consistency; readonly ended: string; readonly tasks: readonly TaskVerdict[] };
  const [found] = result.tasks;
  return {
    verdict: result.verdict,
    comparison: child,
    at: result.ended,
    counts: found?.kinds.map((kind) => `${kind.kind}: ${describe(kind)}`).join('; ') || (found?.reason ?? ''),
    findings: found && found.verdict !== 'consistent' ? findingsOf(found) : [],
  };
}

function findingsOf({ verdict, reason, kinds }: TaskVerdict): Verification['findings'] {
  const tables = kinds.flatMap(({ kind, tables }) =>
    tables.map((table) => ({
      name: `${[table.database, table.table].filter(Boolean).join('.') || 'the task'} (${table.object ?? kind})`,
      verdict: table.verdict,
      reason: table.reason ?? '',
    })),
  );
  const whole = kinds.filter((kind) => kind.verdict !== 'consistent' && kind.tables.length === 0);
  const all = [
    ...whole.map((kind) => ({ name: kind.kind, verdict: kind.verdict, reason: kind.reason ?? '' })),
    ...tables,
  ];
  if (all.length === 0) return [{ name: 'the task', verdict, reason: reason ?? '' }];
  const left = all.length - SHOWN + kinds.reduce((sum, { more = 0 }) => sum + more, 0);
  const others = { name: 'others', verdict, reason: `${left} more that are not consistent` };
  return [...all.slice(0, SHOWN), ...(left > 0 ? [others] : [])];
}
