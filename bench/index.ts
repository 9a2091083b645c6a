import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/* Every figure of docs/figures.md, one script after another: they want the machine for themselves. */

const folder = fileURLToPath(new URL('.', import.meta.url));
const scripts = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'index.ts');

for (const script of scripts) {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', `${folder}${script}`], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
