import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import { detailsOf, type JobAt } from './job.js';
import { resolveSecrets } from './secrets.js';
import type { Services } from './services.js';

export interface PasswordInput extends JobAt {
  readonly end: 'source' | 'target';
  /** Where the spec says that the password is for. */
  readonly endpoint: Readonly<Record<string, unknown>>;
  readonly password: { readonly secret: string };
}

/** §6.1.15. The call names only the task, so the secret is checked against the endpoint that the task really has (§6.1.20). */
export const changePassword =
  (services: Services) =>
  async ({ end, endpoint, password, ...job }: PasswordInput): Promise<void> => {
    const signal = cancellationSignal();
    const details = await detailsOf(services, job);
    const stored = details[end === 'source' ? 'source_endpoint' : 'target_endpoint'];
    for (const field of ['ip', 'inst_id', 'db_user'] as const) {
      const [there, said] = [stored?.[field], endpoint[field]];
      if (there !== undefined && said !== undefined && String(there) !== String(said)) {
        throw new DrsError(
          'permission',
          `refused before any call: the ${end}'s ${field} of ${job.jobId} is not the one that the spec has`,
          { operation: 'batchResetPassword', jobId: job.jobId },
        );
      }
    }
    const { db_password } = await resolveSecrets({ ...endpoint, db_password: password }, services.secrets, {
      operation: 'batchResetPassword',
    });
    await services.cloud(job.cloud).drs.batchResetPassword(
      {
        job_id: job.jobId,
        end_point_type: end === 'source' ? 'so' : 'ta',
        db_password: db_password as unknown as string,
      },
      { signal },
    );
  };
