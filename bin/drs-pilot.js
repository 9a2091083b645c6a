#!/usr/bin/env node
// In an image the compiled program lies in dist/; in a clone the sources run as they are, through tsx.
import { existsSync } from 'node:fs';

const sources = new URL('../client/main.ts', import.meta.url);
if (existsSync(sources)) {
  // For imports and for require: Temporal requires its payload converter by path.
  await import('tsx').catch(() => {
    console.error('drs-pilot: the dependencies are missing: node scripts/setup.mjs installs them');
    process.exit(1);
  });
  await import(sources.href);
} else {
  await import('../dist/client/main.js');
}
