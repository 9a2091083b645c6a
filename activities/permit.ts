import { cancellationSignal } from '@temporalio/activity';
import type { Drs } from '../drs/connect.js';
import { DrsError } from '../drs/errors.js';
import type { Operation } from '../drs/operation.js';
import { problemLines } from '../drs/operations/common.js';
import { type OperationName, operations, type Reply } from '../drs/operations/index.js';
import { jobOf } from '../drs/wire.js';
import { storedEndpoints } from './calls.js';
import { secretProblems } from './secrets.js';
import type { PolicyAsk, Ruling, Services } from './services.js';

export interface PermitInput {
  readonly cloud?: string;
  readonly operation: string;
  readonly requests: readonly unknown[];
}

/** A task as it was when it was looked at. What is absent is not known. */
export interface TaskSeen {
  /** Empty where the call is about no task, or makes it. */
  readonly jobId: string;
  readonly name?: string;
  readonly status?: string;
  /** The call orders it by the year or month, which is paid at once. */
  readonly ordered?: true;
  /** It is paid by the year or month: after its end its order must be unsubscribed by hand (§6.1.14). */
  readonly period?: true;
  /** Why it cannot be read. */
  readonly trouble?: string;
}

export interface Permit extends Ruling {
  /** The task of each request, in their order. */
  readonly tasks: readonly TaskSeen[];
}

type Details = Reply<'batchListJobDetails'>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Whether the worker's policy lets calls be made, and for which tasks (§6.1.20 tells their names, tags and statuses). Secrets are
 * checked against the endpoints that they would go to, and not read.
 *
 * @throws DrsError `permission` where a secret may not be used so, `transient` where the tasks cannot be read now.
 */
export const permit =
  (services: Services) =>
  async ({ cloud, operation, requests }: PermitInput): Promise<Permit> => {
    const name = operation as OperationName;
    const looked = services.dependsOnTask(operation)
      ? await look(services, name, requests, cloud)
      : requests.map(() => ({}));
    const asks = looked.map(({ policy = {} }: Looked): PolicyAsk => ({ ...policy, operation }));
    const ruling = services.ruling(asks.length > 0 ? asks : [{ operation }]);
    if (ruling.permission !== 'deny') await demandSecrets(services, name, requests, cloud);
    const tasks = looked.map(({ seen }: Looked, index) => seen ?? { jobId: jobOf(operations[name], requests[index]) });
    return { ...ruling, tasks };
  };

interface Looked {
  readonly policy?: Omit<PolicyAsk, 'operation'>;
  readonly seen?: TaskSeen;
}

async function look(
  services: Services,
  name: OperationName,
  requests: readonly unknown[],
  cloud: string | undefined,
): Promise<Looked[]> {
  const { drs } = services.cloud(cloud);
  if (name === 'batchCreateJobs') return await Promise.all(requests.map((request) => newTask(drs, request as Fields)));
  const entry: Operation = operations[name];
  const ids = requests.map((request) => jobOf(entry, request));
  const distinct = [...new Set(ids)].filter((id) => id !== '');
  const outcomes = await drs.many('batchListJobDetails', distinct, { signal: cancellationSignal() });
  const found = new Map<string, Looked>();
  for (const outcome of outcomes) {
    if (outcome.ok) found.set(outcome.jobId, known(outcome.result, name === 'batchStartJobs'));
    else if (outcome.kind === 'transient' || outcome.kind === 'credentials')
      throw new DrsError(outcome.kind, outcome.message, outcome.at);
    else found.set(outcome.jobId, { seen: { jobId: outcome.jobId, trouble: outcome.message } });
  }
  return ids.map((jobId) => found.get(jobId) ?? {});
}

function known({ id, name, status, tags, period_order }: Details, starts: boolean): Looked {
  // The start of a yearly or monthly task is what orders it (§6.1.11); 1 is pay-per-use.
  const period = Object.keys(period_order ?? {}).length > 0 && period_order?.charging_mode !== 1;
  const ordered = starts && period;
  const byKey = Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value ?? '']));
  return {
    policy: { name, tags: byKey, ordered },
    seen: { jobId: id, ...(name && { name }), status, ...(ordered && { ordered }), ...(period && { period }) },
  };
}

/** A task that is yet to be made: what the request says of it, and whether there is one of its name. */
async function newTask(drs: Drs, request: Fields): Promise<Looked> {
  const name = String(request['name']);
  const tags = (request['tags'] ?? []) as readonly { readonly key: string; readonly value: string }[];
  const { jobs } = await drs.showJobList(
    { cur_page: 1, per_page: 100, db_use_type: request['db_use_type'] as 'migration', engine_type: '', name },
    { signal: cancellationSignal() },
  );
  const ordered = request['charging_mode'] === 'period';
  const there = jobs.find((job) => job.name?.toLowerCase() === name.toLowerCase());
  return {
    policy: {
      name,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      ordered,
    },
    seen: {
      jobId: '',
      name,
      ...(ordered && { ordered }),
      ...(there && { trouble: `there is a task of this name: ${there.id}, ${there.status}` }),
    },
  };
}

async function demandSecrets(
  services: Services,
  operation: OperationName,
  requests: readonly unknown[],
  cloud: string | undefined,
): Promise<void> {
  const endpointOf = storedEndpoints(services, operation, cloud);
  const problems = await secretProblems(requests, services.secrets, { operation, endpointOf });
  if (problems.length === 0) return;
  throw new DrsError('permission', `refused before any call: ${problemLines(problems).join('; ')}`, { operation });
}
