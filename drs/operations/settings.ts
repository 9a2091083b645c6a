import { z } from 'zod';
import { byErrorCode, byModifyResult, bySuccessStatus } from '../judges.js';
import { operation } from '../operation.js';
import {
  Done,
  demand,
  ENGINE_TYPES,
  flag,
  JobId,
  listOf,
  oneOf,
  part,
  Subscription,
  text,
  withRules,
} from './common.js';

const Seconds = z.int().min(0);

const LogShipping = {
  log_group_id: z.string().min(1).optional(),
  log_stream_id: z.string().min(1).optional(),
  lts_enabled: z.boolean().optional(),
};

/** Tables 6-295 and 6-299. */
const Parameters = listOf(
  z.looseObject({ param_name: text(), param_value: text(), availability: text(), range: text() }),
);
const Tuning = z.looseObject({
  full_sync: Parameters,
  incre_capture: Parameters,
  incre_apply: Parameters,
  incre_relay: Parameters,
  modify_result: text(),
});

const Values = z.record(z.string().min(1), z.string()).optional();

const Column = z.string().min(1).max(256);
const PlainName = Column.regex(/^[A-Za-z0-9_]+$/, { error: 'must have digits, letters and underscores only' });

/** 6.3.1. One rule a table; there is no call that takes one away. */
export const RowFilter = withRules(
  z.strictObject({
    job_id: JobId,
    object_info: z
      .array(z.strictObject({ id: z.string().min(1).optional(), select: z.literal('true').optional() }))
      .optional(),
    transformation_info: z.strictObject({
      transformation_type: oneOf(['contentConditionalFilter', 'configConditionalFilter']),
      value: z.string().min(1).max(256),
    }),
    config_transformation: withRules(
      z.strictObject({
        db_table_name: z.string().min(1),
        db_name: PlainName,
        table_name: PlainName,
        col_names: Column,
        prim_key_or_index: Column,
        indexs: Column,
        values: Column,
      }),
      ({ db_table_name, db_name, table_name }, tell) => {
        if ([db_table_name, db_name, table_name].some((name) => typeof name !== 'string')) return;
        if (db_table_name !== `${db_name}.${table_name}`) tell('db_table_name', 'must be db_name.table_name');
      },
    ).optional(),
  }),
  (filter, tell) => {
    const rule = filter.transformation_info;
    if (rule?.transformation_type === 'contentConditionalFilter' && !filter.object_info?.length) {
      tell('object_info', 'is missing: mandatory with contentConditionalFilter');
    }
    if (rule?.transformation_type === 'configConditionalFilter') {
      if (rule.value !== 'config')
        tell(['transformation_info', 'value'], 'must be config with configConditionalFilter');
      demand(filter, ['config_transformation'], 'with configConditionalFilter', tell);
    }
  },
);

export const settings = {
  batchSetSmn: operation({
    section: '6.1.22',
    route: 'POST /v3/{project_id}/jobs/batch-set-smn',
    summary: 'Sets the notification of exceptions; not for stopped tasks.',
    request: z.strictObject({
      job_id: JobId,
      status: z.string().min(1),
      engine_type: oneOf(ENGINE_TYPES),
      alarm_notify_info: z.strictObject({
        subscriptions: z.array(Subscription).optional(),
        topic_urn: z.string().min(1).optional(),
        delay_time: Seconds.optional(),
        rto_delay: Seconds.optional(),
        rpo_delay: Seconds.optional(),
        alarm_to_user: z.boolean().optional(),
      }),
    }),
    reply: Done,
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['id', 'job_id'], shared: ['alarm_notify_info'] },
    judge: byErrorCode,
    repeatable: true,
  }),

  selectGroupAndStream: operation({
    section: '6.1.24',
    route: 'GET /v3/{project_id}/jobs/{job_id}/lts-log-switch',
    summary: 'Tells where the logs of a task are shipped to (LTS).',
    request: z.strictObject({ job_id: JobId }),
    reply: z.looseObject({
      job: part(z.looseObject({ log_group_id: text(), log_stream_id: text(), lts_enabled: flag() })),
    }),
    empty: true,
    judge: byErrorCode,
    repeatable: true,
  }),

  modifyGroupAndStream: operation({
    section: '6.1.25',
    route: 'PUT /v3/{project_id}/jobs/{job_id}/lts-log-switch',
    summary: 'Sets where the logs of a task are shipped to (LTS).',
    request: z.strictObject({ job_id: JobId, job: z.strictObject(LogShipping).optional() }),
    reply: z.looseObject({}),
    empty: true,
    judge: byErrorCode,
    repeatable: true,
  }),

  batchChangeData: operation({
    section: '6.3.1',
    route: 'POST /v3/{project_id}/jobs/batch-transformation',
    summary: 'Adds row filters to a synchronisation.',
    request: RowFilter,
    reply: Done,
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['id', 'job_id'] },
    judge: bySuccessStatus,
    repeatable: false,
    action: 'drs:migrationJob:action',
  }),

  updateTuningParams: operation({
    section: '6.3.3',
    route: 'PUT /v3/{project_id}/job/{job_id}/tuning-params/modify-params',
    summary:
      "Changes tuning parameters; the first call of all is recovery: true. Of a primary/standby task the id is the parent's.",
    request: z.strictObject({
      job_id: JobId,
      full_sync: Values,
      incre_capture: Values,
      incre_apply: Values,
      incre_relay: Values,
      recovery: z.literal(true).optional(),
    }),
    reply: Tuning,
    judge: byModifyResult,
    repeatable: true,
  }),

  queryTuningParams: operation({
    section: '6.3.4',
    route: 'GET /v3/{project_id}/job/{job_id}/tuning-params/query-params',
    summary: 'Tells tuning parameters with their ranges.',
    request: z.strictObject({ job_id: JobId }),
    reply: Tuning,
    judge: byErrorCode,
    repeatable: true,
  }),
};
