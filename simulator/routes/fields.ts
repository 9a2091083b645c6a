import { z } from 'zod';
import { invalid, missing } from '../check.js';

/** Fields and objects that more than one call has. */
export const text = z.string().min(1);
export const jobId = text;
export const flag = z.boolean();
export const side = z.enum(['so', 'ta']);

export const USES = ['migration', 'sync', 'cloudDataGuard'] as const;
export const DIRECTIONS = ['up', 'down', 'non-dbs'] as const;
export const NETS = ['vpn', 'vpc', 'eip'] as const;
export const TASK_TYPES = ['FULL_TRANS', 'INCR_TRANS', 'FULL_INCR_TRANS'] as const;
export const NODE_TYPES = ['micro', 'small', 'medium', 'high', 'xlarge', '2xlarge'] as const;
export const DB_TYPES = ['mysql', 'mongodb', 'gaussdbv5', 'gaussdbv5ha', 'kafka', 'postgresql', 'oracle'] as const;
/** Engine type → what it may be used for. */
export const ENGINES = {
  mysql: ['migration', 'sync'],
  mongodb: ['migration'],
  'cloudDataGuard-mysql': ['cloudDataGuard'],
  gaussdbv5: ['sync'],
  'mysql-to-kafka': ['sync'],
  'taurus-to-kafka': ['sync'],
  'gaussdbv5ha-to-kafka': ['sync'],
  'gaussdbv5-to-kafka': ['sync'],
  postgresql: ['sync'],
  'oracle-to-gaussdbv5': ['sync'],
  'oracle-to-gaussdbv5ha': ['sync'],
  'gaussdbv5-to-oracle': ['sync'],
  'gaussdbv5ha-to-oracle': ['sync'],
} as const satisfies Record<string, readonly string[]>;
export const ENGINE_TYPES = Object.keys(ENGINES) as [keyof typeof ENGINES, ...(keyof typeof ENGINES)[]];

/** At most ten jobs a request, where the reference says so. */
export const upToTen = <S extends z.ZodType>(job: S) =>
  z
    .array(job)
    .min(1)
    .superRefine((jobs, ctx) => {
      if (jobs.length > 10)
        ctx.addIssue({
          code: 'custom',
          message: `${jobs.length} jobs, at most 10`,
          params: { code: 'DRS.M00300', about: 'at most 10 jobs are allowed' },
        });
    });
export const some = <S extends z.ZodType>(job: S) => z.array(job).min(1);

/** Without `! < > ' & " \`. */
export const plain = (max: number) =>
  z
    .string()
    .max(max)
    .superRefine((value, ctx) => {
      const found = /[!<>'&"\\]/.exec(value)?.[0];
      if (found)
        ctx.addIssue({ code: 'custom', message: `contains ${found}`, params: { code: 'DRS.M00273', about: found } });
    });

export const taskName = z
  .string()
  .min(1)
  .regex(/^[A-Za-z][A-Za-z0-9_-]{3,49}$/, '4 to 50 letters, digits, - and _, a letter first');

const tagText = (max: number) =>
  z.string().superRefine((value, ctx) => {
    if (value.length > max)
      ctx.addIssue({ code: 'custom', message: `longer than ${max}`, params: { code: 'DRS.M00270' } });
    else if (!/^[A-Za-z0-9_-]*$/.test(value))
      ctx.addIssue({ code: 'custom', message: 'letters, digits, _ and -', params: { code: 'DRS.M00202' } });
  });

export const tags = z.array(z.strictObject({ key: tagText(36), value: tagText(43) })).superRefine((all, ctx) => {
  if (all.length > 20)
    ctx.addIssue({ code: 'custom', message: `${all.length} tags, at most 20`, params: { code: 'DRS.M00271' } });
  if (new Set(all.map(({ key }) => key)).size < all.length)
    ctx.addIssue({ code: 'custom', message: 'a key stands twice', params: { code: 'DRS.M00269' } });
});

export const wholePort = z.number().int().min(0).max(65535);

/** In 6.1.4 the reference's own example writes it as a string. */
export const port = z
  .union([z.number().int(), z.string().regex(/^\d+$/)])
  .transform(Number)
  .refine((value) => value >= 0 && value <= 65535, '0 to 65535');

const SASL = ['GSSAPI', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export const kafkaSecurity = z
  .strictObject({
    type: z.enum(['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL']).optional(),
    trust_store_key_name: z.string().optional(),
    trust_store_key: z.string().optional(),
    trust_store_password: z.string().optional(),
    endpoint_algorithm: z.string().optional(),
    sasl_mechanism: z.enum(SASL).optional(),
    delegation_tokens: flag.optional(),
    enable_key_store: flag.optional(),
    key_store_key: z.string().optional(),
    key_store_key_name: z.string().optional(),
    key_store_password: z.string().optional(),
    set_private_key_password: flag.optional(),
    key_password: z.string().optional(),
  })
  .superRefine((security, ctx) => {
    const ssl = security.type === 'SSL' || security.type === 'SASL_SSL';
    if (ssl && !security.trust_store_key_name) missing(ctx, ['trust_store_key_name'], 'with SSL');
    if (ssl && !security.trust_store_key) missing(ctx, ['trust_store_key'], 'with SSL');
    if (security.enable_key_store && !security.key_store_key) missing(ctx, ['key_store_key'], 'with two-way SSL');
    if (security.enable_key_store && !security.key_store_key_name)
      missing(ctx, ['key_store_key_name'], 'with two-way SSL');
    if (security.enable_key_store && security.set_private_key_password && !security.key_password)
      missing(ctx, ['key_password'], 'with a private key password');
  });

/** 6.1.2 and 6.1.3 ask for more than the other calls. */
export const kafkaAccess = kafkaSecurity.superRefine((security, ctx) => {
  const ssl = security.type === 'SSL' || security.type === 'SASL_SSL';
  if (ssl && !security.trust_store_password) missing(ctx, ['trust_store_password'], 'with SSL');
  if (security.type?.startsWith('SASL') && !security.sasl_mechanism) missing(ctx, ['sasl_mechanism'], 'with SASL');
  if (security.enable_key_store && !security.key_store_password)
    missing(ctx, ['key_store_password'], 'with two-way SSL');
});

/** What a secured source needs, and one of Oracle. */
export function sourceRules(source: z.output<typeof endpoint>, ctx: z.core.$RefinementCtx): void {
  if (source.ssl_link && !source.ssl_cert_check_sum)
    missing(ctx, ['source_endpoint', 'ssl_cert_check_sum'], 'with ssl_link');
  if (source.db_type === 'oracle' && !source.db_name) missing(ctx, ['source_endpoint', 'db_name'], 'for Oracle');
}

/** Table 6-5 and 6-33. */
export const endpoint = z
  .strictObject({
    db_type: z.enum(DB_TYPES).optional(),
    az_code: z.string().optional(),
    region: z.string().optional(),
    inst_id: z.string().optional(),
    vpc_id: z.string().optional(),
    subnet_id: z.string().optional(),
    security_group_id: z.string().optional(),
    project_id: z.string().optional(),
    db_name: plain(128).optional(),
    db_password: z.string().optional(),
    db_port: port.optional(),
    db_user: z.string().optional(),
    inst_name: z.string().optional(),
    ip: z.string().optional(),
    mongo_ha_mode: z.string().optional(),
    safe_mode: z.union([z.literal(0), z.literal(1)]).optional(),
    ssl_cert_password: z.string().optional(),
    ssl_cert_check_sum: z.string().optional(),
    ssl_cert_key: z.string().optional(),
    ssl_cert_name: z.string().optional(),
    ssl_link: flag.optional(),
    topic: z.string().optional(),
    cluster_mode: z.enum(['Sharding4.0+']).optional(),
    kafka_security_config: kafkaSecurity.optional(),
  })
  .superRefine((given, ctx) => {
    if (given.inst_id && !given.region) missing(ctx, ['region'], 'for a cloud instance');
    if (given.db_port === 0 && given.db_type !== undefined && given.db_type !== 'mongodb')
      invalid(ctx, ['db_port'], '1 to 65535');
  });

const delay = z.number().int().min(0).max(3600);
export const subscriptions = z
  .array(z.strictObject({ endpoints: z.array(text).max(10).optional(), protocol: z.enum(['sms', 'email']).optional() }))
  .max(2);
export const alarmNotify = z.strictObject({
  delay_time: delay.optional(),
  rto_delay: delay.optional(),
  rpo_delay: delay.optional(),
  alarm_to_user: flag.optional(),
  subscriptions: subscriptions.optional(),
});

/** Secrets of an endpoint never stay in the state. */
const SECRETS = ['db_password', 'ssl_cert_password', 'ssl_cert_key', 'kafka_security_config'];
export const withoutSecrets = (given: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([key]) => !SECRETS.includes(key)));
