import { z } from 'zod';
import { bySuccessStatus } from '../judges.js';
import { operation } from '../operation.js';
import { Done, digits, END_POINT_TYPES, EpochMs, JobId, oneOf, secret, type Tell, text, withRules } from './common.js';

const hour = (pattern: RegExp, sample: string) =>
  z.string().regex(pattern, { error: `must be a full hour of UTC like ${sample}` });

/** Table 6-62. UTC; a window may pass midnight, `end` belongs to it. */
export const SpeedWindow = z.strictObject({
  begin: hour(/^([01]\d|2[0-3]):00$/, '08:00'),
  end: hour(/^([01]\d|2[0-3]):59$/, '17:59'),
  speed: digits(1, 9999),
  is_utc: z.boolean().optional(),
});

/** The hours of the day that a window holds: 22:00–01:59 is 22, 23, 0, 1. Empty if it isn't written right. */
export function hoursOf(window: { readonly begin?: unknown; readonly end?: unknown }): number[] {
  const { begin, end } = window;
  if (
    typeof begin !== 'string' ||
    typeof end !== 'string' ||
    !SpeedWindow.shape.begin.safeParse(begin).success ||
    !SpeedWindow.shape.end.safeParse(end).success
  )
    return [];
  const first = Number(begin.slice(0, 2));
  const length = ((Number(end.slice(0, 2)) - first + 24) % 24) + 1;
  return Array.from({ length }, (_, offset) => (first + offset) % 24);
}

/** Tells of each window that shares an hour with an earlier one. */
export function overlapRules(windows: readonly unknown[], tell: Tell, at: readonly PropertyKey[] = []): void {
  const taken = new Map<number, number>();
  windows.forEach((window, index) => {
    const hours = typeof window === 'object' && window !== null ? hoursOf(window) : [];
    const other = hours.map((one) => taken.get(one)).find((one) => one !== undefined);
    if (other !== undefined) tell([...at, index], `overlaps window ${other + 1}`);
    for (const one of hours) if (!taken.has(one)) taken.set(one, index);
  });
}

/** At most ten windows that don't overlap; none lifts the limit. */
export const SpeedWindows = withRules(z.array(SpeedWindow).max(10), (windows, tell) => {
  if (Array.isArray(windows)) overlapRules(windows, tell);
});

/** 6.1.15. A task has two passwords, so one request may hold two entries of a task. */
export const PasswordChange = z.strictObject({
  job_id: JobId,
  end_point_type: oneOf(END_POINT_TYPES),
  db_password: secret(),
  kerberos: z
    .strictObject({
      krb5_conf_file: z.string().min(1).optional(),
      key_tab_file: secret().optional(),
      domain_name: z.string().min(1).optional(),
      user_principal: z.string().min(1).optional(),
    })
    .optional(),
});

const byJobId = { key: 'jobs', limit: 10, id: 'job_id', resultId: ['id', 'job_id'] } as const;

export const control = {
  batchStartJobs: operation({
    section: '6.1.11',
    route: 'POST /v3/{project_id}/jobs/batch-starting',
    summary: 'Starts tasks, now or at start_time. A yearly or monthly task is ordered and paid by it.',
    request: z.strictObject({
      job_id: JobId,
      is_only_init_task: z.boolean().optional(),
      start_time: z.union([EpochMs, z.literal('')]).optional(),
    }),
    reply: Done.extend({ order_id: text() }),
    batch: { ...byJobId, alone: true },
    judge: bySuccessStatus,
    repeatable: false,
    action: 'drs:migrationJob:action',
  }),

  batchRestoreTask: operation({
    section: '6.1.12',
    route: 'POST /v3/{project_id}/jobs/batch-retry-task',
    summary: 'Retries failed tasks, resumes paused ones; is_sync_re_edit after an edit of objects.',
    request: z.strictObject({ job_id: JobId, is_sync_re_edit: z.boolean().optional() }),
    reply: Done,
    batch: byJobId,
    judge: bySuccessStatus,
    repeatable: false,
    action: 'drs:migrationJob:action',
  }),

  batchStopJobs: operation({
    section: '6.1.13',
    route: 'POST /v3/{project_id}/jobs/batch-pause-task',
    summary: 'Pauses tasks: only the replay (target) or the capture of logs as well (all).',
    request: z.strictObject({ job_id: JobId, pause_mode: oneOf(['target', 'all']) }),
    reply: Done,
    batch: { ...byJobId, alone: true },
    judge: bySuccessStatus,
    repeatable: false,
    action: 'drs:migrationJob:action',
  }),

  batchDeleteJobs: operation({
    section: '6.1.14',
    route: 'DELETE /v3/{project_id}/jobs/batch-jobs',
    summary: 'Ends tasks (terminate, force_terminate) or deletes ended ones.',
    request: z.strictObject({
      job_id: JobId,
      delete_type: oneOf(['terminate', 'force_terminate', 'delete']),
      is_show_breakpoint_position: z.boolean().optional(),
    }),
    reply: Done,
    batch: { ...byJobId, alone: true },
    judge: bySuccessStatus,
    repeatable: false,
    action: 'drs:migrationJobs:delete',
    roles: ['RDS ReadOnlyAccess', 'VPC FullAccess', 'SMN FullAccess'],
  }),

  batchSetSpeed: operation({
    section: '6.1.8',
    route: 'PUT /v3/{project_id}/jobs/batch-limit-speed',
    summary: 'Limits the transfer speed by hours of the day; an empty list lifts the limit.',
    request: z.strictObject({ job_id: JobId, speed_limit: SpeedWindows }),
    reply: Done,
    batch: { ...byJobId, key: 'speed_limits' },
    judge: bySuccessStatus,
    repeatable: true,
    action: 'drs:migrationJobs:update',
  }),

  batchResetPassword: operation({
    section: '6.1.15',
    route: 'PUT /v3/{project_id}/jobs/batch-modify-pwd',
    summary: 'Changes the stored password of a source or target database after the start.',
    request: PasswordChange,
    reply: Done.extend({ end_point_type: text() }),
    batch: { ...byJobId, part: 'end_point_type', alone: true },
    judge: bySuccessStatus,
    repeatable: true,
    action: 'drs:migrationJobs:update',
  }),

  batchSetDefiner: operation({
    section: '6.1.16',
    route: 'POST /v3/{project_id}/jobs/batch-replace-definer',
    summary: "Says whether definers become the target's user.",
    request: z.strictObject({ job_id: JobId, replace_definer: z.boolean() }),
    reply: Done,
    batch: byJobId,
    judge: bySuccessStatus,
    repeatable: true,
    action: 'drs:migrationJob:updateJobConfig',
  }),
};
