import { activityInfo, cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import { ENDED_COMPARISONS, FULL_PART_OVER } from '../../drs/consistency.js';
import type { Services } from '../services.js';
import { latestObjects, listed, unlessOver } from './create.js';
import { type KindVerdict, type ReadInput, readVerdicts } from './read.js';
import type { Compare, Scope } from './scope.js';

export interface WaitForComparisonInput extends Pick<Scope, 'jobId' | 'cloud' | 'kind'> {
  /** Absent for objects until the list shows it. */
  readonly compareJobId?: string | undefined;
  /** Object comparisons that were there before: one of those is not the one that is waited for. */
  readonly notIds?: readonly string[];
  /** ISO; after that it is waited for no more. */
  readonly until: string;
  /** `older`: it is looked up by §6.1.18. */
  readonly form?: Compare['form'];
  /** A dynamic comparison is waited for until it is cancelled; else until its full part is over. */
  readonly entirely?: true;
}

export interface Ended {
  readonly compareJobId: string;
  /** As DRS says it; one that is unfinished was not over in time. */
  readonly status: string;
  /** What DRS says to a failure. */
  readonly message?: string;
  /** Of objects. */
  readonly types?: readonly ObjectTypeSeen[];
}

/** What an overview says of one kind of objects: 0 inconsistent, 2 consistent, 3 incomplete (§6.1.36). */
export interface ObjectTypeSeen {
  readonly type: string;
  readonly status: number | undefined;
}

/** Quick at first: most comparisons of few rows take seconds. */
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;

/** Until a comparison is over, or its time is. */
export const waitForComparison =
  (services: Services, pace: number) =>
  async ({
    jobId,
    cloud,
    kind,
    compareJobId,
    notIds = [],
    until,
    form,
    entirely,
  }: WaitForComparisonInput): Promise<Ended> => {
    const signal = cancellationSignal();
    const { drs } = services.cloud(cloud);
    for (let pause = FIRST_MS; ; pause = Math.min(2 * pause, LONGEST_MS)) {
      const now = kind === 'objects' && form !== 'older' ? await objects() : await data();
      heartbeat({ status: now?.status ?? 'not shown yet' });
      const over = now && (ENDED_COMPARISONS.includes(now.status) || (now.status === FULL_PART_OVER && !entirely));
      if (over) return now;
      const left = Date.parse(until) - Date.now();
      if (left <= 0) return now ?? { compareJobId: compareJobId ?? '', status: 'UNKNOWN' };
      await sleep(Math.min(pause * pace, left));
    }

    async function objects(): Promise<Ended | undefined> {
      const latest = await latestObjects(drs, jobId, signal);
      if (!latest?.id || notIds.includes(latest.id)) return undefined;
      // A later one hides ours; whoever began it did so after ours was over.
      const { id, status, error_msg: message, compare_result = [] } = latest;
      const types = compare_result.map(({ type, status }) => ({ type, status }));
      return { compareJobId: id, status, types, ...(message && { message: message.slice(0, 500) }) };
    }

    async function data(): Promise<Ended | undefined> {
      const mine = (await listed(services.cloud(cloud), jobId, [kind], form)).find(({ id }) => id === compareJobId);
      return mine && { compareJobId: mine.id, status: mine.status };
    }
  };

/** What is read once it is over: that is known by then. */
export type WaitForVerdictsInput = WaitForComparisonInput &
  Omit<ReadInput, 'compareJobId' | 'status' | 'message' | 'types'>;

/** What became of a comparison of ours. */
export interface Heard {
  /** As DRS says it; one that is unfinished was not over in time. */
  readonly status: string;
  /** Since it was first waited for. */
  readonly seconds: number;
  /** Absent where DRS never showed it. */
  readonly found?: KindVerdict;
}

/** Waits for a comparison and reads all of what it found, in one go: a night has hundreds of them, and each is history. */
export const waitForVerdicts =
  (services: Services, pace: number) =>
  async (input: WaitForVerdictsInput): Promise<Heard> => {
    const ended = await waitForComparison(services, pace)(input);
    const { compareJobId, status } = ended;
    const seconds = Math.max(0, Math.round((Date.now() - activityInfo().scheduledTimestampMs) / 1_000));
    if (!compareJobId) return { status, seconds };
    const objectsId = input.kind === 'objects' ? compareJobId : input.objectsId;
    return { status, seconds, found: await readVerdicts(services)({ ...input, ...ended, objectsId }) };
  };

/** Cancels a comparison (§6.1.28); one that is over stays as it is. */
export const cancelComparison =
  (services: Services) =>
  async ({
    jobId,
    cloud,
    compareJobId,
  }: Pick<Scope, 'jobId' | 'cloud'> & { readonly compareJobId: string }): Promise<void> => {
    const { drs } = services.cloud(cloud);
    const request = { job_id: jobId, compare_job_id: compareJobId };
    await unlessOver(() => drs.deleteCompareJob(request, { signal: cancellationSignal() }));
  };
