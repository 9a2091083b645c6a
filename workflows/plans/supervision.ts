import { z } from 'zod';
import { Duration, type Problem, type Raw } from './common.js';
import { asObject } from './requests.js';

/** How a running task is watched over, in every kind that can be. */
const common = {
  retries: z
    .int()
    .min(0)
    .max(20)
    .default(3)
    .meta({ description: 'How often a failure is retried by itself within `within`; then a person is asked.' }),
  within: Duration.default(3_600_000).meta({ description: 'The time in which retries are counted; 1h when left out.' }),
  for: Duration.default(600_000).meta({
    description: 'How long a threshold must be broken before the webhooks hear of it; 10m when left out.',
  }),
};

const limit = (what: string) =>
  Duration.default(300_000).meta({ description: `The threshold of the ${what}; 5m when left out.` });

export const supervise = z.boolean().default(false).meta({
  description: 'The run goes on for as long as the task runs: it retries, tells of thresholds, and takes updates.',
});

export const SyncSupervision = z.strictObject({ ...common, maxDelay: limit('incremental delay') });
export const RecoverySupervision = z.strictObject({ ...common, maxRpo: limit('RPO'), maxRto: limit('RTO') });

/** How a plan wants its task supervised. */
export interface Supervision {
  readonly retries: number;
  readonly within: number;
  readonly for: number;
  readonly maxDelay?: number;
  readonly maxRpo?: number;
  readonly maxRto?: number;
}

/** What holds where a spec says nothing. */
export const SYNC_SUPERVISION: Supervision = SyncSupervision.parse({});
export const RECOVERY_SUPERVISION: Supervision = RecoverySupervision.parse({});

export function superviseProblems(spec: Raw): Problem[] {
  const problem = (path: string, message: string): Problem[] => [{ path, message }];
  if (spec['supervise'] !== true)
    return spec['supervision'] === undefined ? [] : problem('supervision', 'goes with supervise: true');
  return asObject(spec['task'])['task_type'] === 'FULL_TRANS'
    ? problem('supervise', 'is not possible for FULL_TRANS: such a task ends with its full transfer')
    : [];
}
