import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { operations } from '../../drs/operations/index.js';
import { operationsPage } from '../../scripts/generate-docs.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');

test('docs/operations.md is what `npm run docs` makes of the table', () => {
  expect(page === operationsPage(), 'docs/operations.md is stale: npm run docs').toBe(true);
});

test('every call has a section, linked from the table at the top', () => {
  for (const id of Object.keys(operations)) {
    expect(page.match(new RegExp(`^### ${id}$`, 'gm')), id).toHaveLength(1);
    expect(page).toContain(`[${id}](#${id.toLowerCase()})`);
  }
});

test('links lead to documents that exist', () => {
  for (const [, target = ''] of page.matchAll(/\]\(([^#)]+)\)/g))
    expect(readFileSync(fileURLToPath(new URL(`../../docs/${target}`, import.meta.url)), 'utf8')).not.toBe('');
});
