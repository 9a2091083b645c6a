import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkWorkbook } from '../../activities/comparison/workbook.js';
import { workbook } from '../../simulator/workbook.js';

const whole = workbook([
  ['database', 'table'],
  ['orders', 'a long enough cell'],
]);

async function check(bytes: Uint8Array): Promise<unknown> {
  const path = join(await mkdtemp(join(tmpdir(), 'drs-pilot-workbook-')), 'result.xlsx');
  await writeFile(path, bytes);
  return await checkWorkbook(path).catch((error: Error) => `${error.name}: ${error.message}`);
}

/** The same with some bytes in place of others of the same length. */
function changed(from: string, to: string): Buffer {
  const bytes = Buffer.from(whole);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) bytes.write(to, at);
  return bytes;
}

test('a workbook is read part by part', async () => {
  expect(await check(whole)).toEqual({ parts: 5 });
});

test('what is no whole workbook is told apart', async () => {
  expect(await check(whole.subarray(0, whole.length - 30))).toMatch(/^WorkbookError: it is no zip/);
  expect(await check(Buffer.from('{"error_code":"DRS.M00004"}'))).toMatch(/^WorkbookError: it is no zip/);
  expect(await check(changed('a long enough cell', 'a long enough celt'))).toBe(
    'WorkbookError: the checksum of its part xl/worksheets/sheet1.xml is wrong',
  );
  expect(await check(changed('_rels/.rels', '_rels/.else'))).toMatch(/no workbook: _rels\/\.rels is missing$/);
});
