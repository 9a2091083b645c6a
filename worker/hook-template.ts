import type { HookFacts } from '../activities/hooks.js';

/** What a body of the configuration may be made of: JSON, with `{{name}}` in its texts and `{ secret: NAME }` in its place. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

type Field =
  | 'hook'
  | 'phase'
  | 'occasion'
  | 'drill'
  | 'tasks'
  | 'jobIds'
  | 'key'
  | 'kind'
  | 'name'
  | 'workflowId'
  | 'runId'
  | 'namespace'
  | 'link';

/** What may stand between the braces. */
const FIELDS: Readonly<Record<Field, (facts: HookFacts) => Json>> = {
  hook: ({ hook }) => hook,
  phase: ({ phase }) => phase,
  occasion: ({ occasion }) => occasion,
  drill: ({ drill }) => drill,
  tasks: ({ tasks }) => tasks.map((task) => ({ ...task })),
  jobIds: ({ tasks }) => tasks.map(({ jobId }) => jobId),
  key: ({ key }) => key,
  kind: ({ kind }) => kind,
  name: ({ name }) => name,
  workflowId: ({ workflowId }) => workflowId,
  runId: ({ runId }) => runId,
  namespace: ({ namespace }) => namespace,
  link: ({ link }) => link ?? '',
};

const PLACE = /\{\{(.*?)\}\}/g;

/** Each place in the template that nothing can fill. */
export function templateProblems(body: unknown): { path: (string | number)[]; message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  walk(body, [], (text, path) => {
    for (const [place, name = ''] of text.matchAll(PLACE))
      if (!Object.hasOwn(FIELDS, name))
        problems.push({ path, message: `${place} is not known: ${Object.keys(FIELDS).join(', ')}` });
  });
  return problems;
}

function walk(value: unknown, path: (string | number)[], see: (text: string, path: (string | number)[]) => void): void {
  if (typeof value === 'string') see(value, path);
  else if (Array.isArray(value)) value.forEach((entry, index) => void walk(entry, [...path, index], see));
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key], see);
}

/** A text that is one place alone becomes what stands for it: `{{tasks}}` is a list. Secrets are put in last, as they are. */
export async function fill(body: Json, facts: HookFacts, secret: (name: string) => Promise<string>): Promise<Json> {
  if (typeof body === 'string') return fillText(body, facts);
  if (Array.isArray(body)) return await Promise.all(body.map((entry: Json) => fill(entry, facts, secret)));
  if (typeof body !== 'object' || body === null) return body;
  const entries = Object.entries(body);
  const [[key, value] = []] = entries;
  if (entries.length === 1 && key === 'secret' && typeof value === 'string') return await secret(value);
  const filled = entries.map(async ([name, inner]) => [name, await fill(inner, facts, secret)] as const);
  return Object.fromEntries(await Promise.all(filled));
}

function fillText(text: string, facts: HookFacts): Json {
  const jsonOf = (name: string): Json => FIELDS[name as Field](facts);
  const [, alone] = /^\{\{(\w+)\}\}$/.exec(text) ?? [];
  if (alone !== undefined) return jsonOf(alone);
  return text.replace(PLACE, (_, name: string) => {
    const value = jsonOf(name);
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
}
