import { resolve } from 'node:path';
import type { Cloud, Env } from '../drs/auth/credentials.js';
import { type Problem, problemsOf } from '../drs/operations/common.js';
import { ConfigError, readConfigFile } from '../encryption/config-file.js';
import { type KeyRing, NO_KEYS, readKeyRing } from '../encryption/key-ring.js';
import { readSecret } from '../encryption/secret.js';
import { traceProblem } from '../telemetry/settings.js';
import { readClouds } from './clouds.js';
import {
  ConfigFile,
  type KINDS,
  type LOG_FORMATS,
  type LOG_LEVELS,
  type PERMISSIONS,
  usableParts,
  WEBHOOK_EVENTS,
} from './config-schema.js';
import { type Deployment, readDeployment } from './deployment.js';
import type { Json } from './hook-template.js';
import { missingDirectories, type StoreEntry, storeEntry } from './stores/entries.js';

export { ConfigError };

export type SpecKind = (typeof KINDS)[number];
export type Permission = (typeof PERMISSIONS)[number];
export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

/** Where a secret's value lies, and with what it may be used. Without hosts and instances it is for clouds and webhooks only. */
export interface SecretEntry {
  readonly file: string;
  readonly env?: string;
  readonly hosts: readonly string[];
  readonly instances: readonly string[];
  /** Empty: any user of those. */
  readonly users: readonly string[];
}

export interface WebhookEntry {
  /** An address, or the secret that holds it: chat systems put keys into theirs. */
  readonly url: string | { readonly secret: string };
  /** Secret that messages are signed with. */
  readonly key?: { readonly secret: string };
  readonly events: readonly WebhookEventName[];
}

/** An HTTP call that specs can name. */
export interface HookEntry {
  readonly url: string | { readonly secret: string };
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string | { readonly secret: string }>>;
  /** Left out: all that drs-pilot has to say. */
  readonly body?: Json;
  /** Secret that calls are signed with, as webhooks are. */
  readonly key?: { readonly secret: string };
  /** Milliseconds of one try. */
  readonly timeout: number;
  /** Further tries after one that failed. */
  readonly retries: number;
  readonly drillSafe: boolean;
}

export interface Member {
  /** Without keys a claim: whoever may send a signal can give any name. */
  readonly name: string;
  /** Public keys of OpenSSH, `ssh-ed25519 AAAA…`. Either all members of a group have some, or none has. */
  readonly keys?: readonly string[];
}

/** Who must agree where; absent conditions match everything. */
export interface Rule {
  readonly kinds?: readonly SpecKind[];
  /** Globs over task names. */
  readonly tasks?: readonly string[];
  readonly gates?: readonly string[];
  readonly operations?: readonly string[];
  readonly approvals?: number;
  readonly group?: string;
  /** Specs may let members of this group decide, too, once a gate has been open for a while. */
  readonly escalateTo?: string;
  readonly force?: boolean;
  /** Whoever requested a run can't approve it; who that was is proved by a signature. */
  readonly fourEyes?: boolean;
}

export interface Policy {
  readonly operations: Readonly<Record<string, Permission>>;
  /** Yearly and monthly tasks, which are paid at once. */
  readonly orders: Permission;
  readonly tasks?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface TelemetryConfig {
  /** HOST:PORT of /metrics, /healthz and /readyz; absent where the file has no section `telemetry`. */
  readonly address?: string;
  readonly metrics: boolean;
  /** Where traces go; else the standard OTEL_EXPORTER_OTLP_ENDPOINT says it, and without that nothing is traced. */
  readonly otlp?: { readonly endpoint: string };
  readonly logs: {
    readonly level: (typeof LOG_LEVELS)[number];
    /** `auto`: text at a terminal, else JSON. */
    readonly format: (typeof LOG_FORMATS)[number];
  };
}

/** What a spec can only name: the worker's side of it. */
export interface WorkerConfig {
  /** With credentials in it: not for logs. */
  readonly clouds: Readonly<Record<string, Cloud>>;
  readonly secrets: Readonly<Record<string, SecretEntry>>;
  readonly webhooks: Readonly<Record<string, WebhookEntry>>;
  readonly hooks: Readonly<Record<string, HookEntry>>;
  readonly stores: Readonly<Record<string, StoreEntry>>;
  readonly approvers: Readonly<Record<string, readonly Member[]>>;
  readonly rules: readonly Rule[];
  readonly policy: Policy;
  /** Of payloads; not for logs either. */
  readonly keyRing: KeyRing;
  readonly temporal: {
    readonly taskQueue: string;
    readonly uiUrl?: string;
    /** Which version of which worker deployment this is; absent: none, as Temporal calls it unversioned. */
    readonly deployment?: Deployment;
  };
  readonly telemetry: TelemetryConfig;
}

/** Nobody but this host hears what a worker tells, unless the file says otherwise. */
const MONITOR = '127.0.0.1:9464';

/**
 * The worker's configuration: `file`, else DRS_PILOT_CONFIG, else ./drs-pilot.yaml where there is one, else the environment
 * alone (one cloud named `default`). Paths in the file count from its directory.
 * @throws ConfigError with all problems, secrets and certificates that cannot be read among them.
 */
export async function loadConfig({
  env = process.env,
  file,
}: {
  env?: Env;
  file?: string;
} = {}): Promise<WorkerConfig> {
  const { source, base, content } = await readConfigFile({ env, file });
  const parsed = ConfigFile.safeParse(content);
  const parts = parsed.success ? parsed.data : usableParts(content);
  const secrets = secretEntries(parts, base);
  const stores = mapValues(parts.stores ?? {}, (store) => storeEntry(store, base));

  const { clouds, problems } = await readClouds(parts.clouds, { secrets, env, base });
  const encryption = await readKeys(parts, secrets, env);
  const traces = traceProblem(env);
  const { deployment, problems: wrongVersion } = readDeployment(parsed.data?.temporal?.deployment, env);
  const told = [
    ...(parsed.success ? [] : problemsOf(parsed.error)),
    ...(traces ? [{ path: '', message: traces }] : []),
    ...(await unreadable(secrets, env)),
    ...(await missingDirectories(stores)),
    ...problems,
    ...encryption.problems,
    ...wrongVersion,
  ];
  if (!parsed.success || told.length > 0) throw new ConfigError(source, told);
  const rest = withDefaults(parsed.data);
  const temporal = { ...rest.temporal, ...(deployment && { deployment }) };
  return { ...rest, temporal, secrets, clouds, stores, keyRing: encryption.keyRing };
}

/**
 * The stores alone, for whoever reads them elsewhere than on a worker: the secrets of clouds and databases need not be there.
 * @throws ConfigError where the file is none
 */
export async function loadStores({
  env = process.env,
  file,
}: {
  env?: Env;
  file?: string;
} = {}): Promise<Pick<WorkerConfig, 'secrets' | 'stores'>> {
  const { source, base, content } = await readConfigFile({ env, file });
  const parsed = ConfigFile.safeParse(content);
  if (!parsed.success) throw new ConfigError(source, problemsOf(parsed.error));
  const { stores = {} } = parsed.data;
  return { secrets: secretEntries(parsed.data, base), stores: mapValues(stores, (store) => storeEntry(store, base)) };
}

function secretEntries({ secrets = {} }: Pick<ConfigFile, 'secrets'>, base: string): Record<string, SecretEntry> {
  return mapValues(secrets, (entry, name) => ({
    file: resolve(base, entry?.file ?? `/run/secrets/${name}`),
    ...(entry?.env !== undefined && { env: entry.env }),
    hosts: entry?.hosts ?? [],
    instances: entry?.instances ?? [],
    users: entry?.users ?? [],
  }));
}

/** Of secrets that can't be read is told where they stand. */
async function readKeys(
  { encryption }: Pick<ConfigFile, 'encryption'>,
  secrets: Readonly<Record<string, SecretEntry>>,
  env: Env,
): Promise<{ keyRing: KeyRing; problems: readonly Problem[] }> {
  if (!encryption) return { keyRing: NO_KEYS, problems: [] };
  const values = new Map<string, string>();
  for (const { secret } of Object.values(encryption.keys)) {
    const entry = Object.hasOwn(secrets, secret) ? secrets[secret] : undefined;
    const value = entry && (await readSecret(secret, entry, env).catch(() => undefined));
    if (value !== undefined) values.set(secret, value);
  }
  const readable = Object.fromEntries(Object.entries(encryption.keys).filter(([, { secret }]) => values.has(secret)));
  return await readKeyRing({ ...encryption, keys: readable }, async (secret) => values.get(secret) ?? '');
}

/** At start, so that a missing file is not found at three in the morning, at the cutover. */
async function unreadable(secrets: Readonly<Record<string, SecretEntry>>, env: Env): Promise<Problem[]> {
  const checks = Object.entries(secrets).map(async ([name, entry]) => {
    const problem = await readSecret(name, entry, env).then(
      () => undefined,
      (error: Error) => error.message.replace(/^secret "[^"]*": /, ''),
    );
    return problem === undefined ? [] : [{ path: `secrets.${name}`, message: problem }];
  });
  return (await Promise.all(checks)).flat();
}

function withDefaults({
  webhooks = {},
  hooks = {},
  approvers = {},
  rules = [],
  policy = {},
  temporal: { deployment: _, ...temporal } = {},
  telemetry,
}: ConfigFile): Omit<WorkerConfig, 'clouds' | 'secrets' | 'stores' | 'keyRing'> {
  return {
    webhooks: mapValues(webhooks, ({ events = WEBHOOK_EVENTS, ...webhook }) => ({ ...defined(webhook), events })),
    hooks: mapValues(
      hooks,
      ({ method = 'POST', headers = {}, timeout = 30_000, retries = 3, drillSafe = false, ...hook }) => ({
        ...defined(hook),
        method,
        headers,
        timeout,
        retries,
        drillSafe,
      }),
    ),
    approvers: mapValues(approvers, ({ members }) =>
      members.map((member) => (typeof member === 'string' ? { name: member } : defined(member))),
    ),
    rules: rules.map(defined),
    policy: { operations: {}, orders: 'deny', ...defined(policy) },
    temporal: { taskQueue: 'drs-pilot', ...defined(temporal) },
    telemetry: {
      ...(telemetry && { address: telemetry.address ?? MONITOR }),
      metrics: telemetry?.metrics ?? true,
      ...(telemetry?.otlp && { otlp: telemetry.otlp }),
      logs: { level: 'info', format: 'auto', ...defined(telemetry?.logs ?? {}) },
    },
  };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const defined = <T extends object>(object: T): Defined<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;

const mapValues = <T, R>(
  object: Readonly<Record<string, T>>,
  change: (value: T, key: string) => R,
): Record<string, R> => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
