import { z } from 'zod';
import { checked, invalid, missing } from '../check.js';
import { Refusal } from '../codes.js';
import type { Named } from '../faults.js';
import type { Job, Side } from '../job.js';
import { statusOf } from '../lifecycle.js';
import { type Database, hash, type World } from '../world.js';
import { PASSWORD_STATUSES, storePassword } from './control.js';
import { DB_TYPES, flag, jobId, kafkaAccess, NETS, side, text, upToTen, wholePort } from './fields.js';
import { byJobId, type Call, type Ctx, counted, perJob, type Routes, route, unique } from './route.js';
import { forwardRuns, mustBe, notParent } from './rules.js';

/** 6.1.2, Table 6-15. */
const test = z
  .strictObject({
    id: jobId,
    net_type: z.enum(NETS),
    db_type: z.enum(DB_TYPES),
    ip: text,
    db_port: wholePort.optional(),
    inst_id: z.string().optional(),
    db_user: z.string().optional(),
    db_password: z.string().optional(),
    ssl_link: flag.optional(),
    ssl_cert_key: z.string().optional(),
    ssl_cert_name: z.string().optional(),
    ssl_cert_check_sum: z.string().optional(),
    ssl_cert_password: z.string().optional(),
    vpc_id: z.string().optional(),
    subnet_id: z.string().optional(),
    end_point_type: side,
    region: z.string().optional(),
    project_id: z.string().optional(),
    db_name: z.string().optional(),
    kafka_security_config: kafkaAccess.optional(),
  })
  .superRefine((job, ctx) => {
    const need = (when: boolean, reason: string, ...fields: (keyof typeof job)[]) => {
      for (const field of fields) if (when && !job[field]) missing(ctx, [field], reason);
    };
    need(job.db_type !== 'kafka', 'but for Kafka', 'db_user', 'db_password');
    need(job.net_type === 'vpc', 'with net_type vpc', 'vpc_id', 'subnet_id');
    need(job.ssl_link === true, 'with ssl_link', 'ssl_cert_key', 'ssl_cert_name', 'ssl_cert_check_sum');
    need(job.inst_id !== undefined && job.inst_id !== '', 'for a cloud instance', 'region');
    if (job.db_type === 'mongodb' && job.db_port) invalid(ctx, ['db_port'], '0 for MongoDB and DDS');
    if (job.db_type !== 'mongodb' && job.db_port === 0) invalid(ctx, ['db_port'], '1 to 65535');
  });

interface Target {
  db_type: string;
  ip: string;
  db_port?: number | undefined;
  inst_id?: string | undefined;
  db_user?: string | undefined;
  db_password?: string | undefined;
}

/** What a try to connect comes to: a `Refusal` with a code of the connection family, or nothing. */
export function connect(world: World, { ip, db_port, db_user, db_password }: Target): void {
  if (world.databases.length === 0) return;
  for (const address of ip.split(',')) {
    const [host = '', own] = address.trim().split(':');
    const here = world.databases.filter((database) => database.ip === host);
    if (here.length === 0) throw new Refusal('DRS.KE0001', `no database at ${host}`);
    const asked = own ? Number(own) : db_port || undefined;
    const open = here.filter(
      (database) => database.port === undefined || asked === undefined || database.port === asked,
    );
    if (open.length === 0) throw new Refusal('DRS.KE0003', `nothing listens at ${host}:${asked}`);
    if (!open.some((database) => admits(database, db_user, db_password)))
      throw new Refusal('DRS.KE0002', `${host} refuses this user or password`);
  }
}

const admits = (database: Database, user?: string, password?: string) =>
  database.user === user && database.password === password;

function tested(world: World, job: Job, which: Side, target: Target): void {
  delete job.tested[which];
  world.changed();
  const created = job.spec[which === 'so' ? 'source_endpoint' : 'target_endpoint'] as { db_type?: string };
  if (created.db_type && created.db_type !== target.db_type)
    throw new Refusal('DRS.KE0059', `the task was created for ${created.db_type}, not ${target.db_type}`);
  connect(world, target);
  const { ip, inst_id, db_user, db_password } = target;
  job.tested[which] = { ip, inst_id, db_user, password: db_password === undefined ? undefined : hash(db_password) };
}

function testable(ctx: Ctx<unknown>, id: string): Job {
  const job = ctx.world.job(ctx.project, id);
  mustBe(job, 'CONFIGURATION');
  return job;
}

/** 6.1.3, Table 6-23: what stands in `property`, spelt as it has it. */
const member = z
  .strictObject({
    dbtype: z.enum(DB_TYPES),
    dbport: wholePort.optional(),
    ssllink: flag,
    nettype: z.enum(NETS),
    endpointtype: z.enum(['so', 'ta', 'ls']),
    ip: text,
    dbName: z.string().optional(),
    instid: z.string().optional(),
    dbuser: z.string().optional(),
    dbpassword: z.string().optional(),
    sslcertkey: z.string().optional(),
    sslcertname: z.string().optional(),
    sslcertchecksum: z.string().optional(),
    kafkaSecurityConfig: kafkaAccess.optional(),
    // The examples have these besides.
    projectId: z.string().optional(),
    region: z.string().optional(),
    vpcid: z.string().optional(),
    subnetid: z.string().optional(),
    dbUseType: z.string().optional(),
    encrypt: z.unknown().optional(),
  })
  .superRefine((given, ctx) => {
    if (given.dbtype !== 'kafka' && !given.dbuser) missing(ctx, ['dbuser'], 'but for Kafka');
    if (given.dbtype !== 'kafka' && !given.dbpassword) missing(ctx, ['dbpassword'], 'but for Kafka');
    if (given.dbport === undefined && !given.ip.split(',').every((each) => each.includes(':')))
      missing(ctx, ['dbport'], 'where ip carries none');
    for (const field of ['sslcertkey', 'sslcertname', 'sslcertchecksum'] as const)
      if (given.ssllink && !given[field]) missing(ctx, [field], 'with ssllink');
  });

function members(property: string, call: Call): z.output<typeof member>[] {
  let given: unknown;
  try {
    given = JSON.parse(property);
  } catch {
    throw new Refusal('DRS.M00202', 'property is no JSON', { about: 'property' });
  }
  const { value, unknownFields } = checked(z.array(member).min(1), given);
  call.unknownFields.push(...unknownFields.map((field) => `property${field}`));
  return value;
}

const sidesOf = (property: string): string[] => {
  try {
    return (JSON.parse(property) as { endpointtype?: string }[]).map(({ endpointtype }) => String(endpointtype));
  } catch {
    return [];
  }
};

export const connections: Routes = {
  'POST /v3/{project_id}/jobs/batch-connection': route({
    operation: 'batchValidateConnections',
    status: 200,
    body: z.strictObject({ jobs: upToTen(test) }),
    names: ({ jobs }): Named[] => jobs.map(({ id, end_point_type }) => ({ id, endPointType: end_point_type })),
    handle: (ctx) => {
      unique(ctx.body.jobs.map(({ id }) => id));
      const results = perJob(ctx, ctx.body.jobs, {
        name: ({ id, end_point_type }) => ({ id, endPointType: end_point_type }),
        act: (given) => {
          const job = ctx.world.job(ctx.project, given.id);
          notParent(job);
          forwardRuns(ctx.world, job);
          tested(ctx.world, testable(ctx, given.id), given.end_point_type, given);
          return { success: true, id: given.id, status: 'success' };
        },
        failed: ({ id }, { code, text: error_msg }) => ({
          success: false,
          id,
          status: 'failed',
          error_code: code,
          error_msg,
        }),
      });
      return { results, count: results.length };
    },
  }),

  'POST /v3/{project_id}/jobs/cluster/batch-connection': route({
    operation: 'batchValidateClustersConnections',
    status: 200,
    body: z.strictObject({
      jobs: upToTen(z.strictObject({ action: z.literal('testConnection'), job_id: jobId, property: text })),
    }),
    names: byJobId,
    handle: (ctx) => {
      unique(ctx.body.jobs.map(({ job_id }) => job_id));
      const all = ctx.body.jobs.map((job) => ({ ...job, members: members(job.property, ctx.call) }));
      return counted(
        perJob(ctx, all, {
          name: ({ job_id, property }) => ({ id: job_id, endPointType: sidesOf(property)[0] }),
          act: ({ job_id, members: given }) => {
            // Of several tasks in one it is also how passwords change, once they run.
            const known = ctx.world.job(ctx.project, job_id);
            const running = known.spec.engine_type === 'mongodb' && PASSWORD_STATUSES.includes(statusOf(known));
            const job = running ? known : testable(ctx, job_id);
            for (const each of given) {
              const end = each.endpointtype === 'ta' ? 'ta' : 'so';
              if (running) {
                storePassword(ctx.world, job, end, each.dbpassword ?? '');
                continue;
              }
              const {
                dbtype: db_type,
                dbport: db_port,
                instid: inst_id,
                dbuser: db_user,
                dbpassword: db_password,
              } = each;
              const target = { db_type, db_port, inst_id, db_user, db_password, ip: each.ip };
              // A shard must answer, too, but what is stored later is the cluster's own address.
              if (each.endpointtype === 'ls') connect(ctx.world, target);
              else tested(ctx.world, job, end, target);
            }
            return { id: job_id, status: 'true' };
          },
          failed: ({ job_id }, { code, text: error_msg }) => ({
            id: job_id,
            status: 'false',
            error_code: code,
            error_msg,
          }),
        }),
      );
    },
  }),
};
