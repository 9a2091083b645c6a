import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';

/** A file that is no readable workbook: what is wrong with it. */
export class WorkbookError extends Error {
  override readonly name = 'WorkbookError';
}

/** What every workbook has, beside at least one sheet. */
const PARTS = ['[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml'] as const;
const SHEET = /^xl\/worksheets\/.+\.xml$/;

/**
 * Reads all of an .xlsx as a stream, part after part, and keeps nothing of it.
 * @throws WorkbookError where it is no whole zip, a checksum is wrong or a part is missing.
 */
export async function checkWorkbook(path: string): Promise<{ readonly parts: number }> {
  const zip = await open(path);
  const names: string[] = [];
  try {
    for await (const entry of entries(zip)) {
      names.push(entry.fileName);
      if (!entry.fileName.endsWith('/')) await checkPart(zip, entry);
    }
  } finally {
    zip.close();
  }
  const missing: string[] = PARTS.filter((part) => !names.includes(part));
  if (!names.some((name) => SHEET.test(name))) missing.push('a sheet');
  if (missing.length > 0) throw new WorkbookError(`it is a zip, but no workbook: ${missing.join(', ')} is missing`);
  return { parts: names.length };
}

async function open(path: string): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.openPromise(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw new WorkbookError(`it is no zip: ${error instanceof Error ? error.message : error}`);
  }
}

async function* entries(zip: yauzl.ZipFile): AsyncGenerator<yauzl.Entry> {
  try {
    yield* zip.eachEntry();
  } catch (error) {
    throw error instanceof WorkbookError
      ? error
      : new WorkbookError(`it is no whole zip: ${error instanceof Error ? error.message : error}`);
  }
}

async function checkPart(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<void> {
  let sum = 0;
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) sum = crc32(chunk as Buffer, sum);
  } catch (error) {
    throw new WorkbookError(
      `its part ${entry.fileName} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (sum !== entry.crc32) throw new WorkbookError(`the checksum of its part ${entry.fileName} is wrong`);
}
