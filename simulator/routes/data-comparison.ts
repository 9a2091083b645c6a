import { z } from 'zod';
import { flaw, missing } from '../check.js';
import { Refusal } from '../codes.js';
import { begun, compareStatus, exportState, unfinished } from '../compare.js';
import type { Comparison, Job } from '../job.js';
import { comparisonOf, jobOf, mayCompare, pageOf, paging, settled, utc } from './comparison-common.js';
import { text } from './fields.js';
import { type Ctx, type Routes, route } from './route.js';
import { wrong } from './rules.js';

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

export function createDataComparison({ world }: Ctx<unknown>, job: Job, given: DataComparison): object {
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

function comparisonRow(comparison: Comparison): object {
  return {
    id: comparison.id,
    type: comparison.type,
    options: comparison.options,
    status: compareStatus(comparison),
    start_time: utc(comparison.startAt),
    ...(comparison.endedAt && !unfinished(comparison) ? { end_time: utc(comparison.endedAt) } : {}),
    ...exportState(comparison),
    ...(comparison.proportion === undefined ? {} : { proportion_value: String(comparison.proportion) }),
  };
}

export const dataComparisons: Routes = {
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
};
