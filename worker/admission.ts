import { endpointIn, type Secrets, secretProblems } from '../activities/secrets.js';
import type { Problem } from '../drs/operations/common.js';
import type { WorkerConfig } from './config.js';
import { ruleFor } from './rules.js';
import { unknownWebhooks } from './webhooks.js';

type Fields = Readonly<Record<string, unknown>>;

/** Problems of a spec that only the worker can see: its clouds, secrets, webhooks and groups. The spec may be broken otherwise. */
export const admission =
  (config: WorkerConfig, secrets: Secrets) =>
  async (kind: string, spec: Fields): Promise<readonly Problem[]> => [
    ...cloudProblems(config, spec['cloud']),
    ...(await secretProblems(spec, secrets, {
      operation: kind,
      endpointOf: () => endpointIn(fieldsOf(spec['target'])),
    })),
    ...unknownWebhooks(config, listOf(spec['notify'])).map((name) => ({
      path: `notify[${listOf(spec['notify']).indexOf(name)}]`,
      message: `the worker's configuration has no webhook "${name}"`,
    })),
    ...gatesIn(spec).flatMap(({ gate, path, asked }) =>
      ruleFor(config, { kind, name: String(spec['name'] ?? ''), gate }, asked).problems.map((problem) => ({
        ...problem,
        path: `${path}.${problem.path}`,
      })),
    ),
  ];

function cloudProblems({ clouds }: WorkerConfig, asked: unknown): Problem[] {
  const names = Object.keys(clouds);
  if (asked === undefined) {
    return names.length > 1 ? [{ path: 'cloud', message: `is missing: this worker serves ${names.join(', ')}` }] : [];
  }
  if (typeof asked !== 'string' || names.includes(asked)) return [];
  return [{ path: 'cloud', message: `this worker serves no cloud of that name, only ${names.join(', ')}` }];
}

/** `start: { gate: { … } }` asks for the gate `start`. */
function gatesIn(spec: Fields): { gate: string; path: string; asked: { approvals?: number; group?: string } }[] {
  return Object.entries(spec).flatMap(([step, value]) => {
    const gate = fieldsOf(value)['gate'];
    if (gate === undefined) return [];
    const { approvals, group } = fieldsOf(gate);
    const asked = { ...(typeof approvals === 'number' && { approvals }), ...(typeof group === 'string' && { group }) };
    return [{ gate: step, path: `${step}.gate`, asked }];
  });
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
