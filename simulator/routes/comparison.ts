import { z } from 'zod';
import { flaw, missing } from '../check.js';
import { Refusal } from '../codes.js';
import {
  begun,
  compareStatus,
  exportState,
  type Line,
  lines,
  sameValues,
  settleComparison,
  unfinished,
} from '../compare.js';
import { type Comparison, type Job, statusOf } from '../job.js';
import { workbook } from '../workbook.js';
import type { World } from '../world.js';
import { text } from './fields.js';
import { type Ctx, type Routes, route } from './route.js';
import { mustBe, mustLive, notParent, wrong } from './rules.js';

const busy = (why: string) => new Refusal('DRS.10000024', why);
const none = (why: string) => new Refusal('DRS.10000010', why);

const jobOf = ({ world, project, params }: Ctx<unknown>): Job => world.job(project, params['job_id'] ?? '');

function settled(world: World, job: Job, comparison: Comparison, read: boolean): Comparison {
  world.changed();
  return settleComparison(job, comparison, world.speed, world.now(), read);
}

/** A comparison of a task, moved on by this read. */
function comparisonOf(ctx: Ctx<unknown>, read = true): { job: Job; comparison: Comparison } {
  const job = jobOf(ctx);
  const id = ctx.params['compare_job_id'];
  const comparison = job.comparisons.find((each) => each.id === id);
  if (!comparison) throw none(`${job.id} has no comparison ${id}`);
  return { job, comparison: settled(ctx.world, job, comparison, read) };
}

const latestObjects = (job: Job): Comparison | undefined => job.comparisons.findLast(({ type }) => type === 'objects');

/** One data comparison at a time, and no values while objects are compared. */
function mayCompare(world: World, job: Job, type: Comparison['type']): void {
  notParent(job);
  mustLive(job);
  const full = job.spec.task_type === 'FULL_TRANS' && statusOf(job) === 'FULL_TRANSFER_COMPLETE';
  if (!full) mustBe(job, 'INCRE_TRANSFER_STARTED');
  const running = job.comparisons.map((each) => settled(world, job, each, false)).filter(unfinished);
  const data = running.find((each) => each.type !== 'objects');
  if (type === 'objects' && running.some((each) => each.type === 'objects'))
    throw busy('an object comparison is not finished');
  if (type === 'objects' && data?.type === 'contents') throw busy('values are being compared');
  if (type !== 'objects' && data) throw busy(`the comparison ${data.id} is not finished`);
  if (type === 'contents' && running.some((each) => each.type === 'objects')) throw busy('objects are being compared');
}

const OPTIONS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  lines: { comparePolicy: ['normal', 'manyToOne'] },
  contents: { contentCompareType: ['dynamic', 'static'], lobCompare: ['ignore', 'length'] },
};
const filterType = z.enum(['contentConditionalFilter', 'contentConditionalFilte']);

/** 6.1.27, Table 6-205. */
const dataComparison = z
  .strictObject({
    type: z.enum(['lines', 'contents', 'random']),
    start_time: z
      .string()
      .regex(/^(\d{13})?$/, 'milliseconds since 1970')
      .optional(),
    compare_mode: z.enum(['quick_comparison']).optional(),
    compare_object: z.array(z.strictObject({ db_name: text, table_name: z.array(text).optional() })).optional(),
    compare_object_with_token: z.array(z.looseObject({ db_name: text })).optional(),
    options: z.record(z.string(), z.string()).optional(),
    compare_task_num: z.number().int().optional(),
    compare_transformation_infos: z
      .array(
        z.strictObject({
          object_info: z.array(
            z.strictObject({
              id: z
                .string()
                .regex(/-\*-\*-/, 'database-*-*-table')
                .optional(),
            }),
          ),
          transformation_info: z.strictObject({
            transformation_type: filterType.optional(),
            transformationType: filterType.optional(),
            value: text.max(256),
          }),
        }),
      )
      .optional(),
    proportion_value: z.number().positive().max(100).optional(),
  })
  .superRefine((given, ctx) => {
    if (given.compare_mode)
      return flaw(ctx, ['compare_mode'], 'quick comparison is for whitelisted users', 'DRS.M00105');
    if (!given.compare_object?.length && !given.compare_transformation_infos?.length)
      missing(ctx, ['compare_object'], 'but for quick comparison');
    for (const [key, value] of Object.entries(given.options ?? {}))
      if (!OPTIONS[given.type]?.[key]?.includes(value))
        flaw(ctx, ['options', key], `${value} is no choice for ${given.type}`, 'DRS.M00202');
    if (given.type === 'random' && given.proportion_value === undefined)
      missing(ctx, ['proportion_value'], 'for a sampling comparison');
    given.compare_transformation_infos?.forEach(({ transformation_info: info }, index) => {
      if (!info.transformation_type && !info.transformationType)
        missing(
          ctx,
          ['compare_transformation_infos', index, 'transformation_info', 'transformation_type'],
          'in a filter',
        );
    });
  });
type DataComparison = z.output<typeof dataComparison>;

function createDataComparison({ world }: Ctx<unknown>, job: Job, given: DataComparison): object {
  mayCompare(world, job, given.type);
  if (given.type === 'random' && !job.spec.engine_type.startsWith('gaussdb'))
    throw new Refusal('DRS.M00202', 'sampling is for GaussDB', { about: 'type' });
  const filters = given.compare_transformation_infos ?? [];
  const scope = (given.compare_object ?? []).map(({ db_name, table_name = [] }) => ({
    db: db_name,
    tables: table_name,
  }));
  const filtered = filters
    .flatMap(({ object_info }) => object_info.map(({ id = '' }) => id.split('-*-*-')))
    .map((parts) => ({
      db: parts[0] ?? '',
      tables: [parts.at(-1) ?? ''],
    }));
  const comparison = begun(given.type, world.now(), {
    scope: [...scope, ...filtered],
    options: given.options ?? {},
    ...(given.start_time ? { startAt: Number(given.start_time), waits: Number(given.start_time) > world.now() } : {}),
    filter: filters[0]?.transformation_info.value,
    proportion: given.proportion_value,
  });
  job.comparisons.push(comparison);
  world.changed();
  return { id: comparison.id };
}

const utc = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function comparisonRow(comparison: Comparison): object {
  return {
    id: comparison.id,
    type: comparison.type,
    options: comparison.options,
    status: compareStatus(comparison),
    start_time: utc(comparison.startAt),
    ...(comparison.endedAt ? { end_time: utc(comparison.endedAt) } : {}),
    ...exportState(comparison),
    ...(comparison.proportion === undefined ? {} : { proportion_value: String(comparison.proportion) }),
  };
}

const LINE_STATUSES = [0, ...Array.from({ length: 22 }, (_, index) => index + 2), 27].map(String) as [
  string,
  ...string[],
];
const lineStatus = z.enum(LINE_STATUSES).optional();
const whole = z.string().regex(/^\d+$/, 'a whole number').optional();
const paging = { limit: whole, offset: whole };
const limited = {
  ...paging,
  limit: z
    .string()
    .refine((value) => /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 1000, '1 to 1000')
    .optional(),
};

const pageOf = <T>(
  all: readonly T[],
  { limit = '1000', offset = '0' }: { limit?: string; offset?: string },
): readonly T[] => all.slice(Number(offset), Number(offset) + Number(limit));

/** Databases with what their tables come to: the worst verdict wins. */
function overview(
  all: readonly Line[],
  differs: (line: Line) => boolean,
): { db: string; targetDb: string; status: number; counts: object }[] {
  return [...new Set(all.map(({ db }) => db))].map((db) => {
    const tables = all.filter((line) => line.db === db);
    const open = tables.find(({ status }) => [5, 6, 7].includes(status));
    const bad = tables.filter(differs);
    const not = tables.filter(uncomparable);
    const missingDb = tables.every(({ status }) => status === 13);
    return {
      db,
      targetDb: tables[0]?.targetDb ?? db,
      status: open?.status ?? (missingDb ? 20 : bad.length > 0 ? 0 : 2),
      counts: {
        compare_num: tables.length,
        compare_end_num: open ? 0 : tables.length,
        data_inconsistent_num: open ? 0 : bad.length,
        uncomparable_num: open ? 0 : not.length,
      },
    };
  });
}

const uncomparable = (line: Line) => line.status === 13 || line.status === 23;
const linesDiffer = (line: Line) => [0, 3, 8, 9, 11, 12, 21, 22].includes(line.status);

const byDatabase = (line: Line, query: Readonly<Record<string, string>>) =>
  (!query['db_name'] || line.db === query['db_name']) &&
  (!query['target_db_name'] || line.targetDb === query['target_db_name']);

/** Values: a table that can't be compared stands in a list of its own. */
const valueRow = (line: Line, comparison: Comparison) => ({
  source_db: line.db,
  target_db: line.targetDb,
  source_table_name: line.table,
  target_table_name: line.table,
  source_row_num: line.source,
  target_row_num: line.target,
  difference_row_num: Math.abs(line.source - line.target),
  ...(line.uncomparable ? { message: line.uncomparable } : {}),
  ...(compareStatus(comparison) === 'SUCCESSFUL' && !line.uncomparable
    ? { line_compare_result: line.source === line.target, content_compare_result: sameValues(line) }
    : {}),
  ...(comparison.filter ? { compare_line_config_filter: comparison.filter } : {}),
  status: { RUNNING: 1, SUCCESSFUL: 2, WAITING_FOR_RUNNING: 3, CANCELLED: 4 }[compareStatus(comparison)],
  complete_shard_count: compareStatus(comparison) === 'SUCCESSFUL' ? 21 : 0,
  total_shard_count: 21,
  progress: Math.min(100, comparison.position / 20),
});

/** Objects of a kind, in the source and in the target. */
function objectRows(job: Job, comparison: Comparison, type: string): object[] {
  const done = compareStatus(comparison) === 'SUCCESSFUL';
  const all = lines(job, comparison);
  const row = (line: Line, value: string, there: boolean) => ({
    source_db_value: value,
    ...(there ? { target_db_value: value } : {}),
    source_db_name: line.db,
    target_db_name: line.targetDb,
    status: done ? (there ? 2 : 0) : 3,
  });
  if (type === 'DB')
    return all
      .filter((line, index) => all.findIndex(({ db }) => db === line.db) === index)
      .map((line) => row(line, line.db, true));
  const there = (line: Line) => line.status !== 12;
  if (type === 'TABLE') return all.map((line) => row(line, line.table, there(line)));
  if (type === 'INDEX') return all.map((line) => row(line, `\`${line.table}\`.\`PRIMARY\``, there(line)));
  if (type === 'TABLE_COLLATION') return all.map((line) => row(line, 'utf8mb4_general_ci', there(line)));
  return [];
}

const SHOWN = ['DB', 'TABLE', 'INDEX', 'TABLE_COLLATION'];
export const OBJECT_TYPES = [
  ...SHOWN,
  'VIEW',
  'EVENT',
  'ROUTINE',
  'TRIGGER',
  'SYNONYM',
  'FUNCTION',
  'PROCEDURE',
  'TYPE',
  'RULE',
  'DEFAULT_TYPE',
  'PLAN_GUIDE',
  'CONSTRAINT',
  'FILE_GROUP',
  'PARTITION_FUNCTION',
  'PARTITION_SCHEME',
  'EXTENSIONS',
];

const statusOfObjects = (rows: object[]): number => {
  const all = rows.map((row) => (row as { status: number }).status);
  return all.includes(3) ? 3 : all.includes(0) ? 0 : 2;
};

function objectCounts(job: Job, comparison: Comparison, type: string) {
  const rows = objectRows(job, comparison, type);
  const target = rows.filter((row) => (row as { target_db_value?: string }).target_db_value !== undefined).length;
  return { type, status: statusOfObjects(rows), source_count: rows.length, target_count: target };
}

/** The comparison whose result file is meant. */
function filed(job: Job, type: string, id: string | undefined): Comparison {
  const wanted = type === 'objects_comparison' ? 'objects' : type;
  const found = id ? job.comparisons.find((each) => each.id === id && each.type === wanted) : latestObjects(job);
  if (!found) throw none(`${job.id} has no such comparison`);
  return found;
}

const file = z
  .strictObject({
    compare_type: z.enum(['contents', 'lines', 'random', 'objects_comparison']),
    compare_job_id: z.string().optional(),
    time_zone: z.string().optional(),
  })
  .superRefine((given, ctx) => {
    if (given.compare_type !== 'objects_comparison' && !given.compare_job_id)
      missing(ctx, ['compare_job_id'], 'but for objects');
  });

export const comparisons: Routes = {
  'GET /v3/{project_id}/jobs/{job_id}/table/compare': route({
    operation: 'listDataLevelTableCompareJobs',
    status: 200,
    reads: true,
    query: z.strictObject(paging),
    handle: (ctx) => {
      const job = jobOf(ctx);
      const all = job.comparisons
        .filter(({ type }) => type !== 'objects')
        .map((each) => settled(ctx.world, job, each, true));
      return { count: all.length, compare_jobs: pageOf(all.toReversed(), ctx.query).map(comparisonRow) };
    },
  }),

  'POST /v3/{project_id}/jobs/{job_id}/table/compare': route({
    operation: 'createDataLevelTableCompareJob',
    status: 202,
    body: dataComparison,
    handle: (ctx) => createDataComparison(ctx, jobOf(ctx), ctx.body),
  }),

  'DELETE /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}': route({
    operation: 'deleteCompareJob',
    status: 200,
    handle: (ctx) => {
      const { comparison } = comparisonOf(ctx, false);
      if (!unfinished(comparison)) throw wrong(`the comparison is ${compareStatus(comparison)}`);
      comparison.cancelledAt = ctx.world.now();
      return {};
    },
  }),

  'POST /v3/{project_id}/jobs/{job_id}/table/compare/{compare_job_id}': route({
    operation: 'startPromptlyDataLevelTableCompareJob',
    status: 200,
    handle: (ctx) => {
      const { comparison } = comparisonOf(ctx, false);
      if (!comparison.waits) throw wrong(`the comparison is ${compareStatus(comparison)}`);
      const now = ctx.world.now();
      Object.assign(comparison, { waits: false, startAt: now, seen: now });
      return {};
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/line-overview': route({
    operation: 'listDataCompareOverview',
    status: 200,
    reads: true,
    query: z.strictObject({ ...paging, status: lineStatus }),
    handle: (ctx) => {
      const { job, comparison } = comparisonOf(ctx);
      const rows = overview(lines(job, comparison), linesDiffer).filter(
        ({ status }) => !ctx.query['status'] || status === Number(ctx.query['status']),
      );
      const shown = rows.map(({ db, targetDb, status, counts }) => ({
        status,
        source_db_name: db,
        target_db_name: targetDb,
        ...counts,
      }));
      return { total_count: shown.length, data_compare_overview_infos: pageOf(shown, ctx.query) };
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/line-detail': route({
    operation: 'listDataCompareDetail',
    status: 200,
    reads: true,
    query: z.strictObject({
      ...paging,
      status: lineStatus,
      type: z.enum(['compare', 'unCompare']).optional(),
      db_name: z.string().optional(),
      target_db_name: z.string().optional(),
      query_tb_name: z.string().optional(),
    }),
    handle: (ctx) => {
      const { job, comparison } = comparisonOf(ctx);
      const { status, type, query_tb_name: word = '' } = ctx.query;
      const rows = lines(job, comparison)
        .filter((line) => byDatabase(line, ctx.query) && line.table.includes(word))
        .filter(
          (line) =>
            (!status || line.status === Number(status)) && (!type || uncomparable(line) === (type === 'unCompare')),
        )
        .map((line) => ({
          source_table_name: line.table,
          source_row_num: line.source,
          target_table_name: line.table,
          target_row_num: line.target,
          difference_row_num: Math.abs(line.source - line.target),
          status: line.status,
          ...(comparison.filter ? { compare_line_config_filter: comparison.filter } : {}),
        }));
      return { total_count: rows.length, table_line_compare_result_infos: pageOf(rows, ctx.query) };
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/content-overview': route({
    operation: 'listContentCompareOverview',
    status: 200,
    reads: true,
    query: z.strictObject(paging),
    handle: (ctx) => {
      const { job, comparison } = comparisonOf(ctx);
      const all = lines(job, comparison).map((line) =>
        line.uncomparable && line.status === 2 ? { ...line, status: 13 } : line,
      );
      const shown = overview(all, (line) => !uncomparable(line) && !sameValues(line)).map(
        ({ db, targetDb, status, counts }) => ({
          status,
          source_db: db,
          target_db: targetDb,
          ...counts,
        }),
      );
      return { total_count: shown.length, content_compare_result_infos: pageOf(shown, ctx.query) };
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/content-detail': route({
    operation: 'listContentCompareDetail',
    status: 200,
    reads: true,
    query: z.strictObject({
      ...paging,
      type: z.enum(['compare', 'unCompare']).optional(),
      db_name: z.string().optional(),
      target_db_name: z.string().optional(),
    }),
    handle: (ctx) => {
      const { job, comparison } = comparisonOf(ctx);
      const apart = ctx.query['type'] === 'unCompare';
      const rows = lines(job, comparison)
        .filter((line) => byDatabase(line, ctx.query) && (line.uncomparable !== undefined) === apart)
        .map((line) => valueRow(line, comparison));
      return { total_count: rows.length, content_compare_result_infos: pageOf(rows, ctx.query) };
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/content-difference': route({
    operation: 'listContentCompareDifference',
    status: 200,
    reads: true,
    query: z.strictObject({ ...limited, table_name: z.string().optional(), db_name: z.string().optional() }),
    handle: (ctx) => {
      const { job, comparison } = comparisonOf(ctx);
      const { table_name } = ctx.query;
      const found = lines(job, comparison).filter(
        (line) => byDatabase(line, ctx.query) && (!table_name || line.table === table_name),
      );
      const rows = found.flatMap((line) => line.differs.map((key) => difference(line, key)));
      return {
        count: rows.length,
        target_meta_is_null: 0,
        source_meta_is_null: 0,
        source_target_meta_not_null: rows.length,
        contents_infos: pageOf(rows, ctx.query),
      };
    },
  }),

  'POST /v3/{project_id}/jobs/{job_id}/object/compare': route({
    operation: 'createObjectLevelCompareJob',
    status: 202,
    body: z.strictObject({ compare_task_num: z.number().int().optional() }),
    handle: (ctx) => {
      const job = jobOf(ctx);
      mayCompare(ctx.world, job, 'objects');
      job.comparisons.push(begun('objects', ctx.world.now()));
      ctx.world.changed();
      return {};
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/object/compare': route({
    operation: 'listObjectLevelCompareOverview',
    status: 200,
    reads: true,
    handle: (ctx) => {
      const job = jobOf(ctx);
      const latest = latestObjects(job);
      if (!latest) throw new Refusal('DRS.M00289', 'objects were never compared', { about: 'object comparison' });
      settled(ctx.world, job, latest, true);
      return {
        status: compareStatus(latest),
        create_time: utc(latest.createdAt),
        compare_result: SHOWN.map((type) => objectCounts(job, latest, type)),
        start_time: utc(latest.startAt),
        ...exportState(latest),
        compare_job_id: latest.id,
      };
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/object/compare/{compare_type}': route({
    operation: 'listObjectLevelCompareDetail',
    status: 200,
    reads: true,
    query: z.strictObject({ ...limited, compare_job_id: z.string().optional() }),
    handle: (ctx) => {
      const type = ctx.params['compare_type'] ?? '';
      if (!OBJECT_TYPES.includes(type))
        throw new Refusal('DRS.M00202', `${type} is no object type`, { about: 'compare_type' });
      const job = jobOf(ctx);
      const comparison = filed(job, 'objects_comparison', ctx.query['compare_job_id'] || undefined);
      const rows = objectRows(job, settled(ctx.world, job, comparison, true), type);
      return { count: rows.length, compare_detail: pageOf(rows, ctx.query) };
    },
  }),

  'POST /v3/{project_id}/jobs/{job_id}/compare/result/file': route({
    operation: 'createCompareResultFile',
    status: 200,
    body: file,
    handle: (ctx) => {
      if (!ctx.headers['region']) throw new Refusal('DRS.M00201', 'the header Region is missing', { about: 'Region' });
      const job = jobOf(ctx);
      const comparison = settled(ctx.world, job, filed(job, ctx.body.compare_type, ctx.body.compare_job_id), false);
      if (unfinished(comparison)) throw busy('the comparison is not finished');
      comparison.exporting ??= { position: 0, seen: ctx.world.now() };
      return '';
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/compare/result/file': route({
    operation: 'downloadCompareResultFile',
    status: 200,
    reads: true,
    query: file,
    handle: (ctx) => {
      const job = jobOf(ctx);
      const comparison = settled(
        ctx.world,
        job,
        filed(job, ctx.query['compare_type'] ?? '', ctx.query['compare_job_id']),
        false,
      );
      if (exportState(comparison).export_status !== 'EXPORT_COMPLETE') throw none('the result file is not exported');
      const rows = lines(job, comparison).map((line) => [line.db, line.table, line.source, line.target, line.status]);
      const bytes = workbook([['database', 'table', 'source rows', 'target rows', 'status'], ...rows]);
      const name = `${ctx.query['compare_type']}_${comparison.id}.xlsx`;
      return new Response(new Uint8Array(bytes), {
        headers: {
          'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
          'content-disposition': `attachment; filename=${name}`,
        },
      });
    },
  }),
};

const difference = (line: Line, key: string) => ({
  source_key_value: [key],
  target_key_value: [key],
  select_sql: `select * from ${line.db}.${line.table} where ${key}`,
  target_select_sql: `select * from ${line.targetDb}.${line.table} where ${key}`,
});

export { createDataComparison, difference, mayCompare, objectCounts, objectRows, SHOWN, settled };
