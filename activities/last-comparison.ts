import type { Drs } from '../drs/connect.js';
import { type Consistency, ofLines, ofObject, worst } from '../drs/consistency.js';
import { DrsError, type Kind } from '../drs/errors.js';

/** The newest comparison of a task that came to its end. */
export interface LastComparison {
  readonly type: 'lines' | 'contents' | 'objects';
  readonly verdict: Consistency;
  /** Absent where its time cannot be read. */
  readonly endedAt?: string;
}

interface Candidate {
  readonly type: LastComparison['type'];
  readonly endedAt: string | undefined;
  readonly verdict: () => Promise<Consistency>;
}

/**
 * The last comparison that is done: of data (6.1.26, its result by 6.1.30 or 6.1.32) or of objects (6.1.36). Why it cannot be read,
 * otherwise.
 */
export async function lastComparison(
  drs: Drs,
  jobId: string,
  signal: AbortSignal,
): Promise<LastComparison | { readonly trouble: string } | undefined> {
  try {
    const all = await Promise.all([dataComparisons(drs, jobId, signal), objectComparison(drs, jobId, signal)]);
    const [last] = all.flat().sort((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''));
    if (!last) return undefined;
    const { type, endedAt } = last;
    return { type, verdict: await last.verdict(), ...(endedAt && { endedAt }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DrsError)) throw error;
    return { trouble: error.message };
  }
}

async function dataComparisons(drs: Drs, job_id: string, signal: AbortSignal): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for await (const { compare_jobs = [] } of drs.pages('listDataLevelTableCompareJobs', { job_id }, { signal }))
    for (const { id, type, status, end_time } of compare_jobs) {
      if (status !== 'SUCCESSFUL' || (type !== 'lines' && type !== 'contents')) continue;
      const asked = { job_id, compare_job_id: id };
      const verdict = () => (type === 'lines' ? linesOf(drs, asked, signal) : contentsOf(drs, asked, signal));
      candidates.push({ type, endedAt: time(end_time), verdict });
    }
  return candidates;
}

type Asked = { readonly job_id: string; readonly compare_job_id: string };

async function linesOf(drs: Drs, asked: Asked, signal: AbortSignal): Promise<Consistency> {
  const parts: Consistency[] = [];
  for await (const { data_compare_overview_infos = [] } of drs.pages('listDataCompareOverview', asked, { signal }))
    parts.push(...data_compare_overview_infos.map(({ status }) => ofLines(status).verdict));
  return worst(parts);
}

/** Values: the overview counts tables, and its statuses are those of the work. */
async function contentsOf(drs: Drs, asked: Asked, signal: AbortSignal): Promise<Consistency> {
  const parts: Consistency[] = [];
  for await (const { content_compare_result_infos = [] } of drs.pages('listContentCompareOverview', asked, { signal }))
    for (const {
      compare_num,
      compare_end_num,
      data_inconsistent_num,
      uncomparable_num,
    } of content_compare_result_infos) {
      const done = compare_num !== undefined && compare_num === compare_end_num;
      if ((data_inconsistent_num ?? 0) > 0) parts.push('inconsistent');
      else if ((uncomparable_num ?? 0) > 0) parts.push('notComparable');
      else parts.push(done ? 'consistent' : 'notFinished');
    }
  return worst(parts);
}

/** Where objects were never compared DRS has nothing to tell, and says so by an error. */
const NEVER: readonly Kind[] = ['refused', 'request', 'notFound', 'wrongState'];

async function objectComparison(drs: Drs, job_id: string, signal: AbortSignal): Promise<Candidate[]> {
  const overview = await drs.listObjectLevelCompareOverview({ job_id }, { signal }).catch((error: unknown) => {
    if (error instanceof DrsError && NEVER.includes(error.kind)) return undefined;
    throw error;
  });
  const { status, create_time, start_time, compare_result = [] } = overview ?? {};
  if (status !== 'SUCCESSFUL' || compare_result.length === 0) return [];
  const verdict = worst(compare_result.map((row) => ofObject(row.status).verdict));
  return [{ type: 'objects', endedAt: time(start_time ?? create_time), verdict: async () => verdict }];
}

const time = (text: string | undefined): string | undefined =>
  text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined;
