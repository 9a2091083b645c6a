import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { type Examined, examine, type Finding } from '../../worker/doctor.js';
import { run as cli, file, NOWHERE } from '../client/cli.js';
import { baseConfig, ENV } from '../support/config.js';

/** What `drs-pilot doctor` finds, each finding provoked. */

let simulator: Simulator;
let connection: Connection;

beforeAll(async () => {
  simulator = await startSimulator({ speed: 'instant' });
  connection = await Connection.connect({ address: inject('temporal') });
});
afterAll(async () => {
  await connection.close();
  await simulator.close();
});

interface Ill {
  readonly settings?: object;
  readonly env?: Record<string, string>;
  readonly namespace?: string;
  readonly more?: Partial<Examined>;
}

/** All that is not well, by check. */
async function findings({
  settings = {},
  env = {},
  namespace = 'default',
  more = {},
}: Ill): Promise<Map<string, Finding>> {
  const found = new Map<string, Finding>();
  const config = file({ ...baseConfig(simulator), ...settings }, 'drs-pilot.yaml');
  const address = inject('temporal');
  const temporal = async () => ({ client: new Client({ connection, namespace }), namespace, address });
  const asked = { env: { ...ENV, ...env }, config, temporal, taskQueue: `doctor-${randomUUID()}`, ...more };
  for await (const finding of examine(asked)) {
    if (finding.state === 'ok') continue;
    expect(finding.mend, `what mends ${finding.check}`).toMatch(/\w.*\.$|^drs-pilot /);
    found.set(finding.check, finding);
  }
  return found;
}

test('where all is well it finds nothing but that no worker polls', async () => {
  expect([...(await findings({})).values()]).toEqual([
    expect.objectContaining({ check: 'workers', state: 'warning', mend: expect.stringContaining('drs-pilot worker') }),
  ]);
});

test('a configuration that a worker would refuse is told problem by problem', async () => {
  const found = await findings({ settings: { secrets: { gone: { file: '/nowhere/gone' } } } });
  expect(found.get('configuration')).toMatchObject({
    state: 'problem',
    mend: expect.stringContaining('Correct it in'),
  });
});

test('credentials that are refused are told once, and no secret with them', async () => {
  const found = await findings({ env: { SK: 'canary-wrong' } });
  expect(found.get('cloud default: credentials')).toMatchObject({
    state: 'problem',
    mend: expect.stringContaining('clouds.NAME.credentials'),
  });
  expect(found.has('cloud default: list of tasks')).toBe(false);
  expect(JSON.stringify([...found])).not.toContain('canary');
});

test('a read that IAM does not permit is told with the action that it needs', async () => {
  const denied = { kind: 'error', status: 403, code: 'DRS.M00103' } as const;
  simulator.fault({ operation: 'showJobList', times: 1, fault: denied });
  const found = await findings({});
  expect(found.get('cloud default: list of tasks')).toMatchObject({
    state: 'problem',
    what: expect.stringContaining('M00103'),
  });
});

test('a used-up quota, sold-out flavours and a clock that is wrong are told', async () => {
  const server = createServer((request, response) => {
    const quotas = { resource: { type: 'job', min: 0, max: 10, quota: 10, used: 10 } };
    const body = request.url?.includes('quotas')
      ? { quotas }
      : request.url?.includes('node-type')
        ? { node_types: [{ node_type: 'high', is_sellout: true }] }
        : { total_record: 0, jobs: [] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { clouds } = baseConfig({ url, project: simulator.project });
  const found = await findings({ settings: { clouds }, more: { now: () => Date.now() + 20 * 60_000 } });
  server.close();
  server.closeAllConnections();
  expect(found.get('cloud default: quota')).toMatchObject({ what: '10 of 10 tasks exist: none can be created' });
  expect(found.get('cloud default: flavours')).toMatchObject({ state: 'warning' });
  expect(found.get('cloud default: clock')).toMatchObject({
    state: 'problem',
    what: expect.stringMatching(/1[12]\d\d s ahead/),
    mend: expect.stringContaining('NTP'),
  });
});

test('a cloud and a webhook that cannot be reached are told, the webhook without its address', async () => {
  const { clouds } = baseConfig({ url: 'http://127.0.0.1:9', project: simulator.project });
  const webhooks = { oncall: { url: 'http://127.0.0.1:9/canary-token' } };
  const found = await findings({ settings: { clouds, webhooks } });
  expect(found.get('cloud default: credentials')?.what).toContain('cannot be reached (ECONNREFUSED)');
  expect(found.get('webhook oncall')).toMatchObject({
    state: 'problem',
    what: 'its host cannot be reached (ECONNREFUSED)',
  });
  expect(JSON.stringify([...found])).not.toContain('canary');
});

test('a store that cannot be written to is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drs-pilot-doctor-'));
  const refusing = {
    endpoint: 'http://127.0.0.1:9',
    bucket: 'reports',
    accessKey: { secret: 'cloud-ak' },
    secretKey: { secret: 'cloud-sk' },
  };
  const found = await findings({ settings: { stores: { good: { directory: folder }, bad: { s3: refusing } } } });
  expect(found.has('store good')).toBe(false);
  expect(found.get('store bad')).toMatchObject({ state: 'problem', what: expect.stringContaining('bad') });
});

test('a namespace that is missing or lacks the search attributes is told with what mends it', async () => {
  expect((await findings({ namespace: 'nowhere' })).get('namespace')?.mend).toContain(
    'temporal operator namespace create nowhere',
  );
  const namespace = `doctor-${randomUUID().slice(0, 8)}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await vi.waitFor(
    async () =>
      expect((await findings({ namespace })).get('search attributes')).toMatchObject({
        what: expect.stringContaining('DrsJobId (KeywordList) is missing'),
        mend: `drs-pilot setup --namespace ${namespace}`,
      }),
    { timeout: 30_000, interval: 500 },
  );
});

test('the command shows each finding, goes on without Temporal, and ends with 1', async () => {
  const config = file(baseConfig(simulator), 'drs-pilot.yaml');
  const { code, out } = await cli(['doctor', '--config', config, '--json'], {
    env: { ...ENV, TEMPORAL_ADDRESS: NOWHERE },
  });
  const told = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told).toContainEqual(expect.objectContaining({ check: 'temporal', state: 'problem' }));
  expect(told).toContainEqual(expect.objectContaining({ check: 'cloud default: credentials', state: 'ok' }));
  expect(code).toBe(1);
});
