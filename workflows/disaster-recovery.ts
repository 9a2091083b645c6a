import type { Lag } from '../activities/disaster-recovery.js';
import { branch, type Steps } from './branch.js';
import type { Result } from './messages.js';
import { outline } from './outlines/disaster-recovery.js';
import { stepsOf } from './outlines/row.js';
import { backwards, type DisasterRecoveryPlan, disasterRecoverySpec } from './plans/disaster-recovery.js';
import { RECOVERY_SUPERVISION } from './plans/supervision.js';
import { type Carried, Run } from './run.js';
import type { Moving } from './steps/changes.js';
import { compareParameters } from './steps/compare-parameters.js';
import { create } from './steps/create.js';
import {
  type Ahead,
  approveBackward,
  arrived,
  initialise,
  inPlace,
  lagFacts,
  lagText,
  near,
  subtasks,
} from './steps/disaster-recovery.js';
import { settle } from './steps/end.js';
import { notification, storeEndpoints, testConnections } from './steps/endpoints.js';
import { afterStart, beforeStart, type Started } from './steps/mending.js';
import { flowControl } from './steps/objects.js';
import { preCheck } from './steps/pre-check.js';
import { approveStart, requestStart, startTransfer } from './steps/start.js';
import type { Task } from './steps/task.js';
import { superviseTask } from './supervision.js';
import { Updates } from './updates.js';

/**
 * The disaster recovery procedure of §4.1, until the standby is in place. A dual-active task is configured by its subtasks: the
 * forward one, and once that is close behind (§6.1.11) the backward one.
 */
export async function disasterRecovery(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('disaster-recovery', disasterRecoverySpec, spec, carried);
  const updates = new Updates(run, {
    edit: 'a disaster recovery takes everything: it has no objects to edit (§6.1.5)',
  });

  return await run.conduct(async (plan) => {
    run.outline(stepsOf(outline(plan)));
    run.phase('configures');
    const task = await create(run, plan, 'cloudDataGuard');

    if (!plan.task.multi_write) {
      const lag = await protect(run, task, plan);
      if (plan.supervise) return await guard(run, updates, plan, task, { only: { task, plan } });
      return { task: 'running', ...lagFacts(lag) };
    }
    const { forward, backward } = await subtasks(run, task);
    const ahead = { task: forward, plan, lag: await protect(branch(run, 'Forward'), forward, plan, 'forward') };
    const behind = backwards(plan, backward.direction);
    const lag = await protect(branch(run, 'Backward'), backward, behind, 'backward', ahead);
    if (plan.supervise) {
      const moving = { forward: { task: forward, plan }, backward: { task: backward, plan: behind } };
      return await guard(run, updates, plan, task, moving);
    }
    return {
      task: 'running',
      forward: { jobId: forward.jobId, ...lagFacts(ahead.lag) },
      backward: { jobId: backward.jobId, ...lagFacts(lag) },
    };
  }, settle('cloudDataGuard'));
}

/** In place: from here on its passwords may be changed at any gate. */
async function guard(
  run: Run<DisasterRecoveryPlan>,
  updates: Updates,
  plan: DisasterRecoveryPlan,
  whole: Task,
  moving: Readonly<Record<string, Moving>>,
) {
  const { supervision = RECOVERY_SUPERVISION } = plan;
  const started = Object.values(moving).map(({ task, plan: of }) => [task, of] as const);
  return await run.part(afterStart(run, started), () =>
    superviseTask(run, updates, { plan, supervision, whole, moving }),
  );
}

/** One direction, from the connection test until it is in place. The backward one needs no pre-check (§6.1.6). */
async function protect(
  run: Steps,
  task: Task,
  plan: DisasterRecoveryPlan,
  which?: 'forward' | 'backward',
  ahead?: Ahead,
): Promise<Lag> {
  if (task.status === 'CONFIGURATION') {
    await run.lock(task.jobId, 'to configure and start it');
    await run.part(beforeStart, async () => {
      await run.step('Test connections', () => testConnections(task, plan));
      await run.step('Store endpoints', () => storeEndpoints(task, plan));
      if (plan.alarm_notify) await run.step('Notification', () => notification(task, plan), { skippable: true });
      if (plan.speed) await run.step('Flow control', () => flowControl(task, plan), { skippable: true });
      const check = ahead ? undefined : await preCheck(run, task, plan);
      const parameters = await compareParameters(run, task, plan);
      const question = which ? `Start the ${which} subtask?` : 'Start the disaster recovery?';
      await requestStart(run, task, plan, (items) =>
        ahead
          ? approveBackward(run, plan, ahead, { question, parameters, items })
          : approveStart(run, plan, { question, check, parameters, items }),
      );
    });
  }

  await run.unlock();
  const started: Started[] = [[task, plan], ...(ahead ? ([[ahead.task, ahead.plan]] as const) : [])];
  return await run.part(afterStart(run, started), async () => {
    await run.step('Start transfer', (retry) => startTransfer(task, retry));
    await run.step('Initialisation', (retry) => initialise(task, retry), { note: arrived });
    const limits = which === 'forward' ? near(plan.inSync) : plan.inSync;
    return await run.step('In place', (retry) => inPlace(task, limits, retry), { note: lagText });
  });
}
