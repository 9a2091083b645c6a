import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { operations } from '../../drs/operations/index.js';
import { errorCodesPage, operationsPage } from '../../scripts/generate-docs.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');

test('docs/operations.md is what `npm run docs` makes of the table', () => {
  expect(page === operationsPage(), 'docs/operations.md is stale: npm run docs').toBe(true);
});

test('docs/error-codes.md is what `npm run docs` makes of the codes', () => {
  const codes = readFileSync(fileURLToPath(new URL('../../docs/error-codes.md', import.meta.url)), 'utf8');
  expect(codes === errorCodesPage(), 'docs/error-codes.md is stale: npm run docs').toBe(true);
});

test('every call has a section, linked from the table at the top', () => {
  for (const id of Object.keys(operations)) {
    expect(page.match(new RegExp(`^### ${id}$`, 'gm')), id).toHaveLength(1);
    expect(page).toContain(`[${id}](#${id.toLowerCase()})`);
  }
});
