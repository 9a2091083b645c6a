import { z } from 'zod';

export { type Problem, problemLines, problemsOf } from './problems.js';

/* Building blocks of requests (strict) and replies (lenient). A cross-field rule goes through `withRules`, never through refine. */

type Loose<T> = T extends readonly (infer I)[]
  ? readonly Loose<I>[]
  : T extends object
    ? { readonly [K in keyof T]?: Loose<T[K]> | undefined }
    : T;

/** Reports a problem of the field at `path`, counted from the object that the rules stand on. */
export type Tell = (path: string | readonly PropertyKey[], message: string) => void;

/**
 * Adds rules between fields that hold however broken the rest is (zod drops them once a field is wrong). The rules see the raw
 * input: any field may be missing or of another type.
 */
export const withRules = <S extends z.ZodType>(schema: S, rules: (value: Loose<z.output<S>>, tell: Tell) => void): S =>
  schema.superRefine(
    (value, context) => {
      if (typeof value !== 'object' || value === null) return;
      rules(value as Loose<z.output<S>>, (path, message) => {
        context.addIssue({ code: 'custom', path: typeof path === 'string' ? [path] : [...path], message });
      });
    },
    { when: () => true },
  );

/** Tells of each of `fields` that the value lacks. */
export function demand<T extends object>(
  value: T,
  fields: readonly (keyof T & string)[],
  because: string,
  tell: Tell,
  at: readonly PropertyKey[] = [],
): void {
  if (typeof value !== 'object' || value === null) return;
  for (const field of fields) if (value[field] === undefined) tell([...at, field], `is missing: mandatory ${because}`);
}

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** A word, a number or a truth as text, and no text for anything else: not every object can be made one. */
export const wordOf = (value: unknown): string =>
  typeof value === 'object' || typeof value === 'function' ? '' : String(value ?? '');

/** An enumeration of the reference. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, {
    error: ({ input }) =>
      `${input === undefined ? 'is missing' : 'must be'}: one of ${values.map((value) => value || '""').join(', ')}`,
  });

/** The same, where the reference's examples say "no filter" with an empty string. */
export const filterOf = <const T extends readonly [string, ...string[]]>(values: T) => oneOf(['', ...values]);

/** A field that holds a password or key. Its JSON Schema says `writeOnly`. */
export const secret = <S extends z.ZodType = z.ZodString>(schema?: S): S =>
  (schema ?? z.string().min(1)).meta({ secret: true, writeOnly: true }) as S;

/** Names of fields, in requests and replies, whose values nobody may see. `property` is 6.1.3's text with passwords in it. */
export const SECRET_FIELDS = [
  'db_password',
  'dbpassword',
  'ssl_cert_password',
  'trust_store_password',
  'key_store_password',
  'key_store_key',
  'key_password',
  'key_tab_file',
  'password',
  'property',
  'full_trans_user_pwd',
  'increment_trans_user_pwd',
] as const;

// ---- enumerations

export const DB_USE_TYPES = ['migration', 'sync', 'cloudDataGuard'] as const;
export type UseType = (typeof DB_USE_TYPES)[number];
export const JOB_DIRECTIONS = ['up', 'down', 'non-dbs'] as const;
export const NET_TYPES = ['vpn', 'vpc', 'eip'] as const;
export const NODE_TYPES = ['micro', 'small', 'medium', 'high', 'xlarge', '2xlarge'] as const;
export const TASK_TYPES = ['FULL_TRANS', 'FULL_INCR_TRANS', 'INCR_TRANS'] as const;
export const DB_TYPES = ['mysql', 'mongodb', 'gaussdbv5', 'gaussdbv5ha', 'kafka', 'postgresql', 'oracle'] as const;
export const END_POINT_TYPES = ['so', 'ta'] as const;

/** Engine types of 6.1.1 and what a task of each can be. When reading, others occur and are kept. */
export const ENGINES = {
  mysql: ['migration', 'sync'],
  mongodb: ['migration'],
  'cloudDataGuard-mysql': ['cloudDataGuard'],
  gaussdbv5: ['sync'],
  'mysql-to-kafka': ['sync'],
  'taurus-to-kafka': ['sync'],
  'gaussdbv5ha-to-kafka': ['sync'],
  postgresql: ['sync'],
  'oracle-to-gaussdbv5': ['sync'],
  'oracle-to-gaussdbv5ha': ['sync'],
  'gaussdbv5-to-oracle': ['sync'],
  'gaussdbv5ha-to-oracle': ['sync'],
  'gaussdbv5-to-kafka': ['sync'],
} as const satisfies Record<string, readonly UseType[]>;

export type EngineType = keyof typeof ENGINES;
export const ENGINE_TYPES = Object.keys(ENGINES) as [EngineType, ...EngineType[]];

// ---- requests

const form = (pattern: RegExp, message: string) => z.string().regex(pattern, { error: message });

/** The reference says UUID, its own ids (`…jb101`) are none. */
export const JobId = form(/^[0-9a-zA-Z-]{1,64}$/, 'must be an id: letters, digits and hyphens');

/** An id of another service (VPC, subnet, instance, EIP). */
export const ResourceId = form(/^[0-9a-zA-Z_-]{1,64}$/, 'must be an id: letters, digits, hyphens and underscores');

export const TaskName = form(
  /^[A-Za-z][A-Za-z0-9_-]{3,49}$/,
  'must have 4 to 50 characters, a letter first, then letters, digits, hyphens and underscores',
);

export const Description = form(/^[^!<>'&"\\]{0,256}$/u, 'must have at most 256 characters, none of ! < > \' & " \\');

/** Milliseconds since 1970, as text. */
export const EpochMs = form(/^\d{13}$/, 'must be a time in milliseconds since 1970, 13 digits as text');

/** A whole number that travels as text. */
export const digits = (least: number, most: number) =>
  z.string().refine((text) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most, {
    error: `must be a whole number from ${least} to ${most}, as text`,
  });

/** Table 6-7. */
export const Tag = z.strictObject({
  key: form(/^[\p{L}\p{N}_-]{1,36}$/u, 'must have 1 to 36 characters: letters, digits, underscores and hyphens'),
  value: form(/^[\p{L}\p{N}_-]{0,43}$/u, 'must have at most 43 characters: letters, digits, underscores and hyphens'),
});

export const Tags = z.array(Tag).max(20);

const Delay = z.int().min(0).max(3600);

/** Tables 6-32 and 6-182: mobile numbers or addresses. */
export const Subscription = z.strictObject({
  endpoints: z.array(z.string().min(1)).max(10).optional(),
  protocol: oneOf(['sms', 'email']).optional(),
});

/** Table 6-31. Delays in seconds, 0 is off. */
export const AlarmNotify = z.strictObject({
  delay_time: Delay.optional(),
  rto_delay: Delay.optional(),
  rpo_delay: Delay.optional(),
  alarm_to_user: z.boolean().optional(),
  subscriptions: z.array(Subscription).max(2).optional(),
});

const KafkaFields = z.strictObject({
  type: oneOf(['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL']).optional(),
  trust_store_key_name: z.string().min(1).optional(),
  trust_store_key: z.string().min(1).optional(),
  trust_store_password: secret().optional(),
  endpoint_algorithm: z.string().optional(),
  sasl_mechanism: oneOf(['GSSAPI', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).optional(),
  delegation_tokens: z.boolean().optional(),
  enable_key_store: z.boolean().optional(),
  key_store_key: secret().optional(),
  key_store_key_name: z.string().min(1).optional(),
  key_store_password: secret().optional(),
  set_private_key_password: z.boolean().optional(),
  key_password: secret().optional(),
});

/** Tables 6-6, 6-16, 6-24 and 6-34: one object; the connection tests name more of it mandatory than the other calls. */
const kafkaSecurity = ({
  trust = [],
  store = [],
}: {
  trust?: readonly 'trust_store_password'[];
  store?: readonly 'key_store_password'[];
}) =>
  withRules(KafkaFields, (kafka, tell) => {
    if (kafka.type === 'SSL' || kafka.type === 'SASL_SSL') {
      demand(kafka, ['trust_store_key_name', 'trust_store_key', ...trust], `with type ${kafka.type}`, tell);
    }
    if (kafka.type === 'SASL_PLAINTEXT' || kafka.type === 'SASL_SSL')
      demand(kafka, ['sasl_mechanism'], `with type ${kafka.type}`, tell);
    if (kafka.enable_key_store === true) {
      demand(kafka, ['key_store_key', 'key_store_key_name', ...store], 'with enable_key_store', tell);
      if (kafka.set_private_key_password === true)
        demand(kafka, ['key_password'], 'with set_private_key_password', tell);
    }
    const scram = kafka.sasl_mechanism?.startsWith?.('SCRAM') && kafka.type?.startsWith?.('SASL');
    if (kafka.delegation_tokens === true && !scram)
      tell('delegation_tokens', 'works only with a SASL type and a SCRAM mechanism');
  });

export const KafkaSecurity = kafkaSecurity({});
export const KafkaSecurityOfTest = kafkaSecurity({ trust: ['trust_store_password'] });
export const KafkaSecurityOfClusterTest = kafkaSecurity({
  trust: ['trust_store_password'],
  store: ['key_store_password'],
});

export const DbName = form(/^[^!<>&'\\"]{1,128}$/u, 'must have 1 to 128 characters, none of ! < > & \' \\ "');

/** 1–65535, and 0 for MongoDB and DDS, whose ip carries the ports. */
export const Port = z.int().min(0).max(65_535);

/** The rules of a port: 0 for MongoDB, with the ports in the ip, and only there. */
export function portRules(
  ip: unknown,
  port: unknown,
  dbType: unknown,
  at: { ip: string; port: string },
  tell: Tell,
): void {
  if (dbType === 'mongodb') {
    if (port !== undefined && port !== 0) tell(at.port, 'must be 0 for mongodb, whose ip carries the ports');
    if (typeof ip === 'string' && !/^[^,]+:\d+(,[^,]+:\d+)*$/.test(ip))
      tell(at.ip, 'must be host:port, several separated by commas, for mongodb');
  } else if (port === 0 && dbType !== undefined) tell(at.port, 'must be 1 to 65535');
}

const EndpointFields = z.strictObject({
  db_type: oneOf(DB_TYPES).optional(),
  az_code: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
  inst_id: ResourceId.optional(),
  vpc_id: ResourceId.optional(),
  subnet_id: ResourceId.optional(),
  security_group_id: ResourceId.optional(),
  project_id: ResourceId.optional(),
  db_name: DbName.optional(),
  db_password: secret().optional(),
  db_port: Port.optional(),
  db_user: z.string().min(1).optional(),
  inst_name: z.string().min(1).optional(),
  ip: z.string().min(1).optional(),
  mongo_ha_mode: z.string().min(1).optional(),
  safe_mode: z.literal([0, 1]).optional(),
  ssl_cert_password: secret().optional(),
  ssl_cert_check_sum: z.string().min(1).optional(),
  ssl_cert_key: z.string().min(1).optional(),
  ssl_cert_name: z.string().min(1).optional(),
  ssl_link: z.boolean().optional(),
  topic: z.string().min(1).optional(),
  cluster_mode: z.literal('Sharding4.0+').optional(),
  kafka_security_config: KafkaSecurity.optional(),
});

/** What ssl_link needs, in every call that has it. */
export const SSL_FIELDS = ['ssl_cert_key', 'ssl_cert_name', 'ssl_cert_check_sum'] as const;

/** Tables 6-5 and 6-33: a database as a task knows it, before (6.1.1) and after (6.1.4) the connection test. */
export const Endpoint = withRules(EndpointFields, (endpoint, tell) => {
  if (endpoint.inst_id !== undefined) demand(endpoint, ['region'], 'with inst_id', tell);
  if (endpoint.ssl_link === true) demand(endpoint, SSL_FIELDS, 'with ssl_link', tell);
  portRules(endpoint.ip, endpoint.db_port, endpoint.db_type, { ip: 'ip', port: 'db_port' }, tell);
});

/** 6.1.20 and others answer five rows unless asked for more. */
export const PAGE_OF_ALL = { cur_page: 1, per_page: 100 } as const;

/** Offset and limit of the newer lists; some name a most. */
export const offsetAndLimit = (most = Number.MAX_SAFE_INTEGER) => ({
  limit: z.int().min(1).max(most).optional(),
  offset: z.int().min(0).optional(),
});

// ---- replies: what doesn't fit is dropped, what is unknown is kept, null is absent

/** Text, also where the service sends a number or a boolean. */
export const text = () =>
  z
    .union([z.string(), z.number(), z.boolean()])
    .transform((value) => String(value))
    .optional()
    .catch(undefined);

/** A number, also as text; "" and "NA" are none. */
export const number = () =>
  z
    .union([z.number(), z.string().regex(/^\s*-?\d+(\.\d+)?\s*$/)])
    .transform(Number)
    .optional()
    .catch(undefined);

/** A boolean, also as text. */
export const flag = () =>
  z
    .union([z.boolean(), z.string().regex(/^(true|false)$/i)])
    .transform((value) => (typeof value === 'string' ? value.toLowerCase() === 'true' : value))
    .optional()
    .catch(undefined);

/** A list, also null or absent; rows that don't fit are dropped. */
export const listOf = <S extends z.ZodType>(row: S) =>
  z
    .array(row.optional().catch(undefined))
    .transform((rows) => rows.filter((one): one is NonNullable<typeof one> => one !== undefined))
    .optional()
    .catch(undefined);

/** An object, also null or absent. */
export const part = <S extends z.ZodType>(schema: S) => schema.optional().catch(undefined);

/** A reply that could carry passwords, without them: they don't leave this module, masked or not. */
export const withoutSecrets = <S extends z.ZodType>(schema: S) =>
  schema.transform((value) => dropSecrets(value) as z.output<S>);

function dropSecrets(value: unknown): unknown {
  if (isList(value)) return value.map(dropSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([field]) => !(SECRET_FIELDS as readonly string[]).includes(field));
  return Object.fromEntries(kept.map(([field, inner]) => [field, dropSecrets(inner)]));
}

/** An object some of whose fields are spelt in two ways: `names` is other spelling → the one that the reader gets. */
export const spelt = <S extends z.ZodType>(names: Readonly<Record<string, string>>, schema: S) =>
  z.preprocess((value) => {
    if (typeof value !== 'object' || value === null) return value;
    const object: Record<string, unknown> = { ...value };
    for (const [other, name] of Object.entries(names)) {
      if (object[name] === undefined && object[other] !== undefined) object[name] = object[other];
    }
    return object;
  }, schema);

/** A reply that says nothing but whether it was done. */
export const Done = z.looseObject({ id: text(), status: text() });
