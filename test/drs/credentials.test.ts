import { expect, test } from 'vitest';
import { cloudFromEnv, endpointsOf, readCloud } from '../../drs/auth/credentials.js';
import { VERSION } from '../../drs/version.js';
import manifest from '../../package.json' with { type: 'json' };

const keys = { HUAWEICLOUD_SDK_AK: 'ak', HUAWEICLOUD_SDK_SK: 'canary-sk', HW_REGION_NAME: 'eu-west-101' };

test('the variables of the SDK, of Terraform, and a user are understood; a key pair wins', () => {
  expect(cloudFromEnv({ ...keys, HUAWEICLOUD_SDK_PROJECT_ID: 'p1' })).toEqual({
    name: 'default',
    region: 'eu-west-101',
    projectId: 'p1',
    drsEndpoint: 'https://drs.eu-west-101.myhuaweicloud.eu',
    iamEndpoint: 'https://iam.myhuaweicloud.eu',
    credentials: { ak: 'ak', sk: 'canary-sk' },
  });
  const user = { HW_USER_NAME: 'u', HW_PASSWORD: 'p', HW_DOMAIN_NAME: 'd', HW_REGION_NAME: 'ap-southeast-3' };
  expect(cloudFromEnv(user)).toMatchObject({ credentials: { user: 'u', password: 'p', domain: 'd' } });
  expect(cloudFromEnv(user)).not.toHaveProperty('projectId');
  expect(cloudFromEnv({ ...user, HW_ACCESS_KEY: 'a', HW_SECRET_KEY: 's', HW_PROJECT_ID: 'p2' })).toMatchObject({
    credentials: { ak: 'a', sk: 's' },
    projectId: 'p2',
    drsEndpoint: 'https://drs.ap-southeast-3.myhuaweicloud.com',
  });
});

test('endpoints follow from the region and can be overridden', () => {
  expect(endpointsOf('sa-brazil-1')).toEqual({
    drs: 'https://drs.sa-brazil-1.myhuaweicloud.com',
    iam: 'https://iam.sa-brazil-1.myhuaweicloud.com',
  });
  expect(
    cloudFromEnv({ ...keys, DRS_ENDPOINT: 'http://127.0.0.1:8080/', IAM_ENDPOINT: 'http://simulator:8080' }),
  ).toMatchObject({
    drsEndpoint: 'http://127.0.0.1:8080',
    iamEndpoint: 'http://simulator:8080',
  });
});

test('all problems are told at once, and no value of a secret', () => {
  const { problems } = readCloud({
    HUAWEICLOUD_SDK_SK: 'canary-sk',
    HW_REGION_NAME: 'Not A Region',
    DRS_ENDPOINT: 'http://drs.example.com',
    IAM_ENDPOINT: 'https://user:canary-pw@iam.example.com/v3',
    HW_PROJECT_ID: '../admin',
  });
  expect(problems).toEqual([
    expect.stringMatching(/^HW_REGION_NAME/),
    expect.stringMatching(/^DRS_ENDPOINT must be https/),
    expect.stringMatching(/^IAM_ENDPOINT must not hold a user/),
    expect.stringMatching(/PROJECT_ID/),
    expect.stringMatching(/^HUAWEICLOUD_SDK_AK missing/),
  ]);
  expect(() => cloudFromEnv({ HUAWEICLOUD_SDK_SK: 'canary-sk' })).toThrow(/HW_REGION_NAME[\s\S]*HUAWEICLOUD_SDK_AK/);
  expect(problems.join()).not.toContain('canary');
});

test('an environment without credentials is told which variables would do', () => {
  expect(() => cloudFromEnv({ HW_REGION_NAME: 'eu-west-101' })).toThrow(
    /HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HW_ACCESS_KEY/,
  );
});

test('the version that the User-Agent tells is the package’s', () => {
  expect(VERSION).toBe(manifest.version);
});
