import type { ParameterComparison } from '../../activities/parameters.js';
import { calls, waits } from '../activities.js';
import { item } from '../evidence.js';
import type { Item } from '../messages.js';
import type { MigrationPlan } from '../plans/migration.js';
import type { Run } from '../run.js';
import type { Checked } from './pre-check.js';
import { at, type Task } from './task.js';

/** The gate before the transfer. A start time that has passed when it is approved is asked again. */
export async function approveStart(
  run: Run<MigrationPlan>,
  plan: MigrationPlan,
  check: Checked,
  parameters?: ParameterComparison,
): Promise<void> {
  for (;;) {
    const past = startsAt(plan) !== undefined && (startsAt(plan) as number) <= Date.now();
    const when =
      plan.start.at === 'now'
        ? ''
        : past
          ? ` Its start time ${plan.start.at} has passed: it would start now`
          : ` It starts at ${plan.start.at}`;
    await run.gate('start', 'Start approval', () => ({
      question: `Start the transfer?${when}`,
      ask: plan.start.gate,
      items: [...facts(plan), ...checked(check), ...compared(parameters)],
    }));
    const at = startsAt(plan);
    if (at === undefined || at > Date.now() || past) return;
    run.forget('Start approval');
  }
}

const startsAt = ({ start }: MigrationPlan): number | undefined =>
  start.at === 'now' ? undefined : Date.parse(start.at);

function facts({ source, target, objects, task }: MigrationPlan): Item[] {
  const what =
    objects === 'all'
      ? 'everything'
      : objects.map(({ database, tables }) => `${database}${tables ? ` (${tables.length} tables)` : ''}`).join(', ');
  return [
    item('source', 'ok', `${source.db_type} ${source.ip}`),
    item('target', 'ok', `${target.db_type} ${[target.inst_id, target.ip].filter(Boolean).join(' ')}`),
    item('objects', 'ok', what),
    item('mode', 'ok', task.task_type),
  ];
}

function checked({ total, findings, accepted }: Checked): Item[] {
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

/** §6.1.11. Precondition: CONFIGURATION, pre-check passed. What DRS has accepted may still fail. */
export async function requestStart(task: Task, plan: MigrationPlan): Promise<void> {
  const time = startsAt(plan);
  const startTime = time !== undefined && time > Date.now() ? String(time) : undefined;
  await calls.startTask({ ...at(task), ...(startTime && { startTime }) });
}

/** Until data moves. A start that failed is retried by §6.1.12. */
export async function startTransfer(task: Task, retry: boolean): Promise<string> {
  if (retry) await calls.retryTask(at(task));
  return (await waits().waitFor({ ...at(task), wait: 'transferring' })).status;
}
