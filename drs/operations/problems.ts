import type { z } from 'zod';

/** One thing that is wrong with an input: where (`source_endpoint.db_port`, `jobs[2].name`) and what, in words for a person. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * All problems of a failed parse, flat and in the order of the schema: one for each unknown key, under its own path, and for a
 * union those of the alternative that fits best. Never repeats a value: it may be a password.
 */
export function problemsOf(error: z.ZodError): Problem[] {
  const seen = new Set<string>();
  return flatten(error.issues, []).filter(({ path, message }) => {
    const line = `${path}: ${message}`;
    return !seen.has(line) && seen.add(line);
  });
}

/** One line per problem, `path: message`; a problem of the whole input has no path. */
export const problemLines = (problems: readonly Problem[]): string[] =>
  problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));

const flatten = (issues: readonly Issue[], prefix: Path): Problem[] =>
  issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: written([...path, key]), message: 'is not known here' }));
    }
    if (issue.code === 'invalid_union' && issue.errors.length > 0) return ofUnion(issue.errors, path);
    return [{ path: written(path), message: said(issue) }];
  });

function ofUnion(alternatives: readonly (readonly Issue[])[], path: Path): Problem[] {
  const roots = alternatives.map((issues) => issues.filter((issue) => issue.path.length === 0));
  const at = (message: string): Problem[] => [{ path: written(path), message }];
  if (roots.flat().some(isMissing)) return at('is missing');
  const words = roots.flat().flatMap((issue) => (issue.code === 'invalid_value' ? issue.values.map(shown) : []));
  const fitting = alternatives.filter(
    (_, index) => !roots[index]?.some(({ code }) => code === 'invalid_type' || code === 'invalid_value'),
  );
  const [best] = fitting.sort((a, b) => a.length - b.length);
  const [only] = best ?? [];
  const right = best?.length === 1 && only?.path.length === 0 ? /^must be (.*)$/s.exec(said(only))?.[1] : undefined;
  if (best && (words.length === 0 || right === undefined)) return flatten(best, path);
  const kinds = roots.flat().flatMap((issue) => (issue.code === 'invalid_type' ? kindOf(String(issue.expected)) : []));
  return at(`must be ${[...new Set([...words, ...(right === undefined ? kinds : [right])])].join(' or ')}`);
}

const isMissing = (issue: Issue): boolean =>
  issue.code === 'invalid_type' && issue.message.endsWith('received undefined');

function said(issue: Issue): string {
  if (!/^(Invalid|Too|Unrecognized)\b/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return isMissing(issue) ? 'is missing' : `must be ${kindOf(issue.expected)}`;
    case 'invalid_value':
      return `must be ${oneOfThese(issue.values)}`;
    case 'invalid_union':
      return `must be ${oneOfThese('options' in issue && Array.isArray(issue.options) ? issue.options : [])}`;
    case 'too_small':
    case 'too_big':
      return bounded(issue);
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be a time: 2026-01-31T04:00:00Z' : 'has not the right form';
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    default:
      return 'is not valid';
  }
}

function bounded(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [few, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  if (issue.origin === 'string')
    return few === 'at least' && limit === 1 ? 'must not be empty' : `must have ${few} ${limit} characters`;
  if (issue.origin === 'array')
    return few === 'at least' && limit === 1 ? 'must not be empty' : `must have ${few} ${limit} entries`;
  return `must be ${few} ${limit}`;
}

const oneOfThese = (values: readonly unknown[]): string =>
  values.length === 1 ? String(values[0]) : `one of ${values.map(shown).join(', ')}`;

const shown = (value: unknown): string => (value === '' ? '""' : String(value));

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};

const kindOf = (expected: string): string => KINDS[expected] ?? expected;

/** `jobs[2].tags[0].key`; keys that are no plain names in quotes. */
function written(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w$-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
