import type { Job } from '../job.js';
import { statusOf } from '../lifecycle.js';

/** A result of 6.1.20. */
export function details(job: Job): object {
  const { spec } = job;
  const shown = (which: 'so' | 'ta', created: unknown) => {
    const { password, ...stored } = job.stored?.[which] ?? {};
    // A subtask goes its own way between the databases once they are stored.
    const first = job.parent && job.stored ? {} : (created as object);
    return { ...first, ...stored, ...(password ? { db_password: '******' } : {}) };
  };
  const subnet = spec['customize_sutnet_id'];
  return {
    ...(job.parent ? { parent_id: job.parent } : {}),
    name: job.name,
    status: statusOf(job),
    description: spec.description ?? '',
    create_time: String(job.createdAt),
    task_type: spec.task_type,
    source_endpoint: shown('so', spec['source_endpoint']),
    target_endpoint: shown('ta', spec['target_endpoint']),
    net_type: spec.net_type,
    ...(job.failure
      ? { failed_reason: job.failure.message ?? 'system error!', error_code: job.failure.code ?? 'DRS.M01501' }
      : {}),
    ...(job.failure ? { error_message: job.failure.message ?? 'system error!' } : {}),
    inst_info: {
      ip: '192.168.0.229',
      status: job.endedAt ? 'DELETED' : 'ACTIVE',
      inst_type: spec.node_type ?? 'high',
      engine_type: spec.engine_type,
      volume_size: 100,
      ...(spec['bind_eip'] ? { public_ip: '198.51.100.72' } : {}),
      start_time: String(job.startAt ?? 0),
    },
    ...(job.startedAt ? { actual_start_time: String(job.startedAt) } : {}),
    ...(job.fullCompleteAt ? { full_transfer_complete_time: String(job.fullCompleteAt) } : {}),
    update_time: String(job.updatedAt),
    job_direction: spec.job_direction,
    db_use_type: spec.db_use_type,
    need_restart: false,
    ...(job.targetReadonly === null ? {} : { is_target_readonly: job.targetReadonly ?? false }),
    ...(job.policy['conflict_policy'] ? { conflict_policy: job.policy['conflict_policy'] } : {}),
    ...(job.policy['filter_ddl_policy'] ? { filter_ddl_policy: job.policy['filter_ddl_policy'] } : {}),
    ...(job.policy['index_trans'] === undefined ? {} : { index_trans: job.policy['index_trans'] }),
    speed_limit: job.speedLimit,
    schema_type: 'Tungsten',
    // A string here (6.1.20), a number for the SDKs: only where the task has one.
    ...(spec['node_num'] ? { node_num: String(spec['node_num']) } : {}),
    object_switch: job.objects ? !job.objects.all : false,
    replace_definer: job.replaceDefiner ?? false,
    migrate_user: job.users?.['is_migrate_user'] ?? false,
    multi_write: spec.multi_write ?? false,
    is_multi_az: Boolean(spec['master_az']),
    ...(spec['master_az'] ? { master_az: spec['master_az'], slave_az: spec['slave_az'] } : {}),
    az_code: spec['master_az'] ?? 'az2xahz',
    subnet_id: subnet,
    support_ip_v6: false,
    ...(job.breakpoint ? { gtid: job.breakpoint } : {}),
    ...(startPosition(job) ? { incre_start_position: startPosition(job) } : {}),
    ...(job.alarm ? { alarm_notify: job.alarm } : {}),
    ...(job.orderId
      ? {
          period_order: {
            status: 'PAID',
            order_id: job.orderId,
            charging_mode: 0,
            ...(spec['period_order'] as object),
          },
        }
      : {}),
    original_job_direction: job.originalDirection ?? spec.job_direction,
    object_infos: (job.objects?.list ?? []).map(objectInfo),
    ...(job.rules.length > 0
      ? { data_transformation: { total_count: job.rules.length, filter_conditions: job.rules } }
      : {}),
    tags: job.tags,
    ...(spec['public_ip_list'] ? { public_ip_list: spec['public_ip_list'] } : {}),
    is_open_fast_clean: spec['is_open_fast_clean'] ?? false,
  };
}

const startPosition = (job: Job) => job.policy['gtid_set'] ?? job.policy['file_and_position'];
const objectInfo = (given: Record<string, unknown>) => ({
  id: given['id'],
  type: given['object_type'],
  name: given['object_name'],
  select: given['select'] ?? 'false',
  ...(given['parent_id'] ? { parent_id: given['parent_id'] } : {}),
  ...(given['object_alias_name'] ? { alias_name: given['object_alias_name'] } : {}),
});
