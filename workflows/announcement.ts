import { startChild, workflowInfo } from '@temporalio/workflow';
import type { News } from '../activities/announce.js';
import type { RunAt } from '../activities/hold-gate.js';
import { waitsWithin } from './activities.js';

const DAY_MS = 86_400_000;

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
  return await waitsWithin(DAY_MS).announce({ run, news });
}

/** Has news told by a run of its own: a webhook that is down never holds this one up. `topic` tells the news of one run apart. */
export async function announceApart(input: AnnouncementInput, summary: string, topic?: string): Promise<void> {
  await startChild<typeof announcement>('announcement', {
    workflowId: ['drs-announcement', workflowInfo().runId, ...(topic ? [topic] : [])].join('-'),
    args: [input],
    parentClosePolicy: 'ABANDON',
    staticSummary: summary.slice(0, 200),
  });
}
