import { z } from 'zod';
import { missing } from '../check.js';
import { Refusal } from '../codes.js';
import { begun, compareStatus, type Line, lines, sameValues, unfinished } from '../compare.js';
import type { Comparison, Job } from '../job.js';
import { difference, mayCompare, settled } from './comparison-common.js';
import { createDataComparison } from './data-comparison.js';
import { jobId, text } from './fields.js';
import { objectCounts, objectRows, SHOWN } from './object-comparison.js';
import { type Ctx, type Routes, route } from './route.js';
import { mustBe, notParent } from './rules.js';

/** The older form of comparison, 6.1.17 and 6.1.18. */
const creation = z.strictObject({
  job_id: jobId,
  object_level_compare_type: z.enum(['objects', '']).optional(),
  data_level_compare_info: z
    .strictObject({
      conflict_policy: z.enum(['cancel', 'keep']),
      compare_type: z.enum(['lines', 'contents']),
      compare_mode: z.enum(['quick_comparison']).optional(),
      start_time: z
        .string()
        .regex(/^(\d{13})?$/, 'milliseconds since 1970')
        .optional(),
      compare_object_infos: z.array(z.strictObject({ db_name: text, table_name: z.array(text).optional() })).optional(),
      compare_object_infos_with_token: z.array(z.looseObject({ db_name: text })).optional(),
    })
    .superRefine((given, ctx) => {
      if (!given.compare_mode && !given.compare_object_infos?.length)
        missing(ctx, ['compare_object_infos'], 'but for quick comparison');
    })
    .optional(),
});

/** A nested result: its id, or its own code. */
function nested(act: () => string): object {
  try {
    return { compare_task_id: act() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { error_code: error.code, error_msg: error.text };
  }
}

function create(ctx: Ctx<z.output<typeof creation>>): object {
  const { world, project, body } = ctx;
  const job = world.job(project, body.job_id);
  notParent(job);
  mustBe(job, 'INCRE_TRANSFER_STARTED');
  const data = body.data_level_compare_info;
  return {
    job_id: job.id,
    ...(body.object_level_compare_type ? { object_level_compare_create_result: nested(() => objects(ctx, job)) } : {}),
    ...(data ? { data_level_compare_create_result: nested(() => dataLevel(ctx, job, data)) } : {}),
  };
}

function objects({ world }: Ctx<unknown>, job: Job): string {
  mayCompare(world, job, 'objects');
  const comparison = begun('objects', world.now());
  job.comparisons.push(comparison);
  world.changed();
  return comparison.id;
}

function dataLevel(
  ctx: Ctx<unknown>,
  job: Job,
  given: NonNullable<z.output<typeof creation>['data_level_compare_info']>,
): string {
  if (given.compare_mode) throw new Refusal('DRS.M00105', 'quick comparison is for whitelisted users');
  const open = job.comparisons
    .filter(({ type }) => type !== 'objects')
    .map((each) => settled(ctx.world, job, each, false))
    .filter(unfinished);
  if (given.conflict_policy === 'cancel') for (const each of open) each.cancelledAt = ctx.world.now();
  const { id } = createDataComparison(ctx, job, {
    type: given.compare_type,
    compare_object: given.compare_object_infos ?? [],
    ...(given.start_time ? { start_time: given.start_time } : {}),
  }) as { id: string };
  return id;
}

const query = z.strictObject({
  job_id: jobId,
  object_level_compare_id: z.string().optional(),
  line_compare_id: z.string().optional(),
  content_compare_id: z.string().optional(),
  current_page: z.number().int().min(1),
  per_page: z.number().int().min(1),
});

const word = (same: boolean) => (same ? 'CONSISTENT' : 'INCONSISTENT');

function lineResult(line: Line): string {
  if (line.status === 5) return 'COMPARING';
  if (line.status === 6) return 'WAITING_FOR_COMPARISON';
  if (line.status === 7) return 'FAILED_TO_COMPARE';
  if ([13, 20, 23].includes(line.status)) return 'CAN_NOT_COMPARE';
  return word(line.status === 2 || line.status === 10);
}

const contentResult = (line: Line) =>
  line.status === 2 || line.status === 10 ? word(sameValues(line)) : lineResult(line);

/** The worst of a database's tables. */
function worst(results: readonly string[]): string {
  return (
    ['COMPARING', 'WAITING_FOR_COMPARISON', 'FAILED_TO_COMPARE', 'INCONSISTENT'].find((each) =>
      results.includes(each),
    ) ?? 'CONSISTENT'
  );
}

const lineRow = (line: Line) => ({
  source_table_name: line.table,
  source_row_num: line.source,
  target_table_name: line.table,
  target_row_num: line.target,
  diff_row_num: Math.abs(line.source - line.target),
  line_compare_result: lineResult(line),
});

const group = (all: readonly Line[]) =>
  [...new Set(all.map(({ db }) => db))].map((db) => all.filter((line) => line.db === db));

function results(ctx: Ctx<z.output<typeof query>>): object {
  const { world, project, body } = ctx;
  const job = world.job(project, body.job_id);
  const find = (id: string | undefined, types: Comparison['type'][]) => {
    if (!id) return undefined;
    const found = job.comparisons.find((each) => each.id === id && types.includes(each.type));
    return found ? settled(world, job, found, true) : null;
  };
  const page = <T>(all: readonly T[]) =>
    all.slice((body.current_page - 1) * body.per_page, body.current_page * body.per_page);
  const none = { error_code: 'DRS.10000010', error_msg: 'The task does not exist. Check the task ID.' };

  const object = find(body.object_level_compare_id, ['objects']);
  const line = find(body.line_compare_id, ['lines']);
  const content = find(body.content_compare_id, ['contents']);
  // Who asks for no result looks at the list.
  const looks = [object, line, content].every((one) => one === undefined);
  const list = job.comparisons.toReversed().map((each) => settled(world, job, each, looks));
  return {
    job_id: job.id,
    ...(object === undefined ? {} : { object_level_compare_results: object ? objectResults(job, object, page) : none }),
    ...(line === undefined ? {} : { line_compare_results: line ? lineResults(job, line, page) : none }),
    ...(content === undefined ? {} : { content_compare_results: content ? contentResults(job, content, page) : none }),
    compare_task_list_results: {
      compare_task_list_count: list.length,
      compare_task_list: page(list).map((each) => ({
        compare_task_id: each.id,
        compare_type: each.type === 'objects' ? 'object_comparison' : each.type,
        compare_task_status: compareStatus(each),
        create_time: String(each.createdAt),
        ...(each.endedAt ? { end_time: String(each.endedAt) } : {}),
      })),
    },
  };
}

type Page = <T>(all: readonly T[]) => T[];

function objectResults(job: Job, comparison: Comparison, page: Page): object {
  const counts = SHOWN.map((type) => objectCounts(job, comparison, type));
  return {
    compare_task_id: comparison.id,
    object_compare_overview: counts.map(({ type, status, source_count, target_count }) => ({
      object_type: type,
      object_compare_result: status === 3 ? 'COMPARING' : word(status === 2),
      source_count,
      target_count,
      diff_count: source_count - target_count,
    })),
    object_compare_details: Object.fromEntries(
      SHOWN.map((type) => [
        type,
        page(objectRows(job, comparison, type)).map((row) => ({ ...row, status: undefined })),
      ]),
    ),
  };
}

function lineResults(job: Job, comparison: Comparison, page: Page): object {
  const groups = group(lines(job, comparison));
  return {
    compare_task_id: comparison.id,
    line_compare_overview: page(groups).map((all) => ({
      source_db_name: all[0]?.db,
      target_db_name: all[0]?.targetDb,
      line_compare_result: worst(all.map(lineResult)),
    })),
    line_compare_overview_count: groups.length,
    line_compare_details: groups.map((all) => ({
      source_db_name: all[0]?.db,
      line_compare_detail: page(all).map(lineRow),
      line_compare_detail_count: all.length,
    })),
  };
}

function contentResults(job: Job, comparison: Comparison, page: Page): object {
  const all = lines(job, comparison);
  const groups = group(all);
  const row = (line: Line) => ({
    source_db_name: line.db,
    target_db_name: line.targetDb,
    ...lineRow(line),
    content_compare_result: line.uncomparable ? 'CAN_NOT_COMPARE' : contentResult(line),
    ...(line.uncomparable ? { message: line.uncomparable } : {}),
  });
  return {
    compare_task_id: comparison.id,
    content_compare_overview: page(groups).map((each) => ({
      source_db_name: each[0]?.db,
      target_db_name: each[0]?.targetDb,
      content_compare_result: worst(each.filter((line) => !line.uncomparable).map(contentResult)),
    })),
    content_compare_overview_count: groups.length,
    content_compare_details: groups.map((each) => {
      const apart = each.filter((line) => line.uncomparable);
      const rest = each.filter((line) => !line.uncomparable);
      return {
        source_db_name: each[0]?.db,
        content_compare_detail: page(rest).map(row),
        content_compare_detail_count: rest.length,
        content_uncompare_detail: page(apart).map(row),
        content_uncompare_detail_count: apart.length,
      };
    }),
    content_compare_diffs: all
      .filter(({ differs }) => differs.length > 0)
      .map((line) => ({
        source_db_name: line.db,
        source_table_name: line.table,
        content_compare_diff: page(line.differs).map((key) => {
          const { select_sql, ...rest } = difference(line, key);
          return { ...rest, source_select_sql: select_sql };
        }),
        content_compare_diff_count: line.differs.length,
      })),
  };
}

export const olderComparisons: Routes = {
  'POST /v3/{project_id}/jobs/create-compare-task': route({
    operation: 'createCompareTask',
    status: 200,
    body: creation,
    handle: create,
  }),

  'POST /v3/{project_id}/jobs/query-compare-result': route({
    operation: 'listCompareResult',
    status: 200,
    reads: true,
    body: query,
    handle: results,
  }),
};
