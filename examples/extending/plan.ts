import { z } from 'zod';
import { JobId } from '../../drs/operations/common.js';
import { Gate, planBase, type ReadSpec } from '../../workflows/plans/common.js';

const { kind, name, cloud, notify } = planBase('slow-down');

const schema = z.strictObject({
  kind,
  name,
  cloud,
  notify,
  task: JobId.meta({ description: 'The id of the task.' }),
  megabytes: z.int().min(1).max(9_999).meta({ description: 'MB a second, from 08:00 to 17:59 UTC.' }),
  gate: Gate.prefault({}),
});
export type SlowDownPlan = z.output<typeof schema>;

/** Rules between fields would stand in `problems`, each told at its path. */
export const slowDownSpec: ReadSpec<SlowDownPlan> = { schema, problems: () => [] };
