import type { Raw } from '../workflows/plans/common.js';
import { describeObjects } from '../workflows/plans/objects.js';
import { entryOf } from '../workflows/plans/operation.js';
import { plain } from './output.js';

/** What a spec will do, in a few lines; of a spec that has been checked. */
export function summary(kind: string, spec: Raw): string[] {
  if (kind === 'operation') return call(spec);
  if (kind === 'comparison') return comparison(spec);
  if (kind === 'switchover') return switchover(spec);
  const { task, source, target, objects } = spec;
  const lines = [`${kind} ${spec['name']}`];
  if (source && target) lines.push(`  ${endpoint(source)}  →  ${endpoint(target)}`);
  if (task) lines.push(`  ${[task.task_type, `over ${task.net_type}`, `node ${task.node_type}`].join(', ')}`);
  if (objects) lines.push(`  objects: ${describeObjects(objects)}`);
  lines.push(`  a person is asked: ${[...gates(spec), 'and on every failure'].join(', ')}`);
  lines.push(`  on abort the task is ${ON_ABORT[spec['onAbort'] as keyof typeof ON_ABORT] ?? ON_ABORT.keep}`);
  return lines.map((line) => line.slice(0, 2) + plain(line.slice(2)));
}

function call({ name, operation, jobs, gate, reason }: Raw): string[] {
  const asked = gate
    ? `before it (${gate.approvals ?? 1}${gate.group ? ` of ${gate.group}` : ''})`
    : "where the worker's policy wants it";
  return [
    plain(`operation ${name ?? operation}`),
    `  ${operation}${jobs ? ` for ${jobs.length} jobs` : ''}: ${entryOf(operation)?.summary}`,
    ...(reason ? [`  ${plain(reason)}`] : []),
    `  a person is asked: ${plain(asked)}, and on every failure`,
  ];
}

function comparison({ name, task, tasks, select, compare = {}, unfinished = 'wait' }: Raw): string[] {
  const { kinds = ['objects', 'lines'], databases } = compare;
  const which = task ?? (tasks ? `${tasks.length} tasks` : `tasks with ${JSON.stringify(select)}`);
  const what = databases ? databases.map(({ database }: Raw) => database).join(', ') : 'all that they replicate';
  return [
    plain(`comparison ${name}`),
    `  ${plain(`${kinds.join(', ')} of ${which}: ${what}`)}`,
    `  a comparison of somebody else that goes on: ${plain(unfinished)}`,
  ];
}

function switchover({ name, direction, task, stages, gate, drill }: Raw): string[] {
  const each: Raw[] = stages ?? [{ name: task, tasks: [task] }];
  const asked = `before it (${gate?.approvals ?? 1}${gate?.group ? ` of ${gate.group}` : ''}), and on every failure`;
  return [
    `switchover ${name}${drill ? ', a drill: nothing is changed' : ''}`,
    ...each.map((stage) => `${stage['tasks'].join(', ')} to ${direction}`),
    `a person is asked: ${drill ? 'never' : asked}`,
  ].map((line, index) => (index > 0 ? '  ' : '') + plain(line));
}

const ON_ABORT = { keep: 'kept as it is', pause: 'paused', terminate: 'terminated' } as const;

/** Secrets, groups and the like that only a worker can check, by what they are. */
export function unchecked(spec: Raw): Record<string, string[]> {
  const names = (found: unknown[]) => [...new Set(found.filter((name) => typeof name === 'string'))];
  const { request: _, jobs: __, ...own } = spec;
  const found = {
    secrets: names(valuesOf(spec, 'secret')),
    approvers: names(valuesOf(own, 'group')),
    cloud: names([spec['cloud'] ?? 'default']),
    webhooks: names([spec['notify']].flat()),
    stores: names(valuesOf(own, 'store')),
    hooks: names(
      valuesOf(own, 'hooks').flatMap((hooks) => [...valuesOf(hooks, 'before'), ...valuesOf(hooks, 'after')].flat()),
    ),
  };
  return Object.fromEntries(Object.entries(found).filter(([, named]) => named.length > 0));
}

function valuesOf(value: unknown, wanted: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === wanted ? [inner] : valuesOf(inner, wanted)));
}

function endpoint({ db_type, ip, db_port, inst_id, region }: Raw): string {
  const port = db_port ? `:${db_port}` : '';
  const instance = [inst_id && `instance ${inst_id}`, region].filter(Boolean).join(' in ');
  return [db_type, ip && `${ip}${port}`, instance && `(${instance})`].filter(Boolean).join(' ');
}

function gates(spec: Raw): string[] {
  const names = spec['kind'] === 'migration' ? ['start', 'cutover'] : ['start'];
  return names.map((name) => {
    const { approvals = 1, group } = spec[name]?.gate ?? {};
    return `before the ${name} (${approvals}${group ? ` of ${group}` : ''})`;
  });
}
