import { z } from 'zod';
import { byEachOf, byErrorCode } from '../judges.js';
import { operation } from '../operation.js';
import {
  EpochMs,
  flag,
  isList,
  JobId,
  listOf,
  number,
  offsetAndLimit,
  oneOf,
  part,
  ResourceId,
  spelt,
  text,
  withRules,
} from './common.js';

/* Two generations: rows 6.1.17–18, and the newer ones 6.1.26–39, which have ids of their own. */

const ComparedTables = z.array(
  z.strictObject({ db_name: z.string().min(1), table_name: z.array(z.string().min(1)).optional() }),
);

/** Cassandra only. */
const ComparedTokens = z.array(
  z.strictObject({
    db_name: z.string().min(1),
    table_name_with_token: z
      .array(
        z.strictObject({
          table_name: z.string().min(1),
          min_token: z.string().optional(),
          max_token: z.string().optional(),
        }),
      )
      .optional(),
  }),
);

const isEmpty = (list: unknown): boolean => !isList(list) || list.length === 0;

const StartTime = z.union([EpochMs, z.literal('')]).nullish();
const Quick = z.literal('quick_comparison').nullish();

/** 6.1.17. With neither type the call creates nothing and answers with the list of comparisons. */
const OldComparison = withRules(
  z.strictObject({
    job_id: JobId,
    object_level_compare_type: z.literal('objects').nullish(),
    data_level_compare_info: withRules(
      z.strictObject({
        conflict_policy: oneOf(['cancel', 'keep']),
        compare_type: oneOf(['lines', 'contents']),
        compare_mode: Quick,
        start_time: StartTime,
        compare_object_infos: ComparedTables.optional(),
        compare_object_infos_with_token: ComparedTokens.optional(),
      }),
      (info, tell) => {
        if (
          info.compare_mode == null &&
          isEmpty(info.compare_object_infos) &&
          isEmpty(info.compare_object_infos_with_token)
        ) {
          tell('compare_object_infos', 'is missing: mandatory without compare_mode');
        }
      },
    ).optional(),
  }),
  (comparison, tell) => {
    if (
      comparison.object_level_compare_type === 'objects' &&
      comparison.data_level_compare_info?.compare_type === 'contents'
    ) {
      tell('object_level_compare_type', 'objects and contents cannot be compared at the same time');
    }
  },
);

const Filter = z.strictObject({
  object_info: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(/^.+-\*-\*-.+$/, { error: 'must be database-*-*-table or database-*-*-schema-*-*-table' })
          .optional(),
      }),
    )
    .min(1),
  transformation_info: z.strictObject({
    transformation_type: z.literal('contentConditionalFilter'),
    value: z.string().min(1).max(256),
  }),
});

/** 6.1.27. `table_name: []` is the whole database. */
const NewComparison = withRules(
  z.strictObject({
    job_id: JobId,
    type: oneOf(['lines', 'contents', 'random']),
    start_time: StartTime,
    compare_mode: Quick,
    compare_object: ComparedTables.optional(),
    options: z
      .strictObject({
        contentCompareType: oneOf(['dynamic', 'static']).optional(),
        lobCompare: oneOf(['ignore', 'length']).optional(),
        comparePolicy: oneOf(['normal', 'manyToOne']).optional(),
      })
      .optional(),
    compare_object_with_token: ComparedTokens.optional(),
    compare_task_num: z.int().min(1).optional(),
    compare_transformation_infos: z.array(Filter).optional(),
    proportion_value: z.number().positive().max(100).optional(),
  }),
  (comparison, tell) => {
    const { compare_object, compare_object_with_token, compare_transformation_infos, options, type } = comparison;
    if (
      comparison.compare_mode == null &&
      [compare_object, compare_object_with_token, compare_transformation_infos].every(isEmpty)
    ) {
      tell('compare_object', 'is missing: databases are mandatory without compare_mode');
    }
    if (type === 'random' && comparison.proportion_value === undefined)
      tell('proportion_value', 'is missing: mandatory with type random');
    if (type !== 'random' && comparison.proportion_value !== undefined)
      tell('proportion_value', 'works only with type random');
    for (const [option, of] of [
      ['contentCompareType', 'contents'],
      ['lobCompare', 'contents'],
      ['comparePolicy', 'lines'],
    ] as const) {
      if (options?.[option] !== undefined && type !== of) tell(['options', option], `works only with type ${of}`);
    }
  },
);

/** Results of 6.1.30 and 6.1.31, which can also be filtered by. */
export const LINE_STATUSES = [
  0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 27,
] as const;

const LineStatus = z.literal(LINE_STATUSES);

/** Of 6.1.36; EXTENSIONS occurs there and is missing in 6.1.37. */
const OBJECT_TYPES = [
  'DB',
  'TABLE',
  'VIEW',
  'EVENT',
  'ROUTINE',
  'INDEX',
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
  'TABLE_COLLATION',
  'EXTENSIONS',
] as const;

const Comparison = { job_id: JobId, compare_job_id: ResourceId };

/** Of a table, in the older form. */
const OlderRow = {
  source_table_name: text(),
  target_table_name: text(),
  source_row_num: number(),
  target_row_num: number(),
  diff_row_num: number(),
  line_compare_result: text(),
  message: text(),
};
const OlderContents = listOf(
  z.looseObject({ ...OlderRow, source_db_name: text(), target_db_name: text(), content_compare_result: text() }),
);

/** What 6.1.38 and 6.1.39 ask for: `objects_comparison` here, unlike the words of the other calls. */
const ResultFile = {
  job_id: JobId,
  compare_type: oneOf(['contents', 'lines', 'random', 'objects_comparison']),
  compare_job_id: ResourceId.optional(),
};

const ofComparison = <S extends z.ZodType<{ compare_type: string; compare_job_id?: string | undefined }>>(
  schema: S,
): S =>
  withRules(schema, (file, tell) => {
    const { compare_type, compare_job_id } = file as { compare_type?: string; compare_job_id?: string };
    if (compare_type !== undefined && compare_type !== 'objects_comparison' && compare_job_id === undefined) {
      tell('compare_job_id', `is missing: mandatory with compare_type ${compare_type}`);
    }
  });

const Counted = {
  status: number(),
  compare_num: number(),
  compare_end_num: number(),
  data_inconsistent_num: number(),
  uncomparable_num: number(),
};

const Nothing = z.looseObject({});

const byOffset = (rows: string, total: string, most = 1000) =>
  ({ from: 'offset', size: 'limit', most, rows: [rows], totals: [total] }) as const;

export const comparison = {
  createCompareTask: operation({
    section: '6.1.17',
    route: 'POST /v3/{project_id}/jobs/create-compare-task',
    summary: 'Creates an object comparison, a line or value comparison, or both (older form).',
    request: OldComparison,
    reply: z.looseObject({
      job_id: text(),
      object_level_compare_create_result: part(
        z.looseObject({ compare_task_id: text(), error_code: text(), error_msg: text() }),
      ),
      data_level_compare_create_result: part(
        z.looseObject({ compare_task_id: text(), error_code: text(), error_msg: text() }),
      ),
    }),
    judge: byEachOf('object_level_compare_create_result', 'data_level_compare_create_result'),
    repeatable: false,
    action: 'drs:migrationCompareJob:create',
  }),

  listCompareResult: operation({
    section: '6.1.18',
    route: 'POST /v3/{project_id}/jobs/query-compare-result',
    summary: 'Tells results of comparisons (older form) and lists the comparisons of a task.',
    request: z.strictObject({
      job_id: JobId,
      object_level_compare_id: ResourceId.optional(),
      line_compare_id: ResourceId.optional(),
      content_compare_id: ResourceId.optional(),
      current_page: z.int().min(1),
      per_page: z.int().min(1),
    }),
    reply: z.looseObject({
      job_id: text(),
      object_level_compare_results: part(
        z.looseObject({
          compare_task_id: text(),
          object_compare_overview: listOf(
            z.looseObject({
              object_type: text(),
              object_compare_result: text(),
              source_count: number(),
              target_count: number(),
              diff_count: number(),
            }),
          ),
          object_compare_details: part(
            z.record(
              z.string(),
              listOf(
                z.looseObject({
                  source_db_name: text(),
                  target_db_name: text(),
                  source_db_value: text(),
                  target_db_value: text(),
                  error_message: text(),
                }),
              ),
            ),
          ),
          error_code: text(),
          error_msg: text(),
        }),
      ),
      line_compare_results: part(
        z.looseObject({
          compare_task_id: text(),
          line_compare_overview: listOf(
            z.looseObject({ source_db_name: text(), target_db_name: text(), line_compare_result: text() }),
          ),
          line_compare_overview_count: number(),
          line_compare_details: listOf(
            z.looseObject({
              source_db_name: text(),
              line_compare_detail: listOf(z.looseObject(OlderRow)),
            }),
          ),
          error_code: text(),
          error_msg: text(),
        }),
      ),
      content_compare_results: part(
        z.looseObject({
          compare_task_id: text(),
          content_compare_overview: listOf(
            z.looseObject({ source_db_name: text(), target_db_name: text(), content_compare_result: text() }),
          ),
          content_compare_overview_count: number(),
          content_compare_details: listOf(
            z.looseObject({
              source_db_name: text(),
              content_compare_detail: OlderContents,
              content_uncompare_detail: OlderContents,
            }),
          ),
          content_compare_diffs: listOf(
            z.looseObject({
              source_db_name: text(),
              source_table_name: text(),
              content_compare_diff: listOf(
                z.looseObject({
                  source_key_value: listOf(z.string()),
                  target_key_value: listOf(z.string()),
                  source_select_sql: text(),
                  target_select_sql: text(),
                }),
              ),
            }),
          ),
          error_code: text(),
          error_msg: text(),
        }),
      ),
      compare_task_list_results: part(
        z.looseObject({
          compare_task_list: listOf(
            z.looseObject({
              compare_task_id: text(),
              compare_type: text(),
              compare_task_status: text(),
              create_time: text(),
              end_time: text(),
            }),
          ),
          compare_task_list_count: number(),
          error_code: text(),
          error_msg: text(),
        }),
      ),
    }),
    paging: {
      from: 'current_page',
      size: 'per_page',
      most: 100,
      rows: [
        'compare_task_list_results.compare_task_list',
        'line_compare_results.line_compare_overview',
        'line_compare_results.line_compare_details.line_compare_detail',
        'content_compare_results.content_compare_overview',
        'content_compare_results.content_compare_details.content_compare_detail',
        'content_compare_results.content_compare_details.content_uncompare_detail',
        'content_compare_results.content_compare_diffs.content_compare_diff',
      ],
      totals: [
        'compare_task_list_results.compare_task_list_count',
        'line_compare_results.line_compare_overview_count',
        'line_compare_results.line_compare_details.line_compare_detail_count',
        'content_compare_results.content_compare_overview_count',
        'content_compare_results.content_compare_details.content_compare_detail_count',
        'content_compare_results.content_compare_details.content_uncompare_detail_count',
        'content_compare_results.content_compare_diffs.content_compare_diff_count',
      ],
    },
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:CompareJob:getResult',
  }),

  listDataLevelTableCompareJobs: operation({
    section: '6.1.26',
    route: 'GET /v3/{project_id}/jobs/{job_id}/table/compare',
    summary: 'Lists the line, value and sampling comparisons of a task.',
    request: z.strictObject({ job_id: JobId, ...offsetAndLimit() }),
    reply: spelt(
      { compareJobs: 'compare_jobs' },
      z.looseObject({
        compare_jobs: listOf(
          z.looseObject({
            id: z.string(),
            type: text(),
            options: part(z.record(z.string(), z.unknown())),
            status: text(),
            start_time: text(),
            end_time: text(),
            export_status: text(),
            report_remain_seconds: number(),
            proportion_value: text(),
          }),
        ),
        count: number(),
      }),
    ),
    query: ['limit', 'offset'],
    paging: byOffset('compare_jobs', 'count'),
    judge: byErrorCode,
    repeatable: true,
  }),

  createDataLevelTableCompareJob: operation({
    section: '6.1.27',
    route: 'POST /v3/{project_id}/jobs/{job_id}/table/compare',
    summary: 'Creates a comparison of lines, of contents, or of samples.',
    request: NewComparison,
    reply: z.looseObject({ id: z.string() }),
    judge: byErrorCode,
    repeatable: false,
  }),

  deleteCompareJob: operation({
    section: '6.1.28',
    route: 'DELETE /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}',
    summary: 'Cancels a comparison.',
    request: z.strictObject(Comparison),
    reply: Nothing,
    empty: true,
    judge: byErrorCode,
    repeatable: false,
  }),

  startPromptlyDataLevelTableCompareJob: operation({
    section: '6.1.29',
    route: 'POST /v3/{project_id}/jobs/{job_id}/table/compare/{compare_job_id}',
    summary: 'Starts a comparison now that was to start later.',
    request: z.strictObject(Comparison),
    reply: Nothing,
    empty: true,
    judge: byErrorCode,
    repeatable: false,
  }),

  listDataCompareOverview: operation({
    section: '6.1.30',
    route: 'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/line-overview',
    summary: 'Tells the line comparison of each database.',
    request: z.strictObject({ ...Comparison, status: LineStatus.optional(), ...offsetAndLimit() }),
    reply: z.looseObject({
      total_count: number(),
      data_compare_overview_infos: listOf(
        z.looseObject({ source_db_name: text(), target_db_name: text(), ...Counted }),
      ),
    }),
    query: ['status', 'limit', 'offset'],
    paging: byOffset('data_compare_overview_infos', 'total_count'),
    judge: byErrorCode,
    repeatable: true,
  }),

  listDataCompareDetail: operation({
    section: '6.1.31',
    route: 'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/line-detail',
    summary: 'Tells the line comparison of each table; its rows name no database, so ask for each.',
    request: z.strictObject({
      ...Comparison,
      status: LineStatus.optional(),
      type: oneOf(['compare', 'unCompare']).optional(),
      db_name: z.string().min(1).optional(),
      target_db_name: z.string().min(1).optional(),
      query_tb_name: z.string().min(1).optional(),
      ...offsetAndLimit(),
    }),
    reply: z.looseObject({
      total_count: number(),
      table_line_compare_result_infos: listOf(
        z.looseObject({
          source_table_name: text(),
          source_row_num: number(),
          target_table_name: text(),
          target_row_num: number(),
          difference_row_num: number(),
          status: number(),
          compare_line_config_filter: text(),
        }),
      ),
    }),
    query: ['status', 'type', 'db_name', 'target_db_name', 'query_tb_name', 'limit', 'offset'],
    paging: byOffset('table_line_compare_result_infos', 'total_count'),
    judge: byErrorCode,
    repeatable: true,
  }),

  listContentCompareOverview: operation({
    section: '6.1.32',
    route: 'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/content-overview',
    summary: 'Tells the value comparison of each database.',
    request: z.strictObject({ ...Comparison, ...offsetAndLimit() }),
    reply: z.looseObject({
      total_count: number(),
      content_compare_result_infos: listOf(z.looseObject({ source_db: text(), target_db: text(), ...Counted })),
    }),
    query: ['limit', 'offset'],
    paging: byOffset('content_compare_result_infos', 'total_count'),
    judge: byErrorCode,
    repeatable: true,
  }),

  listContentCompareDetail: operation({
    section: '6.1.33',
    route: 'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/content-detail',
    summary: 'Tells the value comparison of each table; those that cannot be compared come with type unCompare.',
    request: z.strictObject({
      ...Comparison,
      target_db_name: z.string().min(1).optional(),
      db_name: z.string().min(1).optional(),
      type: oneOf(['compare', 'unCompare']).optional(),
      ...offsetAndLimit(),
    }),
    reply: z.looseObject({
      total_count: number(),
      content_compare_result_infos: listOf(
        z.looseObject({
          source_db: text(),
          target_db: text(),
          source_table_name: text(),
          target_table_name: text(),
          source_row_num: number(),
          target_row_num: number(),
          difference_row_num: number(),
          line_compare_result: flag(),
          content_compare_result: flag(),
          message: text(),
          compare_line_config_filter: text(),
          /** 1 running, 2 done, 3 to start, 4 cancelled: the dashes printed before them are no minus signs. */
          status: number().transform((status) => (status === undefined ? undefined : Math.abs(status))),
          complete_shard_count: number(),
          total_shard_count: number(),
          progress: number(),
        }),
      ),
    }),
    query: ['target_db_name', 'db_name', 'type', 'limit', 'offset'],
    paging: byOffset('content_compare_result_infos', 'total_count'),
    judge: byErrorCode,
    repeatable: true,
  }),

  listContentCompareDifference: operation({
    section: '6.1.34',
    route: 'GET /v3/{project_id}/jobs/{job_id}/compare/{compare_job_id}/content-difference',
    summary: 'Lists differing rows of a table, with SQL that finds them.',
    request: z.strictObject({
      ...Comparison,
      table_name: z.string().min(1).optional(),
      db_name: z.string().min(1).optional(),
      ...offsetAndLimit(1000),
    }),
    reply: spelt(
      { total_count: 'count' },
      z.looseObject({
        count: number(),
        target_meta_is_null: number(),
        source_meta_is_null: number(),
        source_target_meta_not_null: number(),
        contents_infos: listOf(
          z.looseObject({
            source_key_value: listOf(z.string()),
            target_key_value: listOf(z.string()),
            select_sql: text(),
            target_select_sql: text(),
          }),
        ),
      }),
    ),
    query: ['table_name', 'db_name', 'limit', 'offset'],
    paging: byOffset('contents_infos', 'count'),
    judge: byErrorCode,
    repeatable: true,
  }),

  createObjectLevelCompareJob: operation({
    section: '6.1.35',
    route: 'POST /v3/{project_id}/jobs/{job_id}/object/compare',
    summary: 'Creates a comparison of objects; answers without its id, which 6.1.36 tells.',
    request: z.strictObject({ job_id: JobId, compare_task_num: z.int().min(1).optional() }),
    reply: Nothing,
    empty: true,
    judge: byErrorCode,
    repeatable: false,
  }),

  listObjectLevelCompareOverview: operation({
    section: '6.1.36',
    route: 'GET /v3/{project_id}/jobs/{job_id}/object/compare',
    summary: 'Tells the latest object comparison of a task by kinds of objects.',
    request: z.strictObject({ job_id: JobId }),
    reply: z.looseObject({
      create_time: text(),
      start_time: text(),
      status: text(),
      export_status: text(),
      report_remain_seconds: number(),
      compare_job_id: text(),
      error_msg: text(),
      compare_result: listOf(
        z.looseObject({ type: z.string(), source_count: number(), target_count: number(), status: number() }),
      ),
    }),
    judge: byErrorCode,
    repeatable: true,
  }),

  listObjectLevelCompareDetail: operation({
    section: '6.1.37',
    route: 'GET /v3/{project_id}/jobs/{job_id}/object/compare/{compare_type}',
    summary: 'Tells the objects of one kind in an object comparison.',
    request: z.strictObject({
      job_id: JobId,
      compare_type: oneOf(OBJECT_TYPES),
      compare_job_id: ResourceId.optional(),
      ...offsetAndLimit(1000),
    }),
    reply: spelt(
      { total_count: 'count' },
      z.looseObject({
        count: number(),
        compare_detail: listOf(
          z.looseObject({
            source_db_name: text(),
            target_db_name: text(),
            source_db_value: text(),
            target_db_value: text(),
            status: number(),
            error_message: text(),
          }),
        ),
      }),
    ),
    query: ['compare_job_id', 'limit', 'offset'],
    paging: byOffset('compare_detail', 'count'),
    judge: byErrorCode,
    repeatable: true,
  }),

  createCompareResultFile: operation({
    section: '6.1.38',
    route: 'POST /v3/{project_id}/jobs/{job_id}/compare/result/file',
    summary: 'Makes the result file of a comparison, to be downloaded with 6.1.39.',
    request: ofComparison(
      z.strictObject({ ...ResultFile, time_zone: z.string().min(1).optional(), region: z.string().min(1) }),
    ),
    reply: Nothing,
    headers: { region: 'Region' },
    empty: true,
    judge: byErrorCode,
    repeatable: false,
  }),

  downloadCompareResultFile: operation({
    section: '6.1.39',
    route: 'GET /v3/{project_id}/jobs/{job_id}/compare/result/file',
    summary: 'Downloads the result file of a comparison (.xlsx).',
    request: ofComparison(z.strictObject({ ...ResultFile, region: z.string().min(1).optional() })),
    reply: z.unknown(),
    query: ['compare_type', 'compare_job_id'],
    headers: { region: 'Region' },
    file: true,
    judge: byErrorCode,
    repeatable: true,
  }),
};
