import type { Result } from './messages.js';
import { stepsOf } from './outlines/row.js';
import { hasFilters, hasPolicies, hasUsers, outline } from './outlines/synchronization.js';
import { SYNC_SUPERVISION } from './plans/supervision.js';
import { synchronizationSpec } from './plans/synchronization.js';
import { type Carried, Run } from './run.js';
import { create } from './steps/create.js';
import { settle } from './steps/end.js';
import { notification, storeEndpoints, testConnections } from './steps/endpoints.js';
import { afterStart, beforeStart } from './steps/mending.js';
import { flowControl, policies, rowFilters, selectObjects, users } from './steps/objects.js';
import { preCheck } from './steps/pre-check.js';
import { approveStart, requestStart, startTransfer } from './steps/start.js';
import { fullTransfer, incrementalTransfer } from './steps/transfer.js';
import { type Verification, verify } from './steps/verify.js';
import { superviseSynchronization } from './supervision.js';
import { Updates } from './updates.js';

/** The synchronisation procedure of §4.1, until the target follows the source. The order is part of the contract of DRS. */
export async function synchronization(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('synchronization', synchronizationSpec, spec, carried);
  const updates = new Updates(run);

  return await run.conduct(async (plan) => {
    const { task_type: type } = plan.task;
    run.outline(stepsOf(outline(plan)));
    run.phase('configures');
    const task = await create(run, plan, 'sync');

    if (task.status === 'CONFIGURATION') {
      await run.lock(task.jobId, 'to configure and start it');
      await run.part(beforeStart, async () => {
        await run.step('Test connections', () => testConnections(task, plan));
        await run.step('Store endpoints', () => storeEndpoints(task, plan));
        if (plan.alarm_notify) await run.step('Notification', () => notification(task, plan), { skippable: true });
        if (hasPolicies(plan)) await run.step('Policies', () => policies(task, plan));
        if (hasUsers(plan)) await run.step('Users', () => users(task, plan), { skippable: true });
        await run.step('Objects', () => selectObjects(task, plan));
        if (hasFilters(plan)) await run.step('Row filters', () => rowFilters(task, plan));
        if (plan.speed) await run.step('Flow control', () => flowControl(task, plan), { skippable: true });
        const check = await preCheck(run, task, plan);
        await requestStart(run, task, plan, (again) => approveStart(run, plan, { check, items: again }));
      });
    }

    await run.unlock();
    run.phase('transfers');
    return await run.part(afterStart(run, [[task, plan]]), async () => {
      await run.step('Start transfer', (retry) => startTransfer(task, retry));
      if (type !== 'INCR_TRANS') await run.step('Full transfer', (retry) => fullTransfer(task, retry));
      if (type === 'FULL_TRANS') return { task: 'kept' };
      const { maxDelay, verify: what } = plan.inSync;
      const { delay } = await run.step('Incremental transfer', (retry) => incrementalTransfer(task, maxDelay, retry));
      await verify(run, task, plan.name, what);
      const { supervision = SYNC_SUPERVISION } = plan;
      if (plan.supervise) return await superviseSynchronization(run, updates, task, plan, supervision);
      const verification = run.resultOf<Verification>('Verification');
      return {
        task: 'running',
        ...(verification && { verification }),
        ...(delay !== undefined && { delaySeconds: delay / 1_000 }),
      };
    });
  }, settle('sync'));
}
