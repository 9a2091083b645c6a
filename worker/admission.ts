import { endpointIn, type Secrets, secretProblems } from '../activities/secrets.js';
import { type Problem, wordOf } from '../drs/operations/common.js';
import { storesIn } from '../workflows/plans/common.js';
import type { WorkerConfig } from './config.js';
import { ordersFor } from './policy.js';
import { type Asked, ruleFor } from './rules.js';
import { unknownWebhooks } from './webhooks.js';

type Fields = Readonly<Record<string, unknown>>;

/** Problems of a spec that only the worker can see: its clouds, secrets, webhooks and groups. The spec may be broken otherwise. */
export const admission =
  (config: WorkerConfig, secrets: Secrets) =>
  async (kind: string, spec: Fields): Promise<readonly Problem[]> => [
    ...cloudProblems(config, spec['cloud']),
    ...orderProblems(config, spec['task']),
    ...(await secretProblems(spec, kind === 'operation' ? unlessElsewhere(config, secrets) : secrets, {
      operation: kind,
      endpointOf: () => endpointIn(fieldsOf(spec['target'])),
    })),
    ...webhookProblems(config, listOf(spec['notify']), 'notify'),
    ...storeProblems(config, spec),
    ...hookProblems(config, spec),
    ...gatesIn(kind, spec).flatMap(({ gate, path, asked, notify }) => [
      ...ruleFor(
        config,
        { kind, name: wordOf(spec['name']), gate, operation: operationOf(spec), tasks: tasksIn(kind, spec) },
        asked,
      ).problems.map((problem) => ({ ...problem, path: `${path}.${problem.path}` })),
      ...webhookProblems(config, notify, `${path}.escalate.notify`),
    ]),
  ];

/** A call may name no endpoint beside its password: it is checked against the task's own before the call. */
const unlessElsewhere = ({ secrets }: WorkerConfig, book: Secrets): Secrets => ({
  ...book,
  check: (name, use) => {
    const entry = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    const later = use.host === undefined && use.instance === undefined;
    return entry && later && entry.hosts.length + entry.instances.length > 0 ? undefined : book.check(name, use);
  },
});

function cloudProblems({ clouds }: WorkerConfig, asked: unknown): Problem[] {
  const names = Object.keys(clouds);
  if (asked === undefined) {
    return names.length > 1 ? [{ path: 'cloud', message: `is missing: this worker serves ${names.join(', ')}` }] : [];
  }
  if (typeof asked !== 'string' || names.includes(asked)) return [];
  return [{ path: 'cloud', message: `this worker serves no cloud of that name, only ${names.join(', ')}` }];
}

function storeProblems({ stores }: WorkerConfig, spec: Fields): Problem[] {
  return storesIn(spec).flatMap(({ path, store }) =>
    Object.hasOwn(stores, store) ? [] : [{ path, message: `the worker's configuration has no store "${store}"` }],
  );
}

const webhookProblems = (config: WorkerConfig, names: readonly string[], path: string): Problem[] =>
  unknownWebhooks(config, names).map((name) => ({
    path: `${path}[${names.indexOf(name)}]`,
    message: `the worker's configuration has no webhook "${name}"`,
  }));

/** Hooks stand at the cutover of a migration, and at each stage of a switchover. */
function hookProblems({ hooks }: WorkerConfig, spec: Fields): Problem[] {
  const stages = Array.isArray(spec['stages']) ? spec['stages'] : [];
  const sites = [
    ['cutover.hooks', fieldsOf(spec['cutover'])['hooks']] as const,
    ...stages.map((stage, index) => [`stages[${index}].hooks`, fieldsOf(stage)['hooks']] as const),
  ];
  return sites.flatMap(([path, site]) =>
    ['before', 'after'].flatMap((phase) =>
      [fieldsOf(site)[phase]].flat().flatMap((name, index) => {
        if (typeof name !== 'string' || Object.hasOwn(hooks, name)) return [];
        return [{ path: `${path}.${phase}[${index}]`, message: `the worker's configuration has no hook "${name}"` }];
      }),
    ),
  );
}

/** A task that is ordered by the year or month is paid at its start. "approve" needs no more: each start has its gate. */
function orderProblems(config: WorkerConfig, task: unknown): Problem[] {
  if (fieldsOf(task)['charging_mode'] !== 'period' || ordersFor(config) !== 'deny') return [];
  return [
    {
      path: 'task.charging_mode',
      message: "period is not allowed: the start would be paid at once, and this worker's policy.orders is deny",
    },
  ];
}

/** The tasks that a switchover names: rules may hold for some of them. */
function tasksIn(kind: string, { task, stages }: Fields): string[] {
  if (kind !== 'switchover') return [];
  const staged = Array.isArray(stages) ? stages.flatMap((stage) => listOf(fieldsOf(stage)['tasks'])) : [];
  return [...(typeof task === 'string' ? [task] : []), ...staged];
}

/** `start: { gate: { … } }` asks for the gate `start`, `gate: { … }` alone for the only one that the kind has. */
function gatesIn(kind: string, spec: Fields): { gate: string; path: string; asked: Asked; notify: string[] }[] {
  const gate = kind === 'switchover' ? 'switchover' : 'approval';
  const own = spec['gate'] === undefined ? [] : [{ gate, path: 'gate', value: spec['gate'] }];
  const others = Object.entries(spec).map(([step, value]) => {
    return { gate: step, path: `${step}.gate`, value: fieldsOf(value)['gate'] };
  });
  return [...own, ...others].flatMap(({ gate, path, value }) => {
    if (value === undefined) return [];
    const { approvals, group, escalate } = fieldsOf(value);
    const { group: second, notify } = fieldsOf(escalate);
    const asked = {
      ...(typeof approvals === 'number' && { approvals }),
      ...(typeof group === 'string' && { group }),
      ...(typeof second === 'string' && { escalate: second }),
    };
    return [{ gate, path, asked, notify: listOf(notify) }];
  });
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
const operationOf = ({ operation }: Fields): string | undefined =>
  typeof operation === 'string' ? operation : undefined;
