import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
  QueryNotRegisteredError,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { Result, Status, StepRow } from '../workflows/messages.js';
import type { Temporal } from './connect.js';
import { listened } from './pollers.js';

/** What runs for a run at this moment, as the server knows it. */
export interface Activity {
  readonly activity: string;
  readonly attempt: number;
  /** Of this attempt; absent while it waits for a worker or for its next attempt. */
  readonly since?: string;
  readonly lastFailure?: string;
  readonly heartbeat?: Heartbeat;
}

/** What a wait says of itself. */
interface Heartbeat {
  readonly step?: string;
  readonly status?: string;
  readonly progress?: number;
  readonly delaySeconds?: number;
  readonly note?: string;
}

/** A row with what only the pending activity knows. */
export interface LiveRow extends StepRow {
  readonly delaySeconds?: number;
  /** Number of the attempt that runs or comes, and why the last one failed. */
  readonly attempt?: number;
  readonly lastFailure?: string;
}

/** A run as `status --json` prints it: the run's own status, and what the server adds. */
export interface RunView extends Omit<Status, 'steps'>, Partial<Pick<Result, 'outcome' | 'task'>> {
  readonly steps: readonly LiveRow[];
  readonly workflowId: string;
  readonly runId: string;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  readonly execution: string;
  readonly started: string;
  readonly closed?: string;
  readonly taskQueue: string;
  /** False where no worker answered: then only what the server knows is here. */
  readonly answered: boolean;
  /** Workers take it up and fail: the number of tries, and why the first of them failed. */
  readonly stuck?: { readonly attempt: number; readonly why: string };
  readonly failure?: string;
  readonly activities: readonly Activity[];
}

/** How long a worker may take; one that must replay a long history needs seconds. */
const ANSWER_WITHIN_MS = 5_000;

/** Reads a run, running or ended. Throws WorkflowNotFoundError; a missing worker is no error. */
export async function readRun(temporal: Temporal, workflowId: string): Promise<RunView> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  const server = await handle.describe();
  const running = server.status.name === 'RUNNING' || server.status.name === 'PAUSED';
  const activities = await pendingActivities(temporal, server);
  const { own, failure } = running ? { own: undefined, failure: undefined } : await ending(temporal, server);
  const status = own ?? (await ask(temporal, handle, server.taskQueue));
  const closed = server.closeTime?.toISOString();
  const stuck = status ? undefined : await standstill(temporal, server);
  return {
    ...(status ?? known(server)),
    ...(status && { steps: merge(status.steps, activities) }),
    workflowId,
    runId: server.runId,
    execution: server.status.name,
    started: server.startTime.toISOString(),
    ...(closed && { closed }),
    taskQueue: server.taskQueue,
    answered: status !== undefined,
    ...(stuck && { stuck }),
    ...(failure && { failure }),
    activities,
  };
}

/** What the run itself left behind at its end; needs no worker. */
async function ending({ client }: Temporal, { workflowId, runId }: WorkflowExecutionDescription) {
  try {
    const result = await client.workflow.getHandle(workflowId, runId).result();
    return { own: asStatus(result), failure: undefined };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const details =
      cause instanceof ApplicationFailure || cause instanceof CancelledFailure ? cause.details?.[0] : undefined;
    return { own: asStatus(details), failure: cause?.message ?? error.message };
  }
}

const asStatus = (value: unknown): Result | undefined =>
  typeof value === 'object' && value !== null && 'steps' in value && 'phase' in value ? (value as Result) : undefined;

async function ask(temporal: Temporal, handle: WorkflowHandle, taskQueue: string): Promise<Status | undefined> {
  // A query to a queue that nobody polls would only wait for its deadline.
  if (!(await listened(temporal, taskQueue))) return undefined;
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  try {
    return await temporal.client.withDeadline(deadline, () => handle.query<Status>('status'));
  } catch (error) {
    if (error instanceof QueryNotRegisteredError) return undefined;
    const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
    // A call whose time is over ends as one or the other, by who notices first: client or server.
    if (isGrpcCancelledError(cause) && Date.now() >= deadline) return undefined;
    // FAILED_PRECONDITION: no worker was seen on the task queue lately.
    if (isGrpcDeadlineError(cause) || (isGrpcServiceError(cause) && cause.code === 9)) return undefined;
    throw error;
  }
}

const STUCK =
  'it stands still until a worker comes that can: of the version that it began on, or with the key that it needs';

/** Workers are there, and none can go on with the run. */
export const standing = ({ attempt, why }: NonNullable<RunView['stuck']>): string =>
  `Workers take it up and fail (attempt ${attempt}): ${why}; ${STUCK}.`;

/** Why nothing was sent to a run that did not answer. */
export const unanswered = ({ workflowId, stuck }: Pick<RunView, 'workflowId' | 'stuck'>): string =>
  stuck
    ? `${workflowId} does not answer, so nothing was sent. ${standing(stuck)}`
    : `No worker answers for ${workflowId}, so nothing was sent. \`drs-pilot worker\` starts one.`;

/** The server keeps the first failure of a task that is tried again and again. */
async function standstill(
  { client }: Temporal,
  { raw, workflowId, runId }: WorkflowExecutionDescription,
): Promise<RunView['stuck']> {
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  if (attempt < 2) return undefined;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 20,
  });
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const failure = failed?.workflowTaskFailedEventAttributes?.failure;
  const error = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure);
  return error && { attempt, why: error.message.slice(0, 500) };
}

/** The status as far as the server's search attributes tell it. */
function known({ searchAttributes, startTime, type }: WorkflowExecutionDescription): Status {
  const first = (name: string) => searchAttributes[name]?.[0]?.toString();
  const gate = first('DrsGate');
  const jobId = first('DrsJobId');
  const unknown = { question: '', decisions: [], approvals: '', group: null, expires: null };
  return {
    kind: first('DrsKind') ?? type,
    name: '',
    ...(jobId && { jobId }),
    phase: first('DrsPhase') ?? 'unknown',
    since: startTime.toISOString(),
    steps: [],
    ...(gate && { gate: { id: gate, ...unknown, evidence: { snapshot: 0, hash: '', items: [] } } }),
    decisions: [],
    refusedSignals: { count: 0, last: [] },
  };
}

async function pendingActivities({ client }: Temporal, { raw }: WorkflowExecutionDescription): Promise<Activity[]> {
  const converter = client.options.loadedDataConverter;
  return await Promise.all(
    (raw.pendingActivities ?? []).map(
      async ({ activityType, attempt, lastStartedTime, lastFailure, heartbeatDetails }) => {
        const failure = await decodeOptionalFailureToOptionalError(converter, lastFailure).catch(() => undefined);
        const [heartbeat] = await decodeArrayFromPayloads(converter, heartbeatDetails?.payloads).catch(() => []);
        const since = lastStartedTime?.seconds
          ? new Date(Number(lastStartedTime.seconds) * 1_000).toISOString()
          : undefined;
        return {
          activity: activityType?.name ?? 'unknown',
          attempt: attempt ?? 1,
          ...(since && { since }),
          ...(failure && { lastFailure: rootMessage(failure) }),
          ...(typeof heartbeat === 'object' && heartbeat !== null && { heartbeat: readHeartbeat(heartbeat) }),
        };
      },
    ),
  );
}

/** Calls keep other things in theirs: only what fits is taken. */
function readHeartbeat(details: object): Heartbeat {
  const types = {
    step: 'string',
    status: 'string',
    note: 'string',
    progress: 'number',
    delaySeconds: 'number',
  } as const;
  const fields = details as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(types).flatMap(([name, type]) => (typeof fields[name] === type ? [[name, fields[name]]] : [])),
  );
}

/** A failure's own words; a time-out has its cause's. */
function rootMessage(error: Error): string {
  return error.cause instanceof Error && error.cause.message
    ? `${error.message}: ${error.cause.message}`
    : error.message;
}

/** The activity of a gate belongs to the row that waits, any other to the row that it names or that runs. */
function merge(steps: readonly StepRow[], activities: readonly Activity[]): LiveRow[] {
  const rows: LiveRow[] = [...steps];
  for (const { activity, attempt, lastFailure, heartbeat } of activities) {
    const state = activity === 'holdGate' ? 'waits' : 'running';
    const named = rows.findIndex(({ step }) => step === heartbeat?.step);
    const at = named >= 0 ? named : rows.findLastIndex((row) => row.state === state);
    const row = rows[at];
    if (!row) continue;
    const {
      progress,
      delaySeconds,
      status,
      note = row.note ?? (state === 'running' ? status : undefined),
    } = heartbeat ?? {};
    rows[at] = {
      ...row,
      ...(progress !== undefined && { progress }),
      ...(delaySeconds !== undefined && { delaySeconds }),
      ...(note && { note }),
      ...(attempt > 1 && lastFailure && { attempt, lastFailure }),
    };
  }
  return rows;
}
