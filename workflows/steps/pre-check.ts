import { ApplicationFailure } from '@temporalio/workflow';
import type { PrecheckFinding, PrecheckInput, PrecheckResult } from '../../activities/pre-check.js';
import { calls, waits } from '../activities.js';
import type { Steps } from '../branch.js';
import { item } from '../evidence.js';
import type { TaskPlan } from '../plans/task.js';
import { at, type Task } from './task.js';

type PrecheckMode = PrecheckInput['mode'];

export interface Checked extends PrecheckResult {
  /** Alarms that somebody acknowledged, or the spec accepts. */
  readonly accepted: readonly string[];
}

/**
 * §6.1.6 and §6.1.7. Precondition: endpoints and objects stored. At 100% an item may still be ALARM: it is in the spec's list or
 * somebody acknowledges it by name.
 */
export async function preCheck(run: Steps, task: Task, plan: TaskPlan): Promise<Checked>;
/** After an edit of a running task; undefined where a person skipped it. */
export async function preCheck(
  run: Steps,
  task: Task,
  plan: TaskPlan,
  mode: 'forRetryJob',
): Promise<Checked | undefined>;
export async function preCheck(
  run: Steps,
  task: Task,
  plan: TaskPlan,
  mode?: PrecheckMode,
): Promise<Checked | undefined> {
  for (;;) {
    const options = { skippable: mode === 'forRetryJob', note: summary };
    const found = await run.step<PrecheckResult>('Pre-check', () => check(task, mode), options);
    if (!found) return undefined;
    const alarms = found.findings.filter(({ result }) => result !== 'PASSED');
    const open = alarms.filter((alarm) => !plan.precheck.accept.includes(alarm.item));
    if (open.length === 0 || (await acknowledged(run, open)))
      return { ...found, accepted: alarms.map((alarm) => alarm.item) };
    run.forget('Pre-check');
  }
}

async function check(task: Task, mode: PrecheckMode): Promise<PrecheckResult> {
  const { before } = await calls.startPrecheck({ ...at(task), ...(mode && { mode }) });
  const found = await waits().waitForPrecheck({ ...at(task), before });
  const failed = found.findings.filter(({ result }) => result === 'FAILED');
  if (failed.length === 0 && found.passed) return found;
  const items = [...(failed.length > 0 ? failed : found.findings)].map((finding) =>
    item(finding.item, 'blocking', describe(finding)),
  );
  const message =
    failed.length > 0
      ? `${failed.length} of ${found.total} items failed: ${failed.map((finding) => finding.item).join(', ')}. Mend what they name, then retry`
      : 'DRS does not allow the start, though no item is FAILED. Look at the task in the console, then retry';
  throw ApplicationFailure.create({ message, type: 'drs.precheckFailed', nonRetryable: true, details: [{ items }] });
}

async function acknowledged(run: Steps, alarms: readonly PrecheckFinding[]): Promise<boolean> {
  const items = alarms.map((alarm) => item(alarm.item, 'warning', describe(alarm)));
  const question = `The pre-check passed with ${items.length === 1 ? 'an alarm' : `${items.length} alarms`}. Go on all the same?`;
  return await run.acknowledge('pre-check', 'Pre-check alarms', question, items);
}

const describe = ({ result, reason, group }: PrecheckFinding): string =>
  [result, group && `(${group})`, reason].filter(Boolean).join(' ');

const summary = ({ total, findings }: PrecheckResult): string => {
  const alarms = findings.filter(({ result }) => result === 'ALARM');
  return `${total - findings.length} of ${total} passed${alarms.length > 0 ? `, ${alarms.length} ALARM: ${alarms.map((alarm) => alarm.item).join(', ')}` : ''}`;
};
