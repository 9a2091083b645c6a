import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resolveSecrets, secretProblems } from '../../activities/secrets.js';
import { DrsError } from '../../drs/errors.js';
import { secretBook } from '../../worker/secrets.js';
import { ENV, file, load } from './config-file.js';

const VALUE = 'canary-password';
const path = file(`${VALUE}\n`);
const config = await load(`
secrets:
  orders: { file: ${path}, hosts: [203.0.113.10], users: [repl] }
  ported: { file: ${path}, hosts: ['203.0.113.10:3306', '[2001:db8::1]:3306', DB.example.com] }
  rds: { file: ${path}, hosts: [192.168.0.20], instances: [63e0in01] }
  mongo: { file: ${path}, hosts: [10.0.0.1, 10.0.0.2, '10.0.0.3:27017'] }
  kafka: { file: ${path}, hosts: [10.0.0.9] }
  signing: { file: ${path} }
`);
const secrets = secretBook(config, ENV);

const endpoint = (ip: unknown, secret: string, more: object = {}) => ({
  ip,
  db_user: 'repl',
  db_password: { secret },
  ...more,
});

/** The refusals of a request, or none. */
async function refusals(request: unknown): Promise<string[]> {
  const [problems, error] = await Promise.all([
    secretProblems(request, secrets),
    resolveSecrets(request, secrets).then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  ]);
  expect(error === undefined).toBe(problems.length === 0);
  if (error !== undefined) expect(error).toBeInstanceOf(DrsError);
  expect(JSON.stringify([problems, String(error), error])).not.toContain(VALUE);
  return problems.map(({ path: at, message }) => `${at}: ${message}`);
}

describe('a secret resolves', () => {
  test('beside the host and user of its entry, and the request given stays as it was', async () => {
    const request = { jobs: [endpoint('203.0.113.10', 'orders', { tags: [{ key: 'a' }] })], none: null };
    const resolved = await resolveSecrets(request, secrets);
    expect(resolved).toEqual({
      jobs: [{ ip: '203.0.113.10', db_user: 'repl', db_password: VALUE, tags: [{ key: 'a' }] }],
      none: null,
    });
    expect(request.jobs[0]?.db_password).toEqual({ secret: 'orders' });
  });

  test.each([
    ['any port of a host without one', endpoint('203.0.113.10', 'orders', { db_port: 13306 })],
    ['exactly the port of a host with one', endpoint('203.0.113.10', 'ported', { db_port: 3306 })],
    ['a port inside the ip', endpoint('203.0.113.10:3306', 'ported', { db_port: 0 })],
    ['an IPv6 address', endpoint('2001:db8::1', 'ported', { db_port: 3306 })],
    ['a name in other letters', endpoint('db.EXAMPLE.com', 'ported')],
    ['all hosts of a list', endpoint('10.0.0.1:27017,10.0.0.3:27017', 'mongo', { db_port: 0 })],
    ['an instance with its address', endpoint('192.168.0.20', 'rds', { inst_id: '63e0in01' })],
    [
      "the spellings of 6.1.3's property",
      {
        property: [
          { ip: '192.168.0.20', instid: '63e0in01', dbport: 3306, dbuser: 'x', dbpassword: { secret: 'rds' } },
        ],
      },
    ],
    [
      'a Kafka configuration inside its endpoint',
      { ip: '10.0.0.9:9092', kafka_security_config: { type: 'SSL', trust_store_password: { secret: 'kafka' } } },
    ],
    ['a spec', { source: { ip: '203.0.113.10', db_user: 'repl', password: { secret: 'orders' } } }],
  ])('%s', async (_, request) => {
    expect(await refusals(request)).toEqual([]);
    expect(JSON.stringify(await resolveSecrets(request, secrets))).toContain(VALUE);
  });

  test('with the value that its file has now', async () => {
    const rotating = file('old\n');
    const book = secretBook(await load(`secrets: { r: { file: ${rotating}, hosts: [a] } }`), ENV);
    expect(await book.read('r', { host: 'a', path: '' })).toBe('old');
    writeFileSync(rotating, 'new with  spaces \r\n');
    expect(await book.read('r', { host: 'a', path: '' })).toBe('new with  spaces ');
  });

  test('from an environment variable', async () => {
    const env = { ...ENV, ORDERS_PASSWORD: VALUE };
    const book = secretBook(await load('secrets: { e: { env: ORDERS_PASSWORD, hosts: [a] } }', env), env);
    expect(await book.read('e', { host: 'a', path: '' })).toBe(VALUE);
  });
});

describe('a secret never resolves', () => {
  const host = (secret: string) =>
    `secret "${secret}" may not be used with this host: secrets.${secret}.hosts of the worker's configuration does not name it`;

  test.each([
    ['for a host that its entry does not name', endpoint('198.51.100.66', 'orders'), host('orders')],
    ['for a host that only begins like one', endpoint('203.0.113.100', 'orders'), host('orders')],
    ['for another host in a list', endpoint('10.0.0.1:27017,198.51.100.66:27017', 'mongo'), host('mongo')],
    ['for a list with an empty part', endpoint('10.0.0.1,,', 'mongo'), host('mongo')],
    ['for another port', endpoint('203.0.113.10', 'ported', { db_port: 3307 }), host('ported')],
    [
      'for another port beside the right one',
      endpoint('203.0.113.10:3306', 'ported', { db_port: 3307 }),
      host('ported'),
    ],
    ['without a port where the entry has one', endpoint('203.0.113.10', 'ported'), host('ported')],
    ['for the same address in other clothes', endpoint('203.0.113.010', 'orders'), host('orders')],
    ['for a host behind a user name', endpoint('203.0.113.10@198.51.100.66', 'orders'), host('orders')],
    ['for a list that is a JSON list', endpoint(['203.0.113.10', '198.51.100.66'], 'orders'), host('orders')],
    [
      'for an instance that its entry does not name',
      endpoint('203.0.113.10', 'orders', { inst_id: 'mine' }),
      'secret "orders" may not be used with this instance: secrets.orders.instances of the worker\'s configuration does not name it',
    ],
    ['for its instance at another address', endpoint('198.51.100.66', 'rds', { inst_id: '63e0in01' }), host('rds')],
    [
      'for two spellings of which one is right',
      endpoint('192.168.0.20', 'rds', { inst_id: '63e0in01', instid: 'mine' }),
      'secret "rds" may not be used with this instance: secrets.rds.instances of the worker\'s configuration does not name it',
    ],
    [
      'for another user',
      endpoint('203.0.113.10', 'orders', { db_user: 'root' }),
      'secret "orders" may not be used with this user: secrets.orders.users of the worker\'s configuration does not name it',
    ],
    [
      'where no endpoint stands beside it',
      { db_password: { secret: 'orders' } },
      'secret "orders" cannot be used here: no host or instance stands beside it',
    ],
    [
      'when it is not for databases',
      endpoint('203.0.113.10', 'signing'),
      'secret "signing" is not for databases: the worker\'s configuration gives it neither hosts nor instances',
    ],
    [
      'when it does not exist',
      endpoint('203.0.113.10', 'constructor'),
      'the worker\'s configuration has no secret "constructor"',
    ],
  ])('%s', async (_, request, expected) => {
    expect(await refusals(request)).toEqual([`db_password: ${expected}`]);
  });

  test('for a host round an allowed one: what encloses it counts, too', async () => {
    const request = {
      ip: '198.51.100.66',
      kafka_security_config: { ip: '10.0.0.9', key_password: { secret: 'kafka' } },
    };
    expect(await refusals(request)).toEqual([`kafka_security_config.key_password: ${host('kafka')}`]);
  });

  test('into a field that DRS would show to readers of the task', async () => {
    const where = 'no secret may stand here: this is no field for a password';
    expect(await refusals(endpoint('203.0.113.10', 'orders', { inst_name: { secret: 'orders' } }))).toEqual([
      `inst_name: ${where}`,
    ]);
    expect(await refusals({ ip: '203.0.113.10', property: { secret: 'orders' } })).toEqual([`property: ${where}`]);
  });

  test('in a request of which another part is refused, and all refusals are told at once', async () => {
    const request = {
      source: endpoint('198.51.100.66', 'orders'),
      target: endpoint('203.0.113.10', 'nowhere'),
      ok: endpoint('203.0.113.10', 'orders'),
    };
    const error = await resolveSecrets(request, secrets, { operation: 'batchUpdateJob' }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ kind: 'permission', at: { operation: 'batchUpdateJob' } });
    expect(String(error)).toContain('source.db_password: ');
    expect(String(error)).toContain('target.db_password: ');
  });

  test("into a neighbour's place where keys hold dots", async () => {
    const other = secretBook(
      {
        secrets: {
          ...config.secrets,
          other: { file: file('other'), hosts: ['198.51.100.66'], instances: [], users: [] },
        },
      },
      ENV,
    );
    const request = { 'a.b': endpoint('203.0.113.10', 'orders'), a: { b: endpoint('198.51.100.66', 'other') } };
    expect(await resolveSecrets(request, other)).toMatchObject({
      'a.b': { db_password: VALUE },
      a: { b: { db_password: 'other' } },
    });
  });
});

test('a password change takes the endpoint that its task has', async () => {
  const change = {
    jobs: [
      {
        job_id: 'j1',
        end_point_type: 'so',
        db_password: { secret: 'orders' },
        kerberos: { key_tab_file: { secret: 'orders' } },
      },
    ],
  };
  const asked: unknown[] = [];
  const endpointOf = (host: string) => (enclosing: readonly Readonly<Record<string, unknown>>[]) => {
    asked.push(enclosing.find((one) => 'job_id' in one)?.['job_id']);
    return { host, user: 'repl' };
  };
  expect(await resolveSecrets(change, secrets, { endpointOf: endpointOf('203.0.113.10') })).toMatchObject({
    jobs: [{ db_password: VALUE, kerberos: { key_tab_file: VALUE } }],
  });
  expect(asked).toEqual(['j1', 'j1']);
  await expect(resolveSecrets(change, secrets, { endpointOf: endpointOf('198.51.100.66') })).rejects.toThrow(
    'may not be used with this host',
  );
});

test('a secret that cannot be read is a matter of credentials and says which, at its path', async () => {
  const gone = file('x');
  const book = secretBook(await load(`secrets: { gone: { file: ${gone}, hosts: [a] } }`), ENV);
  writeFileSync(gone, '');
  await expect(resolveSecrets({ source: { ip: 'a', password: { secret: 'gone' } } }, book)).rejects.toMatchObject({
    kind: 'credentials',
    message: `source.password: secret "gone": its file ${gone} is empty`,
  });
});
