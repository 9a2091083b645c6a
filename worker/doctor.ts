import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Client } from '@temporalio/client';
import { request } from 'undici';
import type { Cloud, Env } from '../drs/auth/credentials.js';
import { connect } from '../drs/connect.js';
import { DrsError } from '../drs/errors.js';
import { readSecret } from '../encryption/secret.js';
import { explainMissing, missingSearchAttributes } from '../workflows/search-attributes.js';
import { ConfigError, loadConfig, type WebhookEntry, type WorkerConfig } from './config.js';
import { workerFindings } from './doctor-workers.js';
import { openStores } from './stores/index.js';

export interface Finding {
  /** `cloud default: credentials` */
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly what: string;
  /** What to do about it. */
  readonly mend?: string;
}

export interface Examined {
  readonly env?: Env;
  /** Path of drs-pilot.yaml; else as a worker finds it. */
  readonly config?: string | undefined;
  readonly temporal: () => Promise<{ readonly client: Client; readonly namespace: string; readonly address: string }>;
  readonly taskQueue?: string | undefined;
  /** Milliseconds since the epoch, as this host believes. */
  readonly now?: () => number;
}

const WITHIN_MS = 15_000;
/** A signature is good for 15 minutes either way (§3.2). */
const SKEW_MS = { warning: 60_000, problem: 10 * 60_000 } as const;

/**
 * Looks at everything that a worker needs, by calls that change nothing in a cloud or in Temporal, and tells each finding as soon as it is known. A check
 * that needs another one is left out where that failed.
 */
export async function* examine(examined: Examined): AsyncGenerator<Finding> {
  const { env = process.env, config: file, now = Date.now } = examined;
  const { config, findings } = await configured(env, file);
  yield* findings;
  yield* await temporalFindings(examined, config);
  if (!config) return;
  for (const cloud of Object.values(config.clouds)) yield* cloudFindings(cloud, env, now);
  yield* storeFindings(config, env);
  for (const [name, webhook] of Object.entries(config.webhooks)) yield await webhookFinding(name, webhook, config, env);
}

async function configured(
  env: Env,
  file: string | undefined,
): Promise<{ config?: WorkerConfig; findings: readonly Finding[] }> {
  const check = 'configuration';
  try {
    const config = await loadConfig({ env, ...(file !== undefined && { file }) });
    const { clouds, secrets, stores, webhooks } = config;
    const counts = Object.entries({ clouds, secrets, stores, webhooks })
      .map(([what, entries]) => `${Object.keys(entries).length} ${what}`)
      .join(', ');
    return { config, findings: [{ check, state: 'ok', what: `${counts}; every secret can be read` }] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map(({ path, message }) => {
      const what = path ? `${path}: ${message}` : message;
      return {
        check,
        state: 'problem',
        what,
        mend: `Correct it in ${error.source}; a worker refuses to start.`,
      } as const;
    });
    return { findings };
  }
}

async function temporalFindings(
  { temporal, taskQueue }: Examined,
  config: WorkerConfig | undefined,
): Promise<readonly Finding[]> {
  const reached = await temporal().catch((error: unknown) => messageOf(error));
  // The message has its mend in it.
  if (typeof reached === 'string') return [{ check: 'temporal', state: 'problem', what: reached, mend: 'See there.' }];
  const { client, namespace, address } = reached;
  const found = await client.workflowService.describeNamespace({ namespace }).then(() => undefined, messageOf);
  if (found !== undefined) {
    const mend = `Create it (temporal operator namespace create ${namespace}), or name another: TEMPORAL_NAMESPACE, --namespace.`;
    return [{ check: 'namespace', state: 'problem', what: `"${namespace}" at ${address}: ${found}`, mend }];
  }
  const queue = taskQueue ?? config?.temporal.taskQueue ?? 'drs-pilot';
  return [
    { check: 'temporal', state: 'ok', what: `${address}, namespace "${namespace}"` },
    await attributesFinding(client, namespace),
    ...(await workerFindings(client, namespace, queue, config?.temporal.deployment)),
  ];
}

async function attributesFinding({ connection }: Client, namespace: string): Promise<Finding> {
  const check = 'search attributes';
  const missing = await missingSearchAttributes(connection as never, namespace).catch(messageOf);
  if (typeof missing === 'string')
    return { check, state: 'warning', what: missing, mend: 'Let the credentials read the search attributes.' };
  if (missing.length === 0) return { check, state: 'ok', what: 'all are there, with their types' };
  const mend = missing.some(({ found }) => found)
    ? 'A search attribute keeps its type: remove it there, or use another namespace.'
    : `drs-pilot setup --namespace ${namespace}`;
  return { check, state: 'problem', what: explainMissing(missing, namespace), mend };
}

async function* cloudFindings(cloud: Cloud, env: Env, now: () => number): AsyncGenerator<Finding> {
  const name = `cloud ${cloud.name}`;
  const drs = connect(cloud, { env, now });
  const signal = AbortSignal.timeout(WITHIN_MS);
  const trial = async (check: string, act: () => Promise<Finding | string>): Promise<Finding> => {
    const finding = await act().catch((error: unknown) => refused(`${name}: ${check}`, error));
    return typeof finding === 'string' ? { check: `${name}: ${check}`, state: 'ok', what: finding } : finding;
  };
  try {
    const login = await trial('credentials', async () => {
      const { quotas } = await drs.showQuotas({}, { signal });
      const { used = 0, quota = Number.POSITIVE_INFINITY } = quotas.resource;
      if (used < quota) return `accepted by ${cloud.drsEndpoint}; ${used} of ${quota} tasks exist`;
      const mend = 'Delete tasks that have ended, or ask the cloud for a larger quota.';
      return {
        check: `${name}: quota`,
        state: 'warning',
        what: `${used} of ${quota} tasks exist: none can be created`,
        mend,
      };
    });
    yield login;
    const skew = await skewFinding(name, cloud.drsEndpoint, now);
    if (skew) yield skew;
    if (login.state === 'problem') return;
    yield await trial('list of tasks', async () => {
      const list = { cur_page: 1, per_page: 1, db_use_type: 'migration', engine_type: '', name: '' } as const;
      const { total_record: total } = await drs.showJobList(list, { signal });
      return `may be read; ${total ?? 'no'} migrations`;
    });
    yield await trial('flavours', async () => {
      const asked = {
        engine_type: 'mysql',
        db_use_type: 'migration',
        job_direction: 'up',
        is_use_sellout_info: true,
      } as const;
      const { node_types: types = [] } = await drs.listAvailableNodeTypes(asked, { signal });
      const free = types.filter(({ is_sellout: sold }) => !sold).map(({ node_type: type }) => type);
      if (free.length > 0) return `for migrations to mysql: ${free.join(', ')}`;
      const mend = 'Wait, or ask the cloud: a task could not be created now.';
      return { check: `${name}: flavours`, state: 'warning', what: 'all are sold out for migrations to mysql', mend };
    });
  } finally {
    await drs.close();
  }
}

/** What an error of DRS says has its mend in it. */
function refused(check: string, error: unknown): Finding {
  const kind = error instanceof DrsError ? error.kind : undefined;
  const mend =
    {
      credentials: 'Change the secret or the environment of the worker; clouds.NAME.credentials says which.',
      permission: 'Let an administrator of IAM grant what is named there to the user of these credentials.',
      transient: 'Runs wait while it lasts. If it stays, look at network, proxy and endpoint.',
    }[kind as string] ?? 'Mend what is named there.';
  return { check, state: 'problem', what: messageOf(error), mend };
}

/** Any reply has the time of the other side in its head. */
async function skewFinding(name: string, endpoint: string, now: () => number): Promise<Finding | undefined> {
  const reply = await request(endpoint, { signal: AbortSignal.timeout(WITHIN_MS) }).catch(() => undefined);
  await reply?.body.dump();
  const there = Date.parse(String(reply?.headers['date']));
  if (!Number.isFinite(there)) return undefined;
  const skew = now() - there;
  const seconds = Math.round(Math.abs(skew) / 1_000);
  const check = `${name}: clock`;
  if (Math.abs(skew) < SKEW_MS.warning) return { check, state: 'ok', what: 'agrees within a minute' };
  const what = `this host is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} ${endpoint}; signatures are good for 15 minutes`;
  const mend = 'Let NTP set the clock of this host.';
  return { check, state: Math.abs(skew) < SKEW_MS.problem ? 'warning' : 'problem', what, mend };
}

/** Writes a small file and removes it: only so is it known that a report will find its place. */
async function* storeFindings(config: WorkerConfig, env: Env): AsyncGenerator<Finding> {
  const { store, close } = openStores(config, env);
  try {
    for (const name of Object.keys(config.stores)) {
      const check = `store ${name}`;
      const told = await store(name)
        .check()
        .then(() => undefined, messageOf);
      if (told === undefined) yield { check, state: 'ok', what: 'can be written to' };
      else yield { check, state: 'problem', what: told, mend: `Mend what is named there, or change stores.${name}.` };
    }
  } finally {
    close();
  }
}

/** Whether its host can be reached; nothing is sent. Its address is not told: chat systems put keys into theirs. */
async function webhookFinding(name: string, { url }: WebhookEntry, config: WorkerConfig, env: Env): Promise<Finding> {
  const check = `webhook ${name}`;
  try {
    const address = new URL(typeof url === 'string' ? url : await secretOf(config, url.secret, env));
    const port = Number(address.port || (address.protocol === 'https:' ? 443 : 80));
    const socket = connectTcp({ host: address.hostname.replace(/^\[|\]$/g, ''), port });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(5_000) });
    } finally {
      socket.destroy();
    }
    return { check, state: 'ok', what: `${address.hostname}:${port} answers; nothing was sent` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'it is no address';
    const mend = `Check webhooks.${name}.url, and that this host may reach it. Gates stay open meanwhile, and nobody is told.`;
    return { check, state: 'problem', what: `its host cannot be reached (${code})`, mend };
  }
}

const secretOf = ({ secrets }: WorkerConfig, name: string, env: Env): Promise<string> =>
  readSecret(name, secrets[name] as NonNullable<(typeof secrets)[string]>, env);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
