import { encode, type Signable } from './auth/sign.js';
import type { Batch, Method, Operation } from './operation.js';

/** A request as an operation's entry says, still without endpoint and proof. */
export interface Wire {
  readonly method: Method;
  /** Encoded; `{project_id}` is filled in. */
  readonly path: string;
  readonly query: Signable['query'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Puts the inputs of one request where they travel: path, query, headers, body. Several only where the entry has a batch. */
export function toWire(entry: Operation, inputs: readonly unknown[], projectId: string): Wire {
  const { method, template, elsewhere } = layoutOf(entry);
  const [first] = inputs;
  const own = isFields(first) ? first : {};
  const content = entry.batch ? envelope(entry, entry.batch, inputs, elsewhere) : bodyOf(entry, own, elsewhere);
  return {
    method,
    path: pathOf(template, own, projectId),
    query: entry.query?.flatMap((name) => pairs(name, own[name])) ?? NONE,
    headers: { 'content-type': 'application/json', ...(entry.headers && headersOf(entry.headers, own)) },
    ...(content && { body: JSON.stringify(content) }),
  };
}

const NONE: Wire['query'] = [];

function pathOf(template: string, own: Fields, projectId: string): string {
  const path = template.replace('{project_id}', encode(projectId));
  return path.includes('{') ? path.replace(/\{(\w+)\}/g, (_whole, name: string) => encode(String(own[name]))) : path;
}

/** What an entry says about every request of its own. */
interface Layout {
  readonly method: Method;
  readonly template: string;
  /** Fields that travel in path, query or headers. */
  readonly elsewhere: ReadonlySet<string>;
}

const layouts = new WeakMap<Operation, Layout>();

function layoutOf(entry: Operation): Layout {
  const known = layouts.get(entry);
  if (known) return known;
  const [method, template] = entry.route.split(' ') as [Method, string];
  const elsewhere = new Set([...placeholders(template), ...(entry.query ?? []), ...Object.keys(entry.headers ?? {})]);
  const layout = { method, template, elsewhere };
  layouts.set(entry, layout);
  return layout;
}

/** `{ jobs: […], refresh: "1" }`: what is each job's own in the list, what is shared beside it. */
function envelope(entry: Operation, batch: Batch, inputs: readonly unknown[], elsewhere: ReadonlySet<string>): Fields {
  const shared = batch.shared ?? [];
  const apart = new Set([...elsewhere, ...shared]);
  const [first] = inputs;
  const beside = isFields(first)
    ? pick(
        first,
        shared.filter((name) => !elsewhere.has(name)),
      )
    : {};
  const jobs = inputs.map((input) => {
    if (!isFields(input)) return input;
    return batch.bare ? input[batch.id ?? 'job_id'] : asText(entry, omit(input, apart));
  });
  return { ...batch.envelope, [batch.key]: jobs, ...asText(entry, beside) };
}

function bodyOf(entry: Operation, input: Fields, elsewhere: ReadonlySet<string>): Fields | undefined {
  const body = asText(entry, omit(input, elsewhere));
  return Object.keys(body).length > 0 ? body : undefined;
}

/** The names in a route's braces, but for the project's. */
const placeholders = (template: string): string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => (name && name !== 'project_id' ? [name] : []));

/** Fields that the wire has as text. */
function asText(entry: Operation, fields: Fields): Fields {
  const names = (entry.stringify ?? []).filter(
    (name) => fields[name] !== undefined && typeof fields[name] !== 'string',
  );
  return names.length === 0
    ? fields
    : { ...fields, ...Object.fromEntries(names.map((name) => [name, JSON.stringify(fields[name])])) };
}

function headersOf(headers: NonNullable<Operation['headers']>, input: Fields): Record<string, string> {
  const used = Object.entries(headers).filter(([name]) => input[name] !== undefined);
  return Object.fromEntries(used.map(([name, header]) => [header, String(input[name])]));
}

/** A list repeats its name. */
const pairs = (name: string, value: unknown): [string, string][] =>
  (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined).map((one) => [name, String(one)]);

/** The id of the job that an input is about; empty where it names none. */
export function jobOf(entry: Operation, input: unknown): string {
  if (typeof input === 'string') return input;
  const name = entry.batch?.id ?? 'job_id';
  return isFields(input) && typeof input[name] === 'string' ? input[name] : '';
}

/** Two inputs with the same key never share a request: a result says no more than its job. */
export function keyOf(entry: Operation, input: unknown): string {
  const part = entry.batch?.part;
  return part && isFields(input) ? `${jobOf(entry, input)} ${String(input[part])}` : jobOf(entry, input);
}

/** Only inputs whose shared fields are equal share a request. */
export function sharedOf(entry: Operation, input: unknown): string {
  const names = [...(entry.batch?.shared ?? []), ...layoutOf(entry).elsewhere];
  return isFields(input) && names.length > 0 ? stable(pick(input, names)) : '';
}

/** JSON with sorted keys: equal objects give equal texts. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (_key, content: unknown) =>
    isFields(content) ? Object.fromEntries(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))) : content,
  );

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const omit = (fields: Fields, names: ReadonlySet<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));

const pick = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));
