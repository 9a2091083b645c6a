import { workflowInfo } from '@temporalio/workflow';
import type { UseType } from '../../drs/operations/common.js';
import { calls, prompt, waits } from '../activities.js';
import type { Steps } from '../branch.js';
import { createRequest } from '../plans/requests.js';
import type { TaskPlan } from '../plans/task.js';
import { at, type Task } from './task.js';

/** DRS stops an abnormal task after so many days where the spec names none (§6.1.1). */
const EXPIRED_DAYS = 14;

/**
 * §6.1.1, until CONFIGURATION. A task that carries this run's mark is taken up again; one that failed to be created can only be
 * deleted, which a person's "retry" says, and is then created again under its name.
 */
export async function create(run: Steps, plan: TaskPlan, useType: UseType): Promise<Task> {
  const { cloud } = plan;
  const expiredDays = Number(plan.task.expired_days ?? EXPIRED_DAYS);
  const replaced: string[] = [];
  if (plan.adopt) await adopt(run, plan, useType, plan.adopt);

  const task = await run.step(
    'Create',
    async (retry): Promise<Task> => {
      const former = run.task;
      const wanted = {
        ...(cloud && { cloud }),
        request: createRequest(plan, useType, workflowInfo().firstExecutionRunId),
      };
      if (!plan.adopt) run.seeks(async () => (await prompt.findTask(wanted))?.jobId);
      const made = await calls.createTask({
        ...wanted,
        ...(plan.adopt && { adopt: plan.adopt }),
        replaceFailed: retry,
      });
      run.owns(made.jobId);
      if (former && former !== made.jobId) replaced.push(former);
      const found = { jobId: made.jobId, status: made.status, useType, cloud, expiredDays };
      if (made.status !== 'CREATING' && made.status !== 'CREATE_FAILED') return found;
      return { ...found, status: (await waits().waitFor({ ...at(found), wait: 'created' })).status };
    },
    {
      note: ({ status }) =>
        [status, ...replaced.map((id) => `in place of ${id}, which failed to be created`)].join(', '),
    },
  );
  return task as Task;
}

/** A task made elsewhere is looked at first, and a person says whether it is the one. */
async function adopt(run: Steps, plan: TaskPlan, useType: UseType, jobId: string): Promise<void> {
  const request = createRequest(plan, useType, '');
  const looked = await run.step('Look at the task', () =>
    calls.compareTask({ ...(plan.cloud && { cloud: plan.cloud }), jobId, request }),
  );
  await run.gate('adopt', 'Adoption', () => ({
    question: `Take over the task ${jobId}?`,
    ask: plan.start.gate,
    items: looked?.items ?? [],
  }));
}
