import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import type { JobAt } from './job.js';
import { resolveSecrets } from './secrets.js';
import type { Services } from './services.js';

export interface UsersInput extends JobAt {
  readonly users:
    | 'none'
    | 'all'
    | {
        readonly accounts?: readonly string[] | undefined;
        readonly roles?: readonly string[] | undefined;
        readonly password?: { readonly secret: string } | undefined;
      };
  /** The endpoint that the users will be made on: a password for them is its secret. */
  readonly target: Readonly<Record<string, unknown>>;
}

/** §6.2.2 and §6.2.1 in one: the source's grants never go through a history. Gives one line on what was chosen. */
export const migrateUsers =
  (services: Services) =>
  async ({ jobId, cloud, users, target }: UsersInput): Promise<string> => {
    const { drs } = services.cloud(cloud);
    const signal = cancellationSignal();
    if (users === 'none') {
      await drs.batchUpdateUser({ job_id: jobId, is_migrate_user: false, is_set_password: false }, { signal });
      return 'none';
    }
    const { user_list = [], roles_list = [] } = await drs.listUsers({ job_id: jobId }, { signal });
    const chosen = (name: string | undefined, wanted: readonly string[] | undefined) =>
      users === 'all' || (wanted ?? []).includes(name ?? '');
    const { accounts, roles } = users === 'all' ? { accounts: undefined, roles: undefined } : users;
    missing(
      'account',
      accounts,
      user_list.map(({ account }) => account),
      jobId,
    );
    missing(
      'role',
      roles,
      roles_list.map(({ role }) => role),
      jobId,
    );

    const list = user_list.map((user) => ({
      id: user.id ?? user.account ?? '',
      account: user.account ?? '',
      comment: user.comment ?? '',
      is_transfer: user.is_transfer ?? false,
      roles: user.roles ?? [],
      selected: (user.is_transfer ?? false) && chosen(user.account, accounts),
    }));
    const user_roles = roles_list.map((role) => ({
      role: role.role ?? '',
      comment: role.comment ?? '',
      is_transfer: role.is_transfer ?? false,
      privileges: role.privileges ?? '',
      inherits_roles: role.inherits_roles ?? [],
      selected: (role.is_transfer ?? false) && chosen(role.role, roles),
    }));
    const secret = users === 'all' ? undefined : users.password;
    const { password } = await resolveSecrets({ ...target, password: secret }, services.secrets, {
      operation: 'batchUpdateUser',
    });
    const plain = typeof password === 'string' ? password : undefined;
    await drs.batchUpdateUser(
      {
        job_id: jobId,
        is_migrate_user: true,
        is_set_password: plain !== undefined,
        ...(plain !== undefined && { password: plain }),
        list,
        user_roles,
      },
      { signal },
    );
    const left = [...list, ...user_roles].filter((one) => !one.is_transfer).length;
    const count = (rows: readonly { selected: boolean }[]) => rows.filter(({ selected }) => selected).length;
    return `${count(list)} users, ${count(user_roles)} roles${left > 0 ? `; ${left} cannot be migrated` : ''}`;
  };

function missing(
  what: string,
  wanted: readonly string[] | undefined,
  there: readonly (string | undefined)[],
  jobId: string,
): void {
  const absent = (wanted ?? []).filter((name) => !there.includes(name));
  if (absent.length === 0) return;
  throw new DrsError(
    'notFound',
    `the source has no ${what} ${absent.join(', ')} that DRS shows. Mend the names or create them, then retry.`,
    { operation: 'listUsers', jobId },
  );
}
