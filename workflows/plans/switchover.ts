import { z } from 'zod';
import { oneOf } from '../../drs/operations/common.js';
import { Duration, Gate, HookNames, type Problem, planBase, type Raw, type ReadSpec, Report } from './common.js';
import { asObject } from './requests.js';

const { cloud, notify, requested } = planBase('switchover');

/** Items of the readiness of each task stand in the evidence, which must fit into the history. */
export const MOST_TASKS = 100;

/** `orders-dr`, or a job id. */
const TaskRef = z
  .string()
  .regex(/^[A-Za-z0-9][\w-]{2,63}$/, 'must be the name or the id of a task')
  .meta({ description: 'Name or id of a DR task.' });

const Stage = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w. -]{0,49}$/, 'must be up to 50 letters, digits, spaces, dots, hyphens and underscores')
    .meta({ description: 'How the stage is called in the table of steps.' }),
  tasks: z
    .array(TaskRef)
    .min(1)
    .max(MOST_TASKS)
    .meta({ description: 'Tasks that are switched over at the same time.' }),
  hooks: z
    .strictObject({
      before: HookNames.optional().meta({ description: "Hooks of the worker's configuration, after the approval." }),
      after: HookNames.optional().meta({ description: 'Hooks after the tasks of the stage are verified.' }),
    })
    .optional(),
});

const positive = (ms: number): boolean => ms > 0;
const Limit = Duration.refine(positive, 'must be more than 0s').default(60_000);

const Limits = z
  .strictObject({
    rpo: Limit.meta({ description: 'The RPO must be known and below this; 60s when left out.' }),
    rto: Limit.meta({ description: 'The RTO must be known and below this; 60s when left out.' }),
    comparison: Duration.optional().meta({ description: 'How old the last comparison may be.' }),
  })
  .prefault({});

const Direction = oneOf(['up', 'down']);

export const SwitchoverSpec = z
  .strictObject({
    kind: z.literal('switchover').optional(),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'must be a word: up to 100 letters, digits, dots, hyphens and underscores')
      .meta({ description: 'What the run is called.' }),
    cloud,
    notify,
    requested,
    direction: Direction.meta({
      description:
        'The job_direction that the tasks shall have afterwards. up: this cloud is the standby; down: it is active.',
    }),
    task: TaskRef.optional().meta({ description: 'Short for one stage with one task.' }),
    stages: z.array(Stage).min(1).max(50).optional().meta({ description: 'Groups of tasks, one after another.' }),
    limits: Limits,
    settle: Duration.default(300_000).meta({
      description: 'How long a task is watched after a lost reply, before a person is asked; 5m when left out.',
    }),
    within: Duration.refine(positive, 'must be more than 0s')
      .default(900_000)
      .meta({ description: 'How long a switchover may take until it is verified; 15m when left out.' }),
    target: z
      .strictObject({ rto: Duration.refine(positive, 'must be more than 0s') })
      .optional()
      .meta({ description: 'The recovery time that the report measures against.' }),
    gate: Gate.prefault({}),
    switchback: z
      .boolean()
      .default(false)
      .meta({ description: 'Starts the way back afterwards: a run of its own, which waits at its own gate.' }),
    report: Report.optional().meta({ description: 'Writes the result as a page, however the run ends.' }),
    drill: z.boolean().default(false).meta({ description: 'Does all but the call; asks nobody and changes nothing.' }),
  })
  .transform(({ task, stages, target, ...spec }) => ({
    ...spec,
    targetRto: target?.rto,
    stages: (stages ?? [{ name: '', tasks: [task ?? ''] }]) as readonly z.output<typeof Stage>[],
  }));

/** Durations are in ms. The one stage of `task` has no name. */
export type SwitchoverPlan = z.output<typeof SwitchoverSpec>;
export type StagePlan = SwitchoverPlan['stages'][number];

export const switchoverSpec: ReadSpec<SwitchoverPlan> = {
  schema: SwitchoverSpec,
  problems: (spec) => [...stageProblems(spec), ...twins(spec)],
};

function stageProblems({ task, stages }: Raw): Problem[] {
  if (task === undefined && stages === undefined)
    return [{ path: 'stages', message: 'is missing: stages of tasks, or task for a single one' }];
  if (task !== undefined && stages !== undefined)
    return [{ path: 'task', message: 'does not go with stages: it is short for one stage with one task' }];
  return [];
}

/** A task that was switched over twice would be where it began. */
function twins({ stages }: Raw): Problem[] {
  if (!Array.isArray(stages)) return [];
  const seen = new Map<string, string>();
  const twice = (key: unknown, path: string, kind: string): Problem[] => {
    if (typeof key !== 'string') return [];
    const word = `${kind} ${key.toLowerCase()}`;
    const first = seen.get(word);
    if (first === undefined) seen.set(word, path);
    return first === undefined ? [] : [{ path, message: `stands in ${first}, too` }];
  };
  const problems = stages.flatMap((stage, index) => {
    const { name, tasks } = asObject(stage);
    const list: unknown[] = Array.isArray(tasks) ? tasks : [];
    return [
      ...twice(name, `stages[${index}].name`, 'stage'),
      ...list.flatMap((task, n) => twice(task, `stages[${index}].tasks[${n}]`, 'task')),
    ];
  });
  const count = stages.flatMap((stage) => asObject(stage)['tasks'] ?? []).length;
  return count > MOST_TASKS
    ? [...problems, { path: 'stages', message: `hold ${count} tasks, more than the ${MOST_TASKS} of one run` }]
    : problems;
}

/** Where each task stands in the spec as it was written. */
export const pathsOf = (spec: unknown, { stages }: SwitchoverPlan): { task: string; path: string }[] =>
  asObject(spec)['stages'] === undefined
    ? [{ task: stages[0]?.tasks[0] ?? '', path: 'task' }]
    : stages.flatMap(({ tasks }, s) => tasks.map((task, t) => ({ task, path: `stages[${s}].tasks[${t}]` })));

/** What the workflow `readiness` is asked: how tasks stand that may be switched over. */
export const ReadinessSpec = z.strictObject({
  tasks: z.array(TaskRef).min(1).max(MOST_TASKS),
  cloud,
  /** That they shall have; for each the opposite of its own when left out. */
  direction: Direction.optional(),
  limits: Limits,
});
