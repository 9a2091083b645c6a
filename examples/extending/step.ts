import { calls } from '../../workflows/activities.js';
import { speedRequest } from '../../workflows/plans/requests.js';
import type { SlowDownPlan } from './plan.js';

/** §6.1.8. Precondition: the task runs. Gives what DRS has of it afterwards (§6.1.20): an answer of 2xx proves nothing. */
export async function limitByDay({ task, cloud, megabytes }: SlowDownPlan): Promise<string> {
  await calls.batchSetSpeed(speedRequest(task, [{ begin: '08:00', end: '17:59', speed: megabytes }]), cloud);
  const { status, speed_limit = [] } = await calls.batchListJobDetails(task, cloud);
  return `${status}: ${speed_limit.map(({ begin, end, speed }) => `${begin}-${end} ${speed} MB/s`).join(', ')}`;
}
