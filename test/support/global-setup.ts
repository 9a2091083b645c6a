import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { findTemporal, SEARCH_ATTRIBUTES, startTemporal } from '../../scripts/temporal-server.mjs';
import { bundleParts } from '../../worker/worker.js';
import { compileTo } from './compile.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the dev server that all tests share. */
    temporal: string;
    temporalBinary: string;
    /** Path of the bundled workflow code. */
    bundle: string;
    /** Directory with drs-pilot as its image has it: `bin/` and `dist/`. */
    compiled: string;
  }
}

/** The server asks a run to continue as new after so many events: half of the usual, since a test has to send them. */
const SHORT_HISTORIES = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=2000'];

/** One real Temporal dev server and one bundle for all tests. Never a server that the environment names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) delete process.env[name];
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-test-'));
  const binary = await findTemporal();
  const [server, { code }] = await Promise.all([
    startTemporal({ binary, uiPort: false, searchAttributes: SEARCH_ATTRIBUTES, extraArgs: SHORT_HISTORIES }),
    bundleWorkflowCode({
      ...bundleParts,
      logger: new DefaultLogger('WARN'),
    }),
  ]);
  compileTo(folder, withoutSourceMap(code));
  project.provide('temporal', server.address);
  project.provide('temporalBinary', binary ?? '');
  project.provide('bundle', join(folder, 'dist', 'workflow-bundle.js'));
  project.provide('compiled', folder);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** The SDK reads the source map anew for each worker, which takes longer than all the rest of it. */
const withoutSourceMap = (code: string): string => {
  const map = Buffer.from(
    JSON.stringify({ version: 3, file: 'workflow-bundle.js', sources: [], names: [], mappings: '' }),
  );
  return code.replace(/(\/\/# sourceMappingURL=data:[^,]*base64,)[A-Za-z0-9+/=]+\s*$/, `$1${map.toString('base64')}`);
};
