import { expect, onTestFinished, test } from 'vitest';
import { connect, type Drs } from '../../drs/connect.js';
import { cloudAt, PROJECT, type Seen, type Service, startService } from './service.js';

interface Iam {
  readonly drs: Drs;
  readonly service: Service;
  /** How often a token was asked for. */
  logins(): number;
  /** Tokens that the service accepts. */
  readonly valid: Set<string>;
  clock: number;
}

/** IAM and DRS in one: tokens t1, t2, … each good for 24 hours. */
async function cloudWithTokens(
  over: (seen: Seen, iam: Iam) => ReturnType<Service['handler']> = () => undefined,
): Promise<Iam> {
  let issued = 0;
  const valid = new Set<string>();
  const service = await startService((seen) => {
    const other = over(seen, iam);
    if (other) return other;
    if (seen.path === '/v3/auth/tokens') {
      issued += 1;
      valid.add(`t${issued}`);
      const expires_at = new Date(iam.clock + 24 * 3_600_000).toISOString();
      return { status: 201, headers: { 'x-subject-token': `t${issued}` }, body: { token: { expires_at } } };
    }
    if (!valid.has(String(seen.headers['x-auth-token']))) {
      return { status: 403, body: { error_code: 'DRS.M00100', error_msg: 'Invalid token.' } };
    }
    return { body: { quotas: { resource: {} } } };
  });
  const drs = connect(cloudAt(service.url, { credentials: { user: 'local', password: 'canary-pw', domain: 'acme' } }), {
    now: () => iam.clock,
  });
  onTestFinished(() => drs.close());
  const iam: Iam = { drs, service, valid, clock: Date.parse('2026-01-31T00:00:00Z'), logins: () => issued };
  return iam;
}

const many = <T>(count: number, call: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, call));

test('one token serves all calls that wait for it', async () => {
  const { drs, service, logins } = await cloudWithTokens();
  await many(50, () => drs.showQuotas({}));
  expect(logins()).toBe(1);
  expect(service.seen[0]).toMatchObject({
    method: 'POST',
    path: '/v3/auth/tokens',
    body: {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'local', password: 'canary-pw', domain: { name: 'acme' } } },
        },
        scope: { project: { id: PROJECT } },
      },
    },
  });
  expect(service.seen[0]?.headers).not.toHaveProperty('x-auth-token');
});

test('a token is renewed before it ends', async () => {
  const iam = await cloudWithTokens();
  await iam.drs.showQuotas({});
  iam.clock += 23 * 3_600_000;
  await iam.drs.showQuotas({});
  expect(iam.logins()).toBe(1);
  iam.clock += 55 * 60_000;
  await many(10, () => iam.drs.showQuotas({}));
  expect(iam.logins()).toBe(2);
  expect(iam.service.seen.at(-1)?.headers['x-auth-token']).toBe('t2');
});

test('a refused token is renewed once for all, and the calls succeed', async () => {
  const iam = await cloudWithTokens();
  await iam.drs.showQuotas({});
  iam.valid.clear();
  await many(20, () => iam.drs.showQuotas({}));
  expect(iam.logins()).toBe(2);
});

test('a 401 without a code of DRS counts as a refused token, M00103 does not', async () => {
  let once: object | undefined = { error_code: 'APIGW.0307', error_msg: 'The token must be updated.' };
  const iam = await cloudWithTokens((seen) => {
    if (seen.path.endsWith('/quotas') && once) {
      const body = once;
      once = undefined;
      return { status: 401, body };
    }
    return undefined;
  });
  await iam.drs.showQuotas({});
  expect(iam.logins()).toBe(2);
  once = { error_code: 'DRS.M00103', error_msg: 'Operation denied.' };
  await expect(iam.drs.showQuotas({})).rejects.toMatchObject({ kind: 'permission' });
  expect(iam.logins()).toBe(2);
});

test('a gateway that refuses a token with a page instead of JSON is understood, too', async () => {
  const iam = await cloudWithTokens((seen) =>
    seen.path.endsWith('/quotas') && seen.headers['x-auth-token'] === 't1'
      ? { status: 401, headers: { 'content-type': 'text/html' }, raw: '<h1>401</h1>' }
      : undefined,
  );
  await iam.drs.showQuotas({});
  expect(iam.logins()).toBe(2);
});

test('a new token that is refused, too, is not renewed again and again', async () => {
  const iam = await cloudWithTokens((seen) =>
    seen.path.endsWith('/quotas') ? { status: 403, body: { error_code: 'DRS.M00100' } } : undefined,
  );
  await expect(iam.drs.showQuotas({})).rejects.toMatchObject({ kind: 'credentials', at: { code: 'DRS.M00100' } });
  for (let i = 0; i < 5; i += 1) await expect(iam.drs.showQuotas({})).rejects.toMatchObject({ kind: 'credentials' });
  expect(iam.logins()).toBe(2);
  iam.clock += 61_000;
  await expect(iam.drs.showQuotas({})).rejects.toMatchObject({ kind: 'credentials' });
  expect(iam.logins()).toBe(3);
});

test('a refused login is told in one sentence without the password, and not repeated until the user is locked', async () => {
  let attempts = 0;
  const iam = await cloudWithTokens((seen) => {
    if (seen.path !== '/v3/auth/tokens') return undefined;
    attempts += 1;
    return {
      status: 401,
      body: { error: { code: 401, message: 'The username or password is wrong.', title: 'Unauthorized' } },
    };
  });
  for (let i = 0; i < 10; i += 1) {
    const error = await iam.drs.showQuotas({}).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ kind: 'credentials', at: { operation: 'showQuotas', status: 401 } });
    expect((error as Error).message).toContain('refuses the login');
    expect(JSON.stringify(error) + (error as Error).message).not.toContain('canary');
  }
  expect(attempts).toBe(1);
});

test('an IAM in trouble is tried again by the next call', async () => {
  let ill = true;
  const iam = await cloudWithTokens((seen) => {
    if (seen.path !== '/v3/auth/tokens' || !ill) return undefined;
    ill = false;
    return { status: 503, body: {} };
  });
  await expect(iam.drs.showQuotas({})).rejects.toMatchObject({ kind: 'transient' });
  await iam.drs.showQuotas({});
});

const withoutProject = async (
  projects: { id: string; name: string }[],
  credentials = { ak: 'local-ak', sk: 'local-sk' },
) => {
  const service = await startService(({ path }) =>
    path === '/v3/projects' ? { body: { projects } } : { body: { quotas: { resource: {} } } },
  );
  const { projectId: _none, ...cloud } = cloudAt(service.url, { credentials });
  const drs = connect(cloud);
  onTestFinished(() => drs.close());
  return { drs, service };
};

test('the project is looked up once, the one that is named exactly like the region', async () => {
  const { drs, service } = await withoutProject([
    { id: 'a1', name: 'eu-west-101_team' },
    { id: 'a2', name: 'eu-west-101' },
    { id: 'a3', name: 'MOS' },
  ]);
  await many(10, () => drs.showQuotas({}));
  expect(service.seen.filter(({ path }) => path === '/v3/projects')).toHaveLength(1);
  expect(service.seen.at(-1)?.path).toBe('/v3/a2/quotas');
});

test.each([
  ['none', [{ id: 'a1', name: 'eu-west-101_team' }], 'no project is named eu-west-101', 'a1 (eu-west-101_team)'],
  [
    'several',
    [
      { id: 'b1', name: 'eu-west-101' },
      { id: 'b2', name: 'eu-west-101' },
    ],
    'several projects are named eu-west-101',
    'b1 (eu-west-101), b2',
  ],
])('where %s fits, the choices are told', async (_case, projects, what, choices) => {
  const { drs } = await withoutProject(projects);
  const error = await drs.showQuotas({}).catch((reason: unknown) => reason as Error);
  expect(error).toMatchObject({ kind: 'request', message: expect.stringContaining(what) });
  expect((error as Error).message).toContain(choices);
});
