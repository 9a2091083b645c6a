import { isGrpcServiceError } from '@temporalio/client';
import { failed } from './command.js';
import type { Temporal } from './connect.js';

/** What Temporal does with a version: its name is the build id of its workers. */
export const STATES = ['current', 'ramping', 'draining', 'drained', 'inactive'] as const;
export type VersionState = (typeof STATES)[number];

export interface WorkerVersion {
  readonly version: string;
  readonly state: VersionState;
  /** Percentage of new runs that begin on it, where it is ramping. */
  readonly percent?: number;
  readonly since: string | null;
  /** Processes that asked for work in the last minutes. */
  readonly workers: number;
  /** Open runs that are on it. */
  readonly runs: number;
}

export interface Versions {
  readonly deployment: string;
  readonly current: string | null;
  readonly versions: readonly WorkerVersion[];
}

const NOT_FOUND = 5;
const PINNED_TO = 'TemporalWorkerDeploymentVersion';

/** All versions of a deployment, the newest first; undefined where no worker ever asked for work as one of it. */
export async function versionsOf(temporal: Temporal, deployment: string): Promise<Versions | undefined> {
  const { client, namespace } = temporal;
  const { workflowService } = client;
  const info = await workflowService
    .describeWorkerDeployment({ namespace, deploymentName: deployment })
    .then(({ workerDeploymentInfo }) => workerDeploymentInfo)
    .catch((error: unknown) => {
      if (isGrpcServiceError(error) && error.code === NOT_FOUND) return undefined;
      throw error;
    });
  if (!info) return undefined;
  const {
    currentDeploymentVersion: current,
    rampingDeploymentVersion: ramping,
    rampingVersionPercentage,
  } = info.routingConfig ?? {};
  const versions = (info.versionSummaries ?? []).map(async (summary): Promise<WorkerVersion> => {
    const version = summary.deploymentVersion?.buildId ?? '';
    const { drainageInfo, currentSinceTime, rampingSinceTime } = summary;
    const [state, since]: [VersionState, typeof currentSinceTime] =
      version === current?.buildId
        ? ['current', currentSinceTime]
        : version === ramping?.buildId
          ? ['ramping', rampingSinceTime]
          : [DRAINAGE[drainageInfo?.status ?? 0] ?? 'inactive', drainageInfo?.lastChangedTime ?? summary.createTime];
    const [workers, runs] = await Promise.all([
      workersOf(temporal, deployment, version),
      openRuns(temporal, deployment, version),
    ]);
    const percent = state === 'ramping' ? { percent: rampingVersionPercentage ?? 0 } : {};
    return { version, state, ...percent, since: moment(since), workers, runs };
  });
  return { deployment, current: current?.buildId || null, versions: await Promise.all(versions) };
}

/** VersionDrainageStatus of Temporal's API. */
const DRAINAGE: Readonly<Record<number, VersionState>> = { 1: 'draining', 2: 'drained' };

async function openRuns({ client }: Temporal, deployment: string, version: string): Promise<number> {
  const query = `${PINNED_TO} = "${deployment}:${version}" AND ExecutionStatus = "Running"`;
  const { count } = await client.workflow.count(query);
  return count;
}

/** By the pollers of the task queue of its runs: each process asks under an identity of its own. */
async function workersOf({ client, namespace }: Temporal, deployment: string, version: string): Promise<number> {
  const { workflowService } = client;
  const { versionTaskQueues, workerDeploymentVersionInfo } = await workflowService.describeWorkerDeploymentVersion({
    namespace,
    deploymentVersion: { deploymentName: deployment, buildId: version },
  });
  const queues = versionTaskQueues?.length ? versionTaskQueues : (workerDeploymentVersionInfo?.taskQueueInfos ?? []);
  const names = new Set(queues.map(({ name }) => name ?? ''));
  const found = await Promise.all(
    [...names].map(async (name) => {
      const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: 1 });
      return (pollers ?? []).filter(
        ({ deploymentOptions: of }) => of?.deploymentName === deployment && of.buildId === version,
      );
    }),
  );
  return new Set(found.flat().map(({ identity }) => identity)).size;
}

export interface Wanted {
  readonly deployment: string;
  readonly version: string;
}

/** New runs begin on it from now on. Temporal refuses a version whose workers ask on fewer task queues than the current ones. */
export async function setCurrent({ client, namespace }: Temporal, { deployment, version }: Wanted): Promise<void> {
  await client.workflowService.setWorkerDeploymentCurrentVersion({
    namespace,
    deploymentName: deployment,
    buildId: version,
    identity: client.options.identity,
  });
}

/** So many percent of new runs begin on it; none, and nothing is ramping any more. */
export async function setRamping(
  { client, namespace }: Temporal,
  { deployment, version }: Wanted,
  percent: number,
): Promise<void> {
  await client.workflowService.setWorkerDeploymentRampingVersion({
    namespace,
    deploymentName: deployment,
    ...(percent > 0 && { buildId: version, percentage: percent }),
    identity: client.options.identity,
  });
}

/** Supervised runs that are not on the current version. */
export async function* outdated({ client }: Temporal, { deployment, version }: Wanted): AsyncGenerator<string> {
  const types = `WorkflowType IN ("synchronization", "disasterRecovery")`;
  const query = `${types} AND ExecutionStatus = "Running" AND ${PINNED_TO} != "${deployment}:${version}"`;
  for await (const { workflowId, searchAttributes } of client.workflow.list({ query })) {
    // Those of another deployment are none of ours.
    const [of] = (searchAttributes?.[PINNED_TO] as string[] | undefined) ?? [];
    if (of?.startsWith(`${deployment}:`)) yield workflowId;
  }
}

/** A version that must be there. */
export function versionNamed({ deployment, versions }: Versions, version: string): WorkerVersion {
  const found = versions.find((one) => one.version === version);
  if (found) return found;
  const known = versions.map((one) => one.version).join(', ') || 'none';
  throw failed(
    `The deployment "${deployment}" has no version "${version}"; it has: ${known}. A version is there once a worker of it polls.`,
  );
}

const moment = (time: { seconds?: unknown } | null | undefined): string | null =>
  time?.seconds ? new Date(Number(time.seconds) * 1_000).toISOString() : null;
