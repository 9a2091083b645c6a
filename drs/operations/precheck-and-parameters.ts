import { z } from 'zod';
import { byErrorCode, bySuccess, bySuccessStatus } from '../judges.js';
import { operation } from '../operation.js';
import { Done, flag, JobId, listOf, oneOf, text } from './common.js';

/** Table 6-55. `result: true` is what allows a start; it can be true with items that are ALARM. */
const PrecheckResult = z.looseObject({
  precheck_id: text(),
  result: flag(),
  process: z.coerce.string(),
  total_passed_rate: text(),
  rds_instance_id: text(),
  job_direction: text(),
  precheck_result: listOf(
    z.looseObject({
      item: z.string(),
      result: z.string(),
      failed_reason: text(),
      data: text(),
      raw_error_msg: text(),
      group: text(),
      failed_sub_jobs: listOf(z.looseObject({ id: text(), name: text(), check_result: text() })),
    }),
  ),
});

const PARAMETER_GROUPS = ['common', 'performance'] as const;

/** 6.1.10. One group a call; what the target's database takes over only at its restart, DRS doesn't restart. */
export const ParameterChange = z.strictObject({
  job_id: JobId,
  group: oneOf(PARAMETER_GROUPS),
  params: z.array(z.strictObject({ key: z.string().min(1), target_value: z.string() })).min(1),
});

export const precheckAndParameters = {
  batchCheckJobs: operation({
    section: '6.1.6',
    route: 'POST /v3/{project_id}/jobs/batch-precheck',
    summary: 'Starts the pre-check of tasks.',
    request: z.strictObject({ job_id: JobId, precheck_mode: oneOf(['forStartJob', 'forRetryJob']) }),
    reply: Done.extend({ precheck_id: text() }),
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['id', 'precheck_id', 'job_id'] },
    judge: bySuccessStatus,
    repeatable: true,
    action: 'drs:migrationJob:action',
  }),

  batchCheckResults: operation({
    section: '6.1.7',
    route: 'POST /v3/{project_id}/jobs/batch-precheck-result',
    summary: 'Tells how far the pre-checks are and what their items found.',
    request: JobId,
    reply: PrecheckResult,
    batch: { key: 'jobs', limit: 10, resultId: ['precheck_id', 'id'] },
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:migrationJob:get',
  }),

  batchShowParams: operation({
    section: '6.1.9',
    route: 'POST /v3/{project_id}/jobs/batch-get-params',
    summary: 'Compares database parameters of source and target; refresh "1" reads them anew.',
    request: z.strictObject({ job_id: JobId, refresh: oneOf(['0', '1']) }),
    reply: z.looseObject({
      params: listOf(
        z.looseObject({
          key: z.string(),
          group: text(),
          source_value: text(),
          target_value: text(),
          compare_result: flag(),
          data_type: text(),
          value_range: text(),
          need_restart: flag(),
          error_code: text(),
          error_message: text(),
        }),
      ),
    }),
    batch: {
      key: 'jobs',
      limit: 1,
      id: 'job_id',
      bare: true,
      resultId: [],
      results: 'params_list',
      shared: ['refresh'],
    },
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:databaseParameters:get',
  }),

  updateParams: operation({
    section: '6.1.10',
    route: 'POST /v3/{project_id}/jobs/{job_id}/params',
    summary: 'Changes parameters of the target database; after a comparison only.',
    request: ParameterChange,
    reply: z.looseObject({ success: flag(), should_restart: flag() }),
    judge: bySuccess,
    repeatable: true,
    action: 'drs:dataBaseParams:modify',
    roles: ['RDS ReadOnlyAccess', 'VPC FullAccess', 'SMN FullAccess', 'DAS FullAccess'],
  }),
};
