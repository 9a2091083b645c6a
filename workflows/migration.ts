import type { Answer } from './gate.js';
import type { Result } from './messages.js';
import { outline } from './outlines/migration.js';
import { stepsOf } from './outlines/row.js';
import { migrationSpec } from './plans/migration.js';
import { type Carried, Run } from './run.js';
import { compareParameters } from './steps/compare-parameters.js';
import { create } from './steps/create.js';
import { cutover, hooks, lastDelay, verification } from './steps/cutover.js';
import { deleteTask, endTask, release, settle } from './steps/end.js';
import { notification, storeEndpoints, testConnections } from './steps/endpoints.js';
import { afterStart, beforeStart } from './steps/mending.js';
import { flowControl, policies, selectObjects, users } from './steps/objects.js';
import { preCheck } from './steps/pre-check.js';
import { approveStart, requestStart, startTransfer } from './steps/start.js';
import { fullTransfer, incrementalTransfer } from './steps/transfer.js';

/** The migration procedure of §4.1 and on to the end of the task. The order is part of the contract of DRS. */
export async function migration(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('migration', migrationSpec, spec, carried);

  return await run.conduct(async (plan) => {
    const {
      startPoint,
      task: { task_type: type },
    } = plan;
    run.outline(stepsOf(outline(plan)));
    run.phase('configures');
    const task = await create(run, plan, 'migration');

    if (task.status === 'CONFIGURATION') {
      await run.lock(task.jobId, 'to configure and start it');
      await run.part(beforeStart, async () => {
        await run.step('Test connections', () => testConnections(task, plan));
        await run.step('Store endpoints', () => storeEndpoints(task, plan));
        if (plan.alarm_notify) await run.step('Notification', () => notification(task, plan), { skippable: true });
        if (startPoint) await run.step('Start point', () => policies(task, { startPoint }));
        await run.step('Users', () => users(task, plan), { skippable: true });
        await run.step('Objects', () => selectObjects(task, plan));
        if (plan.speed) await run.step('Flow control', () => flowControl(task, plan), { skippable: true });
        const check = await preCheck(run, task, plan);
        const parameters = await compareParameters(run, task, plan);
        await requestStart(run, task, plan, (again) => approveStart(run, plan, { check, parameters, items: again }));
      });
    }

    await run.unlock();
    run.phase('transfers');
    const voided = ['Incremental transfer', 'Cutover approval', 'Cutover delay'];
    const ended = await run.part(afterStart(run, [[task, plan]], voided), async () => {
      await run.step('Start transfer', (retry) => startTransfer(task, retry));
      if (type !== 'INCR_TRANS') await run.step('Full transfer', (retry) => fullTransfer(task, retry));
      do {
        if (type !== 'FULL_TRANS')
          await run.step('Incremental transfer', (retry) => incrementalTransfer(task, plan.cutover.openBelow, retry));
      } while (!(await cutover(run, task, plan)));
      run.phase('ends');
      const ended = await run.step('End', (retry) =>
        endTask(task, plan, retry ? undefined : run.resultOf<Answer>('Cutover approval')),
      );
      await run.step('Release', (retry) => release(run, task, retry));
      await hooks(run, task, plan, 'after');
      return ended;
    });
    const deleted = plan.finish.delete && (await run.step('Delete', () => deleteTask(task), { skippable: true }));
    return { task: deleted ? 'deleted' : 'terminated', cutover: { ...ended, ...lastDelay(run), ...verification(run) } };
  }, settle('migration'));
}
