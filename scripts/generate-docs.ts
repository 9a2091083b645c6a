import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CODES, type CodeEntry, GATEWAY_CODES, MENDS } from '../drs/codes.js';
import { KINDS } from '../drs/errors.js';
import type { Operation } from '../drs/operation.js';
import { comparison } from '../drs/operations/comparison.js';
import { connections } from '../drs/operations/connections.js';
import { control } from '../drs/operations/control.js';
import { disasterRecovery } from '../drs/operations/disaster-recovery.js';
import { iamOperations } from '../drs/operations/iam.js';
import { objectsAndPolicies } from '../drs/operations/objects-and-policies.js';
import { precheckAndParameters } from '../drs/operations/precheck-and-parameters.js';
import { resources } from '../drs/operations/resources.js';
import { settings } from '../drs/operations/settings.js';
import { tasks } from '../drs/operations/tasks.js';
import { users } from '../drs/operations/users.js';
import { DEFAULT_POLICY } from '../worker/policy.js';
import { licencesPage } from './licences.js';

/** `npm run docs` writes the documents that are made from the tables of `drs/` and from package-lock.json. Tests fail when they are stale. */

type Family = Readonly<Record<string, Operation>>;

const FAMILIES: readonly (readonly [string, Family])[] = [
  ['Tasks', tasks],
  ['Connections', connections],
  ['Objects and policies', objectsAndPolicies],
  ['Pre-check and parameters', precheckAndParameters],
  ['Start, pause, end', control],
  ['Users', users],
  ['Comparisons', comparison],
  ['Disaster recovery', disasterRecovery],
  ['Settings', settings],
  ['Resources', resources],
];

const INTRO = `# The calls of the API

<!-- Made from the operation table by \`npm run docs\`: edit drs/operations, not this file. -->

All calls of chapters 5 and 6 of the API reference under Huawei's ids and field names. Each is an activity of its own and can be
made by itself: [single calls](single-calls.md). *Jobs* is how many one request carries; lists may be longer. *Policy* is what the
worker's policy says by default: \`allow\`, or \`approve\` at a gate. A call that is not safe to *repeat* is never sent a second time
by itself when its reply was lost. \`drs-pilot operations ID\` prints a call with its request's JSON Schema. Rules between
fields are not in the tables; a request that breaks one is told so before anything is sent.`;

/** `docs/operations.md`. */
export function operationsPage(): string {
  const known = FAMILIES.flatMap(([, family]) => Object.entries(family));
  const rows = known.map(([id, { section, batch, repeatable, action }]) => {
    return [
      `[${id}](#${id.toLowerCase()})`,
      section,
      `${batch?.limit ?? 1}`,
      DEFAULT_POLICY[id] ?? '',
      yes(repeatable),
      code(action),
    ];
  });
  return [
    INTRO,
    table(['call', 'section', 'jobs', 'policy', 'repeat', 'IAM action'], rows),
    ...FAMILIES.flatMap(([title, family]) => [`## ${title}`, ...Object.entries(family).map(entry)]),
    '## The identity service',
    'Both are made by the client itself, where a token or the id of a project is needed.',
    ...Object.entries(iamOperations as Family).map(entry),
  ]
    .join('\n\n')
    .concat('\n');
}

function entry([id, operation]: readonly [string, Operation]): string {
  const { route, summary, section, batch, paging, repeatable, empty, file, action, roles = [] } = operation;
  const facts = [
    `section ${section}`,
    batch && batch.limit > 1 ? `up to ${batch.limit} jobs a request, as \`${batch.key}\`` : '',
    batch?.alone ? 'never together with jobs of other runs' : '',
    paging ? `pages by \`${paging.within ?? paging.from}\`, ${paging.most} rows each` : '',
    repeatable ? 'safe to repeat' : 'not safe to repeat',
    empty ? 'may answer with nothing' : '',
    file ? 'answers with a file' : '',
    action ? `IAM action ${code(action)}` : 'no IAM action in the reference',
    roles.length > 0 ? `roles ${roles.join(', ')}` : '',
  ];
  return [`### ${id}`, summary, code(route), `${facts.filter(Boolean).join(' · ')}`, fields(operation)].join('\n\n');
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly writeOnly?: boolean;
  readonly [rule: string]: unknown;
}

function fields(operation: Operation): string {
  const schema = z.toJSONSchema(operation.request, { io: 'input', unrepresentable: 'any' }) as Schema;
  if (schema.type === 'string') return "One job's request is the id of the task.";
  const rows = fieldRows(schema, '', operation);
  if (rows.length === 0) return 'The request holds nothing.';
  return table(['field', 'must', 'what', 'rules'], rows);
}

function fieldRows({ properties = {}, required = [] }: Schema, path: string, operation: Operation): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const at = `${path}${name}`;
    const shown = field.anyOf?.find(({ type }) => type !== 'null') ?? field;
    const list = shown.type === 'array';
    const inner = list ? shown.items : shown;
    const where = path === '' ? placeOf(name, operation) : '';
    const row = [
      code(at),
      yes(required.includes(name)),
      kindOf(field),
      [...rulesOf(field), where].filter(Boolean).join('; '),
    ];
    return [row, ...(inner?.properties ? fieldRows(inner, `${at}${list ? '[]' : ''}.`, operation) : [])];
  });
}

function placeOf(name: string, { route, query = [], headers = {} }: Operation): string {
  if (route.includes(`{${name}}`)) return 'in the path';
  if (query.includes(name)) return 'in the query';
  return headers[name] ? `the header ${headers[name]}` : '';
}

function kindOf({ type, anyOf, items, enum: values, const: only, writeOnly }: Schema): string {
  if (writeOnly) return 'a secret: `{ secret: NAME }`';
  if (anyOf) return [...new Set(anyOf.filter((one) => one.type !== 'null').map(kindOf))].join(' or ');
  if (values || only !== undefined) return (values ?? [only]).map((value) => code(JSON.stringify(value))).join(', ');
  if (type === 'array') return `list of ${items ? kindOf(items) : 'anything'}`;
  return { integer: 'whole number', boolean: 'true or false', string: 'text' }[type ?? ''] ?? type ?? 'anything';
}

const RULES: Readonly<Record<string, string>> = {
  minimum: 'at least',
  exclusiveMinimum: 'more than',
  maximum: 'at most',
  minLength: 'characters, at least',
  maxLength: 'characters, at most',
  minItems: 'entries, at least',
  maxItems: 'entries, at most',
  pattern: 'form',
};

function rulesOf(field: Schema): string[] {
  if (field.writeOnly) return [];
  if (field['minLength'] === 1 && field['maxLength'] === undefined) return ['not empty'];
  const rules = Object.entries(RULES).flatMap(([rule, words]) => {
    const value = field[rule];
    const safe = typeof value === 'number' && Math.abs(value) >= Number.MAX_SAFE_INTEGER;
    return value === undefined || safe ? [] : [`${words} ${typeof value === 'string' ? code(value) : value}`];
  });
  return [...new Set([...rules, ...(field.anyOf ?? []).flatMap(rulesOf)])];
}

const yes = (is: boolean): string => (is ? 'yes' : '');
const code = (text: string | undefined): string => (text ? `\`${text.replaceAll('|', '\\|')}\`` : '');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const CODES_INTRO = `# Error codes

<!-- Made from drs/codes.ts by \`npm run docs\`: edit that, not this file. -->

The codes of DRS (A.3 of the API reference) and of the gateway before it. \`drs-pilot explain CODE\` prints an entry. The kind decides what a run does: what is
*tried again* needs nobody; everything else opens a gate, and \`retry\` goes on once its cause is mended.`;

/** `docs/error-codes.md`. */
export function errorCodesPage(): string {
  const kinds = Object.entries(KINDS).map(([kind, { retry }]) => [
    code(`drs.${kind}`),
    retry ? 'yes' : '',
    MENDS[kind as keyof typeof KINDS],
  ]);
  const rows = (codes: Readonly<Record<string, CodeEntry>>, prefix = '') =>
    Object.entries(codes).map(([id, { kind, meaning, mend }]) => [code(prefix + id), kind, meaning, mend]);
  const head = ['code', 'kind', 'meaning', 'what to do'];
  return [
    CODES_INTRO,
    '## Kinds',
    'As the type of a failure in Temporal, and what to do where no code tells more.',
    table(['type', 'tried again', 'what to do'], kinds),
    '## DRS',
    table(head, rows(CODES)),
    '## The gateway',
    'They come as `APIGW.0308` or `APIG.0308`.',
    table(head, rows(GATEWAY_CODES, 'APIGW.')),
  ]
    .join('\n\n')
    .concat('\n');
}

const PAGES = {
  'operations.md': operationsPage,
  'error-codes.md': errorCodesPage,
  'licences.md': licencesPage,
} as const;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, page] of Object.entries(PAGES)) {
    await writeFile(fileURLToPath(new URL(`../docs/${name}`, import.meta.url)), page());
    console.log(`wrote docs/${name}`);
  }
}
