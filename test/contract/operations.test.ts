import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { KINDS } from '../../drs/errors.js';
import type { Operation } from '../../drs/operation.js';
import { problemsOf, SECRET_FIELDS } from '../../drs/operations/common.js';
import { SHOWS_IN } from '../../drs/operations/effects.js';
import { iamOperations } from '../../drs/operations/iam.js';
import { type OperationName, operations } from '../../drs/operations/index.js';
import { type Fixture, fixtures } from './fixtures.js';
import { ACTIONS, CALLS } from './reference.js';

const table: Readonly<Record<string, Operation>> = operations;
const cases = Object.entries(fixtures).map(([name, fixture]): [string, Operation, Fixture] => [
  name,
  operations[name as OperationName],
  fixture,
]);

const told = (entry: Operation, request: unknown): string[] => {
  const parsed = entry.request.safeParse(request);
  return parsed.success ? [] : problemsOf(parsed.error).map(({ path }) => path);
};

/** A copy with one field replaced, taken away (undefined) or added; `jobs.0.name` walks into lists. */
function changed(value: unknown, field: string, to: unknown): unknown {
  if (field === '') return to;
  const [key, ...rest] = field.split('.') as [string, ...string[]];
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  const slot = copy as Record<string, unknown>;
  slot[key] = rest.length === 0 ? to : changed(slot[key], rest.join('.'), to);
  if (slot[key] === undefined) delete slot[key];
  return copy;
}

const written = (field: string): string => field.replace(/\.(\d+)/g, '[$1]');

describe('the table', () => {
  test('has the 53 calls of the reference with their sections and routes', () => {
    const known = Object.entries(table).map(([name, { section, route }]) => `${section} ${name} ${route}`);
    expect(known.sort()).toEqual(CALLS.map(([section, name, route]) => `${section} ${name} ${route}`).sort());
    expect(known).toHaveLength(53);
  });

  test('has the two calls of the identity service', () => {
    expect(Object.entries(iamOperations).map(([name, { route }]) => [name, route])).toEqual([
      ['keystoneCreateUserToken', 'POST /v3/auth/tokens'],
      ['keystoneListProjects', 'GET /v3/projects'],
    ]);
  });

  test('knows the IAM actions of the 29 calls that have one', () => {
    const actions = Object.entries(table).flatMap(([name, { action }]) => (action ? [[name, action]] : []));
    expect(Object.fromEntries(actions)).toEqual(ACTIONS);
    expect(actions).toHaveLength(29);
  });

  test('never lets calls of different callers that start, stop, delete, switch or change passwords travel together', () => {
    const alone = Object.entries(table).flatMap(([name, { batch }]) => (batch?.alone ? [name] : []));
    expect(alone.sort()).toEqual([
      'batchDeleteJobs',
      'batchResetPassword',
      'batchStartJobs',
      'batchStopJobs',
      'batchSwitchover',
      'batchValidateClustersConnections',
    ]);
  });

  test('says of each call that must not be sent twice where its effect shows, and of no other', () => {
    const once = Object.entries(table).flatMap(([name, { repeatable }]) => (repeatable ? [] : [name]));
    expect(Object.keys(SHOWS_IN).sort()).toEqual(once.sort());
  });

  test('takes every path, query and header field out of the request', () => {
    for (const [name, entry] of Object.entries({ ...table, ...iamOperations }) as [string, Operation][]) {
      const inPath = [...entry.route.matchAll(/\{(\w+)\}/g)]
        .map(([, field]) => field as string)
        .filter((field) => field !== 'project_id');
      const { batch } = entry;
      const fields = [
        ...inPath,
        ...(entry.query ?? []),
        ...Object.keys(entry.headers ?? {}),
        ...(entry.stringify ?? []),
        ...(batch?.shared ?? []),
        ...(batch?.id ? [batch.id] : []),
      ];
      const schema = z.toJSONSchema(entry.request, { io: 'input', unrepresentable: 'any' }) as { properties?: object };
      for (const field of fields) expect(Object.keys(schema.properties ?? {}), `${name}: ${field}`).toContain(field);
    }
  });

  test('shares at most ten jobs, and one where the reply names none', () => {
    for (const [name, { batch }] of Object.entries(table)) {
      if (!batch) continue;
      expect(batch.limit, name).toBe(batch.resultId.length === 0 ? 1 : 10);
    }
  });

  test('finds rows and totals of every list in its reply', () => {
    const at = (value: unknown, path: string): unknown[] =>
      path
        .split('.')
        .reduce<unknown[]>(
          (found, key) => found.flat().flatMap((one) => (one as Record<string, unknown> | undefined)?.[key] ?? []),
          [value],
        );
    for (const [name, entry, { replies }] of cases) {
      if (!entry.paging) continue;
      const reply = entry.reply.parse(replies[0]);
      expect(
        entry.paging.rows.flatMap((path) => at(reply, path)),
        name,
      ).not.toHaveLength(0);
      expect(
        entry.paging.totals.flatMap((path) => at(reply, path)),
        name,
      ).not.toHaveLength(0);
    }
  });

  test('can describe every request as JSON Schema, passwords as writeOnly', () => {
    for (const entry of Object.values(table)) z.toJSONSchema(entry.request, { io: 'input', unrepresentable: 'any' });
    expect(z.toJSONSchema(operations.batchResetPassword.request, { io: 'input' })).toMatchObject({
      properties: { db_password: { writeOnly: true } },
    });
  });
});

describe.each(cases)('%s', (_name, entry, { valid, mandatory = [], broken = [], replies, failed }) => {
  test('takes requests as the reference shows them, unchanged, and again', () => {
    for (const request of valid) {
      expect(told(entry, request)).toEqual([]);
      expect(entry.request.parse(request)).toEqual(request);
      expect(entry.request.parse(entry.request.parse(request))).toEqual(request);
    }
  });

  test('refuses what is no request at all, without throwing', () => {
    for (const nothing of [undefined, null, 1, [], true]) expect(told(entry, nothing)).not.toEqual([]);
  });

  if (typeof valid[0] === 'object') {
    test('refuses an unknown field under its own path', () => {
      expect(told(entry, changed(valid[0], 'unknown_field', 1))).toEqual(['unknown_field']);
    });
  }

  if (mandatory.length > 0) {
    test('refuses a request that lacks any mandatory field, at its path', () => {
      for (const field of mandatory)
        expect(told(entry, changed(valid[0], field, undefined)), field).toContain(written(field));
    });
  }

  if (broken.length > 0) {
    test('refuses each kind of broken field, at its path', () => {
      for (const [field, value, at] of broken) {
        expect(told(entry, changed(valid[0], field, value)), `${field} = ${JSON.stringify(value)}`).toContain(
          at ?? written(field),
        );
      }
    });
  }

  if (replies.length > 0) {
    test('reads replies as the reference shows them and takes them for success', () => {
      for (const reply of replies) {
        expect(entry.judge(reply as Record<string, unknown>)).toEqual({ ok: true });
        const read = entry.reply.parse({ ...(reply as object), field_of_tomorrow: { a: 1 } });
        expect(read).toMatchObject({ field_of_tomorrow: { a: 1 } });
        expect(JSON.stringify(read)).not.toContain('canary');
      }
    });

    test('takes an error code inside a 2xx for a failure and tells its text', () => {
      const result = failed ?? { error_code: 'DRS.M00304', error_msg: 'wrong status' };
      const verdict = entry.judge(result);
      expect(verdict.ok).toBe(false);
      if (!verdict.ok) expect(verdict.message.length).toBeGreaterThan(1);
    });
  }
});

describe('a result is judged by its own words', () => {
  test('advice KE0060 with success is a success with a remark', () => {
    const verdict = operations.batchValidateConnections.judge({
      status: 'success',
      error_code: 'DRS.KE0060',
      error_msg: 'use the SCAN address',
    });
    expect(verdict).toEqual({ ok: true, remark: 'DRS.KE0060: use the SCAN address' });
  });

  test('advice KE0060 of a failed test is a failure', () => {
    expect(operations.batchValidateConnections.judge({ status: 'failed', error_code: 'DRS.KE0060' }).ok).toBe(false);
  });

  test('changed parameters that want a restart are done, with a remark', () => {
    expect(operations.updateParams.judge({ success: false, error_code: 'DRS.10010013', error_msg: 'restart' })).toEqual(
      {
        ok: true,
        remark: 'DRS.10010013: restart',
      },
    );
  });

  test('a batch result that says neither success nor failure is no success', () => {
    expect(operations.batchStartJobs.judge({ id: 'x' }).ok).toBe(false);
    expect(operations.batchSetObjects.judge({ job_id: 'x' }).ok).toBe(false);
    expect(operations.batchUpdateUser.judge({ job_id: 'x' }).ok).toBe(false);
  });

  test('the text is found under each of its names', () => {
    for (const field of ['error_msg', 'error_message', 'message']) {
      expect(operations.batchListJobStatus.judge({ error_code: 'DRS.M05003', [field]: 'gone' })).toEqual({
        ok: false,
        code: 'DRS.M05003',
        message: 'gone',
      });
    }
  });
});

test('a port is read as number and as text, a flag, too', () => {
  const read = operations.batchListJobDetails.reply.parse({
    id: 'a',
    status: 'X',
    need_restart: 'true',
    source_endpoint: { db_port: '3306' },
  });
  expect(read).toMatchObject({ need_restart: true, source_endpoint: { db_port: 3306 } });
});

describe('problems', () => {
  test('ten mistakes are ten lines, rules between fields among them', () => {
    const request = {
      name: '1',
      db_use_type: 'migration',
      engine_type: 'mysql',
      job_direction: 'upwards',
      customize_sutnet_id: 'subnet',
      net_type: 'eip',
      node_type: 'high',
      source_endpoint: { db_prt: 3306, ssl_link: true, ssl_cert_key: 'k', ssl_cert_name: 'n' },
      target_endpoint: { inst_id: 'i' },
      master_az: 'az1',
      charging_mode: 'period',
      tags: [{ key: 'a b', value: 'v' }],
      nodetype: 'high',
      task_type: 'FULL_TRANS',
    };
    const parsed = operations.batchCreateJobs.request.safeParse(request);
    expect(
      problemsOf(parsed.error as z.ZodError)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      'bind_eip',
      'charging_mode',
      'job_direction',
      'name',
      'nodetype',
      'period_order',
      'slave_az',
      'source_endpoint.db_prt',
      'source_endpoint.ssl_cert_check_sum',
      'tags[0].key',
      'target_endpoint.region',
    ]);
  });

  test('never repeat a value', () => {
    const secret = 'canary-canary';
    for (const [name, entry, { valid }] of cases) {
      const request = JSON.parse(JSON.stringify(valid[0]), (_key, value) =>
        typeof value === 'number' || typeof value === 'boolean' ? secret : value,
      );
      const parsed = entry.request.safeParse(request);
      if (!parsed.success) expect(JSON.stringify(problemsOf(parsed.error)), name).not.toContain(secret);
    }
  });

  test('windows that overlap past midnight are found', () => {
    const window = (begin: string, end: string) => ({ begin: `${begin}:00`, end: `${end}:59`, speed: '1' });
    const at = (...windows: object[]) => told(operations.batchSetSpeed, { job_id: 'a', speed_limit: windows });
    expect(at(window('22', '03'), window('03', '05'))).toEqual(['speed_limit[1]']);
    expect(at(window('22', '03'), window('04', '21'))).toEqual([]);
    expect(at(window('00', '23'), window('12', '12'))).toEqual(['speed_limit[1]']);
    expect(at(window('10', '09'), window('09', '09'))).toEqual(['speed_limit[1]']);
  });

  test('disaster recovery has rules of its own', () => {
    const task = fixtures.batchCreateJobs.valid[1];
    const at = (field: string, value: unknown) => told(operations.batchCreateJobs, changed(task, field, value));
    expect(at('net_type', 'vpc')).toContain('net_type');
    expect(at('multi_write', undefined)).toEqual(['multi_write']);
    expect(at('task_type', 'FULL_TRANS')).toEqual(['task_type']);
    expect(at('is_target_readonly', false)).toEqual(['is_target_readonly']);
    expect(at('target_endpoint.inst_id', undefined)).toEqual(['target_endpoint.inst_id']);
    expect(at('job_direction', 'down')).toEqual(
      expect.arrayContaining(['source_endpoint.inst_id', 'source_endpoint.region', 'is_target_readonly']),
    );
  });
});

test('every secret field of a request is on the list for masking', () => {
  const found = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries((node as { properties?: object }).properties ?? {})) {
      if (JSON.stringify(value).includes('"secret":true') && (value as { secret?: true }).secret) found.add(key);
      if ((value as { anyOf?: { secret?: true }[] }).anyOf?.some(({ secret }) => secret)) found.add(key);
    }
    for (const inner of Object.values(node)) walk(inner);
  };
  for (const entry of [...Object.values(table), ...Object.values<Operation>(iamOperations)])
    walk(z.toJSONSchema(entry.request, { io: 'input', unrepresentable: 'any' }));
  expect(found.size).toBeGreaterThan(7);
  expect([...found].filter((field) => !(SECRET_FIELDS as readonly string[]).includes(field))).toEqual([]);
});

test('kinds of errors say whether they are tried again', () => {
  expect(
    Object.entries(KINDS)
      .filter(([, { retry }]) => retry)
      .map(([kind]) => kind),
  ).toEqual(['transient']);
});
