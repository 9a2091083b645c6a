import { randomUUID } from 'node:crypto';
import type { Comparison, Job, TableData } from './job.js';
import { advanced, type Course, type Speed } from './speed.js';

/** What a task's source holds: as an admin said, else what was selected, else two small databases. */
export function dataOf(job: Job): Record<string, Record<string, TableData>> {
  if (job.data) return job.data;
  const chosen = job.objects && !job.objects.all ? job.objects.list : [];
  const databases = chosen
    .filter(({ object_type, select }) => object_type === 'database' && select !== 'false')
    .map(({ object_name, id }) => String(object_name ?? id));
  const names = databases.length > 0 ? databases : ['orders', 'crm'];
  return Object.fromEntries(
    names.map((db) => {
      const tables = chosen
        .filter(({ object_type, parent_id }) => object_type === 'table' && parent_id === db)
        .map(({ object_name }) => String(object_name));
      const known = tables.length > 0 ? tables : (KNOWN[db] ?? ['t1', 't2']);
      return [db, Object.fromEntries(known.map((table, index) => [table, { rows: 1000 * (index + 1) }]))];
    }),
  );
}

const KNOWN: Readonly<Record<string, string[]>> = { orders: ['orders', 'order_items'], crm: ['accounts', 'contacts'] };

/** The name of a database in the target. */
export const aliasOf = (job: Job, db: string): string =>
  String(
    job.objects?.list.find(({ object_type, object_name }) => object_type === 'database' && object_name === db)?.[
      'object_alias_name'
    ] ?? db,
  );

const END = 2_000;
const step = (course: Course, speed: Speed, now: number, read: boolean): Course => ({
  position: advanced(course, [0, END / 2, END], speed, now, read),
  seen: now,
});

export function begun(type: Comparison['type'], now: number, more: Partial<Comparison> = {}): Comparison {
  return {
    id: randomUUID(),
    type,
    createdAt: now,
    startAt: now,
    waits: false,
    scope: [],
    options: {},
    position: 0,
    seen: now,
    ...more,
  };
}

/** Brings a comparison, and the export of its result, to where they are. */
export function settleComparison(
  job: Job,
  comparison: Comparison,
  speed: Speed,
  now: number,
  read: boolean,
): Comparison {
  if (comparison.cancelledAt !== undefined) return comparison;
  if (comparison.waits && now >= comparison.startAt) {
    comparison.waits = false;
    comparison.seen = comparison.startAt;
  }
  if (!comparison.waits) Object.assign(comparison, step(comparison, speed, now, read));
  if (comparison.type === 'contents' && lines(job, comparison).some(({ endless }) => endless))
    comparison.position = Math.min(comparison.position, END / 2);
  if (comparison.position >= END && comparison.endedAt === undefined) {
    comparison.endedAt = now;
    comparison.found = structuredClone(dataOf(job));
  }
  if (comparison.exporting) comparison.exporting = step(comparison.exporting, speed, now, read);
  return comparison;
}

export type CompareStatus =
  | 'WAITING_FOR_RUNNING'
  | 'RUNNING'
  | 'FULL_DOING'
  | 'INCRE_DOING'
  | 'SUCCESSFUL'
  | 'CANCELLED';

export function compareStatus(comparison: Comparison): CompareStatus {
  if (comparison.cancelledAt !== undefined) return 'CANCELLED';
  if (comparison.waits) return 'WAITING_FOR_RUNNING';
  // A dynamic one goes on with what changes once all was compared, until it is cancelled.
  const dynamic = comparison.options['contentCompareType'] === 'dynamic';
  if (comparison.endedAt === undefined) return dynamic ? 'FULL_DOING' : 'RUNNING';
  return dynamic ? 'INCRE_DOING' : 'SUCCESSFUL';
}

/** Whether all of it was compared, at least once. */
export const hasResult = (comparison: Comparison): boolean =>
  ['INCRE_DOING', 'SUCCESSFUL'].includes(compareStatus(comparison));

export const unfinished = (comparison: Comparison): boolean =>
  ['WAITING_FOR_RUNNING', 'RUNNING', 'FULL_DOING', 'INCRE_DOING'].includes(compareStatus(comparison));

export function exportState({ exporting }: Comparison): { export_status: string; report_remain_seconds: number } {
  if (!exporting) return { export_status: 'INIT', report_remain_seconds: -1 };
  if (exporting.position < END) return { export_status: 'EXPORTING', report_remain_seconds: -1 };
  return { export_status: 'EXPORT_COMPLETE', report_remain_seconds: 86_400 };
}

/** One table as a comparison found it. */
export interface Line {
  db: string;
  targetDb: string;
  table: string;
  source: number;
  target: number;
  status: number;
  differs: string[];
  uncomparable?: string | undefined;
  endless: boolean;
}

/** Whether the values of a table were compared: one after another they are. */
export const isCompared = (comparison: Comparison, { endless }: Line): boolean =>
  hasResult(comparison) || (comparison.type === 'contents' && comparison.position >= END / 2 && !endless);

/** The tables in a comparison's scope. Statuses are those of 6.1.30. */
export function lines(job: Job, comparison: Comparison): Line[] {
  const data = comparison.found ?? dataOf(job);
  const scope =
    comparison.scope.length > 0 ? comparison.scope : Object.keys(data).map((db) => ({ db, tables: [] as string[] }));
  const state = compareStatus(comparison);
  return scope.flatMap(({ db, tables }) => {
    const names = tables.length > 0 ? tables : Object.keys(data[db] ?? {});
    return names.map((table) => {
      const found = data[db]?.[table];
      const source = found?.rows ?? 0;
      const gone = found?.targetRows === null;
      const target = gone ? 0 : (found?.targetRows ?? source);
      const status = STATES[state] ?? verdict(found, gone, source, target);
      return {
        db,
        targetDb: aliasOf(job, db),
        table,
        source,
        target,
        status,
        differs: [
          ...(found?.differs ?? []),
          ...(comparison.options['lobCompare'] === 'length' ? (found?.lobs ?? []) : []),
        ],
        uncomparable: found?.uncomparable,
        endless: found?.endless ?? false,
      };
    });
  });
}

const STATES: Readonly<Partial<Record<CompareStatus, number>>> = {
  RUNNING: 5,
  FULL_DOING: 5,
  WAITING_FOR_RUNNING: 6,
  CANCELLED: 7,
};

function verdict(found: TableData | undefined, gone: boolean, source: number, target: number): number {
  if (!found) return 13;
  if (gone) return 12;
  if (source > 100_000_000) return 23;
  if (source === 0 && target === 0) return 10;
  return source === target ? 2 : 0;
}

/** Whether a line's values are the same. */
export const sameValues = (line: Line): boolean =>
  line.source === line.target && line.differs.length === 0 && line.status !== 12;
