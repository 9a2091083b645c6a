import type { UseType } from '../../drs/operations/common.js';
import type { Raw } from './common.js';

/** The requests that a spec becomes. Tolerant of broken specs: what they lack, the request lacks, and its schema says so. */

export const MARKER = 'drs-pilot';

export const asObject = (value: unknown): Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const without = (object: Raw, ...keys: readonly string[]): Raw =>
  Object.fromEntries(Object.entries(object).filter(([key, value]) => !keys.includes(key) && value !== undefined));

/** Fields of an endpoint that hold secrets. */
const OF_CONNECTIONS = ['password', 'ssl_cert_password', 'kafka_security_config'] as const;

/** §6.1.1. Passwords stay behind: the creation needs none. */
export function createRequest(spec: Raw, useType: UseType, run: string): Raw {
  const task = asObject(spec['task']);
  return {
    name: spec['name'],
    db_use_type: useType,
    ...without(task, 'replace_definer'),
    source_endpoint: without(asObject(spec['source']), ...OF_CONNECTIONS),
    target_endpoint: without(asObject(spec['target']), ...OF_CONNECTIONS),
    tags: [...asArray(task['tags']), { key: MARKER, value: run }],
  };
}

/** §6.1.2, one end of a task. */
export function testRequest(jobId: string, spec: Raw, end: 'so' | 'ta'): Raw {
  const endpoint = asObject(spec[end === 'so' ? 'source' : 'target']);
  const fields = [
    'db_type',
    'ip',
    'db_port',
    'inst_id',
    'db_user',
    'ssl_link',
    'ssl_cert_key',
    'ssl_cert_name',
    'ssl_cert_check_sum',
    'ssl_cert_password',
    'vpc_id',
    'subnet_id',
    'region',
    'project_id',
    'db_name',
    'kafka_security_config',
  ];
  const known = Object.fromEntries(
    fields.filter((field) => endpoint[field] !== undefined).map((field) => [field, endpoint[field]]),
  );
  return {
    id: jobId,
    net_type: asObject(spec['task'])['net_type'],
    end_point_type: end,
    ...known,
    ...(endpoint['password'] && { db_password: endpoint['password'] }),
  };
}

/** Primary/standby tasks and clustered sources are tested by the call of their own. */
export const isCluster = (spec: Raw): boolean => asObject(spec['task'])['master_az'] !== undefined || isMultiTask(spec);

/** A clustered source has several tasks in one: their passwords change by §6.1.3. */
export function isMultiTask(spec: Raw): boolean {
  const task = asObject(spec['task']);
  return spec['shards'] !== undefined || (task['engine_type'] === 'mongodb' && Number(task['node_num'] ?? 1) > 1);
}

/** §6.1.3, one end of a task; a clustered source with its shards. */
export function clusterTestRequest(jobId: string, spec: Raw, end: 'so' | 'ta'): Raw {
  const nettype = asObject(spec['task'])['net_type'];
  const property = (endpoint: Raw, endpointtype: 'so' | 'ta' | 'ls') =>
    without({
      dbtype: endpoint['db_type'],
      dbport: endpoint['db_port'],
      ssllink: endpoint['ssl_link'] ?? false,
      nettype,
      endpointtype,
      ip: endpoint['ip'],
      dbName: endpoint['db_name'],
      instid: endpoint['inst_id'],
      dbuser: endpoint['db_user'],
      dbpassword: endpoint['password'],
      sslcertkey: endpoint['ssl_cert_key'],
      sslcertname: endpoint['ssl_cert_name'],
      sslcertchecksum: endpoint['ssl_cert_check_sum'],
      region: endpoint['region'],
      projectId: endpoint['project_id'],
      vpcid: endpoint['vpc_id'],
      subnetid: endpoint['subnet_id'],
      kafkaSecurityConfig: endpoint['kafka_security_config'],
    });
  const main = property(asObject(spec[end === 'so' ? 'source' : 'target']), end);
  const shards = end === 'so' ? asArray(spec['shards']).map((shard) => property(asObject(shard), 'ls')) : [];
  return { action: 'testConnection', job_id: jobId, property: [main, ...shards] };
}

/** §6.1.4 after the connection tests. */
export function storeRequest(jobId: string, spec: Raw): Raw {
  const task = asObject(spec['task']);
  const stored = (endpoint: Raw) => ({
    ...without(endpoint, 'password'),
    ...(endpoint['password'] && { db_password: endpoint['password'] }),
  });
  return {
    job_id: jobId,
    name: spec['name'],
    store_db_info: true,
    engine_type: task['engine_type'],
    net_type: task['net_type'],
    job_direction: task['job_direction'],
    ...(task['is_target_readonly'] !== undefined && { is_target_readonly: task['is_target_readonly'] }),
    ...(['mysql', 'cloudDataGuard-mysql'].includes(task['engine_type']) && {
      replace_definer: task['replace_definer'] ?? false,
    }),
    source_endpoint: stored(asObject(spec['source'])),
    target_endpoint: stored(asObject(spec['target'])),
  };
}

/** §6.3.2; what is a number in the spec is text on the wire. */
export function policyRequest(jobId: string, { policies, startPoint }: Raw): Raw {
  const text = Object.entries(asObject(policies)).map(([field, value]) => [
    field,
    typeof value === 'number' ? String(value) : value,
  ]);
  return { job_id: jobId, ...Object.fromEntries(text), ...asObject(startPoint) };
}

/** §6.1.8, in UTC. */
export const speedRequest = (jobId: string, speed: readonly { begin: string; end: string; speed: number }[]): Raw => ({
  job_id: jobId,
  speed_limit: speed.map((window) => ({ ...window, speed: String(window.speed), is_utc: true })),
});
