import type { ParameterComparison } from '../../activities/parameters.js';
import { waits } from '../activities.js';
import type { Steps } from '../branch.js';
import { item } from '../evidence.js';
import type { Answer } from '../gate.js';
import { callsFor, lapse, reopened } from '../lapse.js';
import type { Item } from '../messages.js';
import { type ChosenObjects, describeObjects } from '../plans/objects.js';
import type { TaskPlan } from '../plans/task.js';
import type { Checked } from './pre-check.js';
import { at, type Task } from './task.js';

export interface StartEvidence {
  /** Absent where the task needs no pre-check. */
  readonly check?: Checked | undefined;
  readonly parameters?: ParameterComparison | undefined;
  readonly question?: string;
  readonly items?: readonly Item[];
}

export interface StartedPlan extends TaskPlan {
  /** Absent for disaster recovery, which takes everything. */
  readonly objects?: ChosenObjects | undefined;
}

/** The gate before the transfer. A start time that has passed when it is approved is asked again. */
export async function approveStart(
  run: Steps,
  plan: StartedPlan,
  { check, parameters, question = 'Start the transfer?', items = [] }: StartEvidence,
): Promise<Answer> {
  for (;;) {
    const past = startsAt(plan) !== undefined && (startsAt(plan) as number) <= Date.now();
    const when =
      plan.start.at === 'now'
        ? ''
        : past
          ? ` Its start time ${plan.start.at} has passed: it would start now`
          : ` It starts at ${plan.start.at}`;
    const answer = await run.approve('start', 'Start approval', () => ({
      question: `${question}${when}`,
      ask: plan.start.gate,
      items: [...facts(plan), ...items, ...checked(check), ...compared(parameters)],
    }));
    const at = startsAt(plan);
    if (answer && (at === undefined || at > Date.now() || past)) return answer;
    run.forget('Start approval');
  }
}

const startsAt = ({ start }: TaskPlan): number | undefined => (start.at === 'now' ? undefined : Date.parse(start.at));

function facts({ source, target, objects, task }: StartedPlan): Item[] {
  return [
    item('source', 'ok', place(source)),
    item('target', 'ok', place(target)),
    ...(objects ? [item('objects', 'ok', describeObjects(objects))] : []),
    item('mode', 'ok', task.task_type),
    ...order(task),
  ];
}

const place = ({ db_type, inst_id, ip }: TaskPlan['source']): string =>
  [db_type, inst_id, ip].filter(Boolean).join(' ');

/** §6.1.11: nothing of it can be taken back by a call (§6.1.14). */
function order({ charging_mode, period_order }: TaskPlan['task']): Item[] {
  if (charging_mode !== 'period' || !period_order) return [];
  const { period_num, period_type, is_auto_renew } = period_order;
  const period = `${period_num} ${period_type === 3 ? 'year' : 'month'}${period_num === 1 ? '' : 's'}`;
  const renewed = is_auto_renew === 1 ? ', renewed by itself' : '';
  return [
    item(
      'order',
      'warning',
      `the start places an order for ${period}${renewed}, which is paid at once; only an unsubscription by hand ends it`,
    ),
  ];
}

function checked(check: Checked | undefined): Item[] {
  if (!check) return [];
  const { total, findings, accepted } = check;
  return [
    item('pre-check', 'ok', `${total - findings.length} of ${total} items passed`),
    ...findings.map(({ item: name, reason }) =>
      item(name, 'warning', `ALARM ${reason ?? ''}, ${accepted.includes(name) ? 'accepted' : 'not accepted'}`),
    ),
  ];
}

function compared(parameters?: ParameterComparison): Item[] {
  if (!parameters) return [];
  const { differing, changed, restart } = parameters;
  return [
    item(
      'parameters',
      differing.length > 0 ? 'warning' : 'ok',
      differing.length > 0 ? `${differing.length} differ` : 'equal',
    ),
    ...differing.map(({ key, source, target, remark }) =>
      item(key, 'warning', `source ${source}, target ${target}${remark ? `: ${remark}` : ''}`),
    ),
    ...(changed.length > 0 ? [item('parameters changed', 'ok', changed.join(', '))] : []),
    ...(restart
      ? [item('restart', 'warning', 'The target takes some over only at its restart, and no call of DRS restarts it')]
      : []),
  ];
}

/**
 * §6.1.11, under the approval that `approve` asks for; asked again, with the reason, where that does not hold any more when the call
 * is to be made. Precondition: CONFIGURATION, pre-check passed. What DRS has accepted may still fail.
 */
export async function requestStart(
  run: Steps,
  task: Task,
  plan: TaskPlan,
  approve: (again: readonly Item[]) => Promise<Answer>,
): Promise<void> {
  for (let again: readonly Item[] = []; ; ) {
    const answer = await approve(again);
    const why = await run.step('Start request', async () => {
      const lapsed = await lapse(answer);
      if (lapsed === undefined) await callsFor(answer).startTask({ ...at(task), ...startTime(plan) });
      return lapsed;
    });
    if (!why) return;
    again = reopened(why);
    run.forget('Start request', 'Forward in place', 'Start approval');
  }
}

function startTime(plan: TaskPlan): { readonly startTime?: string } {
  const time = startsAt(plan);
  return time !== undefined && time > Date.now() ? { startTime: String(time) } : {};
}

/** Until data moves. A start that failed is retried by §6.1.12. */
export async function startTransfer(task: Task, retry: boolean): Promise<string> {
  return (await waits().waitFor({ ...at(task), wait: 'transferring', retry })).status;
}
