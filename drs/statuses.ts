/**
 * Statuses of a task: A.4 and the longer list of 6.1.19, each with its meaning. Others may come: an unknown status is kept and
 * says nothing. STARTJOB_FAILED is the spelling of 6.1.15, START_JOB_FAILED of everywhere else.
 */
export const STATUSES = {
  CREATING: { group: 'creating', meaning: 'is being created' },
  CREATE_FAILED: { group: 'failed', meaning: 'could not be created; it can only be deleted' },
  CONFIGURATION: { group: 'configuring', meaning: 'exists and is being configured' },
  STARTJOBING: { group: 'starting', meaning: 'is starting' },
  WAITING_FOR_START: { group: 'starting', meaning: 'waits for its start time' },
  START_JOB_FAILED: { group: 'failed', meaning: 'could not be started' },
  PAUSING: { group: 'paused', meaning: 'is paused, or on the way to it while its current action is STOP_JOB' },
  FULL_TRANSFER_STARTED: { group: 'running', meaning: 'full transfer (of a DR task: initialisation) is running' },
  FULL_TRANSFER_FAILED: { group: 'failed', meaning: 'full transfer (of a DR task: initialisation) failed' },
  FULL_TRANSFER_COMPLETE: { group: 'running', meaning: 'full transfer (of a DR task: initialisation) is complete' },
  INCRE_TRANSFER_STARTED: {
    group: 'running',
    meaning: 'incremental transfer is running; of a DR task: disaster recovery is in place',
  },
  INCRE_TRANSFER_FAILED: {
    group: 'failed',
    meaning: 'incremental transfer failed; of a DR task: disaster recovery is disturbed',
  },
  RELEASE_RESOURCE_STARTED: { group: 'ending', meaning: 'is being ended' },
  RELEASE_RESOURCE_FAILED: { group: 'failed', meaning: 'could not be ended; end it again or by force' },
  RELEASE_RESOURCE_COMPLETE: { group: 'ended', meaning: 'has ended' },
  REBUILD_NODE_STARTED: { group: 'busy', meaning: 'its node is being rebuilt' },
  REBUILD_NODE_FAILED: { group: 'failed', meaning: 'its node could not be rebuilt' },
  CHANGE_JOB_STARTED: { group: 'busy', meaning: 'is being changed' },
  CHANGE_JOB_FAILED: { group: 'failed', meaning: 'could not be changed' },
  DELETED: { group: 'deleted', meaning: 'is deleted' },
  CHILD_TRANSFER_STARTING: { group: 'busy', meaning: 'a subtask for edited objects is starting' },
  CHILD_TRANSFER_STARTED: { group: 'busy', meaning: 'a subtask for edited objects is transferring' },
  CHILD_TRANSFER_COMPLETE: { group: 'busy', meaning: 'a subtask for edited objects is complete' },
  CHILD_TRANSFER_FAILED: { group: 'failed', meaning: 'a subtask for edited objects failed' },
  RELEASE_CHILD_TRANSFER_STARTED: { group: 'busy', meaning: 'a subtask for edited objects is being ended' },
  RELEASE_CHILD_TRANSFER_COMPLETE: { group: 'ended', meaning: 'a subtask for edited objects has ended' },
  NODE_UPGRADE_START: { group: 'busy', meaning: 'its node is being upgraded' },
  NODE_UPGRADE_COMPLETE: { group: 'busy', meaning: 'the upgrade of its node is complete' },
  NODE_UPGRADE_FAILED: { group: 'failed', meaning: 'its node could not be upgraded' },
} as const satisfies Record<string, { group: StatusGroup; meaning: string }>;

export type StatusGroup =
  | 'creating'
  | 'configuring'
  | 'starting'
  | 'running'
  | 'paused'
  | 'busy'
  | 'ending'
  | 'ended'
  | 'deleted'
  | 'failed';

export type TaskStatus = keyof typeof STATUSES;

/** As the reference writes them, for filters and enumerations. */
export const TASK_STATUSES = Object.keys(STATUSES) as [TaskStatus, ...TaskStatus[]];

/** Another spelling of the same status → the usual one. */
const STATUS_SPELLINGS: Readonly<Record<string, TaskStatus>> = { STARTJOB_FAILED: 'START_JOB_FAILED' };

const known = (status: string): TaskStatus | undefined => {
  const usual = Object.hasOwn(STATUS_SPELLINGS, status) ? (STATUS_SPELLINGS[status] as string) : status;
  return Object.hasOwn(STATUSES, usual) ? (usual as TaskStatus) : undefined;
};

/** The group of a status; undefined for one that this version doesn't know. */
export const groupOf = (status: string): StatusGroup | undefined => {
  const usual = known(status);
  return usual && STATUSES[usual].group;
};

/** What a status means, as the end of a sentence: `the task … is being created`. */
export const meaningOf = (status: string): string => {
  const usual = known(status);
  return usual ? STATUSES[usual].meaning : `has the status ${status}, which this version does not know`;
};

const grouped = (...groups: readonly StatusGroup[]) =>
  TASK_STATUSES.filter((status) => groups.includes(STATUSES[status].group));

/** 16 can retry a task in these. CREATE_FAILED is none of them: delete and create anew. */
export const RETRYABLE: readonly string[] = [
  'START_JOB_FAILED',
  'STARTJOB_FAILED',
  'FULL_TRANSFER_FAILED',
  'INCRE_TRANSFER_FAILED',
];

/** The only statuses in which a task can be deleted (6.1.14). */
export const DELETABLE: readonly string[] = [
  'CREATE_FAILED',
  'RELEASE_RESOURCE_COMPLETE',
  'RELEASE_CHILD_TRANSFER_COMPLETE',
];

/** The only statuses in which passwords can be changed (6.1.15). */
export const PASSWORD_CHANGEABLE: readonly string[] = [
  'STARTJOBING',
  'START_JOB_FAILED',
  'STARTJOB_FAILED',
  'FULL_TRANSFER_STARTED',
  'FULL_TRANSFER_FAILED',
  'FULL_TRANSFER_COMPLETE',
  'INCRE_TRANSFER_STARTED',
  'INCRE_TRANSFER_FAILED',
  'PAUSING',
];

/** Is paused, or on the way to it. */
export const PAUSED = 'PAUSING';

/** Being migrated, synchronised or in disaster recovery: what can be paused (6.1.13). */
export const RUNNING: readonly string[] = grouped('running');

/** Statuses that somebody must look at. */
export const FAILED: readonly string[] = [...grouped('failed'), 'STARTJOB_FAILED'];
