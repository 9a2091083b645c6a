import { expect } from 'vitest';
import { planOf } from '../../client/plan.js';
import { READS } from '../../drs/operations/effects.js';
import type { JournalEntry } from '../../simulator/journal.js';
import type { Kind } from '../../workflows/plans/index.js';
import type { Run } from './harness.js';

/**
 * A run did what the plan of its spec tells: the same steps, the same changes in the same order for as many jobs, and no other
 * reads. Other runs may share the simulator, and requests.
 */
export async function expectAsPlanned(
  run: Run,
  spec: { readonly kind: Kind; readonly name?: string },
  journal: readonly JournalEntry[],
  others: readonly string[] = [],
): Promise<void> {
  const { steps } = await run.status();
  const { searchAttributes } = await run.handle.describe();
  const tasks = [...((searchAttributes['DrsJobId'] ?? []) as string[]), ...(spec.name ? [spec.name] : []), ...others];
  const planned = planOf(spec.kind, spec).steps;
  expect(steps.slice(0, planned.length).map(({ step }) => step)).toEqual(planned.map(({ step }) => step));

  const calls = planned.flatMap((step) => step.calls);
  const made = journal.filter(({ jobs }) => jobs.length === 0 || own(jobs, tasks) > 0);
  const sure = calls.filter(({ only, polls }) => !only && !polls);
  expect(
    together(made.filter(({ effect }) => effect).map((one): Counted => [one.operation, jobsOf(one, tasks)])),
  ).toEqual(together(sure.map(({ operation, jobs }): Counted => [operation, Number(jobs)])));

  const reads = new Set(made.map(({ operation }) => operation).filter((operation) => isRead(operation)));
  const may = new Set(calls.map(({ operation }) => operation));
  expect([...reads].filter((operation) => !may.has(operation))).toEqual([]);
  const must = sure.filter(({ jobs }) => jobs !== 'each').map(({ operation }) => operation);
  expect(must.filter((operation) => isRead(operation) && !reads.has(operation))).toEqual([]);
}

type Counted = [operation: string, jobs: number];

const isRead = (operation: string): boolean => (READS as readonly string[]).includes(operation);
const own = (jobs: readonly string[], tasks: readonly string[]): number =>
  jobs.filter((job) => tasks.includes(job)).length;

/** Entries of a request that are about these tasks: both ends of a task travel together. */
function jobsOf({ body, jobs }: JournalEntry, tasks: readonly string[]): number {
  const entries = (body as { jobs?: unknown } | undefined)?.jobs;
  if (!Array.isArray(entries)) return Math.max(1, own(jobs, tasks));
  return entries.filter((entry) => tasks.some((task) => JSON.stringify(entry).includes(`"${task}"`))).length;
}

/** The changes; what was called several times in a row, as one. */
function together(calls: readonly Counted[]): Counted[] {
  const result: Counted[] = [];
  for (const [operation, jobs] of calls.filter(([operation]) => !isRead(operation))) {
    const last = result.at(-1);
    if (last?.[0] === operation) last[1] += jobs;
    else result.push([operation, jobs]);
  }
  return result;
}
