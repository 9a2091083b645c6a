import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { missing } from '../check.js';
import { Refusal } from '../codes.js';
import { begun, compareStatus, exportState, type Line, lines, unfinished } from '../compare.js';
import type { Comparison, Job } from '../job.js';
import { workbook } from '../workbook.js';
import { busy, jobOf, latestObjects, limited, mayCompare, none, pageOf, settled, utc } from './comparison-common.js';
import { type Routes, route } from './route.js';

/** Objects of a kind, in the source and in the target. */
export function objectRows(job: Job, comparison: Comparison, type: string): object[] {
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

export const SHOWN = ['DB', 'TABLE', 'INDEX', 'TABLE_COLLATION'];
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

export function objectCounts(job: Job, comparison: Comparison, type: string) {
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

/** Object comparisons, and the result files of all of them. */
export const objectComparisons: Routes = {
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
      const bytes = job.resultFile
        ? readFileSync(job.resultFile)
        : workbook([['database', 'table', 'source rows', 'target rows', 'status'], ...rows]);
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
