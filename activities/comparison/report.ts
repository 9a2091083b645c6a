import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { CONSISTENCIES, type Consistency } from '../../drs/consistency.js';
import type { UseType } from '../../drs/operations/common.js';
import type { Services } from '../services.js';
import { type Listed, type Store, type StoredFile, StoreError } from '../stores.js';
import {
  type Archive,
  folderOf,
  keep,
  nightsFolder,
  nightsState,
  readBytes,
  readJson,
  sha256,
  TASK_FILE,
} from './archive.js';
import { inParallel } from './in-parallel.js';
import { type Counts, counted, type KindVerdict } from './read.js';
import { renderReport } from './render-report.js';
import type { ValuesPlanned } from './values.js';

/** A task as its file has it. */
export interface KeptTask {
  readonly jobId: string;
  readonly name: string;
  readonly status?: string;
  readonly useType?: UseType;
  readonly verdict: Consistency;
  readonly reason?: string;
  readonly seconds: number;
  readonly kinds: readonly KindVerdict[];
}

/** What a night with a budget came to, in tables. */
export interface ReportedValues extends Partial<Omit<ValuesPlanned, 'tasks'>> {
  /** Tables whose turn it was and came to its end. */
  readonly compared?: number;
  /** Why values were not compared, or not all. */
  readonly trouble?: string;
}

/** One night in the trend. */
export interface NightInBrief {
  readonly night: string;
  readonly began: string;
  readonly ended: string;
  readonly verdict: Consistency;
  readonly tasks: Counts;
  /** Tables and other objects, over all kinds. */
  readonly tables: Counts;
  readonly differing: number;
  /** Where values have their turns. `verified`: tables whose verdict is as new as promised. */
  readonly values?: ReportedValues;
}

export interface Summary extends NightInBrief {
  readonly name: string;
  /** Of each task as much as its file shows, the worst first. */
  readonly compared: readonly KeptTask[];
  readonly files: readonly StoredFile[];
}

/** What a night's folder holds, so that nothing else is ever removed. */
interface Manifest {
  readonly night: string;
  readonly files: readonly StoredFile[];
}

export interface ReportInput {
  readonly archive: Archive;
  readonly began: string;
  readonly ended: string;
  readonly verdict: Consistency;
  readonly tasks: Counts;
  /** Tasks without files: what kept them from being compared. */
  readonly others: readonly KeptTask[];
  readonly values?: ReportedValues | undefined;
  /** ms; nights that are older are removed when the report is written. For ever when absent. */
  readonly retention?: number | undefined;
}

export interface Reported {
  readonly summary: StoredFile;
  readonly page: StoredFile;
  /** What was said of the night before this one. */
  readonly before?: Consistency;
  /** Nights that were removed. */
  readonly removed: number;
}

const SHOWN_NIGHTS = 60;

/**
 * Writes what a night came to, as JSON and as a page, then its manifest; then removes nights that are older than they are kept:
 * only files that their manifests name.
 */
export const writeReport =
  (services: Services) =>
  async ({ archive, retention, others, values, ...night }: ReportInput): Promise<Reported> => {
    const store = services.store(archive.store);
    const kept = await tasksOf(store, archive);
    const ids = new Set(kept.map(({ task }) => task.jobId));
    const compared = [...kept.map(({ task }) => task), ...others.filter(({ jobId }) => !ids.has(jobId))].sort(
      byVerdict,
    );
    const kinds = compared.flatMap((task) => task.kinds);
    const brief: NightInBrief = {
      night: archive.night,
      ...night,
      tables: added(kinds.map(({ counts }) => counts)),
      differing: kinds.reduce((sum, { differing }) => sum + differing, 0),
      ...(values && { values }),
    };
    const files = [...(values?.file ? [values.file] : []), ...kinds.flatMap(({ files = [] }) => files)];
    const summary: Summary = { name: archive.name, ...brief, compared, files };
    const earlier = (await nightsOf(store, archive)).filter(({ night }) => night !== archive.night);
    const folder = folderOf(archive);
    const json = await keep(store, `${folder}/summary.json`, JSON.stringify(summary), 'application/json');
    const trend = [...earlier.slice(-SHOWN_NIGHTS), brief];
    const page = await keep(store, `${folder}/report.html`, renderReport(summary, trend), 'text/html; charset=utf-8');
    const manifest: Manifest = { night: archive.night, files: [...files, ...kept.map(({ file }) => file), json, page] };
    await keep(store, `${folder}/manifest.json`, JSON.stringify(manifest), 'application/json');
    const removed = retention === undefined ? [] : await removeOld(store, archive, earlier, retention);
    await remember(store, archive, brief, removed);
    const before = earlier.filter(({ began }) => began < brief.began).at(-1)?.verdict;
    return { summary: json, page, removed: removed.length, ...(before && { before }) };
  };

const byVerdict = (a: KeptTask, b: KeptTask): number =>
  CONSISTENCIES.indexOf(b.verdict) - CONSISTENCIES.indexOf(a.verdict) || a.name.localeCompare(b.name);

export const added = (all: readonly Counts[]): Counts =>
  all.reduce(
    (sum, counts) =>
      Object.fromEntries(
        CONSISTENCIES.map((verdict) => [verdict, sum[verdict] + counts[verdict]]),
      ) as unknown as Counts,
    counted([]),
  );

export async function tasksOf(store: Store, archive: Archive): Promise<{ task: KeptTask; file: StoredFile }[]> {
  const names: string[] = [];
  for await (const { name } of list(store, `${folderOf(archive)}/tasks/`))
    if (name.endsWith(`/${TASK_FILE}`)) names.push(name);
  return await inParallel(names, async (name) => {
    const bytes = await readBytes(store, name);
    heartbeat({ read: name });
    const file = { store: store.name, name, size: bytes.length, sha256: sha256(bytes) };
    return { task: JSON.parse(bytes.toString()) as KeptTask, file };
  });
}

async function* list(store: Store, prefix: string): AsyncGenerator<Listed> {
  for await (const file of store.list(prefix)) {
    cancellationSignal().throwIfAborted();
    yield file;
  }
}

/** The nights before, oldest first: as the state has them, else as their summaries tell. */
export async function nightsOf(store: Store, archive: Archive): Promise<NightInBrief[]> {
  const state = await store.state(nightsState(archive));
  if (state) return JSON.parse(state.body.toString()) as NightInBrief[];
  const manifests: string[] = [];
  for await (const { name } of list(store, `${nightsFolder(archive)}/`))
    if (name.endsWith('/manifest.json')) manifests.push(name);
  const nights = await inParallel(manifests, async (name): Promise<NightInBrief> => {
    const summary = await readJson<Summary>(store, name.replace(/manifest\.json$/, 'summary.json'));
    heartbeat({ read: name });
    const { compared: _, files: __, name: ___, ...brief } = summary;
    return brief;
  });
  return nights.sort((a, b) => (a.began < b.began ? -1 : 1));
}

/** Nights of other runs may be written at the same time: none is lost. */
async function remember(
  store: Store,
  archive: Archive,
  brief: NightInBrief,
  removed: readonly string[],
): Promise<void> {
  for (;;) {
    const state = await store.state(nightsState(archive));
    const known = state ? (JSON.parse(state.body.toString()) as NightInBrief[]) : await nightsOf(store, archive);
    const others = known.filter(({ night }) => night !== brief.night && !removed.includes(night));
    const nights = [...others, brief].sort((a, b) => (a.began < b.began ? -1 : 1));
    if (await store.compareAndSwap(nightsState(archive), state?.version, JSON.stringify(nights))) return;
  }
}

/** Nights that are too old; of each the files that its own manifest names, and that last. */
async function removeOld(
  store: Store,
  archive: Archive,
  nights: readonly NightInBrief[],
  retention: number,
): Promise<string[]> {
  const old = nights.filter(({ began }) => Date.parse(began) < Date.now() - retention);
  for (const { night } of old) {
    const folder = folderOf({ ...archive, night });
    const manifest = await readJson<Manifest>(store, `${folder}/manifest.json`).catch((error: unknown) => {
      if (error instanceof StoreError && error.kind === 'notFound') return undefined;
      throw error;
    });
    const ours = (manifest?.files ?? []).filter(({ name }) => name.startsWith(`${folder}/`));
    await inParallel(ours, async ({ name }) => {
      await store.remove(name);
      heartbeat({ removed: name });
    });
    await store.remove(`${folder}/manifest.json`);
  }
  return old.map(({ night }) => night);
}
