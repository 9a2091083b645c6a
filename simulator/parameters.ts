import type { Job } from './job.js';

/** Parameters of source and target as a new task finds them (6.1.9): some differ. */
export function freshParameters(): Job['parameters'] {
  return PARAMETERS.map(([group, key, source, target, range, restart]) => ({
    group,
    key,
    source,
    target,
    range,
    restart,
  }));
}

const PARAMETERS: readonly (readonly ['common' | 'performance', string, string, string, string, boolean])[] = [
  ['performance', 'binlog_cache_size', '16384', '32768', '4096-16777216', false],
  ['performance', 'binlog_stmt_cache_size', '32768', '32768', '4096-16777216', false],
  ['performance', 'bulk_insert_buffer_size', '8388608', '8388608', '0-18446744073709551615', false],
  ['common', 'character_set_server', 'utf8mb4', 'utf8', 'utf8|latin1|gbk|utf8mb4', true],
  ['common', 'connect_timeout', '10', '10', '2-31536000', false],
  ['common', 'explicit_defaults_for_timestamp', 'OFF', 'OFF', 'ON|OFF', true],
  ['performance', 'innodb_buffer_pool_size', '536870912', '268435456', '5242880-2147483648', true],
  ['common', 'innodb_flush_log_at_trx_commit', '1', '1', '0|1|2', false],
  ['common', 'innodb_lock_wait_timeout', '50', '50', '1-1073741824', false],
  ['performance', 'long_query_time', '1.000000', '1.000000', '0.03-3600', false],
  ['common', 'max_connections', '800', '500', '1-100000', false],
  ['common', 'net_read_timeout', '30', '30', '1-31536000', false],
  ['performance', 'sort_buffer_size', '262144', '262144', '32768-18446744073709551615', false],
  ['performance', 'sync_binlog', '1', '1', '0-4294967295', false],
  [
    'common',
    'tx_isolation',
    'REPEATABLE-READ',
    'REPEATABLE-READ',
    'READ-UNCOMMITTED|READ-COMMITTED|REPEATABLE-READ|SERIALIZABLE',
    false,
  ],
];
