import { type Simulator, startSimulator } from './server.js';
import { parseSpeed } from './speed.js';

export interface RunOptions {
  port?: number;
  host?: string;
  /** `instant`, `demo`, or how many times as fast as `demo`. */
  speed?: string | number;
  /** Keeps tasks over restarts. */
  file?: string;
}

/** What a person sees who starts the simulator: how to point a client at it. */
export function greeting({ url, account, project }: Simulator): string {
  return [
    `DRS and IAM are simulated at ${url}`,
    '',
    `  export DRS_ENDPOINT=${url} IAM_ENDPOINT=${url}`,
    `  export HUAWEICLOUD_SDK_AK=${account.ak} HUAWEICLOUD_SDK_SK=${account.sk} HUAWEICLOUD_SDK_PROJECT_ID=${project.id}`,
    `  export HW_REGION_NAME=${project.name}   # or HW_USER_NAME, HW_PASSWORD, HW_DOMAIN_NAME: all three are ${account.user}`,
    '',
    `  curl ${url}/_simulator/jobs      what it holds; /_simulator/journal: what it was asked; /_simulator/faults: what shall go wrong`,
  ].join('\n');
}

/** Runs the simulator until it is told to stop. */
export async function runSimulator({ port, host, speed = 'demo', file }: RunOptions): Promise<Simulator> {
  const chosen = parseSpeed(speed);
  return startSimulator({
    speed: chosen,
    ...(port ? { port } : {}),
    ...(host ? { host } : {}),
    ...(file ? { file } : {}),
  });
}
