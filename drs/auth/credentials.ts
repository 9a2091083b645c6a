import { DrsError } from '../errors.js';

/** An access key pair, or a user whose password buys tokens. */
export type Credentials =
  | { readonly ak: string; readonly sk: string }
  | { readonly user: string; readonly password: string; readonly domain: string };

/** One project of one region, and how we enter it. */
export interface Cloud {
  readonly name: string;
  readonly region: string;
  /** Looked up when absent: the project that is named like the region. */
  readonly projectId?: string;
  /** Scheme and host, without a path: `https://drs.eu-west-101.myhuaweicloud.eu`. */
  readonly drsEndpoint: string;
  readonly iamEndpoint: string;
  readonly credentials: Credentials;
  /** Further certificate authorities that are trusted, PEM. */
  readonly ca?: string;
  /** Requests per second for each endpoint, and how many may go out at once. */
  readonly rate?: { readonly perSecond: number; readonly burst: number };
}

export type Env = Readonly<Record<string, string | undefined>>;

/** What the environment says about a cloud, and everything that is wrong with it: names of variables, never a secret's value. */
export interface CloudReading {
  readonly cloud?: Cloud;
  readonly problems: readonly string[];
}

/** Regions whose addresses don't follow the rule. */
const ENDPOINTS: Readonly<Record<string, { readonly drs: string; readonly iam: string }>> = {
  'eu-west-101': { drs: 'https://drs.eu-west-101.myhuaweicloud.eu', iam: 'https://iam.myhuaweicloud.eu' },
};

/** The addresses of DRS and IAM in a region. */
export const endpointsOf = (region: string): { readonly drs: string; readonly iam: string } =>
  ENDPOINTS[region] ?? {
    drs: `https://drs.${region}.myhuaweicloud.com`,
    iam: `https://iam.${region}.myhuaweicloud.com`,
  };

/**
 * The cloud that the standard environment variables describe: `HUAWEICLOUD_SDK_AK`, `_SK`, `_PROJECT_ID`, or `HW_ACCESS_KEY`,
 * `HW_SECRET_KEY`, `HW_PROJECT_ID`, or `HW_USER_NAME`, `HW_PASSWORD`, `HW_DOMAIN_NAME` (a key pair wins), with
 * `HW_REGION_NAME`; `DRS_ENDPOINT` and `IAM_ENDPOINT` override the region's addresses.
 *
 * @throws DrsError of kind `credentials`, which tells all problems at once.
 */
export function cloudFromEnv(env: Env, name = 'default'): Cloud {
  const { cloud, problems } = readCloud(env, name);
  if (cloud) return cloud;
  throw new DrsError(
    'credentials',
    `The environment describes no cloud:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    {
      operation: 'cloudFromEnv',
    },
  );
}

/** As `cloudFromEnv`, for whoever has more problems to tell. */
export function readCloud(environment: Env, name = 'default'): CloudReading {
  const env = (variable: string): string | undefined => environment[variable]?.trim() || undefined;
  const problems: string[] = [];

  const region = regionOf(env('HW_REGION_NAME'), problems);
  const standard = region ? endpointsOf(region) : undefined;
  const drsEndpoint = address('DRS_ENDPOINT', env('DRS_ENDPOINT') ?? standard?.drs, problems);
  const iamEndpoint = address('IAM_ENDPOINT', env('IAM_ENDPOINT') ?? standard?.iam, problems);
  const projectId = env('HUAWEICLOUD_SDK_PROJECT_ID') ?? env('HW_PROJECT_ID');
  if (projectId && !/^[0-9a-zA-Z-]{1,64}$/.test(projectId))
    problems.push('HUAWEICLOUD_SDK_PROJECT_ID or HW_PROJECT_ID is no project id: letters and digits, at most 64');
  const credentials = credentialsOf(env, problems);

  if (problems.length > 0 || !region || !drsEndpoint || !iamEndpoint || !credentials) return { problems };
  return { problems, cloud: { name, region, ...(projectId && { projectId }), drsEndpoint, iamEndpoint, credentials } };
}

function regionOf(region: string | undefined, problems: string[]): string | undefined {
  if (!region) problems.push('HW_REGION_NAME is missing: the region, for instance eu-west-101');
  else if (!/^[a-z0-9-]{2,40}$/.test(region))
    problems.push('HW_REGION_NAME is no region: small letters, digits and dashes, for instance eu-west-101');
  else return region;
  return undefined;
}

/** In the order in which they win; of a family that is begun, every part is needed. */
const FAMILIES = [
  ['HUAWEICLOUD_SDK_AK', 'HUAWEICLOUD_SDK_SK'],
  ['HW_ACCESS_KEY', 'HW_SECRET_KEY'],
  ['HW_USER_NAME', 'HW_PASSWORD', 'HW_DOMAIN_NAME'],
] as const;

function credentialsOf(env: (variable: string) => string | undefined, problems: string[]): Credentials | undefined {
  const family = FAMILIES.find((names) => names.some((name) => env(name) !== undefined));
  if (!family) {
    problems.push(`no credentials: set ${FAMILIES.map((names) => names.join(' and ')).join(', or ')}`);
    return undefined;
  }
  const missing = family.filter((name) => env(name) === undefined);
  if (missing.length > 0) {
    problems.push(
      `${missing.join(' and ')} missing: needed with ${family.filter((name) => env(name) !== undefined).join(' and ')}`,
    );
    return undefined;
  }
  const [first, second, third] = family.map((name) => env(name) as string) as [string, string, string?];
  return third === undefined ? { ak: first, sk: second } : { user: first, password: second, domain: third };
}

function address(variable: string, text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined) return undefined; // the missing region has been told already
  const problem = endpointProblem(text);
  if (problem === undefined) return new URL(text).origin;
  problems.push(`${variable} ${problem}`);
  return undefined;
}

/** What is wrong with an endpoint's address, if anything. Plain http goes no further than this host or its containers. */
export function endpointProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is no address: https://host, without a path';
  const url = new URL(text);
  if (url.username || url.password) return 'must not hold a user or password';
  if (!['https:', 'http:'].includes(url.protocol)) return 'must begin with https://';
  if (url.pathname !== '/' || url.search || url.hash) return 'must have no path: only https://host';
  const near = /^(127\.[0-9.]+|\[::1\]|localhost|[a-z0-9_-]+)$/i.test(url.hostname);
  return url.protocol === 'http:' && !near
    ? 'must be https: over http, keys and passwords could be read on the way'
    : undefined;
}
