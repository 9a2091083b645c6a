import type { OperationName } from '../../drs/operations/index.js';

/** A field to put into the first valid request (undefined takes it away), and where the problem is told if not right there. */
export type Broken = readonly [field: string, value: unknown, told?: string];

export interface Fixture {
  /** Requests as the reference shows them; the first is as rich as it can be. */
  readonly valid: readonly unknown[];
  /** Fields that the reference calls mandatory. */
  readonly mandatory?: readonly string[];
  readonly broken?: readonly Broken[];
  /** Results as the reference shows them, one job's share. */
  readonly replies: readonly unknown[];
  /** A result that says it failed; `{ error_code, error_msg }` where the fixture has none. */
  readonly failed?: Readonly<Record<string, unknown>>;
}

const ID = '140b5236-88ad-43c8-811c-1268453jb101';
const COMPARISON = '48c6acb4-1473-48fd-8676-df3705758c27';
const PROJECT = '054ba152d480d55b2f5dc0069e7ddef0';
const done = { id: ID, status: 'success' };
const refused = {
  id: ID,
  status: 'failed',
  error_code: 'DRS.M01504',
  error_msg: 'Another operation is being performed.',
};

const kafka = {
  type: 'SASL_SSL',
  trust_store_key_name: 'client.truststore.jks',
  trust_store_key: 'xxxxxx',
  trust_store_password: 'xxxxxx',
  endpoint_algorithm: '',
  sasl_mechanism: 'SCRAM-SHA-256',
  delegation_tokens: true,
  enable_key_store: true,
  key_store_key: 'xxxxxx',
  key_store_key_name: 'client.keystore.jks',
  key_store_password: 'xxxxxx',
  set_private_key_password: true,
  key_password: 'xxxxxx',
};

const newTask = {
  name: 'DRS-9228',
  node_type: 'high',
  engine_type: 'mysql',
  net_type: 'eip',
  job_direction: 'up',
  db_use_type: 'migration',
  task_type: 'FULL_INCR_TRANS',
  customize_sutnet_id: '352ad828-3467-4f03-987a-c55a5a9dd417',
  source_endpoint: { db_type: 'mysql' },
  target_endpoint: { region: 'eu-west-101', db_type: 'mysql', inst_id: 'e05a3679efe241d8b5dee80b17c1a863in01' },
  is_target_readonly: false,
  bind_eip: true,
  tags: [{ key: 'team', value: 'orders' }],
  sys_tags: [{ key: '_sys_enterprise_project_id', value: '0' }],
  description: 'orders to RDS',
  expired_days: '14',
  master_az: 'az2xahz',
  slave_az: 'az3xahz',
  public_ip_list: [{ id: 'a-b-c', public_ip: '203.0.113.7', type: 'master' }],
  is_open_fast_clean: false,
};

const drTask = {
  name: 'DRS-api-test',
  engine_type: 'cloudDataGuard-mysql',
  net_type: 'eip',
  node_type: 'high',
  job_direction: 'up',
  source_endpoint: { db_type: 'mysql' },
  target_endpoint: {
    region: 'eu-west-101',
    db_type: 'mysql',
    inst_id: 'e05a3679efe241d8b5dee80b17c1a863in01',
    project_id: PROJECT,
  },
  is_target_readonly: true,
  bind_eip: true,
  db_use_type: 'cloudDataGuard',
  task_type: 'FULL_INCR_TRANS',
  customize_sutnet_id: '352ad828-3467-4f03-987a-c55a5a9dd417',
  multi_write: false,
};

const test = {
  id: ID,
  ip: '192.168.0.27',
  net_type: 'vpc',
  db_type: 'mysql',
  db_port: 3306,
  db_user: 'root',
  db_password: '********',
  inst_id: 'e05a3679efe241d8b5dee80b17c1a863in01',
  region: 'eu-west-101',
  project_id: PROJECT,
  vpc_id: '0ff8df7b-f0e9-4b16-ac16-1db3dacb69e4',
  subnet_id: 'f857d371-2f03-4622-85f6-2b7d42d0d82c',
  ssl_link: true,
  ssl_cert_key: 'xxxxxx',
  ssl_cert_name: 'ca.pem',
  ssl_cert_check_sum: 'xxxxxx',
  end_point_type: 'so',
};

const kafkaTest = {
  id: ID,
  ip: '192.0.2.1:9092',
  net_type: 'eip',
  db_type: 'kafka',
  project_id: PROJECT,
  end_point_type: 'ta',
};

const stored = {
  job_id: ID,
  name: 'DRS-5646',
  description: 'test description',
  source_endpoint: {
    ip: '192.168.0.27',
    db_port: 3306,
    db_user: 'root',
    db_password: '********',
    ssl_link: false,
    db_type: 'mysql',
    project_id: PROJECT,
  },
  target_endpoint: {
    region: 'eu-west-101',
    db_type: 'mysql',
    db_user: 'root',
    db_password: '********',
    project_id: PROJECT,
    inst_id: '3def1ac7f8ab4ae48d7c025339f80414in01',
  },
  node_type: 'high',
  engine_type: 'mysql',
  store_db_info: true,
  net_type: 'eip',
  job_direction: 'up',
  replace_definer: true,
  alarm_notify: {
    delay_time: 0,
    rto_delay: 0,
    rpo_delay: 3600,
    alarm_to_user: false,
    subscriptions: [
      { protocol: 'sms', endpoints: ['150********'] },
      { protocol: 'email', endpoints: ['someone@example.com'] },
    ],
  },
};

const clusterEndpoint = {
  ip: '192.168.2.232:3306',
  dbtype: 'mysql',
  dbuser: 'root',
  dbpassword: '******',
  ssllink: false,
  projectId: PROJECT,
  region: 'eu-west-101',
  nettype: 'eip',
  endpointtype: 'so',
};

const detail = {
  id: ID,
  name: 'DRS-3999-lws',
  status: 'STARTJOBING',
  create_time: '1608519469412',
  task_type: 'FULL_INCR_TRANS',
  source_endpoint: {
    ip: '172.22.74.56',
    db_type: 'mysql',
    db_port: 3306,
    ssl_link: false,
    db_user: 'root',
    db_password: 'canary',
  },
  inst_info: { ip: '172.16.213.101', inst_type: 'high', engine_type: 'mysql', volume_size: 100, start_time: '0' },
  job_direction: 'up',
  is_target_readonly: true,
  speed_limit: [],
  object_infos: [{ id: 'test-*-*-table01', type: 'table', name: 'table01', select: 'true', parent_id: 'test' }],
};

const lineRow = {
  status: 2,
  source_db_name: 'my_db',
  target_db_name: 'my_db',
  compare_num: 16,
  compare_end_num: 16,
  data_inconsistent_num: 0,
  uncomparable_num: 0,
};

const tuning = {
  incre_relay: [{ param_name: 'slotAdvanceInterval', param_value: '1', availability: 'true', range: '[1,2147483647]' }],
};

const users = {
  message: 'SUCCESS',
  user_list: [
    {
      id: 'admin.u',
      account: 'admin.u',
      comment: '',
      privileges: null,
      password: 'canary',
      roles: ['admin.r'],
      selected: null,
      is_transfer: true,
    },
  ],
  roles_list: [
    { role: 'admin.r', comment: '', privileges: 'GRANT SELECT', selected: null, is_transfer: true, inherits_roles: [] },
  ],
};

export const fixtures: Readonly<Record<OperationName, Fixture>> = {
  showQuotas: {
    valid: [{}],
    broken: [['any', 1]],
    replies: [{ quotas: { resource: { type: 'instances', min: 0, max: 9999, quota: 9999, used: 41 } } }],
  },
  listAvailableZone: {
    valid: [
      { engine_type: 'mysql', db_use_type: 'sync', job_direction: 'up', node_type: 'medium', multi_write: 'false' },
    ],
    mandatory: ['engine_type', 'db_use_type', 'job_direction', 'node_type'],
    broken: [
      ['db_use_type', 'copy'],
      ['job_direction', 'sideways'],
    ],
    replies: [{ az_infos: [{ code: 'az1xahz', name: 'az1xahz', status: 'DISABLED' }] }],
  },
  batchListProgresses: {
    valid: [ID],
    broken: [['', '../../etc']],
    replies: [
      {
        job_id: ID,
        progress: '0',
        incre_trans_delay: '-1',
        task_mode: 'FULL_INCR_TRANS',
        transfer_status: 'FULL_TRANSFER_COMPLETE',
        progress_map: { struct: { completed: '94%', remaining_time: null } },
      },
    ],
  },
  batchListRposAndRtos: {
    valid: [ID],
    broken: [['', '']],
    replies: [
      {
        job_id: ID,
        rpo_info: { delay: '0', time: '2020-12-18 15:47:05', gtid_set: 'NA', check_point: 'mysql-bin.000514:197' },
      },
    ],
  },
  batchCreateJobs: {
    valid: [
      newTask,
      drTask,
      {
        ...newTask,
        engine_type: 'mongodb',
        master_az: undefined,
        slave_az: undefined,
        source_endpoint: { db_type: 'mongodb', cluster_mode: 'Sharding4.0+' },
        node_num: 32,
      },
      {
        ...newTask,
        db_use_type: 'sync',
        charging_mode: 'period',
        period_order: { period_type: 3, period_num: 3, is_auto_renew: 1 },
        expired_days: 100,
      },
      {
        ...newTask,
        engine_type: 'mysql-to-kafka',
        db_use_type: 'sync',
        target_endpoint: { db_type: 'kafka', topic: 'orders', kafka_security_config: kafka },
      },
      {
        ...drTask,
        job_direction: 'down',
        is_target_readonly: undefined,
        source_endpoint: drTask.target_endpoint,
        target_endpoint: { db_type: 'mysql' },
      },
    ],
    mandatory: [
      'name',
      'db_use_type',
      'engine_type',
      'job_direction',
      'customize_sutnet_id',
      'net_type',
      'node_type',
      'source_endpoint',
      'target_endpoint',
      'task_type',
    ],
    broken: [
      ['name', 'abc'],
      ['name', `a${'b'.repeat(50)}`],
      ['name', '1abcd'],
      ['name', 'a bcd'],
      ['db_use_type', 'copy'],
      ['engine_type', 'sqlserver'],
      ['engine_type', 'postgresql'],
      ['job_direction', 'left'],
      ['net_type', 'internet'],
      ['bind_eip', false],
      ['bind_eip', undefined],
      ['node_type', 'huge'],
      ['node_num', 33],
      ['node_num', 0],
      ['task_type', 'HALF'],
      ['description', 'a < b'],
      ['description', 'x'.repeat(257)],
      ['tags', Array.from({ length: 21 }, (_, n) => ({ key: `k${n}`, value: 'v' }))],
      ['tags.0.key', 'x'.repeat(37), 'tags[0].key'],
      ['tags.0.value', 'a.b', 'tags[0].value'],
      ['sys_tags.0.key', 'other', 'sys_tags[0].key'],
      ['sys_tags', [newTask.sys_tags[0], newTask.sys_tags[0]]],
      ['expired_days', '13'],
      ['expired_days', 101],
      ['expired_days', 'two weeks'],
      ['master_az', undefined],
      ['slave_az', undefined],
      ['charging_mode', 'monthly'],
      ['charging_mode', 'period'],
      ['charging_mode', 'period', 'period_order'],
      ['period_order', { period_type: 2, period_num: 1 }],
      ['period_order', { period_type: 2, period_num: 10 }, 'period_order.period_num'],
      ['period_order', { period_type: 3, period_num: 4 }, 'period_order.period_num'],
      ['period_order', { period_type: 1, period_num: 1 }, 'period_order.period_type'],
      ['public_ip_list.0.type', 'both', 'public_ip_list[0].type'],
      ['source_endpoint.db_type', 'sqlite'],
      ['source_endpoint.db_port', 65_536],
      ['source_endpoint.db_port', 0],
      ['source_endpoint.db_prt', 1],
      ['source_endpoint.ssl_link', true, 'source_endpoint.ssl_cert_key'],
      ['source_endpoint.db_type', 'oracle', 'source_endpoint.db_name'],
      ['source_endpoint.db_name', 'a!b'],
      ['source_endpoint.safe_mode', 2],
      ['target_endpoint.region', undefined],
      ['node_tipe', 'high'],
    ],
    replies: [{ id: ID, name: 'DRS-9228', status: 'CREATING', create_time: '1599188556112' }],
  },
  batchValidateConnections: {
    valid: [
      test,
      { ...kafkaTest, kafka_security_config: { type: 'PLAINTEXT' } },
      {
        ...kafkaTest,
        db_user: 'u',
        db_password: 'p',
        kafka_security_config: { type: 'SASL_PLAINTEXT', sasl_mechanism: 'PLAIN' },
      },
      {
        ...kafkaTest,
        kafka_security_config: { ...kafka, type: 'SSL', delegation_tokens: undefined, enable_key_store: false },
      },
      { ...kafkaTest, kafka_security_config: kafka },
      { ...test, db_type: 'mongodb', db_port: 0, ip: '192.168.4.66:8635,192.168.4.83:8635' },
    ],
    mandatory: [
      'id',
      'net_type',
      'db_type',
      'ip',
      'db_user',
      'db_password',
      'end_point_type',
      'vpc_id',
      'subnet_id',
      'region',
      'ssl_cert_key',
      'ssl_cert_name',
      'ssl_cert_check_sum',
    ],
    broken: [
      ['net_type', 'lan'],
      ['db_type', 'db2'],
      ['db_port', 65_536],
      ['db_port', '3306'],
      ['end_point_type', 'ls'],
      ['db_type', 'mongodb', 'db_port'],
      ['db_type', 'mongodb', 'ip'],
      ['kafka_security_config', { type: 'SSL' }, 'kafka_security_config.trust_store_password'],
      ['kafka_security_config', { type: 'TLS' }, 'kafka_security_config.type'],
      ['kafka_security_config', { type: 'SASL_PLAINTEXT' }, 'kafka_security_config.sasl_mechanism'],
      ['kafka_security_config', { ...kafka, key_store_key: undefined }, 'kafka_security_config.key_store_key'],
      ['kafka_security_config', { ...kafka, key_password: undefined }, 'kafka_security_config.key_password'],
      ['kafka_security_config', { ...kafka, sasl_mechanism: 'PLAIN' }, 'kafka_security_config.delegation_tokens'],
    ],
    replies: [{ success: true, id: ID, status: 'success' }],
    failed: { id: ID, status: 'failed', success: false, error_code: 'DRS.KE0001', error_msg: 'no connection' },
  },
  batchValidateClustersConnections: {
    valid: [
      {
        action: 'testConnection',
        job_id: ID,
        property: [
          clusterEndpoint,
          {
            ...clusterEndpoint,
            dbtype: 'mongodb',
            dbport: 0,
            ip: '192.168.7.37:8635',
            endpointtype: 'ls',
            dbName: 'admin',
            sslcertkey: '',
            encrypt: { elementId: 'encrypt_switch' },
          },
          {
            ...clusterEndpoint,
            dbtype: 'kafka',
            nettype: 'vpc',
            vpcid: 'f7ea6af9',
            subnetid: 'b04c1704',
            kafkaSecurityConfig: { type: 'SASL_PLAINTEXT', sasl_mechanism: 'PLAIN' },
            dbUseType: 'sync',
            endpointtype: 'ta',
          },
        ],
      },
    ],
    mandatory: ['action', 'job_id', 'property'],
    broken: [
      ['property', []],
      ['property', '[{"ip":"192.168.2.232:3306"}]'],
      ['property.0.dbtype', undefined, 'property[0].dbtype'],
      ['property.0.ssllink', undefined, 'property[0].ssllink'],
      ['property.0.nettype', 'lan', 'property[0].nettype'],
      ['property.0.endpointtype', 'xx', 'property[0].endpointtype'],
      ['property.0.ip', undefined, 'property[0].ip'],
      ['property.0.ip', '192.168.2.232', 'property[0].dbport'],
      ['property.0.dbuser', undefined, 'property[0].dbuser'],
      ['property.0.dbpassword', undefined, 'property[0].dbpassword'],
      ['property.0.db_password', 'x', 'property[0].db_password'],
      ['property.0.ssllink', true, 'property[0].sslcertname'],
      [
        'property.2.kafkaSecurityConfig',
        { ...kafka, key_store_password: undefined },
        'property[2].kafkaSecurityConfig.key_store_password',
      ],
    ],
    replies: [{ id: ID, status: 'true' }],
    failed: { id: ID, status: 'false', error_code: 'DRS.KE0001', error_msg: 'no connection' },
  },
  batchUpdateJob: {
    valid: [
      stored,
      { job_id: ID, name: 'testName' },
      { job_id: ID, alarm_notify: stored.alarm_notify },
      { job_id: ID, task_type: 'FULL_INCR_TRANS' },
      {
        ...stored,
        engine_type: 'mongodb',
        replace_definer: undefined,
        source_endpoint: {
          ...stored.source_endpoint,
          db_type: 'mongodb',
          db_port: 0,
          ip: '192.168.11.231:8635,192.168.10.12:8635',
          db_name: 'admin',
        },
      },
      {
        ...stored,
        engine_type: 'mysql-to-kafka',
        target_endpoint: { db_type: 'kafka', ip: '192.0.2.1:9092', kafka_security_config: { type: 'PLAINTEXT' } },
      },
    ],
    mandatory: [
      'job_id',
      'engine_type',
      'net_type',
      'store_db_info',
      'job_direction',
      'replace_definer',
      'source_endpoint',
      'target_endpoint',
      'source_endpoint.db_type',
      'source_endpoint.ip',
      'source_endpoint.db_user',
      'source_endpoint.db_password',
    ],
    broken: [
      ['name', 'a'],
      ['description', '"'],
      ['alarm_notify.delay_time', 3601],
      ['alarm_notify.rto_delay', -1],
      ['alarm_notify.subscriptions', [{}, {}, {}]],
      ['alarm_notify.subscriptions.0.protocol', 'fax', 'alarm_notify.subscriptions[0].protocol'],
      ['alarm_notify.subscriptions.0.endpoints', Array(11).fill('a'), 'alarm_notify.subscriptions[0].endpoints'],
      ['source_endpoint.db_port', '3306'],
      ['source_endpoint.db_password', ''],
      ['target_endpoint.inst_id', undefined, 'target_endpoint.ip'],
    ],
    replies: [done],
    failed: refused,
  },
  batchSetObjects: {
    valid: [
      {
        job: [
          {
            id: 'fastunit',
            parent_id: null,
            object_name: 'fastunit',
            object_type: 'database',
            select: 'partial',
            object_alias_name: null,
          },
          {
            id: 'fastunit-*-*-coll',
            parent_id: 'fastunit',
            object_name: 'coll',
            object_type: 'table',
            select: 'true',
            object_alias_name: null,
          },
        ],
        job_id: ID,
        selected: true,
      },
      { job: [], job_id: ID, selected: false },
    ],
    mandatory: ['job_id', 'job'],
    broken: [
      ['job', []],
      ['selected', 'Yes'],
      ['job.0.object_type', 'cluster', 'job[0].object_type'],
      ['job.0.select', true, 'job[0].select'],
      ['job.1.parent_id', null, 'job[1].parent_id'],
    ],
    replies: [{ job_id: ID, status: true }],
    failed: { job_id: ID, status: false, error_code: 'DRS.M00304', error_msg: 'wrong status' },
  },
  batchCheckJobs: {
    valid: [{ job_id: ID, precheck_mode: 'forStartJob' }],
    mandatory: ['job_id', 'precheck_mode'],
    broken: [['precheck_mode', 'forFun']],
    replies: [{ ...done, precheck_id: ID }],
    failed: refused,
  },
  batchCheckResults: {
    valid: [ID],
    replies: [
      {
        result: true,
        process: '100%',
        precheck_id: ID,
        total_passed_rate: '100%',
        precheck_result: [
          {
            item: 'srcCollHasTtlIndex',
            result: 'ALARM',
            data: '{}',
            group: 'db_params',
            failed_reason: 'SRC_HAS_TTL_INDEXES',
          },
          { item: 'dstDbConnection', result: 'PASSED', group: 'network' },
        ],
      },
    ],
  },
  batchSetSpeed: {
    valid: [
      { job_id: ID, speed_limit: [{ begin: '16:00', end: '15:59', speed: '15' }] },
      { job_id: ID, speed_limit: [] },
      {
        job_id: ID,
        speed_limit: [
          { begin: '22:00', end: '05:59', speed: '9999', is_utc: true },
          { begin: '06:00', end: '21:59', speed: '1' },
        ],
      },
    ],
    mandatory: ['job_id', 'speed_limit', 'speed_limit.0.begin', 'speed_limit.0.end', 'speed_limit.0.speed'],
    broken: [
      ['speed_limit.0.begin', '16:30', 'speed_limit[0].begin'],
      ['speed_limit.0.begin', '24:00', 'speed_limit[0].begin'],
      ['speed_limit.0.end', '15:00', 'speed_limit[0].end'],
      ['speed_limit.0.speed', '0', 'speed_limit[0].speed'],
      ['speed_limit.0.speed', '10000', 'speed_limit[0].speed'],
      ['speed_limit.1', { begin: '03:00', end: '03:59', speed: '1' }, 'speed_limit[1]'],
      [
        'speed_limit',
        Array.from({ length: 11 }, (_, n) => ({ begin: `${10 + n}:00`, end: `${10 + n}:59`, speed: '1' })),
      ],
    ],
    replies: [done],
    failed: refused,
  },
  batchShowParams: {
    valid: [{ job_id: ID, refresh: '1' }],
    mandatory: ['job_id', 'refresh'],
    broken: [
      ['refresh', 1],
      ['refresh', '2'],
    ],
    replies: [
      {
        params: [
          {
            group: 'performance',
            key: 'binlog_cache_size',
            source_value: '16384',
            target_value: '32768',
            compare_result: 'false',
            data_type: null,
            value_range: '1-2',
            need_restart: 'false',
          },
        ],
      },
    ],
    failed: { error_code: 'DRS.M00304', error_message: 'wrong status' },
  },
  updateParams: {
    valid: [{ job_id: ID, group: 'performance', params: [{ key: 'binlog_stmt_cache_size', target_value: '32678' }] }],
    mandatory: ['job_id', 'group', 'params', 'params.0.key', 'params.0.target_value'],
    broken: [
      ['group', 'all'],
      ['params', []],
    ],
    replies: [{ success: true, should_restart: 'false' }],
    failed: { success: false, error_code: 'DRS.M00303', error_msg: 'not in the cache' },
  },
  batchStartJobs: {
    valid: [
      { job_id: ID, start_time: '1608188903063', is_only_init_task: false },
      { job_id: ID },
      { job_id: ID, start_time: '' },
    ],
    mandatory: ['job_id'],
    broken: [
      ['start_time', '2031-01-01T00:00:00Z'],
      ['start_time', 1_608_188_903_063],
    ],
    replies: [{ ...done, order_id: 'CS1' }],
    failed: refused,
  },
  batchRestoreTask: {
    valid: [{ job_id: ID, is_sync_re_edit: true }, { job_id: ID }],
    mandatory: ['job_id'],
    broken: [['is_sync_re_edit', 'true']],
    replies: [done],
    failed: refused,
  },
  batchStopJobs: {
    valid: [{ job_id: ID, pause_mode: 'target' }],
    mandatory: ['job_id', 'pause_mode'],
    broken: [['pause_mode', 'source']],
    replies: [done],
    failed: refused,
  },
  batchDeleteJobs: {
    valid: [
      { delete_type: 'terminate', job_id: ID, is_show_breakpoint_position: true },
      { delete_type: 'delete', job_id: ID },
    ],
    mandatory: ['job_id', 'delete_type'],
    broken: [['delete_type', 'drop']],
    replies: [done],
    failed: refused,
  },
  batchResetPassword: {
    valid: [
      {
        db_password: '********',
        end_point_type: 'so',
        job_id: ID,
        kerberos: { krb5_conf_file: 'x', key_tab_file: 'x', domain_name: 'x', user_principal: 'x' },
      },
    ],
    mandatory: ['job_id', 'db_password', 'end_point_type'],
    broken: [
      ['end_point_type', 'ls'],
      ['kerberos.keytab', 'x'],
    ],
    replies: [{ ...done, end_point_type: 'so' }],
    failed: refused,
  },
  batchSetDefiner: {
    valid: [{ job_id: ID, replace_definer: true }],
    mandatory: ['job_id', 'replace_definer'],
    broken: [['replace_definer', 'yes']],
    replies: [done],
    failed: refused,
  },
  createCompareTask: {
    valid: [
      {
        job_id: ID,
        object_level_compare_type: 'objects',
        data_level_compare_info: {
          conflict_policy: 'keep',
          compare_type: 'lines',
          compare_mode: null,
          start_time: null,
          compare_object_infos: [{ db_name: 'may_5', table_name: ['table_name_0'] }],
        },
      },
      { job_id: ID },
    ],
    mandatory: [
      'job_id',
      'data_level_compare_info.conflict_policy',
      'data_level_compare_info.compare_type',
      'data_level_compare_info.compare_object_infos',
    ],
    broken: [
      ['object_level_compare_type', 'all'],
      ['data_level_compare_info.compare_type', 'contents', 'object_level_compare_type'],
      ['data_level_compare_info.conflict_policy', 'merge'],
      ['data_level_compare_info.compare_mode', 'slow'],
      [
        'data_level_compare_info.compare_object_infos.0.db_name',
        undefined,
        'data_level_compare_info.compare_object_infos[0].db_name',
      ],
    ],
    replies: [
      {
        job_id: ID,
        object_level_compare_create_result: { compare_task_id: COMPARISON },
        data_level_compare_create_result: { compare_task_id: COMPARISON },
      },
    ],
    failed: {
      job_id: ID,
      object_level_compare_create_result: { compare_task_id: COMPARISON },
      data_level_compare_create_result: { error_code: 'DRS.M05007', error_msg: 'no' },
    },
  },
  listCompareResult: {
    valid: [
      {
        job_id: ID,
        object_level_compare_id: COMPARISON,
        line_compare_id: COMPARISON,
        content_compare_id: COMPARISON,
        current_page: 1,
        per_page: 2,
      },
    ],
    mandatory: ['job_id', 'current_page', 'per_page'],
    broken: [['current_page', '1']],
    replies: [
      {
        job_id: ID,
        object_level_compare_results: {
          compare_task_id: COMPARISON,
          object_compare_overview: [{ object_type: 'DB', object_compare_result: 'CONSISTENT', source_count: 1 }],
        },
        compare_task_list_results: {
          compare_task_list_count: 8,
          compare_task_list: [
            { compare_task_id: COMPARISON, compare_type: 'contents', compare_task_status: 'SUCCESSFUL' },
          ],
        },
      },
    ],
  },
  showJobList: {
    valid: [
      {
        cur_page: 1,
        db_use_type: 'sync',
        engine_type: '',
        name: '',
        net_type: '',
        per_page: 5,
        status: '',
        instance_ids: ['id1', 'id2'],
        instance_ip: '127.0.0.1',
        tags: { team: 'orders' },
      },
      {
        cur_page: 1,
        db_use_type: 'sync',
        engine_type: '',
        name: `${ID},c2a61a77-6e55-4cd8-8be1-a562cc6jb201`,
        per_page: 100,
      },
    ],
    mandatory: ['cur_page', 'per_page', 'db_use_type'],
    broken: [
      ['per_page', 101],
      ['cur_page', -1],
      ['engine_type', 'sqlserver'],
      ['net_type', 'lan'],
      ['status', 'RUNNING'],
      ['enterprise_project_id', ''],
      ['name', Array(101).fill(ID).join(',')],
      ['tags', [{ key: 'a', value: 'b' }]],
    ],
    replies: [
      {
        jobs: [
          {
            id: ID,
            name: 'DRS-3999-lws',
            status: 'A_STATUS_OF_TOMORROW',
            create_time: '2020-12-21 10:57:49',
            engine_type: 'oracle-to-mysql',
            billing_tag: false,
            job_action: { available_actions: ['CREATE'], unavailable_actions: ['START'], current_action: 'STOP_JOB' },
            children: [{ id: 'child' }],
          },
        ],
        total_record: 18,
      },
    ],
  },
  batchListJobDetails: {
    valid: [ID],
    replies: [
      detail,
      { ...detail, tags: [{ key1: 'value1', key2: 'value2' }] },
      { ...detail, tags: [{ key: 'team', value: 'orders' }] },
    ],
    failed: { id: ID, error_code: 'DRS.M05003', error_message: 'not found' },
  },
  batchListJobStatus: {
    valid: [ID],
    replies: [{ id: ID, status: 'INCRE_TRANSFER_FAILED' }],
    failed: { id: ID, error_code: 'DRS.M05003', error_message: 'not found' },
  },
  batchSetSmn: {
    valid: [
      {
        job_id: ID,
        status: 'INCRE_TRANSFER_STARTED',
        engine_type: 'oracle-to-gaussdbv5',
        alarm_notify_info: { subscriptions: [{ protocol: 'sms', endpoints: ['12345678910'] }], delay_time: 100 },
      },
      {
        job_id: ID,
        status: 'CONFIGURATION',
        engine_type: 'mysql',
        alarm_notify_info: { topic_urn: 'urn:smn:eu-west-7:04f9aca8:drs-zw', delay_time: 1200 },
      },
    ],
    mandatory: ['job_id', 'status', 'engine_type', 'alarm_notify_info'],
    broken: [
      ['engine_type', 'sqlserver'],
      ['alarm_notify_info.subscriptions.0.protocol', 'fax', 'alarm_notify_info.subscriptions[0].protocol'],
    ],
    replies: [done],
    failed: refused,
  },
  listAvailableNodeTypes: {
    valid: [
      {
        engine_type: 'mysql',
        db_use_type: 'sync',
        job_direction: 'up',
        is_use_sellout_info: true,
        is_multi_write: false,
      },
    ],
    mandatory: ['engine_type', 'db_use_type', 'job_direction'],
    broken: [
      ['job_direction', 'left'],
      ['engine_type', 'sqlserver'],
      ['is_multi_write', 'no'],
    ],
    replies: [{ node_types: [{ is_sellout: false, node_type: 'micro' }] }],
  },
  selectGroupAndStream: {
    valid: [{ job_id: ID }],
    mandatory: ['job_id'],
    replies: [{ job: { log_group_id: 'g', log_stream_id: 's', lts_enabled: true } }, {}],
  },
  modifyGroupAndStream: {
    valid: [{ job_id: ID, job: { log_group_id: 'g', log_stream_id: 's', lts_enabled: true } }],
    mandatory: ['job_id'],
    broken: [['job.lts_enabled', 'on']],
    replies: [{}],
  },
  listDataLevelTableCompareJobs: {
    valid: [{ job_id: ID, offset: 0, limit: 10 }],
    mandatory: ['job_id'],
    broken: [
      ['offset', -1],
      ['limit', '10'],
    ],
    replies: [
      {
        count: 1,
        compareJobs: [
          {
            id: COMPARISON,
            type: 'lines',
            options: {},
            status: 'SUCCESSFUL',
            export_status: 'INIT',
            report_remain_seconds: -1,
          },
        ],
      },
    ],
  },
  createDataLevelTableCompareJob: {
    valid: [
      {
        job_id: ID,
        compare_object: [{ db_name: 't_auto_db', table_name: [] }],
        options: {},
        proportion_value: 20.1,
        type: 'random',
      },
      {
        job_id: ID,
        compare_object: [{ db_name: 't_auto_db', table_name: [] }],
        options: { contentCompareType: 'dynamic' },
        start_time: '1809366237000',
        type: 'contents',
      },
      {
        job_id: ID,
        compare_object: [],
        compare_transformation_infos: [
          {
            object_info: [{ id: 't_auto_db-*-*-test-*-*-users' }],
            transformation_info: { transformation_type: 'contentConditionalFilter', value: 'id>100' },
          },
        ],
        type: 'lines',
      },
    ],
    mandatory: ['job_id', 'type', 'proportion_value', 'compare_object'],
    broken: [
      ['type', 'objects'],
      ['compare_object', []],
      ['options', { comparePolicy: 'normal' }, 'options.comparePolicy'],
      ['options', { lobCompare: 'skip' }, 'options.lobCompare'],
      ['start_time', 'now'],
      ['compare_mode', 'slow'],
      [
        'compare_transformation_infos',
        [
          {
            object_info: [{ id: 'a---b' }],
            transformation_info: { transformation_type: 'contentConditionalFilter', value: 'x' },
          },
        ],
        'compare_transformation_infos[0].object_info[0].id',
      ],
      [
        'compare_transformation_infos',
        [
          {
            object_info: [{ id: 'a-*-*-b' }],
            transformation_info: { transformation_type: 'contentConditionalFilter', value: 'x'.repeat(257) },
          },
        ],
        'compare_transformation_infos[0].transformation_info.value',
      ],
    ],
    replies: [{ id: COMPARISON }],
  },
  deleteCompareJob: {
    valid: [{ job_id: ID, compare_job_id: COMPARISON }],
    mandatory: ['job_id', 'compare_job_id'],
    replies: [{}],
  },
  startPromptlyDataLevelTableCompareJob: {
    valid: [{ job_id: ID, compare_job_id: COMPARISON }],
    mandatory: ['job_id', 'compare_job_id'],
    replies: [{}],
  },
  listDataCompareOverview: {
    valid: [{ job_id: ID, compare_job_id: COMPARISON, offset: 0, limit: 10, status: 2 }],
    mandatory: ['job_id', 'compare_job_id'],
    broken: [
      ['status', 1],
      ['status', '2'],
    ],
    replies: [{ total_count: 1, data_compare_overview_infos: [lineRow] }],
  },
  listDataCompareDetail: {
    valid: [
      {
        job_id: ID,
        compare_job_id: COMPARISON,
        status: 27,
        type: 'unCompare',
        db_name: 'a',
        target_db_name: 'b',
        query_tb_name: 'c',
        offset: 0,
        limit: 10,
      },
    ],
    mandatory: ['job_id', 'compare_job_id'],
    broken: [['type', 'uncompare']],
    replies: [
      {
        total_count: 2,
        table_line_compare_result_infos: [
          {
            source_table_name: 'tb2',
            source_row_num: 2_434_882,
            target_table_name: 'tb2',
            target_row_num: 2_434_882,
            difference_row_num: 0,
            status: 2,
          },
        ],
      },
    ],
  },
  listContentCompareOverview: {
    valid: [{ job_id: ID, compare_job_id: COMPARISON, offset: 0, limit: 10 }],
    mandatory: ['job_id', 'compare_job_id'],
    broken: [['offset', -1]],
    replies: [
      {
        total_count: 1,
        content_compare_result_infos: [{ status: 2, source_db: 'tb1', target_db: 'tb1', compare_num: 16 }],
      },
    ],
  },
  listContentCompareDetail: {
    valid: [
      {
        job_id: ID,
        compare_job_id: COMPARISON,
        target_db_name: 'a',
        db_name: 'b',
        type: 'compare',
        limit: 10,
        offset: 0,
      },
    ],
    mandatory: ['job_id', 'compare_job_id'],
    broken: [['type', 'all']],
    replies: [
      {
        total_count: 2,
        content_compare_result_infos: [
          {
            source_db: 'db2',
            source_table_name: 'tb2',
            line_compare_result: true,
            content_compare_result: true,
            status: -2,
            progress: 100,
          },
        ],
      },
    ],
  },
  listContentCompareDifference: {
    valid: [{ job_id: ID, compare_job_id: COMPARISON, table_name: 't', db_name: 'd', limit: 1000, offset: 0 }],
    mandatory: ['job_id', 'compare_job_id'],
    broken: [
      ['limit', 1001],
      ['limit', 0],
    ],
    replies: [
      {
        count: 1,
        contents_infos: [
          {
            source_key_value: ['id=5'],
            target_key_value: ['id=5'],
            select_sql: 'select 1',
            target_select_sql: 'select 1',
          },
        ],
      },
    ],
  },
  createObjectLevelCompareJob: {
    valid: [{ job_id: ID, compare_task_num: 2 }],
    mandatory: ['job_id'],
    broken: [['compare_task_num', '2']],
    replies: [{}],
  },
  listObjectLevelCompareOverview: {
    valid: [{ job_id: ID }],
    mandatory: ['job_id'],
    replies: [
      {
        status: 'SUCCESSFUL',
        create_time: '2024-04-02T06:17:56Z',
        compare_result: [{ type: 'DB', status: 2, source_count: 2, target_count: 2 }],
        export_status: 'INIT',
        report_remain_seconds: -1,
        compare_job_id: COMPARISON,
      },
      { status: 'FAILED', compare_job_id: COMPARISON, error_msg: 'the comparison failed, the call did not' },
    ],
  },
  listObjectLevelCompareDetail: {
    valid: [{ job_id: ID, compare_type: 'TABLE', compare_job_id: COMPARISON, limit: 1000, offset: 0 }],
    mandatory: ['job_id', 'compare_type'],
    broken: [
      ['compare_type', 'TABLES'],
      ['limit', 1001],
    ],
    replies: [
      {
        count: 1,
        compare_detail: [
          { source_db_value: 'tb1', target_db_value: 'tb1', source_db_name: 'db1', target_db_name: 'db1', status: 2 },
        ],
      },
    ],
  },
  createCompareResultFile: {
    valid: [
      {
        job_id: ID,
        compare_type: 'contents',
        compare_job_id: COMPARISON,
        time_zone: 'GMT+08:00',
        region: 'eu-west-101',
      },
      { job_id: ID, compare_type: 'objects_comparison', region: 'eu-west-101' },
    ],
    mandatory: ['job_id', 'compare_type', 'compare_job_id', 'region'],
    broken: [['compare_type', 'objects']],
    replies: [{}],
  },
  downloadCompareResultFile: {
    valid: [
      { job_id: ID, compare_type: 'lines', compare_job_id: COMPARISON },
      { job_id: ID, compare_type: 'objects_comparison' },
    ],
    mandatory: ['job_id', 'compare_type', 'compare_job_id'],
    broken: [['compare_type', 'object_comparison']],
    replies: [],
  },
  batchUpdateUser: {
    valid: [
      {
        is_migrate_user: true,
        is_set_password: false,
        job_id: ID,
        list: [
          {
            account: 'admin.u',
            comment: '',
            id: 'admin.u',
            is_set_password: true,
            is_transfer: true,
            password: null,
            privileges: null,
            roles: ['admin.r'],
            selected: true,
          },
        ],
        password: '',
        user_roles: [
          {
            comment: '',
            inherits_roles: ['admin.r1'],
            is_transfer: true,
            privileges: '[]',
            role: 'admin.r',
            selected: true,
          },
        ],
      },
      { is_migrate_user: false, is_set_password: false, job_id: ID },
    ],
    mandatory: [
      'job_id',
      'is_set_password',
      'is_migrate_user',
      'list',
      'user_roles',
      'list.0.id',
      'list.0.account',
      'list.0.is_transfer',
      'list.0.roles',
      'list.0.selected',
      'user_roles.0.role',
      'user_roles.0.privileges',
    ],
    broken: [['list.0.roles', 'admin.r', 'list[0].roles']],
    replies: [
      { job_id: ID, is_success: true },
      { ...users, is_success: true },
    ],
    failed: { job_id: ID, is_success: false, message: 'not possible' },
  },
  listUsers: {
    valid: [{ job_id: ID }],
    mandatory: ['job_id'],
    replies: [users],
    failed: { message: 'no connection' },
  },
  batchChangeData: {
    valid: [
      {
        job_id: ID,
        object_info: [],
        transformation_info: { transformation_type: 'configConditionalFilter', value: 'config' },
        config_transformation: {
          col_names: 'id,name',
          db_name: 'lxl_test1',
          db_table_name: 'lxl_test1.test_1',
          indexs: 'name',
          prim_key_or_index: 'id',
          table_name: 'test_1',
          values: "name like '%a%'",
        },
      },
      {
        job_id: ID,
        object_info: [{ id: 'lxl_test1-*-*-test_1', select: 'true' }],
        transformation_info: { transformation_type: 'contentConditionalFilter', value: 'id>5' },
      },
    ],
    mandatory: [
      'job_id',
      'transformation_info',
      'config_transformation',
      'config_transformation.db_table_name',
      'config_transformation.indexs',
      'config_transformation.values',
    ],
    broken: [
      ['transformation_info.transformation_type', 'filter'],
      ['transformation_info.value', 'x'.repeat(257)],
      ['transformation_info.value', 'other'],
      ['transformation_info.transformation_type', 'contentConditionalFilter', 'object_info'],
      ['config_transformation.db_name', 'a-b'],
      ['config_transformation.db_table_name', 'other.table'],
      ['config_transformation.indexes', 'name'],
    ],
    replies: [done],
    failed: refused,
  },
  batchSetPolicy: {
    valid: [
      {
        conflict_policy: 'ignore',
        ddl_trans: true,
        filter_ddl_policy: 'drop_database',
        index_trans: true,
        job_id: ID,
        topic_policy: '1',
        topic: 'orders',
        partition_policy: '2',
        kafka_data_format: 'json_c',
        topic_name_format: '$database$-$tablename$',
        partitions_num: '2147483647',
        replication_factor: '32767',
        file_and_position: 'mysql-bin.000019:197',
        gtid_set: 'e4979f26-4bc3-11ee-b279-fa163ef21d64:1-23',
        ddl_topic: 'ddl',
      },
      { job_id: ID, conflict_policy: 'overwrite' },
      { job_id: ID, file_and_position: '1690000000:1' },
    ],
    mandatory: [
      'job_id',
      'partition_policy',
      'topic_name_format',
      'partitions_num',
      'replication_factor',
      'ddl_topic',
      'topic_policy',
    ],
    broken: [
      ['conflict_policy', 'merge'],
      ['filter_ddl_policy', 'drop_table'],
      ['topic_policy', 1],
      ['partition_policy', '0'],
      ['partition_policy', '6'],
      ['kafka_data_format', 'xml'],
      ['partitions_num', '0'],
      ['replication_factor', '32768'],
      ['file_and_position', 'mysql-bin:197'],
      ['file_and_position', `${'a'.repeat(61)}.000019:197`],
      ['file_and_position', '0:1'],
      ['gtid_set', '<x>'],
      ['gtid_set', 'x'.repeat(2049)],
    ],
    replies: [done],
    failed: refused,
  },
  updateTuningParams: {
    valid: [
      { job_id: ID, full_sync: {}, incre_relay: { slotAdvanceInterval: '5' } },
      { job_id: ID, recovery: true },
    ],
    mandatory: ['job_id'],
    broken: [
      ['recovery', false],
      ['incre_relay', { slotAdvanceInterval: 5 }, 'incre_relay.slotAdvanceInterval'],
    ],
    replies: [{ ...tuning, modify_result: 'success' }],
    failed: { ...tuning, modify_result: 'failed' },
  },
  queryTuningParams: { valid: [{ job_id: ID }], mandatory: ['job_id'], replies: [tuning] },
  batchSwitchover: {
    valid: [ID],
    replies: [
      {
        job_id: ID,
        updated_at: '2020-12-18T06:38:37Z',
        source_db: {
          id: 'x',
          region: 'eu-west-101',
          topic: null,
          db_user: 'root',
          db_password: 'canary',
          db_port: 3306,
          full_trans_user_pwd: 'canary',
          increment_trans_user_pwd: 'canary',
          kerberos_vo: { key_tab_file: 'canary' },
        },
        job_direction: 'down',
        is_target_readonly: false,
      },
    ],
  },
  showMonitoringData: {
    valid: [ID],
    replies: [
      {
        id: ID,
        data_guard_minitor: {
          src_normal: true,
          dst_normal: true,
          dst_offset: 'N/A',
          sr_delay: 0,
          dst_delay: 81_046_806,
          cpuUsed_percent: '1.4',
        },
      },
    ],
  },
  batchListStructProcess: {
    valid: [ID],
    replies: [
      {
        job_id: ID,
        struct_process: {
          result: [{ type: 'table_indexs', status: 2, src_count: 0, dst_count: 0, start_time: 1_608_097_599_000 }],
          create_time: '1608429670521',
        },
      },
    ],
    failed: { job_id: ID, error_code: 'DRS.M05003', error_message: 'not found' },
  },
  batchListStructDetail: {
    valid: [
      { job_id: ID, type: 'database', page_req: { cur_page: 1, per_page: 10 } },
      { job_id: ID, type: 'table_indexs' },
    ],
    mandatory: ['job_id', 'type'],
    broken: [
      ['type', 'user'],
      ['page_req.per_page', 101],
      ['page_req.cur_page', 0],
    ],
    replies: [
      {
        job_id: ID,
        struct_detail: {
          list: [{ progress: 100, src_DB: 'test1', src_TB: 'test1', dst_DB: 'test1', dst_TB: 'test1' }],
          total_record: 1,
          create_time: '1608429484785',
        },
      },
    ],
    failed: { job_id: ID, error_code: 'DRS.M05003', error_message: 'not found' },
  },
};
