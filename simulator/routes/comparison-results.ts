import { z } from 'zod';
import { compareStatus, isCompared, type Line, lines, sameValues } from '../compare.js';
import type { Comparison } from '../job.js';
import { comparisonOf, difference, limited, lineStatus, pageOf, paging } from './comparison-common.js';
import { type Routes, route } from './route.js';

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
  ...(isCompared(comparison, line) && !line.uncomparable
    ? { line_compare_result: line.source === line.target, content_compare_result: sameValues(line) }
    : {}),
  ...(comparison.filter ? { compare_line_config_filter: comparison.filter } : {}),
  status: isCompared(comparison, line)
    ? 2
    : { RUNNING: 1, FULL_DOING: 1, INCRE_DOING: 2, SUCCESSFUL: 2, WAITING_FOR_RUNNING: 3, CANCELLED: 4 }[
        compareStatus(comparison)
      ],
  complete_shard_count: isCompared(comparison, line) ? 21 : 0,
  total_shard_count: 21,
  progress: Math.min(100, comparison.position / 20),
});

export const comparisonResults: Routes = {
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
        (line) =>
          byDatabase(line, ctx.query) && (!table_name || line.table === table_name) && isCompared(comparison, line),
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
};
