import type { UseType } from '../plans/task.js';

/** The DRS task that a run drives. */
export interface Task {
  readonly jobId: string;
  /** Where it stood when the run got hold of it. */
  readonly status: string;
  readonly useType: UseType;
  readonly cloud?: string | undefined;
  /** Days after which DRS stops a failed task by itself. */
  readonly expiredDays: number;
}

/** What activities need to find it. */
export const at = ({ jobId, useType, cloud, expiredDays }: Task) => ({
  jobId,
  useType,
  expiredDays,
  ...(cloud && { cloud }),
});
