import type { UseType } from '../../drs/operations/common.js';

/** The DRS task that a run drives. */
export interface Task {
  readonly jobId: string;
  /** Where it stood when the run got hold of it. */
  readonly status: string;
  readonly useType: UseType;
  /** Of a subtask. */
  readonly parentId?: string | undefined;
  /** Of a subtask: its own name, and the direction that DRS tells. */
  readonly name?: string | undefined;
  readonly direction?: string | undefined;
  readonly cloud?: string | undefined;
  /** Days after which DRS stops a failed task by itself. */
  readonly expiredDays: number;
}

/** The subtasks of a dual-active task, and the direction of the task itself. */
export interface Family {
  readonly direction?: string;
  readonly tasks: readonly Task[];
}

/** What activities need to find it. */
export const at = ({ jobId, parentId, useType, cloud, expiredDays }: Task) => ({
  jobId,
  useType,
  expiredDays,
  ...(parentId && { parentId }),
  ...(cloud && { cloud }),
});
