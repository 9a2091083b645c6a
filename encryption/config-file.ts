import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import type { Env } from '../drs/auth/credentials.js';
import { type Problem, problemLines } from '../drs/operations/common.js';

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly source: string,
    readonly problems: readonly Problem[],
  ) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    super(
      `${source} has ${count}:\n${problemLines(problems)
        .map((line) => `  ${line}`)
        .join('\n')}`,
    );
  }
}

export interface ConfigText {
  /** What it is called in messages. */
  readonly source: string;
  /** Directory that its paths count from; of no file the one that we are in. */
  readonly base: string;
  /** An empty object where there is no file. */
  readonly content: unknown;
}

/**
 * drs-pilot.yaml as it is: `file`, else DRS_PILOT_CONFIG, else ./drs-pilot.yaml where there is one, else nothing.
 * @throws ConfigError where it can't be read or is no YAML.
 */
export async function readConfigFile({ env, file }: { env: Env; file?: string | undefined }): Promise<ConfigText> {
  const path = file ?? (env['DRS_PILOT_CONFIG'] || (existsSync('drs-pilot.yaml') ? 'drs-pilot.yaml' : undefined));
  if (path === undefined) return { source: 'the environment', base: '', content: {} };
  const source = relative('', resolve(path)) || path;
  const content = await readYaml(path, (message) => {
    throw new ConfigError(source, [{ path: '', message }]);
  });
  return { source, base: dirname(resolve(path)), content };
}

async function readYaml(path: string, fail: (message: string) => never): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
    fail(`cannot be read (${error.code})`),
  );
  try {
    return parse(text) ?? {};
  } catch (error) {
    // Only the first line: what follows shows the text, in which somebody may have put a password.
    const what =
      error instanceof YAMLParseError ? (error.message.split('\n')[0] ?? '').replace(/:$/, '') : 'it cannot be parsed';
    return fail(`is no YAML: ${what}`);
  }
}
