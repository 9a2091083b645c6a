import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { Direction } from '../../activities/readiness-items.js';
import type { SwitchedTask } from '../../activities/switchover-result.js';
import { calls } from '../activities.js';
import { badSpec } from '../admission.js';
import { readFailure } from '../failure.js';
import { stageRow } from '../outlines/row.js';
import type { Raw } from '../plans/common.js';
import { pathsOf, type StagePlan } from '../plans/switchover.js';
import { callHooks } from './hooks.js';
import { listed, readiness, type Switching, summary } from './readiness.js';
import { switchStage } from './switchover.js';
import { SwitchoverRecord } from './switchover-record.js';

export const opposite = (direction: Direction): Direction => (direction === 'up' ? 'down' : 'up');

/** The tasks of all stages. What cannot be switched over ends the run here, before anybody is asked, all of it at once. */
export async function findTasks({ run, plan, record }: Switching, spec: unknown): Promise<void> {
  if (record.tasks.length === 0) {
    const wanted = pathsOf(spec, plan);
    const { cloud, direction } = plan;
    const found = await record.timed('tasks', undefined, () =>
      run.step(
        'Tasks',
        async () => {
          const { tasks, problems } = await calls.findRecoveries({ tasks: wanted, direction, ...(cloud && { cloud }) });
          if (problems.length > 0) throw badSpec('switchover', problems);
          return tasks.map(({ jobId, name }) => ({ jobId, name }));
        },
        { note: (tasks) => listed(tasks.map(({ name }) => name)) },
      ),
    );
    const stages = plan.stages.flatMap(({ name, tasks }) => tasks.map(() => name));
    record.begin(found.map((task, index) => ({ ...task, stage: stages[index] ?? '' })));
  }
  run.about(record.tasks.map(({ jobId }) => jobId));
}

/** Takes back what is switched over, the last stage first, after a gate of its own. */
export async function switchBack({ run, plan, record }: Switching): Promise<void> {
  run.phase('switches back');
  const direction = opposite(plan.direction);
  const back = new SwitchoverRecord(run, { direction, drill: false, targetRto: undefined }, 'switchedBack');
  const done = record.of().filter(({ state }) => state === 'switched');
  back.begin([...done].reverse());
  const it: Switching = {
    run,
    plan: { ...plan, direction },
    record: back,
    gate: 'switch-back',
    row: (step) => `Switch back: ${step}`,
  };
  try {
    for (const name of new Set(back.tasks.map(({ stage }) => stage))) await switchStage(it, { name });
  } finally {
    record.add({ switchedBack: back.view() });
  }
  for (const task of done)
    if (back.tasks.some(({ jobId, state }) => jobId === task.jobId && state === 'switched'))
      task.state = 'switchedBack';
  record.report();
}

/**
 * Starts the way back: a run of its own with the same spec the other way round, of the tasks that are switched over. It waits at its
 * own gate, with evidence of its own, and goes on whatever becomes of this one.
 */
export async function startWayBack({ run, plan, record }: Switching, spec: unknown): Promise<void> {
  if (record.view().switchback) return;
  const workflowId = `${workflowInfo().workflowId}-back`;
  const { task: _, stages: __, switchback: ___, requested: ____, ...same } = spec as Raw;
  const switched = (stage: string) => record.of(stage).filter(({ state }) => state === 'switched');
  const stages = plan.stages
    .map((stage) => ({ ...stage, tasks: switched(stage.name).map(({ jobId }) => jobId) }))
    .filter(({ tasks }) => tasks.length > 0)
    .reverse();
  const [first] = stages;
  if (!first) return;
  const tasks = first.name ? { stages } : { task: first.tasks[0] };
  const back = { ...same, name: `${plan.name}-back`, direction: opposite(plan.direction), ...tasks };
  try {
    await startChild('switchover', { workflowId, args: [back], parentClosePolicy: ParentClosePolicy.ABANDON });
    record.add({ switchback: { workflowId } });
  } catch (error) {
    // What was switched over is so: that the way back does not wait is worth a remark, and no failure.
    const { message } = readFailure(error);
    record.add({ switchback: { workflowId, problem: message } });
    run.note(`the way back ${workflowId} was not started: ${message}`);
  }
}

/**
 * What the worker's configuration calls a hook, before a stage is switched over and after it is verified: fence the application, move
 * DNS. Those after it are left out where none of its tasks has moved.
 */
export async function hooks(
  { run, plan, record, row }: Switching,
  stage: StagePlan,
  phase: 'before' | 'after',
): Promise<void> {
  const names = stage.hooks?.[phase] ?? [];
  const moved = ({ state, after }: SwitchedTask): boolean =>
    state === 'switched' || after?.direction === plan.direction;
  const tasks = record.of(stage.name).filter((task) => phase === 'before' || plan.drill || moved(task));
  if (names.length === 0 || tasks.length === 0) return;
  await record.timed(`hooks ${phase}`, stage.name, () =>
    callHooks(run, names, {
      row: row(stageRow(`Hooks ${phase}`, stage.name)),
      phase,
      occasion: `${stageRow('switchover', stage.name)} to ${plan.direction}`,
      tasks: tasks.map(({ jobId, name }) => ({ jobId, name })),
      drill: plan.drill,
    }),
  );
}

/** All but the call: nobody is asked and nothing is changed, so it can run every night. What would have blocked is the result. */
export async function drill(it: Switching): Promise<void> {
  const { run, plan, record, row } = it;
  const blocking = new Map<string, string>();
  const look = async (name: string, tasks: ReturnType<typeof record.of>) => {
    const { items } = await run.step(name, () => readiness(it, tasks), { note: (seen) => summary(seen.items) });
    for (const one of items) if (one.class === 'blocking') blocking.set(one.item, one.value);
  };
  await record.timed('readiness', undefined, () => look(row('Readiness'), record.of()));
  run.skip(row('Approval'), 'a drill answers its own gate');
  for (const stage of plan.stages) {
    const { name } = stage;
    const tasks = record.of(name);
    await hooks(it, stage, 'before');
    await record.timed('final readiness', name, () => look(row(stageRow('Final readiness', name)), tasks));
    for (const step of ['Switchover', 'Verification']) run.skip(row(stageRow(step, name)), 'a drill sends nothing');
    for (const task of tasks) task.state = 'rehearsed';
    await hooks(it, stage, 'after');
  }
  const wouldBlock = [...blocking].map(([item, value]) => ({ item, class: 'blocking', value }) as const);
  record.add({ wouldBlock });
  const told = wouldBlock.map(({ item, value }) => `${item}: ${value}`).join('; ');
  run.note(wouldBlock.length > 0 ? `this would have blocked the switchover: ${told}` : 'nothing would have blocked it');
}
