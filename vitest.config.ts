import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that share processes, where the SDK and the threads of the workflow code are loaded once: a fifth of what they take.
 * They must leave nothing behind in their process.
 */
const SHARING = ['test/workflows/**/*.test.ts'];
/** Those that start whole stacks, browsers, or a clone. */
const LONG = /\/test\/(demo|faults\/|ui\/|client\/stack)/;

/** Long files come first, so that no core is idle at the end; then those that share, in a row, or their processes would end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number =>
      !project.config.isolate ? 1 : LONG.test(moduleId) ? 0 : 2;
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

const common = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  setupFiles: 'test/support/require-typescript.ts',
};

export default defineConfig({
  test: {
    globalSetup: 'test/support/global-setup.ts',
    maxWorkers: 4,
    sequence: { sequencer: LongFirst },
    projects: process.env['DRS_PILOT_RECORD']
      ? [{ test: { ...common, name: 'record', include: ['test/replay/record.ts'] } }]
      : [
          { test: { ...common, name: 'sharing', isolate: false, include: SHARING } },
          { test: { ...common, name: 'alone', include: ['test/**/*.test.ts'], exclude: SHARING } },
        ],
  },
});
