import type { Permit } from '../activities/permit.js';
import { COMPARES, READS } from '../drs/operations/effects.js';
import { reopened } from './lapse.js';
import type { JobOutcome, Result } from './messages.js';
import { outline } from './outlines/operation.js';
import { stepsOf } from './outlines/row.js';
import { type OperationPlan, operationSpec } from './plans/operation.js';
import { type Carried, Run } from './run.js';
import { askAbout, send, summary } from './steps/call.js';
import { approval, permission } from './steps/permission.js';

/**
 * Any one call of chapters 5 and 6 for one job or a list of them: permitted by the worker's policy, approved where that wants it,
 * with one outcome for each job.
 */
export async function operation(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('operation', operationSpec, spec, carried);

  return await run.conduct(async (plan) => {
    run.outline(['Permission']);
    run.phase('asks for permission');
    const permit = await run.step('Permission', () => permission(plan), { note: ({ why }) => why });
    run.about([...new Set(permit.tasks.map(({ jobId }) => jobId).filter(Boolean))]);
    const asks = permit.permission === 'approve' || plan.gate !== undefined;
    run.outline(stepsOf(outline(plan, asks)));
    run.report({ operation: plan.operation });
    let lapsed: string | undefined;
    do {
      const approved = asks ? await approval(run, plan, permit, reopened(lapsed)) : undefined;
      await lockTasks(run, plan, permit);
      run.phase('calls');
      run.forget('Call');
      lapsed = await run.step('Call', () => send(run, plan, permit, approved), { note: (why) => why ?? counted(run) });
      if (lapsed) await askAgain(run);
    } while (lapsed || (await askAbout(run, plan, permit)));
    run.report({ summary: counted(run) });
    return {};
  }, keep);
}

const counted = (run: Run<OperationPlan>): string => summary(run.reported<JobOutcome[]>('outcomes') ?? []);

/** Nobody is kept from the tasks while people think. */
async function askAgain(run: Run<OperationPlan>): Promise<void> {
  run.forget('Approval');
  await run.unlock();
}

/** Reads need no lock, and comparisons share it. What cannot be read is left to the call, which says why. */
async function lockTasks(
  run: Run<OperationPlan>,
  { operation, name }: OperationPlan,
  { tasks }: Permit,
): Promise<void> {
  const is = (list: readonly string[]) => list.includes(operation);
  if (is(READS)) return;
  const jobIds = tasks.flatMap(({ jobId, trouble }) => (jobId && !trouble ? [jobId] : []));
  const reason = name === operation ? `for ${operation}` : `for ${operation} (${name})`;
  await run.lock(jobIds, reason, is(COMPARES) ? 'shared' : 'exclusive');
}

/** A call ends no task: whatever becomes of the run, they stay as they are. */
const keep = async (_run: Run<OperationPlan>, _plan: OperationPlan, _jobId: string): Promise<string> => 'kept';
