import { z } from 'zod';
import { endpointProblem } from '../drs/auth/credentials.js';
import { isList, withRules } from '../drs/operations/common.js';
import { operations } from '../drs/operations/index.js';
import { CodecServerSection, Encryption } from '../encryption/sections.js';
import { Duration } from '../workflows/plans/common.js';
import { approverRules, Group } from './approvers.js';
import { templateProblems } from './hook-template.js';

/** What drs-pilot.yaml may hold, section by section. Strict: an unknown key is a mistake, not a wish. */

export const KINDS = [
  'migration',
  'synchronization',
  'disaster-recovery',
  'switchover',
  'comparison',
  'operation',
] as const;
export const PERMISSIONS = ['allow', 'approve', 'deny'] as const;
export const WEBHOOK_EVENTS = [
  'gateOpened',
  'reminder',
  'failure',
  'end',
  'threshold',
  'recovered',
  'inconsistent',
  'notFinished',
  'approvalsVoided',
  'escalated',
] as const;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LOG_FORMATS = ['auto', 'json', 'text'] as const;

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const NAME_RULE = 'must be a name: up to 63 lower-case letters, digits and hyphens, a letter or digit first';

/** A section whose keys are names. */
const named = <S extends z.ZodType>(entry: S) =>
  withRules(z.record(z.string(), entry), (section, tell) => {
    for (const name of Object.keys(section)) if (!NAME.test(name)) tell([name], NAME_RULE);
  });

const text = z.string().min(1);
const names = z.array(text).min(1);

/** Never a value: whoever may read the configuration may not yet read the passwords. */
const SecretRef = z.strictObject(
  { secret: z.string().regex(NAME, NAME_RULE) },
  { error: ({ input }) => (input === undefined ? 'is missing' : 'must name a secret: { secret: NAME }') },
);

const Cloud = z.strictObject({
  region: z.string().regex(/^[a-z0-9-]{2,40}$/, 'must be a region, for instance eu-west-101'),
  projectId: text.optional(),
  drsEndpoint: text.optional(),
  iamEndpoint: text.optional(),
  credentials: withRules(
    z.strictObject({
      ak: SecretRef.optional(),
      sk: SecretRef.optional(),
      user: text.optional(),
      password: SecretRef.optional(),
      domain: text.optional(),
    }),
    (credentials, tell) => {
      const family =
        credentials.ak || credentials.sk ? (['ak', 'sk'] as const) : (['user', 'password', 'domain'] as const);
      for (const field of family)
        if (credentials[field] === undefined)
          tell(field, `is missing: credentials are ak and sk, or user, password and domain`);
      const other = family[0] === 'ak' ? (['user', 'password', 'domain'] as const) : [];
      for (const field of other) if (credentials[field] !== undefined) tell(field, 'does not go with ak and sk');
    },
  ).optional(),
  caFile: text.optional(),
  rate: z.strictObject({ perSecond: z.number().positive(), burst: z.int().min(1) }).optional(),
});

const Secret = withRules(
  z.strictObject({
    file: text.optional(),
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional(),
    hosts: z
      .array(z.string().regex(/^[^\s,*?]+$/, 'must be one host or host:port, without wildcards'))
      .min(1)
      .optional(),
    instances: z
      .array(z.string().regex(/^[^\s,*?]+$/, 'must be the id of one instance'))
      .min(1)
      .optional(),
    users: names.optional(),
  }),
  (secret, tell) => {
    if (secret.file !== undefined && secret.env !== undefined)
      tell('env', 'does not go with file: a secret has one place');
  },
).nullable();

const Webhook = z.strictObject({
  url: z.union([z.string().refine(isWebAddress, 'must be an address: https://…'), SecretRef]),
  key: SecretRef.optional(),
  events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).optional(),
});

function isWebAddress(address: string): boolean {
  return URL.canParse(address) && ['http:', 'https:'].includes(new URL(address).protocol);
}

const Bucket = z.strictObject({
  endpoint: text.superRefine((address, context) => {
    const problem = endpointProblem(address);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  prefix: z
    .string()
    .regex(/^([A-Za-z0-9_][A-Za-z0-9._=@+-]*\/?)*$/, 'must be a path without a slash in front: drs-pilot/')
    .max(200)
    .optional(),
  region: text.optional(),
  forcePathStyle: z.boolean().optional(),
  accessKey: SecretRef,
  secretKey: SecretRef,
});

/** Headers that are ours, or that only HTTP itself may set. */
const RESERVED = /^(host|connection|content-length|transfer-encoding|upgrade|expect|idempotency-key|x-drs-pilot-.*)$/i;

const Hook = withRules(
  z.strictObject({
    url: z.union([z.string().refine(isWebAddress, 'must be an address: https://…'), SecretRef]),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    headers: z
      .record(z.string(), z.union([z.string().regex(/^[\x20-\x7e]*$/, 'must be plain text on one line'), SecretRef]))
      .optional(),
    body: z.json().optional(),
    key: SecretRef.optional(),
    timeout: Duration.refine((ms) => ms >= 1_000 && ms <= 3_600_000, 'must be between 1s and 1h').optional(),
    retries: z.int().min(0).max(20).optional(),
    drillSafe: z.boolean().optional(),
  }),
  (hook, tell) => {
    for (const header of Object.keys(hook.headers ?? {})) {
      if (!/^[A-Za-z0-9-]+$/.test(header)) tell(['headers', header], 'is no name of a header');
      else if (RESERVED.test(header)) tell(['headers', header], 'is set by drs-pilot itself');
    }
    if (hook.body !== undefined && hook.method === 'GET') tell('body', 'does not go with GET');
    for (const { path, message } of templateProblems(hook.body)) tell(['body', ...path], message);
    const { url } = hook as { url?: unknown };
    const secrets = secretsIn({ headers: hook.headers, body: hook.body }, []);
    if (typeof url === 'string' && isWebAddress(url) && secrets.length > 0 && endpointProblem(new URL(url).origin))
      tell('url', 'must be https: over http, the secrets beside it could be read on the way');
  },
);

const Store = withRules(z.strictObject({ directory: text.optional(), s3: Bucket.optional() }), (store, tell) => {
  if (store.directory === undefined && store.s3 === undefined)
    tell([], 'must have a place: { directory: PATH } or { s3: … }');
  if (store.directory !== undefined && store.s3 !== undefined) tell('s3', 'does not go with directory');
});

const OperationId = text.refine(
  (id) => Object.hasOwn(operations, id),
  'is no operation of DRS: `drs-pilot operations` lists them',
);
const GateName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be the name of a gate: start, cutover, test-connections');

const Rule = z.strictObject({
  kinds: z.array(z.enum(KINDS)).min(1).optional(),
  tasks: names.optional(),
  gates: z.array(GateName).min(1).optional(),
  operations: z.array(OperationId).min(1).optional(),
  approvals: z.int().min(1).max(20).optional(),
  group: text.optional(),
  escalateTo: text.optional(),
  force: z.boolean().optional(),
  fourEyes: z.boolean().optional(),
});

const Policy = z.strictObject({
  operations: withRules(z.record(z.string(), z.enum(PERMISSIONS)), (policy, tell) => {
    for (const id of Object.keys(policy))
      if (!Object.hasOwn(operations, id)) tell([id], 'is no operation of DRS: `drs-pilot operations` lists them');
  }).optional(),
  orders: z.enum(PERMISSIONS).optional(),
  tasks: names.optional(),
  tags: z.record(z.string(), z.string()).optional(),
});

/** Where a worker tells how it is, and how it logs. */
const Telemetry = z.strictObject({
  address: z.string().refine(isListenAddress, 'must be HOST:PORT, for instance 127.0.0.1:9464').optional(),
  metrics: z.boolean().optional(),
  otlp: z
    .strictObject({ endpoint: z.string().refine(isWebAddress, 'must be an address: http://collector:4318') })
    .optional(),
  logs: z.strictObject({ level: z.enum(LOG_LEVELS).optional(), format: z.enum(LOG_FORMATS).optional() }).optional(),
});

function isListenAddress(address: string): boolean {
  const [, host, port] = /^(\[[0-9a-fA-F:]+\]|[^:/@\s]+):(\d{1,5})$/.exec(address) ?? [];
  return host !== undefined && Number(port) <= 65_535;
}

/** As Temporal's server takes them. */
export const DeploymentName = z
  .string()
  .regex(/^(?!__)[^\s.:]{1,200}$/, 'must be a name without dots, colons, spaces, and "__" in front');
export const BuildId = z
  .string()
  .regex(/^(?!__)[^\s:]{1,200}$/, 'must be an id without colons, spaces, and "__" in front');

export const ConfigFile = withRules(
  z.strictObject({
    clouds: named(Cloud).optional(),
    secrets: named(Secret).optional(),
    webhooks: named(Webhook).optional(),
    hooks: named(Hook).optional(),
    stores: named(Store).optional(),
    approvers: named(Group).optional(),
    rules: z.array(Rule).optional(),
    policy: Policy.optional(),
    encryption: Encryption.optional(),
    codecServer: CodecServerSection.optional(),
    temporal: z
      .strictObject({
        taskQueue: text.optional(),
        uiUrl: z.string().refine(isWebAddress, 'must be an address: http://…').optional(),
        deployment: z.strictObject({ name: DeploymentName.optional(), buildId: BuildId.optional() }).optional(),
      })
      .optional(),
    telemetry: Telemetry.optional(),
  }),
  (file, tell) => {
    const known = new Set(entriesOf(file.secrets).map(([name]) => name));
    for (const section of ['clouds', 'webhooks', 'hooks', 'stores', 'encryption', 'codecServer'] as const) {
      for (const { path, secret } of secretsIn(file[section], [section])) {
        if (!known.has(secret)) tell(path, `secrets has no "${secret}"`);
      }
    }
    if (Object.keys(file.clouds ?? { default: {} }).length === 0)
      tell('clouds', 'must hold at least one cloud, or be left out');
    approverRules(file.approvers, file.rules, tell);
    if (!isList(file.rules)) return;
    file.rules.forEach((rule, index) => {
      if (typeof rule?.escalateTo === 'string') {
        if (!entriesOf(file.approvers).some(([name]) => name === rule.escalateTo))
          tell(['rules', index, 'escalateTo'], `approvers has no group "${rule.escalateTo}"`);
        if (rule.group === undefined)
          tell(['rules', index, 'escalateTo'], 'goes with group: without one anybody may decide from the start');
      }
      if (typeof rule?.group !== 'string') return;
      const group = entriesOf(file.approvers).find(([name]) => name === rule.group)?.[1] as
        | { members?: unknown }
        | undefined;
      if (!group) tell(['rules', index, 'group'], `approvers has no group "${rule.group}"`);
      else if (isList(group.members) && typeof rule.approvals === 'number' && rule.approvals > group.members.length) {
        tell(['rules', index, 'approvals'], `is more than the ${group.members.length} members of ${rule.group}`);
      }
    });
  },
);
export type ConfigFile = z.output<typeof ConfigFile>;

/** What of a broken file is right in itself: what is wrong with it otherwise can still be told. */
export function usableParts(file: unknown): Pick<ConfigFile, 'clouds' | 'secrets' | 'stores' | 'encryption'> {
  const right = <S extends z.ZodType>(section: unknown, entry: S): Record<string, z.output<S>> =>
    Object.fromEntries(
      entriesOf(section).flatMap(([name, value]) => {
        const parsed = entry.safeParse(value);
        return parsed.success ? [[name, parsed.data] as const] : [];
      }),
    );
  const { clouds, secrets, stores, encryption } = (typeof file === 'object' && file !== null ? file : {}) as {
    clouds?: unknown;
    secrets?: unknown;
    stores?: unknown;
    encryption?: unknown;
  };
  return {
    clouds: right(clouds, Cloud),
    secrets: right(secrets, Secret),
    stores: right(stores, Store),
    encryption: Encryption.safeParse(encryption).data,
  };
}

const entriesOf = (section: unknown): [string, unknown][] =>
  typeof section === 'object' && section !== null ? Object.entries(section) : [];

function secretsIn(value: unknown, path: readonly string[]): { path: readonly string[]; secret: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  return entries.flatMap(([key, inner]) =>
    key === 'secret' && typeof inner === 'string' && entries.length === 1
      ? [{ path: [...path, key], secret: inner }]
      : secretsIn(inner, [...path, key]),
  );
}
