import type { Job } from '../job.js';
import { isStopping, statusOf } from '../lifecycle.js';

/** 6.1.19, `job_action`: what the examples show for the statuses they have, the nearest of them for the others. */
const CONFIGURING = [
  'CREATE',
  'START',
  'CHANGE',
  'CHOOSE_OBJECT',
  'PRE_CHECK',
  'CHANGE_MODE',
  'FREE_RESOURCE',
  'MODIFY_DB_CONFIG',
  'API_CONFIGURATION_ACTION',
];
const RUNNING = [
  'CREATE',
  'CHOOSE_OBJECT',
  'PRE_CHECK',
  'CHANGE_MODE',
  'FREE_RESOURCE',
  'MODIFY_DB_CONFIG',
  'RESET_DB_PWD',
  'MODIFY_CONFIGURATION',
  'PAUSE',
];
const FAILED = [...RUNNING, 'RETRY', 'RESET'];
const ENDED = ['CREATE', 'DELETE', 'PRE_CHECK', 'CHANGE_MODE', 'MODIFY_DB_CONFIG', 'CLONE'];
const CREATE_FAILED = [
  'CREATE',
  'DELETE',
  'START',
  'CHANGE',
  'CHOOSE_OBJECT',
  'PRE_CHECK',
  'CHANGE_MODE',
  'MODIFY_DB_CONFIG',
  'API_CONFIGURATION_ACTION',
];

const BY_STATUS: Readonly<Record<string, readonly string[]>> = {
  CREATE_FAILED,
  CONFIGURATION: CONFIGURING,
  FULL_TRANSFER_STARTED: RUNNING,
  FULL_TRANSFER_COMPLETE: RUNNING,
  INCRE_TRANSFER_STARTED: RUNNING,
  START_JOB_FAILED: FAILED,
  FULL_TRANSFER_FAILED: FAILED,
  INCRE_TRANSFER_FAILED: FAILED,
  PAUSING: ['CREATE', 'FREE_RESOURCE', 'RESET_DB_PWD', 'RETRY'],
  WAITING_FOR_START: ['CREATE', 'FREE_RESOURCE', 'START'],
  RELEASE_RESOURCE_FAILED: ['CREATE', 'FREE_RESOURCE'],
  RELEASE_RESOURCE_COMPLETE: ENDED,
};

const ALL = [
  ...new Set([...CONFIGURING, ...FAILED, ...ENDED]),
  'QUERY_PRE_CHECK',
  'SWITCH_OVER',
  'MODIFY_SPECIFICATION_ID',
  'JUMP_RETRY',
  'START_INCR',
  'MODIFY_TASK_NUMBER',
  'CONTINUE_JOB',
  'STOP_JOB',
  'CONTINUE_CAPTURE',
  'STOP_CAPTURE',
  'CONTINUE_APPLY',
  'STOP_APPLY',
  'PAY_ORDER',
  'UNSUBSCRIBE',
  'TO_PERIOD',
  'TO_RENEW',
  'ORDER_INFO',
  'CHANGE_FLAVOR',
];

export function available(job: Job): string[] {
  const now = [...(BY_STATUS[statusOf(job)] ?? ['CREATE'])];
  const runs = ['INCRE_TRANSFER_STARTED', 'INCRE_TRANSFER_FAILED'].includes(statusOf(job));
  return job.spec.db_use_type === 'cloudDataGuard' && runs && !job.spec.multi_write ? [...now, 'SWITCH_OVER'] : now;
}

export const unavailable = (job: Job): string[] => {
  const now = available(job);
  return ALL.filter((action) => !now.includes(action));
};

/** What is going on: only a switchover and a pause are told. */
export function currentAction(job: Job): 'SWITCH_OVER' | 'STOP_JOB' | undefined {
  if (job.switching) return 'SWITCH_OVER';
  return isStopping(job) ? 'STOP_JOB' : undefined;
}
