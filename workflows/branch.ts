import type { PlanBase } from './plans/common.js';
import type { Run } from './run.js';

/** What a step needs of the run that it belongs to. */
export type Steps = Pick<
  Run<PlanBase>,
  | 'step'
  | 'again'
  | 'part'
  | 'gate'
  | 'openings'
  | 'whereabouts'
  | 'approve'
  | 'acknowledge'
  | 'choose'
  | 'forget'
  | 'resultOf'
  | 'hasBegun'
  | 'task'
  | 'owns'
  | 'seeks'
  | 'forced'
  | 'lock'
  | 'unlock'
  | 'locked'
>;

/** A run whose steps stand in the table as `Forward: Store endpoints`: the same sequence can go by more than once. */
export function branch(run: Steps, name: string): Steps {
  const row = (step: string): string => `${name}: ${step}`;
  return {
    step: ((...[step, work, options]: Parameters<Steps['step']>) =>
      run.step(row(step), work, options)) as Steps['step'],
    again: (step, work) => run.again(row(step), work),
    part: (mending, work) => run.part({ ...mending, forget: mending.forget.map(row) }, work),
    gate: (gate, step, options) => run.gate(gate, row(step), options),
    approve: (gate, step, options) => run.approve(gate, row(step), options),
    openings: (gate) => run.openings(gate),
    acknowledge: (gate, step, question, items) => run.acknowledge(gate, row(step), question, items),
    choose: (gate, step, question, items) => run.choose(gate, row(step), question, items),
    forget: (...steps) => run.forget(...steps.map(row)),
    resultOf: (step) => run.resultOf(row(step)),
    hasBegun: (step) => run.hasBegun(row(step)),
    owns: (jobId, subtasks) => run.owns(jobId, subtasks),
    seeks: (find) => run.seeks(find),
    lock: (jobIds, reason, mode) => run.lock(jobIds, reason, mode),
    unlock: (...jobIds) => run.unlock(...jobIds),
    locked: (jobId, reason, work) => run.locked(jobId, reason, work),
    get whereabouts() {
      return run.whereabouts;
    },
    get task() {
      return run.task;
    },
    get forced() {
      return run.forced;
    },
  };
}
