import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ConfigError, loadConfig, type WorkerConfig } from '../../worker/config.js';

/** Credentials as the environment has them, for configurations that leave them out. */
export const ENV = { HW_REGION_NAME: 'eu-west-101', HUAWEICLOUD_SDK_AK: 'local-ak', HUAWEICLOUD_SDK_SK: 'canary-sk' };

export const scratch = mkdtempSync(join(tmpdir(), 'drs-pilot-config-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let files = 0;
export function file(text: string, name = `file-${++files}`): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

export const load = (yaml: string, env: Record<string, string> = ENV): Promise<WorkerConfig> =>
  loadConfig({ env, file: file(yaml, 'drs-pilot.yaml') });

/** The problems of a configuration, `path: message`. */
export async function problems(yaml: string, env: Record<string, string> = ENV): Promise<string[]> {
  const error = await load(yaml, env).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return [];
  if (!(error instanceof ConfigError)) throw error;
  return error.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
}
