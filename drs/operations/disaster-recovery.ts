import { z } from 'zod';
import { byErrorCode } from '../judges.js';
import { operation } from '../operation.js';
import { flag, JobId, listOf, number, oneOf, PAGE_OF_ALL, part, text, withoutSecrets } from './common.js';

const byId = { key: 'jobs', limit: 10, resultId: ['job_id', 'id'] } as const;

/** Table 5-22. Delays in milliseconds, as text; empty, NA or negative is unknown. `time` has no time zone. */
const Point = z.looseObject({ check_point: text(), delay: text(), gtid_set: text(), time: text() });

/** Table 6-305. */
const Database = z.looseObject({
  id: text(),
  instance_id: text(),
  instance_name: text(),
  db_type: text(),
  db_user: text(),
  ip: text(),
  traffic_ip: text(),
  db_port: number(),
  region: text(),
  db_version: text(),
});

/** Table 6-312. */
const Monitoring = z.looseObject({
  src_normal: flag(),
  dst_normal: flag(),
  sr_delay: number(),
  dst_delay: number(),
  sr_offset: text(),
  node_offset: text(),
  dst_offset: text(),
  bandwidth: text(),
  src_rps: text(),
  dst_rps: text(),
  src_io: text(),
  dst_io: text(),
  trans_inMB: text(),
  trans_lines: text(),
  cpuUsed_percent: text(),
  mem_used_inMB: text(),
  node_mem_inMB: number(),
  volume_used_inGB: text(),
  node_volume_inGB: number(),
  migration_bytes_per_second: number(),
});

export const disasterRecovery = {
  batchListRposAndRtos: operation({
    section: '5.3.1',
    route: 'POST /v3/{project_id}/jobs/batch-rpo-and-rto',
    summary: 'Tells RPO and RTO of disaster recovery tasks; of a dual-active task ask for its subtasks.',
    request: JobId,
    reply: z.looseObject({ job_id: text(), rpo_info: part(Point), rto_info: part(Point) }),
    batch: byId,
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:dataGuardJob:list',
  }),

  batchSwitchover: operation({
    section: '6.4.1',
    route: 'POST /v3/{project_id}/jobs/batch-switchover',
    summary: 'Switches primary and standby of disaster recovery tasks; the reply proves nothing, 6.1.20 does.',
    request: JobId,
    reply: withoutSecrets(
      z.looseObject({
        job_id: text(),
        updated_at: text(),
        source_db: part(Database),
        target_db: part(Database),
        job_direction: text(),
        is_target_readonly: flag(),
      }),
    ),
    batch: { ...byId, alone: true },
    judge: byErrorCode,
    repeatable: false,
    action: 'drs:disasterRecoveryJob:switchover',
  }),

  showMonitoringData: operation({
    section: '6.4.2',
    route: 'POST /v3/{project_id}/jobs/disaster-recovery-monitoring-data',
    summary: 'Tells load, offsets and whether source and target are reachable (`data_guard_minitor`, as it is spelt).',
    request: JobId,
    reply: z.looseObject({ id: text(), data_guard_minitor: part(Monitoring) }),
    batch: { ...byId, resultId: ['id', 'job_id'] },
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:disasterRecoveryJob:get',
  }),

  batchListStructProcess: operation({
    section: '6.4.3',
    route: 'POST /v3/{project_id}/jobs/batch-struct-process',
    summary: 'Tells how far the initialisation of disaster recovery is, by kinds of objects.',
    request: JobId,
    reply: z.looseObject({
      job_id: text(),
      struct_process: part(
        z.looseObject({
          create_time: text(),
          result: listOf(
            z.looseObject({
              type: text(),
              status: number(),
              src_count: number(),
              dst_count: number(),
              start_time: number(),
              end_time: number(),
            }),
          ),
        }),
      ),
    }),
    batch: byId,
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:disasterRecoveryJob:get',
  }),

  batchListStructDetail: operation({
    section: '6.4.4',
    route: 'POST /v3/{project_id}/jobs/{type}/batch-struct-detail',
    summary: 'Lists the objects of one kind in the initialisation of disaster recovery.',
    request: z.strictObject({
      job_id: JobId,
      type: oneOf([
        'database',
        'schema',
        'table',
        'view',
        'procedure',
        'trigger',
        'index',
        'table_indexs',
        'table_structure',
      ]),
      page_req: z
        .strictObject({ cur_page: z.int().min(1).optional(), per_page: z.int().min(0).max(100).optional() })
        .optional(),
    }),
    reply: z.looseObject({
      job_id: text(),
      struct_detail: part(
        z.looseObject({
          total_record: number(),
          create_time: text(),
          list: listOf(
            z.looseObject({ progress: number(), src_DB: text(), src_TB: text(), dst_DB: text(), dst_TB: text() }),
          ),
        }),
      ),
    }),
    batch: { ...byId, id: 'job_id', bare: true, shared: ['type', 'page_req'], envelope: { page_req: PAGE_OF_ALL } },
    paging: {
      from: 'cur_page',
      size: 'per_page',
      most: 100,
      within: 'page_req',
      rows: ['struct_detail.list'],
      totals: ['struct_detail.total_record'],
    },
    judge: byErrorCode,
    repeatable: true,
    action: 'drs:disasterRecoveryJob:get',
  }),
};
