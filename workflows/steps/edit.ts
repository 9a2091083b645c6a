import { condition } from '@temporalio/workflow';
import { calls, waits } from '../activities.js';
import { branch, type Steps } from '../branch.js';
import { objectsRequest } from '../plans/objects.js';
import { policyRequest } from '../plans/requests.js';
import type { SynchronizationPlan } from '../plans/synchronization.js';
import type { UpdateForm } from '../plans/updates.js';
import type { Run } from '../run.js';
import { preCheck } from './pre-check.js';
import { at, type Task } from './task.js';

/** Edits of a running synchronisation that wait, and how many there were; it goes over to the next run. */
export interface Edits {
  waiting: UpdateForm<'edit'>[];
  begun: number;
}

export const editsOf = (run: Pick<Run<SynchronizationPlan>, 'kept'>): Edits =>
  run.kept<Edits>('edits', { waiting: [], begun: 0 });

/** Carries out what people ask for, one edit after another, for as long as the task runs. */
export async function carryOutEdits(
  run: Run<SynchronizationPlan>,
  task: Task,
  plan: SynchronizationPlan,
): Promise<never> {
  const edits = editsOf(run);
  for (;;) {
    await condition(() => edits.waiting.length > 0);
    const [next] = edits.waiting;
    if (next) await edit(run, task, plan, next, edits.begun);
    edits.waiting.shift();
  }
}

/**
 * §6.1.5 on a running task: objects are chosen, checked for a retry (§6.1.6) and taken over by §6.1.12 with `is_sync_re_edit`; a
 * subtask carries over what is new.
 */
async function edit(
  run: Run<SynchronizationPlan>,
  task: Task,
  plan: SynchronizationPlan,
  { objects, policies }: UpdateForm<'edit'>,
  number: number,
): Promise<void> {
  const steps = branch(run, `Edit ${number}`);
  await run.lock(task.jobId, 'to edit what it synchronises');
  if (policies)
    await steps.step('Policies', () => calls.batchSetPolicy(policyRequest(task.jobId, { policies }), task.cloud), {
      skippable: true,
      note: () => undefined,
    });
  if (objects) await editObjects(steps, task, plan, objects);
  await run.unlock(task.jobId);
}

/** A person may skip what can't be mended: the rest of the edit is left out then, and the task goes on as it was. */
async function editObjects(
  run: Steps,
  task: Task,
  plan: SynchronizationPlan,
  objects: NonNullable<UpdateForm<'edit'>['objects']>,
): Promise<void> {
  const skippable = { skippable: true } as const;
  const chosen = await run.step(
    'Objects',
    async () => {
      const before = await calls.listSubtasks(at(task));
      await calls.batchSetObjects(objectsRequest(task.jobId, objects, plan.sync_database), task.cloud);
      return { before };
    },
    skippable,
  );
  if (!chosen || !(await preCheck(run, task, plan, 'forRetryJob'))) return;
  const taken = await run.step('Take over', () => waits().takeOverEdit({ ...at(task), ...chosen }), {
    ...skippable,
    note: ({ subtask }) => subtask ?? 'no subtask was seen',
  });
  if (!taken?.subtask) return;
  const child = { ...at(task), jobId: taken.subtask, parentId: task.jobId };
  await run.step(
    'New objects',
    async (retry) => (await waits().waitFor({ ...child, wait: 'edited', retry })).status,
    skippable,
  );
}
