import { ApplicationFailure } from '@temporalio/workflow';
import type { Permit, TaskSeen } from '../../activities/permit.js';
import { calls } from '../activities.js';
import { item } from '../evidence.js';
import type { Answer } from '../gate.js';
import type { Item } from '../messages.js';
import { entryOf, type OperationPlan } from '../plans/operation.js';
import type { Run } from '../run.js';

/** So many tasks are shown one by one. */
const SHOWN = 300;

/** What the worker's policy says. A call that it denies ends the run before anything is sent. */
export async function permission({ cloud, operation, requests }: OperationPlan): Promise<Permit> {
  const permit = await calls.permit({ operation, requests, ...(cloud && { cloud }) });
  if (permit.permission !== 'deny') return permit;
  throw ApplicationFailure.create({
    message: `${operation} is denied, and nothing was sent: ${permit.why}. Whoever runs the worker can allow it in its configuration (policy), or do it in the console of DRS.`,
    type: 'drs.denied',
    nonRetryable: true,
    details: [{ operation, why: permit.why }],
  });
}

/**
 * The gate before a call that the policy or the spec wants approved: what is called, for which tasks, and with what. `again`: why it
 * opens once more.
 */
export async function approval(
  run: Run<OperationPlan>,
  plan: OperationPlan,
  permit: Permit,
  again: readonly Item[],
): Promise<Answer | undefined> {
  const { operation, requests, single, gate = {}, reason } = plan;
  return await run.approve('approval', 'Approval', () => ({
    question: `Call ${operation}${single ? '' : ` for ${requests.length} jobs`}?`,
    ask: gate,
    about: about(plan, permit),
    items: [
      ...again,
      item(operation, 'ok', `${entryOf(operation)?.summary} (§${entryOf(operation)?.section})`),
      ...(reason ? [item('reason', 'ok', reason)] : []),
      item('policy', 'ok', permit.why),
      ...requestItems(plan),
      ...taskItems(plan, permit.tasks),
    ],
  }));
}

/** Rules of the worker may hold for some operations and some tasks only. */
export const about = ({ operation }: OperationPlan, { tasks }: Permit) => ({
  operation,
  tasks: [...new Set(tasks.map(({ name }) => name).filter((name) => name !== undefined))],
});

/** What all requests say alike, field by field. */
function requestItems(plan: OperationPlan): Item[] {
  const [first] = plan.requests;
  if (!isAlike(plan) || !isFields(first)) return [];
  return Object.entries(bodyOf(first)).map(([field, value]) => item(field, 'ok', shown(value)));
}

/** Each task with its status, and its request where they differ. */
function taskItems(plan: OperationPlan, tasks: readonly TaskSeen[]): Item[] {
  const alike = isAlike(plan);
  const items = tasks.slice(0, SHOWN).flatMap((task, index): Item[] => {
    const request = plan.requests[index];
    const own = alike || !isFields(request) ? [] : [shown(bodyOf(request))];
    if (!task.jobId && !task.name && own.length === 0) return [];
    const order = task.ordered ? ['ordered by the year or month, and paid at once'] : [];
    const look = task.trouble || task.ordered ? 'warning' : 'ok';
    return [item(titleOf(task, index), look, [standing(task), ...order, ...own].join(' · '))];
  });
  const more = tasks.length - SHOWN;
  return more > 0 ? [...items, item('…', 'warning', `${more} more, which stand in the input of the run`)] : items;
}

export const titleOf = ({ name, jobId }: TaskSeen, index: number): string =>
  name && jobId ? `${name} (${jobId})` : name || jobId || `job ${index + 1}`;

/** Where a task stood when it was looked at. */
export const standing = ({ jobId, status, trouble }: TaskSeen): string =>
  trouble ?? (jobId ? (status ?? 'was not looked at') : 'there is none of this name yet');

const isAlike = ({ requests }: OperationPlan): boolean =>
  new Set(requests.map((request) => (isFields(request) ? JSON.stringify(bodyOf(request)) : ''))).size === 1;

/** A request without what names its job. */
const bodyOf = ({ job_id: _, ...body }: Record<string, unknown>): Record<string, unknown> => body;

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A spec has names of secrets, never values. */
const shown = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value).replace(/\{"secret":"([a-z0-9-]+)"\}/g, 'secret $1');
