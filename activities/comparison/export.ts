import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityInfo, cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import { DrsError } from '../../drs/errors.js';
import type { CloudServices, Services } from '../services.js';
import type { StoredFile } from '../stores.js';
import { type Archive, keep, taskFolder } from './archive.js';
import { latestObjects } from './create.js';
import type { ComparisonKind, Scope } from './scope.js';
import { checkWorkbook, WorkbookError } from './workbook.js';

export interface ExportInput extends Pick<Scope, 'jobId' | 'cloud' | 'kind'> {
  readonly compareJobId: string;
  readonly archive: Archive;
}

const EVERY_MS = 5_000;
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const CHUNK_BYTES = 256 * 1024;
/** A file that is no workbook is asked for again, so many times in all. */
const ATTEMPTS = 3;

/**
 * Has DRS make the result file of a comparison (§6.1.38), waits for it, and brings it into the store (§6.1.39) by way of the
 * worker's disk: only what is a whole workbook gets there, under its name.
 */
export const exportResult =
  (services: Services, pace: number) =>
  async (input: ExportInput): Promise<StoredFile> => {
    const cloud = services.cloud(input.cloud);
    await ready(cloud, input, pace);
    const { archive, jobId, kind, compareJobId } = input;
    let folder: string | undefined;
    try {
      folder = await mkdtemp(join(tmpdir(), 'drs-pilot-export-'));
      const path = join(folder, 'result.xlsx');
      await cloud.drs.download('downloadCompareResultFile', wanted(cloud, input), path, {
        signal: cancellationSignal(),
      });
      heartbeat({ status: 'downloaded' });
      await checkWorkbook(path);
      const name = `${taskFolder(archive, jobId)}/${kind}-${compareJobId}.xlsx`;
      return await keep(services.store(archive.store), name, contentOf(path), XLSX);
    } catch (error) {
      if (error instanceof WorkbookError) throw noWorkbook(error, input);
      throw isFull(error) ? noRoom(error, input) : error;
    } finally {
      if (folder) await rm(folder, { recursive: true, force: true });
    }
  };

/** In one buffer all the time: hundreds of megabytes of chunks would lie about until they are collected. */
async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Until the file is there, and for long enough to be downloaded. */
async function ready(cloud: CloudServices, input: ExportInput, pace: number): Promise<void> {
  const { jobId } = input;
  // A try before this one may have asked for it.
  for (let asked = activityInfo().attempt === 1 && (await ask(cloud, input)); ; ) {
    const { status, left } = await exportOf(cloud, input);
    heartbeat({ status });
    if (status === 'EXPORT_COMPLETE' && left !== 0) return;
    if (status === 'EXPORT_COMMON_FAILED' && asked)
      throw new DrsError(
        'refused',
        `DRS could not make the result file of ${input.compareJobId} (${status}). Try it in the console of DRS`,
        {
          operation: 'createCompareResultFile',
          jobId,
        },
      );
    if (!asked && status !== 'EXPORTING') asked = await ask(cloud, input);
    await sleep(EVERY_MS * pace);
  }
}

/** Asking twice does no more than asking once: where the reply is lost the list shows what came of it. */
async function ask(cloud: CloudServices, input: ExportInput): Promise<true> {
  try {
    await cloud.drs.createCompareResultFile(wanted(cloud, input), { signal: cancellationSignal() });
  } catch (error) {
    if (!(error instanceof DrsError) || error.kind !== 'ambiguous') throw error;
  }
  return true;
}

async function exportOf({ drs }: CloudServices, { jobId, kind, compareJobId }: ExportInput) {
  const signal = cancellationSignal();
  const shown = (
    row: { export_status?: string | undefined; report_remain_seconds?: number | undefined } | undefined,
  ) => ({
    status: row?.export_status ?? 'INIT',
    left: row?.report_remain_seconds,
  });
  if (kind === 'objects') return shown(await latestObjects(drs, jobId, signal));
  for await (const { compare_jobs = [] } of drs.pages('listDataLevelTableCompareJobs', { job_id: jobId }, { signal })) {
    const row = compare_jobs.find(({ id }) => id === compareJobId);
    if (row) return shown(row);
  }
  return shown(undefined);
}

const TYPES: Readonly<Record<ComparisonKind, 'objects_comparison' | 'lines' | 'contents' | 'random'>> = {
  objects: 'objects_comparison',
  lines: 'lines',
  contents: 'contents',
  random: 'random',
};

const wanted = ({ drs }: CloudServices, { jobId, kind, compareJobId }: ExportInput) => ({
  job_id: jobId,
  compare_type: TYPES[kind],
  compare_job_id: compareJobId,
  region: drs.cloud.region,
});

const isFull = (error: unknown): error is NodeJS.ErrnoException =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');

/** On the way, not in the store, which says so itself. */
const noRoom = ({ code }: NodeJS.ErrnoException, { jobId, compareJobId }: ExportInput): DrsError =>
  new DrsError(
    'transient',
    `no room is left on the disk of this worker, in ${tmpdir()}, for the result file of ${compareJobId} (${code}): make some, or set TMPDIR`,
    { operation: 'downloadCompareResultFile', jobId },
  );

const noWorkbook = ({ message }: WorkbookError, { jobId, compareJobId }: ExportInput): DrsError =>
  new DrsError(
    activityInfo().attempt < ATTEMPTS ? 'transient' : 'refused',
    `the result file of ${compareJobId} is no workbook that can be read: ${message}. Nothing of it was kept`,
    { operation: 'downloadCompareResultFile', jobId },
  );
