// Builds dist/: compiled sources, what they read at run time, the workflow code as one bundle, so that a worker starts at
// once, and the software bill of materials.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { sbom } from './sbom.mjs';

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
nameCommit(join(DIST, 'drs', 'version.js'));
for (const name of readdirSync(join(ROOT, 'scripts')).filter((file) => /\.(mjs|toml)$/.test(file))) {
  cpSync(join(ROOT, 'scripts', name), join(DIST, 'scripts', name));
}
for (const folder of ['client/demo', 'examples']) cpSync(join(ROOT, folder), join(DIST, folder), { recursive: true });
const { code } = await bundleWorkflowCode({
  workflowsPath: join(DIST, 'workflows', 'index.js'),
  payloadConverterPath: join(DIST, 'workflows', 'payload-converter.js'),
  failureConverterPath: join(DIST, 'workflows', 'failure-converter.js'),
  workflowInterceptorModules: [join(DIST, 'workflows', 'interceptors.js')],
  preloadModules: [join(DIST, 'workflows', 'shared.js')],
  webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-source-map' }),
  logger: new DefaultLogger('WARN'),
});
writeFileSync(join(DIST, 'workflow-bundle.js'), code);
writeFileSync(join(DIST, 'sbom.cdx.json'), JSON.stringify(sbom(ROOT), undefined, 2));
console.log(`built ${DIST}`);

/** An image is built without .git: DRS_PILOT_COMMIT says it there. */
function nameCommit(file) {
  const commit = process.env.DRS_PILOT_COMMIT || commitOfTree();
  if (!/^[\w.-]{0,50}$/.test(commit)) throw new Error(`DRS_PILOT_COMMIT is no commit: ${commit}`);
  const empty = "export const COMMIT = '';";
  const code = readFileSync(file, 'utf8');
  if (!code.includes(empty)) throw new Error(`${file} has no place for the commit`);
  writeFileSync(file, code.replace(empty, `export const COMMIT = '${commit}';`));
}

/** Empty where there is no git. Changes that are not committed are told: such a build is nobody else's. */
function commitOfTree() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? '-changed' : ''}`;
  } catch {
    return '';
  }
}
