import { z } from 'zod';
import { bySuccessStatus, byTrueStatus } from '../judges.js';
import { operation } from '../operation.js';
import {
  DB_TYPES,
  DbName,
  demand,
  END_POINT_TYPES,
  flag,
  JobId,
  KafkaSecurityOfClusterTest,
  KafkaSecurityOfTest,
  NET_TYPES,
  oneOf,
  Port,
  portRules,
  ResourceId,
  SSL_FIELDS,
  secret,
  text,
  withRules,
} from './common.js';

/** 6.1.2. `ip` is mandatory for cloud instances, too; Kafka without SASL has neither user nor password. */
export const ConnectionTest = withRules(
  z.strictObject({
    id: JobId,
    net_type: oneOf(NET_TYPES),
    db_type: oneOf(DB_TYPES),
    ip: z.string().min(1),
    db_port: Port.optional(),
    inst_id: ResourceId.optional(),
    db_user: z.string().min(1).optional(),
    db_password: secret().optional(),
    ssl_link: z.boolean().optional(),
    ssl_cert_key: z.string().min(1).optional(),
    ssl_cert_name: z.string().min(1).optional(),
    ssl_cert_check_sum: z.string().min(1).optional(),
    ssl_cert_password: secret().optional(),
    vpc_id: ResourceId.optional(),
    subnet_id: ResourceId.optional(),
    end_point_type: oneOf(END_POINT_TYPES),
    region: z.string().min(1).optional(),
    project_id: ResourceId.optional(),
    db_name: DbName.optional(),
    kafka_security_config: KafkaSecurityOfTest.optional(),
  }),
  (test, tell) => {
    if (test.db_type !== 'kafka') demand(test, ['db_user', 'db_password'], 'but for Kafka', tell);
    if (test.net_type === 'vpc') demand(test, ['vpc_id', 'subnet_id'], 'with net_type vpc', tell);
    if (test.inst_id !== undefined) demand(test, ['region'], 'with inst_id', tell);
    if (test.ssl_link === true) demand(test, SSL_FIELDS, 'with ssl_link', tell);
    if (test.db_type === 'mongodb') demand(test, ['db_port'], 'for mongodb (it is 0)', tell);
    portRules(test.ip, test.db_port, test.db_type, { ip: 'ip', port: 'db_port' }, tell);
  },
);

/** Table 6-23, with the further fields that its examples carry. Spellings differ from those of 6.1.2. */
export const ClusterEndpoint = withRules(
  z.strictObject({
    dbtype: oneOf(DB_TYPES),
    dbport: Port.optional(),
    ssllink: z.boolean(),
    nettype: oneOf(NET_TYPES),
    endpointtype: oneOf(['so', 'ta', 'ls']),
    ip: z.string().min(1),
    dbName: DbName.optional(),
    instid: ResourceId.optional(),
    dbuser: z.string().min(1).optional(),
    dbpassword: secret().optional(),
    sslcertkey: z.string().optional(),
    sslcertname: z.string().optional(),
    sslcertchecksum: z.string().optional(),
    kafkaSecurityConfig: KafkaSecurityOfClusterTest.optional(),
    projectId: ResourceId.optional(),
    region: z.string().min(1).optional(),
    vpcid: ResourceId.optional(),
    subnetid: ResourceId.optional(),
    dbUseType: z.string().min(1).optional(),
    encrypt: z.record(z.string(), z.unknown()).optional(),
  }),
  (endpoint, tell) => {
    if (endpoint.dbtype !== 'kafka') demand(endpoint, ['dbuser', 'dbpassword'], 'but for Kafka', tell);
    if (endpoint.ssllink === true) {
      for (const field of ['sslcertkey', 'sslcertname', 'sslcertchecksum'] as const) {
        if (!endpoint[field]) tell(field, 'is missing: mandatory with ssllink');
      }
    }
    const ported = typeof endpoint.ip !== 'string' || /:\d+/.test(endpoint.ip);
    if (endpoint.dbport === undefined && !ported)
      tell('dbport', 'is missing: mandatory unless the ip carries the port');
    portRules(endpoint.ip, endpoint.dbport, endpoint.dbtype, { ip: 'ip', port: 'dbport' }, tell);
  },
);

/** 6.1.3. `property` is a list here and goes over the wire as JSON text. `job_id` is the parent's. */
export const ClusterConnectionTest = z.strictObject({
  action: z.string().min(1),
  job_id: JobId,
  property: z.array(ClusterEndpoint).min(1),
});

const Tested = z.looseObject({ id: text(), status: text(), success: flag(), error_code: text(), error_msg: text() });

export const connections = {
  batchValidateConnections: operation({
    section: '6.1.2',
    route: 'POST /v3/{project_id}/jobs/batch-connection',
    summary: 'Tests the connection to a source or target database.',
    request: ConnectionTest,
    reply: Tested,
    batch: { key: 'jobs', limit: 10, id: 'id', resultId: ['id', 'job_id'] },
    judge: bySuccessStatus,
    repeatable: true,
    action: 'drs:migrationJobs:connect',
    roles: ['VPC FullAccess'],
  }),

  batchValidateClustersConnections: operation({
    section: '6.1.3',
    route: 'POST /v3/{project_id}/jobs/cluster/batch-connection',
    summary: 'Tests connections of clusters and of primary/standby tasks; changes passwords of tasks with subtasks.',
    request: ClusterConnectionTest,
    reply: Tested,
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['id', 'job_id'], alone: true },
    stringify: ['property'],
    judge: byTrueStatus,
    repeatable: true,
    action: 'drs:migrationJobs:connect',
    roles: ['VPC FullAccess'],
  }),
};
