import type { z } from 'zod';
import { Refusal } from '../codes.js';
import type { Faults, Named } from '../faults.js';
import type { Job, Side } from '../job.js';
import type { World } from '../world.js';

/** What a request leaves for the journal while it is handled. */
export class Call {
  readonly jobs: string[] = [];
  readonly perJob: string[] = [];
  readonly why: string[] = [];
  readonly unknownFields: string[] = [];
  effect = false;
  fault: string | undefined;

  constructor(
    readonly operation: string,
    readonly faults: Faults,
  ) {}
}

export interface Ctx<B> {
  readonly world: World;
  readonly project: string;
  readonly body: B;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly call: Call;
}

export interface Route<S extends z.ZodType = z.ZodType> {
  /** Huawei's operation id. */
  readonly operation: string;
  /** HTTP status of a request that was taken. */
  readonly status: number;
  /** True where it changes nothing. */
  readonly reads?: true;
  readonly body?: S;
  readonly query?: z.ZodType;
  /** The tasks that a body names, for faults and the journal. */
  readonly names?: (body: z.output<S>) => Named[];
  /** Gives the reply's body; undefined for none. */
  readonly handle: (ctx: Ctx<z.output<S>>) => unknown;
}

/** Identity: it lets TypeScript infer the body. */
export const route = <S extends z.ZodType>(entry: Route<S>): Route => entry as unknown as Route;

export type Routes = Readonly<Record<string, Route>>;

interface PerJob<J> {
  name: (job: J) => Named;
  act: (job: J) => object;
  /** How this call says that a job was refused. */
  failed: (job: J, refusal: Refusal) => object;
}

/** One result for each job: a job that is refused never refuses the others. */
export function perJob<J>(ctx: Ctx<unknown>, jobs: readonly J[], { name, act, failed }: PerJob<J>): object[] {
  const results: object[] = [];
  for (const job of jobs) {
    const named = name(job);
    const fault = ctx.call.faults.takeForJob(ctx.call.operation, withBoth(ctx, named));
    if (fault) ctx.call.fault = fault.kind;
    const result = attempt(
      ctx,
      () => {
        if (fault?.kind === 'jobError')
          throw new Refusal(fault.code, 'planned', { text: fault.message, about: 'planned' });
        return act(job);
      },
      (refusal) => failed(job, refusal),
    );
    if (fault?.kind !== 'missingResult') results.push(result);
  }
  return results;
}

function attempt(ctx: Ctx<unknown>, act: () => object, failed: (refusal: Refusal) => object): object {
  try {
    const result = act();
    ctx.call.effect = true;
    return result;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    ctx.call.perJob.push(error.code);
    ctx.call.why.push(error.why);
    return failed(error);
  }
}

/** A fault may name a task by its id or its name, whichever the request uses. */
export function withBoth(ctx: Pick<Ctx<unknown>, 'world'>, named: Named): Named {
  const job = ctx.world.peek(named.id);
  return { ...named, name: named.name ?? job?.name };
}

/** Refuses a request that names a task twice. */
export function unique(ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Refusal('DRS.M00301', `${twice} stands twice`, { about: 'job id' });
}

export const counted = (results: object[]) => ({ count: results.length, results });

/** `{ id, status: "failed", error_code, error_msg }`, as most batch calls say it. */
export const failedById = (id: string, { code, text }: Refusal) => ({
  id,
  status: 'failed',
  error_code: code,
  error_msg: text,
});

/** `{ job_id, error_code, error_msg }`. */
export const failedByJobId = (job_id: string, { code, text }: Refusal) => ({
  job_id,
  error_code: code,
  error_msg: text,
});

/** The usual batch call: each job has a `job_id`, each result an `id` and `status: "success"`. */
export function eachJob<J extends { job_id: string }>(
  ctx: Ctx<unknown>,
  jobs: readonly J[],
  act: (task: Job, job: J) => object | undefined,
) {
  unique(jobs.map(({ job_id }) => job_id));
  return counted(
    perJob(ctx, jobs, {
      name: ({ job_id }) => ({ id: job_id }),
      act: (job) => ({ id: job.job_id, status: 'success', ...act(ctx.world.job(ctx.project, job.job_id), job) }),
      failed: ({ job_id }, refusal) => failedById(job_id, refusal),
    }),
  );
}

export const byJobId = (body: { jobs: { job_id: string }[] }): Named[] =>
  body.jobs.map(({ job_id }) => ({ id: job_id }));
export const byBareId = (body: { jobs: string[] }): Named[] => body.jobs.map((id) => ({ id }));

export type { Job, Side };
