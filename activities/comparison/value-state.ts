import { ofLines } from '../../drs/consistency.js';
import { namePart, type Store, StoreError } from '../stores.js';
import { type Archive, nightsFolder, readBytes, readJson, TASK_FILE, taskFolder } from './archive.js';
import { afterNight, type Listing, NOTHING_KNOWN, type TaskNight, type TaskValues } from './known-values.js';
import type { KindVerdict, TableVerdict } from './read.js';
import type { KeptTask, NightInBrief } from './report.js';

/** Nights that are remembered: of those before everybody knows enough. */
export const remembered = (nights: number): number => 2 * nights + 7;

/** What `tasks/<id>/values.json` holds: whose turn it was. */
export const VALUES_FILE = 'values.json';
export interface ValuesFile {
  readonly chosen: TaskNight['chosen'];
}

const stateName = (archive: Archive, jobId: string): string => `${nightsFolder(archive)}/values/${namePart(jobId)}`;

/**
 * What the nights before tell of a task. The state in the store is brought up to date by what the nights themselves have kept, so
 * one that is lost or damaged is made again, and a night that ended before it was in there is not lost.
 */
export async function knownValues(
  store: Store,
  archive: Archive,
  jobId: string,
  nights: readonly Pick<NightInBrief, 'night' | 'began'>[],
): Promise<TaskValues> {
  for (;;) {
    const state = await store.state(stateName(archive, jobId));
    const known = (state && read(state.body)) ?? NOTHING_KNOWN;
    const missing = nights.filter(({ night }) => !known.nights.includes(night));
    if (missing.length === 0) return known;
    let now = known;
    for (const night of missing) now = afterNight(now, await nightOf(store, archive, jobId, night));
    const values = { ...now, nights: nights.map(({ night }) => night) };
    if (await store.compareAndSwap(stateName(archive, jobId), state?.version, JSON.stringify(values))) return values;
  }
}

function read(body: Buffer): TaskValues | undefined {
  try {
    const values = JSON.parse(body.toString()) as TaskValues;
    return Array.isArray(values.nights) && Array.isArray(values.tables) ? values : undefined;
  } catch {
    return undefined;
  }
}

async function nightOf(
  store: Store,
  archive: Archive,
  jobId: string,
  { night, began }: Pick<NightInBrief, 'night' | 'began'>,
): Promise<TaskNight> {
  const folder = taskFolder({ ...archive, night }, jobId);
  const task = await ifThere(readJson<KeptTask>(store, `${folder}/${TASK_FILE}`));
  const { chosen = [] } = (await ifThere(readJson<ValuesFile>(store, `${folder}/${VALUES_FILE}`))) ?? {};
  const contents = task?.kinds.find(({ kind }) => kind === 'contents');
  const verdicts = new Map<string, TableVerdict>();
  for (const one of await tablesIn(store, contents, CONTENTS)) {
    const key = `${one.database}\n${one.table}`;
    // Of several looks the last that tells something counts.
    if (one.verdict !== 'notFinished' || !verdicts.has(key)) verdicts.set(key, one);
  }
  return {
    night,
    at: began,
    listing: await listingOf(store, task),
    chosen,
    verdicts: [...verdicts.values()],
    measured: contents?.measured ?? [],
  };
}

const LINES = /\/lines\.ndjson$/;
const CONTENTS = /\/contents(\.\d+)?(-\d+)?\.ndjson$/;
const NOWHERE = [13, 20].map((status) => ofLines(status).reason);
const TOO_MANY = { reason: ofLines(23).reason, rows: 100_000_001 } as const;

/** The tables that the row comparison of a night told of. Without one nothing is known of any. */
export async function listingOf(store: Store, task: KeptTask | undefined): Promise<Listing> {
  const found = await tablesIn(
    store,
    task?.kinds.find(({ kind }) => kind === 'lines'),
    LINES,
  );
  const tables = found.filter(({ table, reason }) => table !== '' && !NOWHERE.includes(reason));
  return {
    tables: tables.map(({ database, table, sourceRows, targetRows, reason }) => {
      const counted = [sourceRows, targetRows].filter((rows) => rows !== undefined);
      const rows = counted.length > 0 ? Math.max(...counted) : reason === TOO_MANY.reason ? TOO_MANY.rows : undefined;
      return { database, table, ...(rows !== undefined && { rows }) };
    }),
    whole: found.length > 0 && found.every(({ table }) => table !== ''),
  };
}

async function tablesIn(store: Store, verdict: KindVerdict | undefined, files: RegExp): Promise<TableVerdict[]> {
  const tables: TableVerdict[] = [];
  for (const { name } of (verdict?.files ?? []).filter(({ name }) => files.test(name))) {
    const text = (await ifThere(readBytes(store, name)))?.toString() ?? '';
    tables.push(...text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as TableVerdict] : [])));
  }
  return tables;
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'notFound') return undefined;
    throw error;
  }
}
