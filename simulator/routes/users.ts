import { z } from 'zod';
import { missing } from '../check.js';
import { Refusal } from '../codes.js';
import type { Job } from '../job.js';
import { flag, jobId, some, text } from './fields.js';
import { byJobId, perJob, type Routes, route, unique } from './route.js';
import { mustBeTested, mustLive } from './rules.js';

/** 6.2.1, Tables 6-264 to 6-266. */
const update = z
  .strictObject({
    job_id: jobId,
    password: z.string().optional(),
    list: z
      .array(
        z.strictObject({
          id: text,
          account: text,
          comment: z.string().optional(),
          is_transfer: flag,
          privileges: z.array(z.string()).optional(),
          password: z.string().optional(),
          is_set_password: flag.optional(),
          roles: z.array(z.string()),
          selected: flag,
        }),
      )
      .optional(),
    user_roles: z
      .array(
        z.strictObject({
          role: text,
          comment: z.string().optional(),
          is_transfer: flag,
          privileges: z.string(),
          inherits_roles: z.array(z.string()).optional(),
          selected: flag.optional(),
        }),
      )
      .optional(),
    is_set_password: flag,
    is_migrate_user: flag,
    is_sync_object_privilege: flag.optional(),
  })
  .superRefine((given, ctx) => {
    if (!given.is_migrate_user) return;
    for (const field of ['list', 'user_roles'] as const)
      if (!given[field]) missing(ctx, [field], 'where users are migrated');
  });

/** Users are for migrations and for PostgreSQL, after the connection tests. */
function mayHaveUsers(job: Job): void {
  if (job.spec.db_use_type !== 'migration' && job.spec.engine_type !== 'postgresql')
    throw new Refusal('DRS.M00302', 'users are for migrations and PostgreSQL');
  mustLive(job);
  mustBeTested(job);
}

const user = (id: string, roles: string[], is_transfer = true) => ({
  id,
  account: id,
  comment: '',
  privileges: null,
  password: null,
  roles,
  selected: null,
  is_transfer,
});

const GRANTS = 'GRANT SELECT, INSERT, UPDATE, DELETE ON *.*';

function sourceUsers(job: Job): object {
  const mongodb = job.spec.engine_type === 'mongodb';
  return {
    message: 'SUCCESS',
    user_list: mongodb
      ? [user('admin.app', ['admin.readAnyDatabase']), user('orders.report', ['orders.read'])]
      : [user("'app'@'%'", ["'writer'@'%'"]), user("'report'@'%'", []), user("'legacy'@'10.0.0.%'", [], false)],
    roles_list: [
      {
        role: mongodb ? 'admin.writer' : "'writer'@'%'",
        comment: '',
        privileges: mongodb ? "[{u'resource': {u'db': u'orders', u'collection': u''}, u'actions': [u'find']}]" : GRANTS,
        selected: null,
        is_transfer: true,
        inherits_roles: [],
      },
    ],
  };
}

export const users: Routes = {
  'PUT /v3/{project_id}/jobs/batch-update-user': route({
    operation: 'batchUpdateUser',
    status: 200,
    body: z.strictObject({ jobs: some(update) }),
    names: byJobId,
    handle: (ctx) => {
      unique(ctx.body.jobs.map(({ job_id }) => job_id));
      const results = perJob(ctx, ctx.body.jobs, {
        name: ({ job_id }) => ({ id: job_id }),
        act: ({ job_id, is_migrate_user, list = [], user_roles = [] }) => {
          const job = ctx.world.job(ctx.project, job_id);
          mayHaveUsers(job);
          job.users = { is_migrate_user, users: list.map(({ id }) => id), roles: user_roles.map(({ role }) => role) };
          ctx.world.changed();
          return { job_id, is_success: true };
        },
        // Table 6-268 has no code of its own: `message` is it.
        failed: ({ job_id }, { code }) => ({ job_id, is_success: false, message: code }),
      });
      return { all_counts: results.length, results };
    },
  }),

  'GET /v3/{project_id}/jobs/{job_id}/get-src-user': route({
    operation: 'listUsers',
    status: 200,
    reads: true,
    handle: (ctx) => {
      const job = ctx.world.job(ctx.project, ctx.params['job_id'] ?? '');
      mayHaveUsers(job);
      return sourceUsers(job);
    },
  }),
};
