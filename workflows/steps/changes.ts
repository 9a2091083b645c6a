import { prompt } from '../activities.js';
import type { Change as Replacement } from '../messages.js';
import { speedRequest } from '../plans/requests.js';
import type { TaskPlan } from '../plans/task.js';
import type { Run } from '../run.js';
import { type Change, type Changes, STATUSES } from '../updates.js';
import { changePasswords, type DirectedPlan } from './endpoints.js';
import { at, type Task } from './task.js';

/** A task that moves data, with the plan of its direction. */
export interface Moving {
  readonly task: Task;
  readonly plan: DirectedPlan;
}

export interface Ended {
  by?: string;
  reason?: string;
  position?: string;
}

/** Who ended the task by an update; it goes over to the next run. */
export const endedOf = (run: Pick<Run<TaskPlan>, 'kept'>): Ended => run.kept<Ended>('ended', {});

/** What can be changed in every kind of task that runs. `whole` is what ends: of a dual-active task the parent. */
export function changesOf(run: Run<TaskPlan>, moving: Readonly<Record<string, Moving>>, whole: Task): Changes {
  const all = Object.values(moving).map(({ task }) => task);
  const tasks = ({ task }: { readonly task?: string | undefined }) =>
    task ? [moving[task]?.task].filter(isThere) : all;
  const problem = ({ task }: { readonly task?: string | undefined }) =>
    task && !moving[task] ? 'task is only for a dual-active disaster recovery' : undefined;
  const common = { tasks, problem };
  const planOf = (task: Task): DirectedPlan =>
    Object.values(moving).find((one) => one.task === task)?.plan as DirectedPlan;

  const pause: Change<'pause'> = {
    ...common,
    operation: 'batchStopJobs',
    statuses: STATUSES.pause,
    request: ({ jobId }, { mode }) => ({ job_id: jobId, pause_mode: mode }),
    reason: 'to pause it',
    act: async (task, { mode }) => {
      const { paused, status } = await prompt.pauseTask({ ...at(task), mode });
      return paused ? 'paused' : `not paused: it is ${status}`;
    },
  };
  const resume: Change<'resume'> = {
    ...common,
    operation: 'batchRestoreTask',
    statuses: STATUSES.resume,
    request: ({ jobId }) => ({ job_id: jobId }),
    reason: 'to resume it',
    act: async (task) => `resumed, it was ${await prompt.resumeTask(at(task))}`,
  };
  const limitSpeed: Change<'limitSpeed'> = {
    ...common,
    operation: 'batchSetSpeed',
    statuses: STATUSES.limitSpeed,
    problem: (said) =>
      planOf(all[0] as Task).task.task_type === 'INCR_TRANS'
        ? 'it is not possible for INCR_TRANS (§6.1.8)'
        : problem(said),
    request: ({ jobId }, { speed }) => speedRequest(jobId, speed),
    reason: 'to limit its speed',
    act: async ({ jobId, cloud }, { speed }) => {
      await prompt.batchSetSpeed(speedRequest(jobId, speed), cloud);
      const told = speed.map(({ begin, end, speed: most }) => `${begin}–${end} ${most} MB/s`);
      return told.length > 0 ? `limited: ${told.join(', ')} UTC` : 'not limited any more';
    },
  };
  const rotatePassword: Change<'rotatePassword'> = {
    ...common,
    operation: 'batchResetPassword',
    statuses: STATUSES.rotatePassword,
    request: (task, said) => passwordRequest(task, planOf(task), replacement(said)),
    reason: 'to change its passwords',
    act: async (task, said) => {
      const change = replacement(said);
      await changePasswords(task, withPasswords(planOf(task), change), change, prompt);
      return `the password of ${Object.keys(change).join(' and ')} is changed`;
    },
    after: (said) => run.amend(replacement(said), said),
  };
  const end: Change<'end'> = {
    operation: 'batchDeleteJobs',
    statuses: 'any',
    tasks: () => [whole],
    request: ({ jobId }) => ({ job_id: jobId, delete_type: 'terminate' }),
    reason: 'to end it',
    act: async (task, { by, reason }, { period }) => {
      const position = planOf(all[0] as Task).task.engine_type === 'mysql';
      const ended = await prompt.endTask({ ...at(task), position });
      Object.assign(endedOf(run), { by, reason, ...(ended.position && { position: ended.position }) });
      return `ends${ended.position ? ` at ${ended.position}` : ''}${period ? `. ${UNSUBSCRIBE}` : ''}`;
    },
    lasts: true,
  };
  return { pause, resume, limitSpeed, rotatePassword, end };
}

const UNSUBSCRIBE =
  'It is paid by the year or month: unsubscribe from its order by hand, in the console, before it is deleted (§6.1.14)';

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

type Passwords = Pick<Partial<Record<'source' | 'target', { readonly secret: string }>>, 'source' | 'target'>;

const replacement = ({
  source,
  target,
}: {
  source?: Passwords['source'] | undefined;
  target?: Passwords['target'] | undefined;
}): Replacement => ({
  ...(source && { source: { password: source } }),
  ...(target && { target: { password: target } }),
});

/** The plan as the change will make it; the ends of a backward subtask are the other way round. */
function withPasswords(plan: DirectedPlan, change: Replacement): DirectedPlan {
  const named = (end: 'source' | 'target') => plan.ends?.[end] ?? end;
  return {
    ...plan,
    source: { ...plan.source, ...change[named('source')] },
    target: { ...plan.target, ...change[named('target')] },
  } as DirectedPlan;
}

/** The first of the calls that will be made: the policy is asked about it, and its secret is looked at. */
function passwordRequest({ jobId }: Task, plan: DirectedPlan, change: Replacement): unknown {
  const end = change[plan.ends?.source ?? 'source'] ? 'source' : 'target';
  const { password } = withPasswords(plan, change)[end];
  return { job_id: jobId, end_point_type: end === 'source' ? 'so' : 'ta', db_password: password };
}
