import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Simulator } from '../../simulator/server.js';
import { loadConfig, type WorkerConfig } from '../../worker/config.js';

export const PASSWORDS = {
  source: 'canary-source-9f2c',
  target: 'canary-target-7d1e',
  rotated: 'canary-rotated-3b8a',
} as const;
export const SOURCE_IP = '203.0.113.10';
export const TARGET = { inst_id: '63e0f1a2b3c4d5e6f708192a3b4c5d6ein01', ip: '192.168.0.20' } as const;

/** A worker's configuration for one simulator, read as a file is. */
export async function configFor(
  simulator: Pick<Simulator, 'url' | 'project'>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<WorkerConfig> {
  return await loadConfig({ file: await configFile(simulator, settings), env: ENV });
}

/** The same as a file, for a worker in a process of its own. */
export async function configFile(
  simulator: Pick<Simulator, 'url' | 'project'>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-config-'));
  const file = join(folder, 'drs-pilot.yaml');
  await writeFile(file, stringify({ ...baseConfig(simulator), ...settings }));
  return file;
}

export const ENV = {
  AK: 'local-ak',
  SK: 'local-sk',
  SOURCE: PASSWORDS.source,
  TARGET: PASSWORDS.target,
  ROTATED: PASSWORDS.rotated,
  ELSEWHERE: 'canary-elsewhere-55aa',
  KEY_1: 'p1XB2rdV0kq4sZ8yTn6mJc3wQe5uLh7oGf9iRa0vKxE=',
  KEY_2: '5f0c9d3b7a1e8642c4d6f8091a2b3c4d5e6f70819203a4b5c6d7e8f90a1b2c3d',
} as const;

export const baseConfig = ({ url, project }: Pick<Simulator, 'url' | 'project'>) => ({
  clouds: {
    default: {
      region: 'eu-west-101',
      projectId: project.id,
      drsEndpoint: url,
      iamEndpoint: url,
      credentials: { ak: { secret: 'cloud-ak' }, sk: { secret: 'cloud-sk' } },
    },
  },
  secrets: {
    'cloud-ak': { env: 'AK' },
    'cloud-sk': { env: 'SK' },
    'orders-source': { env: 'SOURCE', hosts: [SOURCE_IP, '203.0.113.11'], users: ['repl'] },
    'orders-rotated': { env: 'ROTATED', hosts: [SOURCE_IP], users: ['repl'] },
    'orders-target': { env: 'TARGET', hosts: [TARGET.ip], instances: [TARGET.inst_id] },
    elsewhere: { env: 'ELSEWHERE', hosts: ['198.51.100.7'] },
    'payload-key-1': { env: 'KEY_1' },
    'payload-key-2': { env: 'KEY_2' },
  },
  approvers: { dba: { members: ['ada', 'ben', 'cleo'] } },
});

/** A spec with most that a migration can have. */
export const migrationSpec = (name = `orders-${Math.random().toString(36).slice(2, 10)}`) => ({
  kind: 'migration',
  name,
  task: {
    engine_type: 'mysql',
    job_direction: 'up',
    task_type: 'FULL_INCR_TRANS',
    net_type: 'eip',
    bind_eip: true,
    node_type: 'high',
    customize_sutnet_id: '352ad828-3467-4f03-987a-c55a5a9dd417',
    expired_days: 30,
  },
  source: { db_type: 'mysql', ip: SOURCE_IP, db_port: 3306, db_user: 'repl', password: { secret: 'orders-source' } },
  target: {
    db_type: 'mysql',
    region: 'eu-west-101',
    ...TARGET,
    db_user: 'root',
    password: { secret: 'orders-target' },
  },
  objects: [{ database: 'orders' }, { database: 'crm', tables: ['accounts', 'contacts'] }] as unknown,
  cutover: { maxDelay: '5s' } as Record<string, unknown>,
});
