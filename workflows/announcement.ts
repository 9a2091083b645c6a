import type { News } from '../activities/announce.js';
import type { RunAt } from '../activities/hold-gate.js';
import { patientWaits } from './activities.js';

export interface AnnouncementInput {
  /** What the news are about. */
  readonly run: RunAt;
  readonly news: News;
}

/**
 * News that outlive the run that they are about. Each webhook is told until it has heard it, for a day; those that have not by then
 * are the result.
 */
export async function announcement({ run, news }: AnnouncementInput): Promise<{ untold: readonly string[] }> {
  return await patientWaits().announce({ run, news });
}
