import { spawnSync } from 'node:child_process';
import { onPath } from './executables.mjs';

/** What some tests need of the system; they are skipped without it. */
const NEEDED = [
  {
    package: 'chromium',
    executables: ['chromium', 'chromium-browser', 'google-chrome'],
    for: 'tests of the Temporal UI',
  },
  { package: 'openssh-client', executables: ['ssh-keygen'], for: 'tests of signed decisions' },
];

const missing = NEEDED.filter(({ executables }) => !onPath(...executables));
const names = missing.map((entry) => entry.package);
const sudo = process.getuid?.() === 0 || !onPath('sudo') ? [] : ['sudo'];
const steps = [
  ['apt-get', 'update'],
  ['apt-get', 'install', '-y', '--no-install-recommends', ...names],
].map((step) => [...sudo, ...step]);

if (missing.length > 0) {
  for (const entry of missing) console.error(`missing: ${entry.package}, for ${entry.for}`);
  const command = steps.map((step) => step.join(' ')).join(' && ');
  if (process.env.CI !== 'true' && !process.argv.includes('--install')) {
    console.error(`to install: ${command}   (or .ci/run --install)`);
  } else if (!onPath('apt-get')) {
    console.error('no apt-get here: install them by hand; the tests that need them are skipped');
  } else if (!steps.every(succeeds)) {
    console.error(`could not be installed (${command}): the tests that need them are skipped`);
  }
}

function succeeds([command, ...args]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: ['ignore', 2, 2], env }).status === 0;
}
