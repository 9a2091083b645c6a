import { Ending } from './ending.js';
import type { Result } from './messages.js';
import { stepsOf } from './outlines/row.js';
import { outline } from './outlines/switchover.js';
import { type SwitchoverPlan, switchoverSpec } from './plans/switchover.js';
import { type Carried, Run } from './run.js';
import type { Switching } from './steps/readiness.js';
import { reportTo } from './steps/report.js';
import { isPending, switchStage } from './steps/switchover.js';
import { demandApproval } from './steps/switchover-call.js';
import { SwitchBack } from './steps/switchover-outcome.js';
import { SwitchoverRecord } from './steps/switchover-record.js';
import { drill, findTasks, hooks, opposite, startWayBack, switchBack } from './steps/switchover-tasks.js';

/**
 * The primary/standby switchover of §6.4.1 for disaster recovery tasks, stage by stage: readiness, approval, the call, and the proof
 * that each task is where it must be. Nothing is ever sent twice by itself.
 */
export async function switchover(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('switchover', switchoverSpec, spec, carried);

  return await run.conduct(async (plan) => {
    reportTo(run, plan.report);
    const record = new SwitchoverRecord(run, plan);
    const it: Switching = { run, plan, record, gate: 'switchover', row: (step) => step };
    run.outline(stepsOf(outline(plan)));
    run.phase('looks at its tasks');
    await findTasks(it, spec);
    if (plan.drill) {
      run.phase('rehearses');
      await drill(it);
      return { task: 'running', switchover: record.view() };
    }

    run.phase('switches over');
    try {
      if (!record.goesBack) await switchAll(it);
    } catch (error) {
      if (!(error instanceof SwitchBack)) throw error;
    }
    if (record.goesBack) {
      await switchBack(it);
      throw new Ending('aborted', `switched back to ${opposite(plan.direction)}, as said ${record.goesBack}`);
    }
    if (plan.switchback) await startWayBack(it, spec);
    return { task: 'running', switchover: record.view() };
  }, keep);
}

async function switchAll(it: Switching): Promise<void> {
  for (const stage of it.plan.stages) {
    if (isPending(it, stage)) {
      await demandApproval(it);
      await hooks(it, stage, 'before');
    }
    await switchStage(it, stage);
    await hooks(it, stage, 'after');
  }
}

/** Whatever becomes of the run, its tasks stay as they are: the record says where each of them is. */
const keep = async (_run: Run<SwitchoverPlan>, _plan: SwitchoverPlan, _jobId: string): Promise<string> => 'kept';
