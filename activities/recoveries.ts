import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import type { Problem } from '../drs/operations/common.js';
import type { Reply } from '../drs/operations/index.js';
import { type Facts, standing } from './readiness-facts.js';
import type { Direction } from './readiness-items.js';
import type { Services } from './services.js';

export interface RecoveriesInput {
  readonly cloud?: string | undefined;
  /** Names or ids, each with its path in the spec. */
  readonly tasks: readonly { readonly task: string; readonly path: string }[];
  /** The direction that they shall have; those that have it already are refused. Absent: any may do. */
  readonly direction?: Direction | undefined;
}

export interface Recoveries {
  /** In the order in which they were asked for; without those that have a problem. */
  readonly tasks: readonly Facts[];
  readonly problems: readonly Problem[];
}

type Row = Reply<'showJobList'>['jobs'][number];
type Details = Reply<'batchListJobDetails'>;

const KINDS = { cloudDataGuard: 'disaster recovery', migration: 'migration', sync: 'synchronisation' } as const;

/**
 * The tasks of disaster recovery that a switchover is about, found by name or id (6.1.19, 6.1.20), and why one cannot be: it is of
 * another kind, dual-active, on the wanted side already, unknown, or the worker's policy denies it. All problems at once.
 */
export const findRecoveries =
  (services: Services) =>
  async ({ cloud, tasks, direction }: RecoveriesInput): Promise<Recoveries> => {
    const known = await recoveries(services, cloud);
    const rows = tasks.map(
      ({ task }) => known.find(({ id }) => id === task) ?? known.find((row) => isNamed(row, task)),
    );
    const details = await detailsOf(services, cloud, [...new Set(rows.flatMap((row) => row?.id ?? []))]);
    const problems: Problem[] = [];
    const found: Facts[] = [];
    for (const [index, { task, path }] of tasks.entries()) {
      const row = rows[index];
      const detail = row && details.get(row.id);
      const name = detail?.name ?? row?.name ?? task;
      const why = !row
        ? await strange(services, cloud, task)
        : detail && (problemOf(detail, name, direction) ?? denial(services, detail));
      const twin = row && found.find(({ jobId }) => jobId === row.id);
      if (why) problems.push({ path, message: why });
      else if (twin) problems.push({ path, message: `is ${twin.name}, which stands here twice` });
      else if (row && detail) found.push({ jobId: row.id, name, at: new Date().toISOString(), ...standing(detail) });
    }
    return { tasks: found, problems };
  };

/** Every task of disaster recovery, the subtasks of dual-active ones, too. */
async function recoveries(services: Services, cloud: string | undefined): Promise<Row[]> {
  const rows: Row[] = [];
  const { drs } = services.cloud(cloud);
  const request = { db_use_type: 'cloudDataGuard', engine_type: '' } as never;
  for await (const { jobs } of drs.pages('showJobList', request, { signal: cancellationSignal() }))
    rows.push(...jobs, ...jobs.flatMap(({ children }) => (children ?? []) as Row[]));
  return rows;
}

async function detailsOf(
  services: Services,
  cloud: string | undefined,
  ids: readonly string[],
): Promise<Map<string, Details>> {
  const outcomes = await services.cloud(cloud).drs.many('batchListJobDetails', ids, { signal: cancellationSignal() });
  return new Map(
    outcomes.map((outcome) => {
      if (!outcome.ok) throw new DrsError(outcome.kind, outcome.message, outcome.at);
      return [outcome.jobId, outcome.result];
    }),
  );
}

function problemOf(detail: Details, name: string, wanted: Direction | undefined): string | undefined {
  const { multi_write, parent_id, job_direction } = detail;
  if (multi_write || parent_id)
    return `${name} is dual-active: both sides are in use, and DRS has no switchover for it (§6.4.1)`;
  if (wanted && job_direction === wanted)
    return `${name} has the direction ${wanted} already: a switchover would take it away from there`;
  return undefined;
}

function denial(services: Services, { name, tags }: Details): string | undefined {
  const byKey = Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value ?? '']));
  const { permission, why } = services.ruling([{ operation: 'batchSwitchover', name, tags: byKey }]);
  return permission === 'deny' ? `${name}: the worker's policy denies batchSwitchover: ${why}` : undefined;
}

/** What a task is that is no disaster recovery. */
async function strange(services: Services, cloud: string | undefined, task: string): Promise<string> {
  const { drs } = services.cloud(cloud);
  const signal = cancellationSignal();
  for (const kind of ['migration', 'sync'] as const) {
    const request = { cur_page: 1, per_page: 100, db_use_type: kind, engine_type: '', name: task } as const;
    const { jobs } = await drs.showJobList(request, { signal });
    if (jobs.some((row) => row.id === task || isNamed(row, task)))
      return `${task} is a ${KINDS[kind]}, no disaster recovery: only that is switched over`;
  }
  return `there is no disaster recovery task "${task}" in this project`;
}

const isNamed = ({ name }: Row, wanted: string): boolean => name?.toLowerCase() === wanted.toLowerCase();
