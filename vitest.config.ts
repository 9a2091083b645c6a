import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The demo from a clean clone comes last: it installs everything anew, and wants the machine for itself. */
class DemoLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isDemo = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('/test/demo.test.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => !isDemo(file)), ...sorted.filter(isDemo)];
  }
}

export default defineConfig({
  test: {
    include: [process.env['DRS_PILOT_RECORD'] ? 'test/replay/record.ts' : 'test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 4,
    sequence: { sequencer: DemoLast },
    setupFiles: 'test/support/require-typescript.ts',
  },
});
