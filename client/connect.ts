import { Client, Connection, isGrpcServiceError, type WorkflowClientInterceptor } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError } from '../encryption/config-file.js';
import { dataConverterWith } from '../encryption/data-converter.js';
import type { KeyRing } from '../encryption/key-ring.js';
import { loadKeyRing } from '../encryption/settings.js';
import { badInput, CommandError, EXIT } from './command.js';

export interface Temporal {
  readonly client: Client;
  readonly namespace: string;
  readonly address: string;
}

export interface Where {
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** Profile of temporal.toml. */
  readonly profile?: string | undefined;
  /** The environment to read, in place of this process's own. */
  readonly env?: Record<string, string>;
}

const DEFAULT_ADDRESS = '127.0.0.1:7233';
const WITHIN = '5 seconds';

/**
 * Connects as Temporal's own tools do: `TEMPORAL_*`, then temporal.toml. Throws CommandError: exit 2 for settings that
 * can't be read, 3 for a server that doesn't answer.
 */
export async function connect(
  where: Where = {},
  keyRing?: KeyRing,
  interceptors: readonly WorkflowClientInterceptor[] = [],
): Promise<Temporal> {
  const { connectionOptions, namespace } = settings(where);
  const address = where.address ?? connectionOptions.address ?? DEFAULT_ADDRESS;
  try {
    const connection = await Connection.connect({ ...connectionOptions, address, connectTimeout: WITHIN });
    const named = where.namespace ?? namespace ?? 'default';
    return {
      client: new Client({
        connection,
        namespace: named,
        dataConverter: dataConverterWith(keyRing),
        interceptors: { workflow: [...interceptors] },
      }),
      namespace: named,
      address,
    };
  } catch (error) {
    throw unreachable(address, error);
  }
}

/** The keys that payloads are encrypted with, as the worker's. Throws CommandError (exit 2) with all that is wrong with them. */
export async function keys(): Promise<KeyRing> {
  return await loadKeyRing().catch((error: unknown) => {
    throw error instanceof ConfigError ? badInput(error.message) : error;
  });
}

function settings({ profile, env }: Where) {
  try {
    return loadClientConnectConfig({ ...(profile && { profile }), ...(env && { overrideEnvVars: env }) });
  } catch (error) {
    throw badInput(`Temporal's settings can't be read: ${error instanceof Error ? error.message : error}`);
  }
}

const CREDENTIALS = new Set([7, 16]); // PERMISSION_DENIED, UNAUTHENTICATED

function unreachable(address: string, error: unknown): CommandError {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : undefined;
  if (cause && CREDENTIALS.has(cause.code)) {
    return new CommandError(
      EXIT.failed,
      `Temporal at ${address} refuses us: ${cause.details}. Look at TEMPORAL_API_KEY, the TLS files and the namespace.`,
    );
  }
  return new CommandError(
    EXIT.unreachable,
    `Temporal does not answer at ${address}. Start it, or say where it is: TEMPORAL_ADDRESS, --address, or a profile of temporal.toml.`,
  );
}
