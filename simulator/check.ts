import type { z } from 'zod';
import { type Code, Refusal } from './codes.js';

/** A body that fits, and what in it the reference does not know. */
export interface Checked<T> {
  value: T;
  unknownFields: string[];
}

/**
 * Checks a body as the service does: the first broken field decides; a null stands for an absent field.
 * A field that the reference does not know is let through and told.
 */
export function checked<S extends z.ZodType>(schema: S, body: unknown): Checked<z.output<S>> {
  const given = withoutNulls(body);
  const parsed = schema.safeParse(given, { reportInput: true });
  if (parsed.success) return { value: parsed.data, unknownFields: [] };
  const broken = parsed.error.issues.find((issue) => issue.code !== 'unrecognized_keys');
  if (broken) throw refusal(broken);
  const unknownFields: string[] = [];
  for (const issue of parsed.error.issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    for (const key of issue.keys) {
      unknownFields.push(pathText([...issue.path, key]));
      delete at(given, issue.path)[key];
    }
  }
  const again = checked(schema, given);
  return { value: again.value, unknownFields: [...unknownFields, ...again.unknownFields] };
}

type Issue = z.core.$ZodIssue;

function refusal(issue: Issue): Refusal {
  const field = String(issue.path.findLast((part) => typeof part === 'string') ?? 'body');
  const where = pathText(issue.path);
  const own = issue.code === 'custom' ? (issue as z.core.$ZodIssueCustom).params : undefined;
  if (own?.['code'])
    return new Refusal(own['code'] as Code, `${where}: ${issue.message}`, { about: (own['about'] as string) ?? field });
  if (issue.input === undefined || issue.input === '')
    return new Refusal('DRS.M00201', `${where} is missing or empty`, { about: field });
  if (issue.code === 'too_small' && Array.isArray(issue.input) && issue.input.length === 0)
    return new Refusal('DRS.M00201', `${where} is empty`, { about: field });
  return new Refusal('DRS.M00202', `${where}: ${issue.message}`, { about: field });
}

const pathText = (path: readonly PropertyKey[]) =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');

function at(value: unknown, path: readonly PropertyKey[]): Record<string, unknown> {
  return path.reduce((inner, part) => (inner as Record<PropertyKey, unknown>)[part], value) as Record<string, unknown>;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

/** Adds an issue with a code of its own to a check that looks at several fields. */
export function flaw(
  ctx: z.core.$RefinementCtx,
  path: PropertyKey[],
  message: string,
  code?: Code,
  about?: string,
): void {
  ctx.addIssue({ code: 'custom', path, message, input: '-', ...(code ? { params: { code, about } } : {}) });
}

/** A cross-field rule that also runs where other fields are broken. */
export const missing = (ctx: z.core.$RefinementCtx, path: PropertyKey[], when: string): void =>
  flaw(ctx, path, `mandatory ${when}`, 'DRS.M00201');

export const invalid = (ctx: z.core.$RefinementCtx, path: PropertyKey[], why: string): void =>
  flaw(ctx, path, why, 'DRS.M00202');
