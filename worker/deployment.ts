import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { Env } from '../drs/auth/credentials.js';
import type { Problem } from '../drs/operations/common.js';
import { BUILD_ID } from '../drs/version.js';
import { BuildId, DeploymentName } from './config-schema.js';

/** Which version of which worker deployment of Temporal a worker is. */
export interface Deployment {
  readonly name: string;
  readonly buildId: string;
}

const DEFAULT_NAME = 'drs-pilot';
/** As Temporal's controller for Kubernetes sets them; they go before the file, which workers of several versions share. */
const VARIABLES = { name: 'TEMPORAL_DEPLOYMENT_NAME', buildId: 'TEMPORAL_WORKER_BUILD_ID' } as const;

/** None where neither the file nor the environment names a deployment: such a worker is unversioned. */
export function readDeployment(
  section: { readonly name?: string | undefined; readonly buildId?: string | undefined } | undefined,
  env: Env,
): { readonly deployment?: Deployment; readonly problems: readonly Problem[] } {
  const name = env[VARIABLES.name] || section?.name || (section && DEFAULT_NAME);
  const buildId = env[VARIABLES.buildId];
  if (!name && !buildId) return { problems: [] };
  if (!name)
    return tell(VARIABLES.buildId, `goes with ${VARIABLES.name}, or with temporal.deployment in the configuration`);
  const deployment = { name, buildId: buildId || section?.buildId || BUILD_ID };
  const wrong = DeploymentName.safeParse(name).error
    ? tell(VARIABLES.name, 'must be a name without dots and colons')
    : undefined;
  const other = BuildId.safeParse(deployment.buildId).error
    ? tell(VARIABLES.buildId, 'must be an id without colons')
    : undefined;
  return wrong ?? other ?? { deployment, problems: [] };
}

const tell = (path: string, message: string) => ({ problems: [{ path, message }] });

/** A run stays on the version that it began on, unless its workflow says otherwise. */
export const deploymentOptions = ({ name, buildId }: Deployment): WorkerDeploymentOptions => ({
  useWorkerVersioning: true,
  version: { deploymentName: name, buildId },
  defaultVersioningBehavior: 'PINNED',
});
