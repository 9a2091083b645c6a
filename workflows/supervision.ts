import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import { exceptionStep } from './outlines/supervision.js';
import { objectsRequest } from './plans/objects.js';
import { policyRequest } from './plans/requests.js';
import type { Supervision } from './plans/supervision.js';
import { type SynchronizationPlan, synchronizationSpec } from './plans/synchronization.js';
import type { TaskPlan } from './plans/task.js';
import type { Run } from './run.js';
import { changesOf, endedOf, type Moving } from './steps/changes.js';
import { carryOutEdits, editsOf } from './steps/edit.js';
import { release } from './steps/end.js';
import { exceptionNotification } from './steps/endpoints.js';
import { supervise } from './steps/supervise.js';
import type { Task } from './steps/task.js';
import { type Change, STATUSES, type Updates } from './updates.js';

/** What runs, and how it is supervised. */
export interface Supervised {
  readonly plan: TaskPlan;
  readonly supervision: Supervision;
  /** What ends: of a dual-active disaster recovery the parent. */
  readonly whole: Task;
  /** The tasks that move data, by the name that updates have for them. */
  readonly moving: Readonly<Record<string, Moving>>;
}

/** From here on for as long as the task runs: watched over, changed by updates, ended by one. Gives what the result says of it. */
export async function superviseTask(
  run: Run<TaskPlan>,
  updates: Updates,
  { plan, supervision, whole, moving }: Supervised,
  more: { readonly edit?: Change<'edit'>; readonly beside?: () => Promise<never> } = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { edit, beside } = more;
  if (plan.alarm_notify)
    for (const [name, { task }] of Object.entries(moving)) {
      const step = exceptionStep(name, Object.keys(moving).length);
      await run.step(step, () => exceptionNotification(task, plan), { skippable: true });
    }
  run.phase('supervises');
  run.mayContinue(true);
  updates.begin({ ...changesOf(run, moving, whole), ...(edit && { edit }) });
  const tasks = Object.values(moving).map(({ task }) => task);
  const scope = new CancellationScope();
  const { status } = await scope.run(async () => {
    const both = [supervise(run, { tasks, supervision, notify: plan.notify }), ...(beside ? [beside()] : [])];
    try {
      return await Promise.race(both);
    } finally {
      scope.cancel();
      await Promise.allSettled(both);
    }
  });
  run.mayContinue(false);
  updates.end();
  run.dropQuestion();
  const ended = endedOf(run);
  if (!ended.by) return { task: status === 'DELETED' ? 'deleted' : 'terminated', endedElsewhere: status };
  run.phase('ends');
  await run.step('Release', (retry) => release(run, whole, retry));
  return { task: 'terminated', ended };
}

/** A synchronisation can be given other objects while it runs. */
export async function superviseSynchronization(
  run: Run<SynchronizationPlan>,
  updates: Updates,
  task: Task,
  plan: SynchronizationPlan,
  supervision: Supervision,
): Promise<Readonly<Record<string, unknown>>> {
  const edits = editsOf(run);
  const edit: Change<'edit'> = {
    operation: 'batchSetObjects',
    statuses: STATUSES.edit,
    problem: ({ objects, policies }) => {
      if (edits.waiting.length > 0) return `edit ${edits.begun} is under way: wait for its end`;
      const changed = { ...plan, ...(objects && { objects }), ...(policies && { policies }) };
      const problems = synchronizationSpec.problems(changed).map(({ path, message }) => `${path}: ${message}`);
      if (policies && !LATER_POLICIES.includes(plan.task.engine_type))
        problems.push(`policies: change while it runs only with ${LATER_POLICIES.join(' and ')} (§6.3.2)`);
      return problems.length > 0 ? problems.join('; ') : undefined;
    },
    tasks: () => [task],
    request: ({ jobId }, { objects, policies }) =>
      objects ? objectsRequest(jobId, objects, plan.sync_database) : policyRequest(jobId, { policies }),
    reason: 'to edit what it synchronises',
    act: async (_, said, { status }) => {
      if (said.policies && status !== 'INCRE_TRANSFER_STARTED')
        throw ApplicationFailure.nonRetryable(
          `policies change only in INCRE_TRANSFER_STARTED (§6.3.2); it is ${status}`,
          'drs.wrongState',
        );
      edits.begun += 1;
      edits.waiting.push(said);
      return `edit ${edits.begun} begins`;
    },
    locks: false,
    lasts: true,
  };
  const moving = { only: { task, plan } };
  const beside = () => carryOutEdits(run, task, plan);
  return await superviseTask(run, updates, { plan, supervision, whole: task, moving }, { edit, beside });
}

/** Engine types whose policies may be changed in INCRE_TRANSFER_STARTED (§6.3.2). */
const LATER_POLICIES: readonly string[] = ['mysql-to-kafka', 'taurus-to-kafka'];
