import { z } from 'zod';
import { byIsSuccess, byMessage } from '../judges.js';
import { operation } from '../operation.js';
import { demand, flag, JobId, listOf, secret, text, withoutSecrets, withRules } from './common.js';

const Comment = z.string().nullish();

/** Tables 6-264 to 6-266. */
export const UserChoice = withRules(
  z.strictObject({
    job_id: JobId,
    password: secret(z.string()).nullish(),
    list: z
      .array(
        z.strictObject({
          id: z.string().min(1),
          account: z.string().min(1),
          comment: Comment,
          is_transfer: z.boolean(),
          privileges: z.array(z.string()).nullish(),
          password: secret(z.string()).nullish(),
          is_set_password: z.boolean().optional(),
          roles: z.array(z.string()),
          selected: z.boolean(),
        }),
      )
      .optional(),
    user_roles: z
      .array(
        z.strictObject({
          role: z.string().min(1),
          comment: Comment,
          is_transfer: z.boolean(),
          privileges: z.string(),
          inherits_roles: z.array(z.string()).nullish(),
          selected: z.boolean().nullish(),
        }),
      )
      .optional(),
    is_set_password: z.boolean(),
    is_migrate_user: z.boolean(),
    is_sync_object_privilege: z.boolean().optional(),
  }),
  (choice, tell) => {
    if (choice.is_migrate_user === true) demand(choice, ['list', 'user_roles'], 'with is_migrate_user', tell);
  },
);

/** Tables 6-268 and 6-273. */
const Users = withoutSecrets(
  z.looseObject({
    job_id: text(),
    is_global_password: text(),
    message: text(),
    is_success: flag(),
    user_list: listOf(
      z.looseObject({
        id: text(),
        account: text(),
        comment: text(),
        is_transfer: flag(),
        roles: listOf(z.string()),
        selected: flag(),
        no_privileges: text(),
        parent_account: text(),
        no_parent_account: text(),
      }),
    ),
    roles_list: listOf(
      z.looseObject({
        role: text(),
        comment: text(),
        is_transfer: flag(),
        privileges: text(),
        inherits_roles: listOf(z.string()),
        selected: flag(),
      }),
    ),
  }),
);

export const users = {
  batchUpdateUser: operation({
    section: '6.2.1',
    route: 'PUT /v3/{project_id}/jobs/batch-update-user',
    summary: 'Chooses the users and roles to migrate.',
    request: UserChoice,
    reply: Users,
    batch: { key: 'jobs', limit: 10, id: 'job_id', resultId: ['job_id', 'id'] },
    judge: byIsSuccess,
    repeatable: true,
    action: 'drs:migrationJob:modifyUserInfo',
  }),

  listUsers: operation({
    section: '6.2.2',
    route: 'GET /v3/{project_id}/jobs/{job_id}/get-src-user',
    summary: 'Lists users and roles of the source database.',
    request: z.strictObject({ job_id: JobId }),
    reply: Users,
    judge: byMessage,
    repeatable: true,
  }),
};
