import type { Client } from '@temporalio/client';
import type { Deployment } from './deployment.js';
import type { Finding } from './doctor.js';

const START = 'Start one: drs-pilot worker. Runs that are started before wait for it.';

/** Whether somebody does what runs of a task queue ask for. With worker deployments Temporal gives new runs to the current version alone. */
export async function workerFindings(
  { workflowService }: Client,
  namespace: string,
  taskQueue: string,
  ours: Deployment | undefined,
): Promise<readonly Finding[]> {
  const { pollers, versioningInfo } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1, // of workflows
  });
  const polling = (pollers ?? []).map(({ deploymentOptions: of }) =>
    of?.workerVersioningMode === VERSIONED ? of : {},
  );
  if (polling.length === 0)
    return [{ check: 'workers', state: 'warning', what: `none polls the task queue "${taskQueue}"`, mend: START }];
  const workers: Finding = {
    check: 'workers',
    state: 'ok',
    what: `${polling.length} poll the task queue "${taskQueue}"`,
  };

  const { deploymentName, buildId } = versioningInfo?.currentDeploymentVersion ?? {};
  const current = deploymentName ? named(deploymentName, buildId) : undefined;
  const versions = [
    ...new Set(polling.map((of) => (of.deploymentName ? named(of.deploymentName, of.buildId) : UNVERSIONED))),
  ];
  const there = versions.includes(current ?? UNVERSIONED);
  if (!current && !ours && versions.length === 1 && there) return [workers];

  const check = 'versions';
  const told = `workers poll as ${versions.join(', ')}`;
  const set = `drs-pilot versions set-current BUILD-ID, for instance ${ours?.buildId ?? polling.find((of) => of.buildId)?.buildId}`;
  if (!there) {
    const what = current
      ? `new runs are given to ${current}, of which no worker polls; ${told}`
      : `no version is current, so new runs wait; ${told}`;
    return [
      workers,
      { check, state: 'problem', what, mend: current ? `Start a worker of that version, or ${set}.` : `${set}.` },
    ];
  }
  const mine = ours ? named(ours.name, ours.buildId) : UNVERSIONED;
  if (mine === (current ?? UNVERSIONED)) return [workers, { check, state: 'ok', what: `${mine} is current` }];
  const what = `new runs are given to ${current ?? 'unversioned workers'}; a worker of this configuration is ${mine} and gets none`;
  const mend = ours ? `${set}, if that is meant.` : 'Add temporal.deployment to the configuration.';
  return [workers, { check, state: 'warning', what, mend }];
}

/** WORKER_VERSIONING_MODE_VERSIONED of Temporal's API. */
const VERSIONED = 2;
const UNVERSIONED = 'unversioned';
const named = (deployment: string, buildId: string | null | undefined): string => `${deployment}:${buildId}`;
