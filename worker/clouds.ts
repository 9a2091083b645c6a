import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Cloud,
  type Credentials,
  type Env,
  endpointProblem,
  endpointsOf,
  readCloud,
} from '../drs/auth/credentials.js';
import type { Problem } from '../drs/operations/common.js';
import { readSecret } from '../encryption/secret.js';
import type { SecretEntry } from './config.js';
import type { ConfigFile } from './config-schema.js';

type Section = NonNullable<ConfigFile['clouds']>;
type Settings = Section[string];

interface Sources {
  readonly secrets: Readonly<Record<string, SecretEntry>>;
  readonly env: Env;
  readonly base: string;
}

/** The clouds with everything that they need. What an entry leaves out comes from the standard environment variables. */
export async function readClouds(
  section: Section | undefined,
  sources: Sources,
): Promise<{ clouds: Record<string, Cloud>; problems: Problem[] }> {
  const problems: Problem[] = [];
  const clouds: Record<string, Cloud> = {};
  if (section === undefined) {
    const reading = readCloud(sources.env);
    if (reading.cloud) clouds['default'] = reading.cloud;
    problems.push(...reading.problems.map((message) => ({ path: '', message })));
    return { clouds, problems };
  }
  // DRS_ENDPOINT and IAM_ENDPOINT speak of one cloud: with several they could send one's passwords to another.
  const lonely = Object.keys(section).length === 1;
  for (const [name, settings] of Object.entries(section)) {
    const tell = (field: string, message: string): void =>
      void problems.push({ path: `clouds.${name}.${field}`, message });
    const cloud = await readOne(
      name,
      settings,
      { ...sources, env: lonely ? sources.env : withoutEndpoints(sources.env) },
      tell,
    );
    if (cloud) clouds[name] = cloud;
  }
  return { clouds, problems };
}

type Tell = (field: string, message: string) => void;

async function readOne(name: string, settings: Settings, sources: Sources, tell: Tell): Promise<Cloud | undefined> {
  const { region, rate } = settings;
  const standard = endpointsOf(region);
  const drsEndpoint = origin('drsEndpoint', settings.drsEndpoint ?? sources.env['DRS_ENDPOINT'] ?? standard.drs, tell);
  const iamEndpoint = origin('iamEndpoint', settings.iamEndpoint ?? sources.env['IAM_ENDPOINT'] ?? standard.iam, tell);
  const own = settings.credentials && (await ownCredentials(settings.credentials, sources));
  const fromEnv = settings.credentials ? undefined : environmentCredentials(region, sources.env, tell);
  const projectId = settings.projectId ?? fromEnv?.projectId;
  const credentials = own ?? fromEnv?.credentials;
  const ca = settings.caFile && (await certificates(resolve(sources.base, settings.caFile), tell));
  if (!drsEndpoint || !iamEndpoint || !credentials) return undefined;
  return {
    name,
    region,
    drsEndpoint,
    iamEndpoint,
    credentials,
    ...(projectId && { projectId }),
    ...(ca && { ca }),
    ...(rate && { rate }),
  };
}

function origin(field: string, address: string, tell: Tell): string | undefined {
  const problem = endpointProblem(address);
  if (problem === undefined) return new URL(address).origin;
  tell(field, problem);
  return undefined;
}

function environmentCredentials(region: string, env: Env, tell: Tell): Cloud | undefined {
  const { cloud, problems } = readCloud({ ...withoutEndpoints(env), HW_REGION_NAME: region });
  for (const problem of problems) tell('credentials', problem);
  return cloud;
}

/** Undefined when one of them cannot be read; that is told once, where the secret stands. */
async function ownCredentials(
  { ak, sk, user, password, domain }: NonNullable<Settings['credentials']>,
  { secrets, env }: Sources,
): Promise<Credentials | undefined> {
  const value = async (secret: { secret: string } | undefined): Promise<string> => {
    const entry = secrets[secret?.secret ?? ''];
    return entry ? await readSecret(secret?.secret ?? '', entry, env).catch(() => '') : '';
  };
  const credentials = ak
    ? { ak: await value(ak), sk: await value(sk) }
    : { user: user ?? '', password: await value(password), domain: domain ?? '' };
  return Object.values(credentials).every(Boolean) ? credentials : undefined;
}

async function certificates(path: string, tell: Tell): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    tell('caFile', `${path} holds no PEM certificate`);
  } catch (error) {
    tell('caFile', `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return undefined;
}

const withoutEndpoints = ({ DRS_ENDPOINT: _drs, IAM_ENDPOINT: _iam, ...env }: Env): Env => env;
