import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Drs } from '../drs/connect.js';
import { DrsError, type Outcome } from '../drs/errors.js';
import type { Operation } from '../drs/operation.js';
import { SECRET_FIELDS } from '../drs/operations/common.js';
import {
  type BatchOperationName,
  type OperationName,
  operations,
  type Reply,
  type Request,
} from '../drs/operations/index.js';
import { addPage, namesPage } from '../drs/paging.js';
import { jobOf } from '../drs/wire.js';
import { detailsOf } from './job.js';
import { type Endpoint, endpointIn, type ResolveOptions, resolveSecrets } from './secrets.js';
import type { Services } from './services.js';
import { bytes, shorten } from './shorten.js';

/** A request as workflows write it: loosely typed, since names of secrets stand where the wire has passwords. */
type Loose = Readonly<Record<string, unknown>> | string;

type Single<N extends OperationName> = (request: Request<N> | Loose, cloud?: string) => Promise<Reply<N>>;
/** A list gives one outcome for each job, in its order. */
type Batch<N extends OperationName> = Single<N> &
  ((requests: readonly (Request<N> | Loose)[], cloud?: string, options?: ListOptions) => Promise<Outcome<Reply<N>>[]>);

export interface ListOptions {
  /** Nothing is tried a second time: what only had bad luck is told as it is, and whoever asks decides. */
  readonly once?: boolean;
  /** Most bytes of one job's reply; what is left out is told in a remark. Requests of lists that name no page get all rows. */
  readonly most?: number;
}

export type CallActivities = { [N in OperationName]: N extends BatchOperationName ? Batch<N> : Single<N> };

/** So often is a list tried again for the sake of jobs that only had bad luck; then they are told as they are. */
const ATTEMPTS = 5;

/** Every call of the table as an activity under its own id. Secrets are filled in here, and no password comes back out. */
export function callActivities(services: Services): CallActivities {
  const made = (Object.keys(operations) as OperationName[]).map((name) => [
    name,
    async (request: Loose | readonly Loose[], cloud?: string, options: ListOptions = {}) => {
      const ready = await resolveSecrets(request, services.secrets, {
        operation: name,
        endpointOf: storedEndpoints(services, name, cloud),
      });
      if (Array.isArray(ready)) return await list(services, name, ready, cloud, options);
      const call = services.cloud(cloud).drs[name] as (
        request: unknown,
        options: { signal: AbortSignal },
      ) => Promise<unknown>;
      return withoutSecrets(await call(ready, { signal: cancellationSignal() }));
    },
  ]);
  return Object.fromEntries(made) as CallActivities;
}

type Outcomes = Record<number, Outcome<unknown>>;

/** What is settled goes into the heartbeat: a retry, on whatever worker, sends only the rest. */
async function list(
  services: Services,
  name: OperationName,
  requests: readonly unknown[],
  cloud: string | undefined,
  { once = false, most }: ListOptions,
): Promise<Outcome<unknown>[]> {
  const { attempt, heartbeatDetails } = activityInfo();
  const settled: Outcomes = { ...(heartbeatDetails as Outcomes | undefined) };
  const open = requests.map((_, index) => index).filter((index) => !settled[index]);
  const unlucky: Outcome<unknown>[] = [];
  const { drs } = services.cloud(cloud);
  const settle = (index: number, outcome: Outcome<unknown>): void => {
    const again = !once && !outcome.ok && outcome.kind === 'transient' && attempt < ATTEMPTS;
    if (again) unlucky.push(outcome);
    else settled[index] = outcome.ok ? kept(outcome, most) : outcome;
    heartbeat(settled);
  };
  const entry: Operation = operations[name];
  const whole = open.filter((index) => most !== undefined && entry.paging && !namesPage(entry.paging, requests[index]));
  for (const index of whole) settle(index, await readAll(drs, name, requests[index], most ?? 0));
  const others = open.filter((index) => !whole.includes(index));
  await drs.many(name, others.map((index) => requests[index]) as never[], {
    signal: cancellationSignal(),
    onOutcome: (outcome, at) => settle(others[at] as number, outcome),
  });
  const [first] = unlucky;
  if (first && !first.ok)
    throw new DrsError(
      'transient',
      `${unlucky.length} of ${requests.length} jobs are tried again. ${first.message}`,
      first.at,
    );
  return requests.map((_, index) => settled[index] as Outcome<unknown>);
}

function kept<T>(outcome: Outcome<T> & { ok: true }, most = Number.POSITIVE_INFINITY): Outcome<unknown> {
  const { value, remark } = shorten(withoutSecrets(outcome.result), most);
  const remarks = [outcome.remark, remark].filter((one) => one !== undefined);
  return { ...outcome, result: value, ...(remarks.length > 0 && { remark: remarks.join('; ') }) };
}

/** All rows of a list in one reply, until it is larger than may be kept. */
async function readAll(drs: Drs, name: OperationName, request: unknown, most: number): Promise<Outcome<unknown>> {
  const entry: Operation = operations[name];
  const jobId = jobOf(entry, request);
  const signal = cancellationSignal();
  try {
    let whole: unknown;
    for await (const page of drs.pages(name, request as never, { signal })) {
      if (whole !== undefined && entry.paging) addPage(entry.paging, whole, page);
      whole ??= structuredClone(page);
      if (bytes(whole) > most)
        return { ok: true, jobId, result: whole, remark: `only the first rows were read, ${most} bytes of them` };
    }
    return { ok: true, jobId, result: whole };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DrsError)) throw error;
    return { ok: false, jobId, kind: error.kind, message: error.message, at: error.at };
  }
}

/**
 * Where a password goes whose request names only its task: to the end that the request says (6.1.15), or to the target, where
 * users are made (6.2.1). The task itself tells its endpoints (6.1.20).
 */
export function storedEndpoints(
  services: Services,
  name: OperationName,
  cloud: string | undefined,
): NonNullable<ResolveOptions['endpointOf']> {
  const known = new Map<string, ReturnType<typeof detailsOf>>();
  return async (enclosing): Promise<Endpoint | undefined> => {
    const jobId = enclosing.map(({ job_id }) => job_id).find((id) => typeof id === 'string');
    if (typeof jobId !== 'string' || (name !== 'batchResetPassword' && name !== 'batchUpdateUser')) return undefined;
    const details = known.get(jobId) ?? detailsOf(services, { jobId, ...(cloud && { cloud }) });
    known.set(jobId, details);
    const ends = name === 'batchUpdateUser' ? ['ta'] : enclosing.map(({ end_point_type }) => end_point_type);
    const side = ends.includes('so') ? 'source_endpoint' : ends.includes('ta') ? 'target_endpoint' : undefined;
    const stored = side && (await details)[side];
    const user = stored?.db_user;
    return stored && { ...endpointIn(stored), ...(user && name === 'batchResetPassword' && { user }) };
  };
}

const SECRETS: ReadonlySet<string> = new Set(SECRET_FIELDS);

/** Replies carry passwords in places (6.1.20, 6.2.2, 6.4.1): they end here. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (SECRETS.has(key) ? [] : [[key, withoutSecrets(inner)]])),
  );
}
