import { z } from 'zod';
import { COMPARISON_KINDS, type ComparisonKind } from '../../drs/consistency.js';
import { JobId, TaskName } from '../../drs/operations/common.js';
import { TASK_STATUSES } from '../../drs/statuses.js';
import { Budget, budgetProblems } from './budget.js';
import { Duration, type Problem, planBase, type Raw, type ReadSpec } from './common.js';
import { asArray, asObject } from './requests.js';

const Name = z.string().min(1).max(256);

/** A task by its name or its id. */
const TaskRef = z.union([JobId, TaskName], { error: 'must be the name or the id of a task' });

const Selector = z.strictObject({
  kind: z
    .enum(['migration', 'synchronization', 'disaster-recovery'])
    .optional()
    .meta({ description: 'Tasks of this kind; all three when left out.' }),
  name: z.string().min(1).max(100).optional().meta({ description: 'A glob over names: `*` any characters, `?` one.' }),
  tags: z.record(z.string().min(1), z.string()).optional().meta({ description: 'Tags that a task must all have.' }),
  status: z
    .enum(TASK_STATUSES)
    .optional()
    .meta({ description: 'Only tasks in this status; when left out all but those that have ended.' }),
});
export type Selector = z.output<typeof Selector>;

const Database = z.strictObject({ database: Name, tables: z.array(Name).min(1).optional() });

const Filter = z.strictObject({
  database: Name,
  schema: Name.optional(),
  table: Name,
  where: z.string().min(1).max(256).meta({ description: 'An SQL condition, for instance `id>100` (§6.1.27).' }),
});

export const Compare = z.strictObject({
  kinds: z
    .array(z.enum(COMPARISON_KINDS))
    .min(1)
    .default(['objects', 'lines'])
    .meta({ description: 'What is compared; random only for GaussDB pairs (§6.1.27).' }),
  form: z.enum(['newer', 'older']).optional().meta({
    description: 'Which calls compare: the newer ones (§6.1.26 to §6.1.37), or the older ones (§6.1.17, §6.1.18).',
  }),
  databases: z
    .array(Database)
    .min(1)
    .optional()
    .meta({ description: 'Databases, with or without a list of tables; the whole task when left out.' }),
  filters: z.array(Filter).min(1).optional().meta({ description: 'Of these tables only rows that fit are compared.' }),
  options: z
    .strictObject({
      contentCompareType: z.enum(['static', 'dynamic']).optional(),
      lobCompare: z.enum(['ignore', 'length']).optional(),
      comparePolicy: z.enum(['normal', 'manyToOne']).optional(),
    })
    .default({})
    .meta({ description: 'Of §6.1.27: the first two for contents, the third for lines.' }),
  proportion_value: z.number().positive().max(100).optional().meta({ description: 'Percent of a random comparison.' }),
  startAt: z.iso.datetime({ offset: true }).optional().meta({
    description: 'When DRS begins to compare rows and values (start_time of §6.1.27); at once when left out.',
  }),
});
export type Compare = z.output<typeof Compare>;

const { cloud, notify, requested } = planBase('comparison');

export const ComparisonSpec = z.strictObject({
  kind: z.literal('comparison').optional(),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'must be a word: up to 100 letters, digits, dots, hyphens and underscores')
    .meta({ description: 'What the comparison is called.' }),
  cloud,
  notify,
  requested,
  task: TaskRef.optional().meta({ description: 'One task, by name or id.' }),
  tasks: z.array(TaskRef).min(1).max(2_000).optional().meta({ description: 'Several.' }),
  select: Selector.optional().meta({ description: 'All tasks that fit at the time.' }),
  compare: Compare.prefault({}),
  unfinished: z
    .enum(['keep', 'cancel', 'wait'])
    .default('wait')
    .meta({ description: 'What becomes of a comparison that somebody else began on a task and that goes on.' }),
  within: Duration.default(12 * 3_600_000).meta({
    description: 'How long all of it may take; what is not over by then is cancelled, and not finished.',
  }),
  secondLook: z
    .strictObject({
      rounds: z.int().min(1).max(10).default(1),
      maxDelay: Duration.default(5_000).meta({ description: 'How low the delay must be before each round.' }),
      within: Duration.default(1_800_000).meta({ description: 'How long that may take.' }),
    })
    .optional()
    .meta({ description: 'Tables whose rows or values differ are compared again: under load data may lag.' }),
  store: Name.optional().meta({
    description: "A store of the worker's configuration, for the report and all of what was found.",
  }),
  export: z
    .array(z.enum(COMPARISON_KINDS))
    .min(1)
    .optional()
    .meta({ description: 'Of these kinds the result files that DRS makes are brought into the store (§6.1.38).' }),
  retention: Duration.optional().meta({
    description: 'Nights that are older are removed from the store; for ever when left out.',
  }),
  budget: Budget.optional().meta({
    description: 'What a night may cost where values are too slow to be compared all in one: they have their turns.',
  }),
  atOnce: z.int().min(1).max(50).default(10).meta({ description: 'Tasks that are compared at the same time.' }),
});

export type ComparisonPlan = z.output<typeof ComparisonSpec>;

export const comparisonSpec: ReadSpec<ComparisonPlan> = {
  schema: ComparisonSpec,
  problems: (spec) => [
    ...whichTasks(spec),
    ...storeProblems(spec),
    ...compareProblems(asObject(spec['compare'])),
    ...budgetProblems(spec),
  ],
};

function storeProblems({ store, retention, export: exported, compare }: Raw): Problem[] {
  const older = exported !== undefined && asObject(compare)['form'] === 'older';
  const given = { retention, export: exported };
  const alone = Object.entries(given).filter(([, value]) => value !== undefined && store === undefined);
  const kinds = asArray(asObject(compare)['kinds'] ?? ['objects', 'lines']);
  return [
    ...alone.map(([path]) => ({ path, message: 'works only with a store' })),
    ...(older
      ? [{ path: 'export', message: 'the older form tells of no files (§6.1.18): leave compare.form out' }]
      : []),
    ...asArray(exported).flatMap((kind, index) =>
      kinds.includes(kind) ? [] : [{ path: `export[${index}]`, message: 'is not among the kinds that are compared' }],
    ),
  ];
}

const WHICH = ['task', 'tasks', 'select'] as const;

function whichTasks(spec: Raw): Problem[] {
  const given = WHICH.filter((field) => spec[field] !== undefined);
  if (given.length === 0) return [{ path: 'task', message: 'is missing: name a task, tasks, or select them' }];
  return given.slice(1).map((path) => ({ path, message: `does not go with ${given[0]}: give one of them` }));
}

function compareProblems({
  kinds: given,
  databases,
  filters,
  options,
  proportion_value,
  startAt,
  form,
}: Raw): Problem[] {
  const problems: Problem[] = [];
  const tell = (path: string, message: string) => problems.push({ path: `compare.${path}`, message });
  const kinds = given === undefined ? ['objects', 'lines'] : asArray(given);
  kinds.forEach((kind, index) => {
    if (kinds.indexOf(kind) < index) tell(`kinds[${index}]`, 'stands here twice');
  });
  const names = asArray(databases).map((one) => asObject(one)['database']);
  names.forEach((name, index) => {
    if (name !== undefined && names.indexOf(name) < index) tell(`databases[${index}].database`, 'is named twice');
  });
  const has = (kind: ComparisonKind) => kinds.includes(kind);
  const rows = has('lines') || has('contents') || has('random');
  const { contentCompareType, lobCompare, comparePolicy } = asObject(options);
  const only = (path: string, value: unknown, there: boolean, why: string) => {
    if (value !== undefined && !there) tell(path, why);
  };
  only('options.contentCompareType', contentCompareType, has('contents'), 'works only with contents among the kinds');
  only('options.lobCompare', lobCompare, has('contents'), 'works only with contents among the kinds');
  only('options.comparePolicy', comparePolicy, has('lines'), 'works only with lines among the kinds');
  only('proportion_value', proportion_value, has('random'), 'works only with random among the kinds');
  only('startAt', startAt, rows, 'works only with lines, contents or random: objects are compared at once (§6.1.35)');
  only('filters', filters, rows, 'works only with lines, contents or random among the kinds');
  if (form === 'older') {
    const why = 'the older form has none of it (§6.1.17): leave form out';
    if (has('random')) tell(`kinds[${kinds.indexOf('random')}]`, why);
    if (filters !== undefined) tell('filters', why);
    if (Object.keys(asObject(options)).length > 0) tell('options', why);
  }
  if (has('random') && proportion_value === undefined)
    tell('proportion_value', 'is missing: mandatory with random among the kinds (§6.1.27)');
  return problems;
}
