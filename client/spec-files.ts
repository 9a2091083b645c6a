import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Problem, Raw, ReadSpec } from '../workflows/plans/common.js';
import { type Kind, kinds, readSpec } from '../workflows/plans/index.js';
import { badInput } from './command.js';
import type { Output } from './output.js';

export interface SpecFile {
  readonly file: string;
  readonly problems: readonly Problem[];
  readonly kind?: Kind;
  readonly name?: string;
  /** As it was written: the input of the workflow. */
  readonly spec?: Raw;
  /** Looks like the file of something else: passed over where a directory held it. */
  readonly foreign?: true;
}

export const KINDS = Object.keys(kinds) as Kind[];

/** Name of the workflow that runs a kind: `disaster-recovery` runs as `disasterRecovery`. */
export const workflowType = (kind: string): string =>
  kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Reads every spec that `paths` name (files, directories of them, `-` is stdin) and checks it as far as it goes offline. */
export function readSpecFiles(paths: readonly string[], output: Output): SpecFile[] {
  const read = [...new Set(paths.flatMap(expand))].map(readSpecFile).filter((one) => {
    const foreign = one.foreign === true && !paths.includes(one.file);
    if (foreign) output.say(`${one.file}: has neither kind nor name, so it is no spec: passed over`);
    return !foreign;
  });
  return read.map((one, index) => {
    const twin = read.findIndex(
      (other) => other.kind === one.kind && other.name === one.name && one.name !== undefined,
    );
    if (twin === index || twin < 0) return one;
    return { ...one, problems: [...one.problems, { path: 'name', message: `stands in ${read[twin]?.file}, too` }] };
  });
}

/** `file: path: message`, a line for each problem. */
export const problemLines = (specs: readonly SpecFile[]): string[] =>
  specs.flatMap(({ file, problems }) =>
    problems.map(({ path, message }) => [file, path, message].filter(Boolean).join(': ')),
  );

/** Throws CommandError (exit 2) with all problems of all files, if there are any. */
export function demandValid(specs: readonly SpecFile[], told = 'nothing was sent anywhere'): void {
  const lines = problemLines(specs);
  if (lines.length === 0) return;
  const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`;
  throw badInput(`${lines.join('\n')}\n${count}: ${told}`, {
    files: specs.map(({ file, problems }) => ({ file, problems })),
  });
}

function expand(path: string): string[] {
  if (path === '-') return [path];
  if (!existsSync(path)) throw badInput(`${path}: no such file or directory`);
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /\.(ya?ml|json)$/.test(name) && !name.startsWith('.'));
  if (names.length === 0) throw badInput(`${path}: holds no .yaml, .yml or .json file`);
  return names.sort().map((name) => join(path, name));
}

function readSpecFile(path: string): SpecFile {
  const file = nameOf(path);
  const parsed = parse(path);
  if ('problem' in parsed) return { file, problems: [{ path: '', message: parsed.problem }] };
  return checkSpec(file, parsed.value);
}

export const nameOf = (path: string): string => (path === '-' ? 'stdin' : path);

/** A spec as it was written, with all that is wrong with it. */
export function checkSpec(file: string, value: unknown): SpecFile {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { file, problems: [{ path: '', message: 'is no spec: a spec is an object of fields' }] };
  }
  const spec = value as Raw;
  const kind = KINDS.find((known) => known === spec['kind']);
  if (!kind) {
    const told = spec['kind'] === undefined ? 'is missing: one of' : 'must be one of';
    const foreign = spec['kind'] === undefined && spec['name'] === undefined;
    return { file, problems: [{ path: 'kind', message: `${told} ${KINDS.join(', ')}` }], ...(foreign && { foreign }) };
  }
  const { problems } = readSpec(kinds[kind] as ReadSpec<unknown>, kind, spec);
  // A call needs no name of its own.
  const name = [spec['name'], spec['operation']].find((one) => typeof one === 'string');
  return { file, problems, kind, spec, ...(name && { name }) };
}

/** YAML 1.2, of which JSON is a part. */
export function parse(path: string): { readonly value: unknown } | { readonly problem: string } {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    return { problem: `cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  const documents = parseAllDocuments(text, { prettyErrors: true });
  if (!Array.isArray(documents) || documents.length === 0) return { problem: 'is empty' };
  if (documents.length > 1) return { problem: 'holds several documents: one spec a file' };
  const [document] = documents;
  // The first line of the parser's message says what and where; the rest repeats the source, passwords included.
  const [error] = document?.errors ?? [];
  if (error) return { problem: error.message.split('\n')[0]?.replace(/:$/, '') ?? 'is no YAML' };
  try {
    return { value: document?.toJS({ maxAliasCount: 100 }) as unknown };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
