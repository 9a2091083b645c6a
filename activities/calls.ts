import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { DrsError, type Outcome } from '../drs/errors.js';
import { SECRET_FIELDS } from '../drs/operations/common.js';
import {
  type BatchOperationName,
  type OperationName,
  operations,
  type Reply,
  type Request,
} from '../drs/operations/index.js';
import { resolveSecrets } from './secrets.js';
import type { Services } from './services.js';

/** A request as workflows write it: loosely typed, since names of secrets stand where the wire has passwords. */
type Loose = Readonly<Record<string, unknown>> | string;

type Single<N extends OperationName> = (request: Request<N> | Loose, cloud?: string) => Promise<Reply<N>>;
/** A list gives one outcome for each job, in its order. */
type Batch<N extends OperationName> = Single<N> &
  ((requests: readonly (Request<N> | Loose)[], cloud?: string) => Promise<Outcome<Reply<N>>[]>);

export type CallActivities = { [N in OperationName]: N extends BatchOperationName ? Batch<N> : Single<N> };

/** So often is a list tried again for the sake of jobs that only had bad luck; then they are told as they are. */
const ATTEMPTS = 5;

/** Every call of the table as an activity under its own id. Secrets are filled in here, and no password comes back out. */
export function callActivities(services: Services): CallActivities {
  const made = (Object.keys(operations) as OperationName[]).map((name) => [
    name,
    async (request: Loose | readonly Loose[], cloud?: string) => {
      const ready = await resolveSecrets(request, services.secrets, { operation: name });
      if (Array.isArray(ready)) return await list(services, name, ready, cloud);
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
  cloud?: string,
): Promise<Outcome<unknown>[]> {
  const { attempt, heartbeatDetails } = activityInfo();
  const settled: Outcomes = { ...(heartbeatDetails as Outcomes | undefined) };
  const open = requests.map((_, index) => index).filter((index) => !settled[index]);
  const unlucky: Outcome<unknown>[] = [];
  await services.cloud(cloud).drs.many(name, open.map((index) => requests[index]) as never[], {
    signal: cancellationSignal(),
    onOutcome: (outcome, at) => {
      const again = !outcome.ok && outcome.kind === 'transient' && attempt < ATTEMPTS;
      if (again) unlucky.push(outcome);
      else settled[open[at] as number] = outcome.ok ? { ...outcome, result: withoutSecrets(outcome.result) } : outcome;
      heartbeat(settled);
    },
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

const SECRETS: ReadonlySet<string> = new Set(SECRET_FIELDS);

/** Replies carry passwords in places (6.1.20, 6.2.2, 6.4.1): they end here. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (SECRETS.has(key) ? [] : [[key, withoutSecrets(inner)]])),
  );
}
