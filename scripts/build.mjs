// Builds dist/: compiled sources, what they read at run time, and the workflow code as one bundle, so that a worker starts at once.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(ROOT, 'tsconfig.build.json')],
  {
    stdio: 'inherit',
  },
);
for (const name of readdirSync(join(ROOT, 'scripts')).filter((file) => /\.(mjs|toml)$/.test(file))) {
  cpSync(join(ROOT, 'scripts', name), join(DIST, 'scripts', name));
}
for (const folder of ['client/demo', 'examples']) cpSync(join(ROOT, folder), join(DIST, folder), { recursive: true });
const { code } = await bundleWorkflowCode({
  workflowsPath: join(DIST, 'workflows', 'index.js'),
  payloadConverterPath: join(DIST, 'workflows', 'payload-converter.js'),
  failureConverterPath: join(DIST, 'workflows', 'failure-converter.js'),
  workflowInterceptorModules: [join(DIST, 'workflows', 'interceptors.js')],
  logger: new DefaultLogger('WARN'),
});
writeFileSync(join(DIST, 'workflow-bundle.js'), code);
console.log(`built ${DIST}`);
