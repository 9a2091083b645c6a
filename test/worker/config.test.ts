import { chdir, cwd } from 'node:process';
import { describe, expect, test } from 'vitest';
import { BUILD_ID } from '../../drs/version.js';
import { ConfigError, loadConfig } from '../../worker/config.js';
import { WEBHOOK_EVENTS } from '../../worker/config-schema.js';
import { securityKey } from '../support/ssh-keys.js';
import { ENV, file, load, problems, scratch } from './config-file.js';

const [ANNA, BERT] = [securityKey().line, securityKey().line];

describe('where it comes from', () => {
  test('without a file the environment describes the one cloud', async () => {
    const config = await loadConfig({ env: { ...ENV, HUAWEICLOUD_SDK_PROJECT_ID: 'p'.repeat(32) } });
    expect(config.clouds).toEqual({
      default: {
        name: 'default',
        region: 'eu-west-101',
        projectId: 'p'.repeat(32),
        drsEndpoint: 'https://drs.eu-west-101.myhuaweicloud.eu',
        iamEndpoint: 'https://iam.myhuaweicloud.eu',
        credentials: { ak: 'local-ak', sk: 'canary-sk' },
      },
    });
    expect(config).toMatchObject({
      secrets: {},
      webhooks: {},
      approvers: {},
      rules: [],
      policy: { orders: 'deny' },
      temporal: { taskQueue: 'drs-pilot' },
    });
  });

  test('an environment without anything tells all that is missing', async () => {
    await expect(loadConfig({ env: {} })).rejects.toThrow(
      /the environment has 2 problems:[\s\S]*HW_REGION_NAME[\s\S]*no credentials/,
    );
  });

  test('DRS_PILOT_CONFIG names the file, else ./drs-pilot.yaml counts where there is one', async () => {
    const named = file('temporal: { taskQueue: named }');
    expect((await loadConfig({ env: { ...ENV, DRS_PILOT_CONFIG: named } })).temporal.taskQueue).toBe('named');
    file('temporal: { taskQueue: here }', 'drs-pilot.yaml');
    const before = cwd();
    chdir(scratch);
    try {
      expect((await loadConfig({ env: ENV })).temporal.taskQueue).toBe('here');
    } finally {
      chdir(before);
    }
  });

  test('a worker has a version where the file or the environment names a deployment', async () => {
    const deployment = async (env: Record<string, string>, text = '') =>
      (await loadConfig({ env: { ...ENV, ...env }, file: file(text) })).temporal.deployment;
    const there = { name: 'drs-pilot', buildId: BUILD_ID };
    expect(await deployment({})).toBeUndefined();
    expect(await deployment({}, 'temporal: { deployment: {} }')).toEqual(there);
    const named = { TEMPORAL_DEPLOYMENT_NAME: 'team/drs', TEMPORAL_WORKER_BUILD_ID: 'b2' };
    expect(await deployment(named, 'temporal: { deployment: { buildId: b1 } }')).toEqual({
      name: 'team/drs',
      buildId: 'b2',
    });
    await expect(deployment({ TEMPORAL_WORKER_BUILD_ID: 'b2' })).rejects.toThrow(
      'TEMPORAL_WORKER_BUILD_ID: goes with TEMPORAL_DEPLOYMENT_NAME, or with temporal.deployment in the configuration',
    );
    await expect(deployment({ TEMPORAL_DEPLOYMENT_NAME: 'drs.pilot' })).rejects.toThrow(/without dots/);
  });

  test('a file that is not there is told, and an empty one is a configuration', async () => {
    await expect(loadConfig({ env: { ...ENV, DRS_PILOT_CONFIG: '/nowhere/drs-pilot.yaml' } })).rejects.toThrow(
      'cannot be read (ENOENT)',
    );
    expect((await load('')).temporal.taskQueue).toBe('drs-pilot');
  });

  test('a file that is no YAML is told by its place, without its text', async () => {
    const [problem] = await problems('secrets:\n  orders: canary-password: x\n');
    expect(problem).toMatch(/^is no YAML: .* at line 2/);
    expect(problem).not.toContain('canary');
  });
});

describe('what is wrong with it', () => {
  test('eleven mistakes are eleven lines, each at its path', async () => {
    const told = await problems(
      `
clouds:
  default: { region: eu-west-101, projectID: x }
  Second: { region: eu-west-101, credentials: { ak: { secret: nowhere } } }
secrets:
  orders: { file: ${file('x')}, env: HOME, hosts: ['10.0.0.*'] }
webhooks:
  oncall: { url: not-an-address, events: [everything] }
approvers:
  dba: { members: [anna, anna] }
rules:
  - { kinds: [migrations], approvals: 2, group: ops }
`,
    );
    const expected = [
      'clouds.default.projectID: is not known here',
      'clouds.Second: must be a name: up to 63 lower-case letters, digits and hyphens, a letter or digit first',
      'clouds.Second.credentials.sk: is missing: credentials are ak and sk, or user, password and domain',
      'secrets.orders.hosts[0]: must be one host or host:port, without wildcards',
      'secrets.orders.env: does not go with file: a secret has one place',
      'webhooks.oncall.url: must be an address: https://…',
      expect.stringMatching(/^webhooks\.oncall\.events\[0\]: /),
      'approvers.dba.members[1]: stands here twice: each member counts once',
      expect.stringMatching(/^rules\[0\]\.kinds\[0\]: /),
      'clouds.Second.credentials.ak.secret: secrets has no "nowhere"',
      'rules[0].group: approvers has no group "ops"',
    ];
    expect(told).toEqual(expect.arrayContaining(expected));
    expect(told).toHaveLength(expected.length);
  });

  test.each([
    ['a section of a later version', 'robots: {}', 'robots: is not known here'],
    [
      'a name that Temporal refuses',
      'temporal: { deployment: { name: drs.pilot } }',
      'temporal.deployment.name: must be a name without dots, colons, spaces, and "__" in front',
    ],
    [
      'more approvals than members',
      'approvers: { dba: { members: [anna] } }\nrules: [{ approvals: 2, group: dba }]',
      'rules[0].approvals: is more than the 1 members of dba',
    ],
    [
      'an escalation to nobody',
      'approvers: { dba: { members: [anna] } }\nrules: [{ group: dba, escalateTo: lead }]',
      'rules[0].escalateTo: approvers has no group "lead"',
    ],
    [
      'an escalation from everybody',
      'approvers: { lead: { members: [emil] } }\nrules: [{ escalateTo: lead }]',
      'rules[0].escalateTo: goes with group: without one anybody may decide from the start',
    ],
    [
      'an unknown operation in a rule',
      'rules: [{ operations: [batchStartJob], approvals: 1 }]',
      'rules[0].operations[0]: is no operation of DRS: `drs-pilot operations` lists them',
    ],
    [
      'an unknown operation in the policy',
      'policy: { operations: { toString: allow } }',
      'policy.operations.toString: is no operation of DRS: `drs-pilot operations` lists them',
    ],
    [
      'a key of another type',
      'approvers: { dba: { members: [{ name: anna, keys: [ssh-rsa AAAA] }] } }',
      'approvers.dba.members[0].keys[0]: must be of type ssh-ed25519 or sk-ssh-ed25519@openssh.com: ssh-rsa is not taken; ssh-keygen -t ed25519 makes one',
    ],
    [
      'a member without a key in a group with keys',
      `approvers: { dba: { members: [{ name: anna, keys: ['${ANNA}'] }, bert] } }`,
      'approvers.dba.members[1]: has no key: where decisions of one member are signed, those of all are',
    ],
    [
      'one key for two names, in another group and with another comment',
      `approvers: { dba: { members: [{ name: anna, keys: ['${ANNA} a'] }] }, ops: { members: [{ name: bert, keys: ['${BERT}', '${ANNA} b'] }] } }`,
      'approvers.ops.members[0].keys[1]: is the key of anna, too: a key stands for one person',
    ],
    [
      'four eyes that cannot be told apart',
      'approvers: { dba: { members: [anna, bert] } }\nrules: [{ fourEyes: true, group: dba }]',
      'rules[0].fourEyes: needs a group whose members have keys: without them a name is a claim, and two may be one',
    ],
    [
      'four eyes without a group',
      'rules: [{ fourEyes: true }]',
      'rules[0].fourEyes: needs a group whose members have keys: without them a name is a claim, and two may be one',
    ],
    ['no cloud at all', 'clouds: {}', 'clouds: must hold at least one cloud, or be left out'],
    [
      'http to a stranger',
      'clouds: { default: { region: eu-west-101, drsEndpoint: "http://drs.example.com" } }',
      'clouds.default.drsEndpoint: must be https: over http, keys and passwords could be read on the way',
    ],
    [
      'key pair and password together',
      `secrets: { s: { file: ${file('x')} } }\nclouds: { default: { region: eu-west-101, credentials: { ak: { secret: s }, sk: { secret: s }, user: me } } }`,
      'clouds.default.credentials.user: does not go with ak and sk',
    ],
  ])('%s', async (_, yaml, expected) => {
    expect(await problems(yaml)).toEqual([expected]);
  });

  test('a password in plain text is refused and never repeated', async () => {
    const told = await problems(
      'clouds: { default: { region: eu-west-101, credentials: { user: me, password: canary-password, domain: d } } }',
    );
    expect(told).toEqual(['clouds.default.credentials.password: must name a secret: { secret: NAME }']);
  });

  test('a secret that cannot be read is told at start, also beside other mistakes', async () => {
    const told = await problems(
      `robots: {}\nsecrets:\n  a: { env: NOT_SET_ANYWHERE }\n  b: { file: /nowhere/b }\n  c: { file: ${file('\n')} }\n  orders:\n`,
    );
    expect(told).toEqual([
      'robots: is not known here',
      'secrets.a: the environment variable NOT_SET_ANYWHERE is not set',
      'secrets.b: its file /nowhere/b cannot be read (ENOENT)',
      expect.stringMatching(/^secrets\.c: its file .* is empty$/),
      'secrets.orders: its file /run/secrets/orders cannot be read (ENOENT)',
    ]);
  });

  test('the error says how many there are and holds no value of the environment', async () => {
    const error = await load('robots: {}\nclouds: { default: { region: X } }').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/drs-pilot\.yaml has 2 problems:\n/);
    expect(String(error)).not.toContain('canary');
  });
});

test('a store is a directory beside the configuration or a bucket, and all that is wrong with one is told', async () => {
  const keys = `secrets: { ak: { file: ${file('canary-ak')} }, sk: { file: ${file('canary-sk')} } }`;
  const s3 = 'bucket: drs-files, accessKey: { secret: ak }, secretKey: { secret: sk }';
  const { stores } = await load(`${keys}
stores: { nightly: { directory: . }, obs: { s3: { endpoint: 'https://obs.eu-west-101.myhuaweicloud.eu', prefix: drs/pilot, ${s3} } } }`);
  expect(stores).toEqual({
    nightly: { directory: scratch },
    obs: {
      s3: {
        endpoint: 'https://obs.eu-west-101.myhuaweicloud.eu',
        bucket: 'drs-files',
        prefix: 'drs/pilot/',
        region: 'us-east-1',
        forcePathStyle: false,
        accessKey: { secret: 'ak' },
        secretKey: { secret: 'sk' },
      },
    },
  });
  const told = await problems(`${keys}
stores:
  none: {}
  both: { directory: ., s3: { endpoint: 'https://s3.example.com', ${s3} } }
  gone: { directory: nowhere }
  open: { s3: { endpoint: 'http://s3.example.com', prefix: /up/../.., bucket: Drs, accessKey: canary-key, secretKey: { secret: nobody } } }`);
  expect(told.sort()).toEqual([
    'stores.both.s3: does not go with directory',
    `stores.gone.directory: ${scratch}/nowhere cannot be used (ENOENT)`,
    'stores.none: must have a place: { directory: PATH } or { s3: … }',
    'stores.open.s3.accessKey: must name a secret: { secret: NAME }',
    'stores.open.s3.bucket: must be the name of a bucket',
    'stores.open.s3.endpoint: must be https: over http, keys and passwords could be read on the way',
    'stores.open.s3.prefix: must be a path without a slash in front: drs-pilot/',
    'stores.open.s3.secretKey.secret: secrets has no "nobody"',
  ]);
});

describe('clouds', () => {
  test('a cloud takes credentials from secrets, certificates from a file, both beside the configuration', async () => {
    file('canary-ak\n', 'ak');
    file('canary-sk', 'sk');
    file('-----BEGIN CERTIFICATE-----\n', 'ca.pem');
    const { clouds } = await load(
      `secrets: { ak: { file: ak }, sk: { file: sk } }
clouds: { paris: { region: eu-west-0, credentials: { ak: { secret: ak }, sk: { secret: sk } }, caFile: ca.pem, rate: { perSecond: 5, burst: 10 } } }`,
      {},
    );
    expect(clouds['paris']).toEqual({
      name: 'paris',
      region: 'eu-west-0',
      drsEndpoint: 'https://drs.eu-west-0.myhuaweicloud.com',
      iamEndpoint: 'https://iam.eu-west-0.myhuaweicloud.com',
      credentials: { ak: 'canary-ak', sk: 'canary-sk' },
      ca: '-----BEGIN CERTIFICATE-----\n',
      rate: { perSecond: 5, burst: 10 },
    });
  });

  test('DRS_ENDPOINT and IAM_ENDPOINT lead the only cloud elsewhere', async () => {
    const env = { ...ENV, DRS_ENDPOINT: 'http://127.0.0.1:9000', IAM_ENDPOINT: 'http://127.0.0.1:9000' };
    const { clouds } = await load('clouds: { default: { region: eu-west-101 } }', env);
    expect(clouds['default']).toMatchObject({
      drsEndpoint: 'http://127.0.0.1:9000',
      iamEndpoint: 'http://127.0.0.1:9000',
    });
  });

  test('with several clouds they lead none of them', async () => {
    const env = { ...ENV, DRS_ENDPOINT: 'http://127.0.0.1:9000', IAM_ENDPOINT: 'http://127.0.0.1:9000' };
    const { clouds } = await load('clouds: { a: { region: eu-west-101 }, b: { region: eu-west-0 } }', env);
    expect(Object.values(clouds).map(({ drsEndpoint }) => drsEndpoint)).toEqual([
      'https://drs.eu-west-101.myhuaweicloud.eu',
      'https://drs.eu-west-0.myhuaweicloud.com',
    ]);
  });

  test('a cloud without credentials anywhere says what to set', async () => {
    expect(await problems('clouds: { default: { region: eu-west-101 } }', {})).toEqual([
      expect.stringMatching(/^clouds\.default\.credentials: no credentials: set HUAWEICLOUD_SDK_AK/),
    ]);
  });
});

test('names, members and limits are kept as they were written', async () => {
  const config = await load(`
approvers: { dba: { members: [anna, { name: bert }] } }
webhooks: { oncall: { url: 'https://chat.example.com/hook', events: [failure] }, all: { url: 'https://chat.example.com/all' } }
rules: [{ tasks: ['prod-*'], approvals: 2, group: dba, force: false }]
temporal: { taskQueue: team, uiUrl: 'https://temporal.example.com' }
`);
  expect(config).toMatchObject({
    approvers: {
      dba: [{ name: 'anna' }, { name: 'bert' }],
    },
    webhooks: {
      oncall: { events: ['failure'] },
      all: { events: WEBHOOK_EVENTS },
    },
    rules: [{ tasks: ['prod-*'], approvals: 2, group: 'dba', force: false }],
    temporal: { taskQueue: 'team', uiUrl: 'https://temporal.example.com' },
  });
});

test('a section telemetry alone lets only this host read what a worker tells', async () => {
  expect((await load('telemetry: {}')).telemetry).toEqual({
    address: '127.0.0.1:9464',
    metrics: true,
    logs: { level: 'info', format: 'auto' },
  });
  expect((await load('')).telemetry.address).toBeUndefined();
  expect(await problems('telemetry: { address: "9464", logs: { level: loud } }')).toEqual([
    'telemetry.address: must be HOST:PORT, for instance 127.0.0.1:9464',
    expect.stringMatching(/^telemetry\.logs\.level: /),
  ]);
});
