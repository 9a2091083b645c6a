import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';

import { NamespaceNotFoundError } from '@temporalio/common';
import { UnreadablePayload } from '../encryption/codec.js';
import { CommandError, EXIT, failed } from './command.js';

/** gRPC's codes, as far as they have a meaning of their own for a person. */
const GRPC = {
  3: { exit: EXIT.failed, says: 'Temporal refuses the request' },
  4: { exit: EXIT.unreachable, says: 'Temporal did not answer in time: is it overloaded?' },
  7: { exit: EXIT.failed, says: 'Temporal denies the permission' },
  8: { exit: EXIT.unreachable, says: 'Temporal is overloaded: try again' },
  14: { exit: EXIT.unreachable, says: 'Temporal does not answer any more: try again' },
  16: { exit: EXIT.failed, says: 'Temporal refuses the credentials: look at TEMPORAL_API_KEY and the TLS files' },
} as const;

/** Whether a query went wrong for its run alone: no worker took it, or the worker could not. The others of a list still answer. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof QueryNotRegisteredError ||
  (error instanceof Error && (isGrpcServiceError(error) || isGrpcServiceError(error.cause)));

/** Any error as one that a person can act on. What we don't know stays as it is. */
export function explain(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof UnreadablePayload)
    return failed(`${error.message} DRS_PILOT_CONFIG names the file that has the keys: docs/encryption.md.`);
  if (error instanceof NamespaceNotFoundError) return noNamespace(error.namespace);
  if (error instanceof WorkflowNotFoundError) {
    return failed(`There is no run "${error.workflowId}". \`drs-pilot list\` shows those that exist.`);
  }
  if (error instanceof ScheduleNotFoundError)
    return failed(`There is no schedule "${error.scheduleId}". \`drs-pilot schedule list\` shows those that exist.`);
  if (error instanceof ScheduleAlreadyRunning)
    return failed(`There is a schedule "${error.scheduleId}". \`drs-pilot schedule update\` changes it.`);
  if (error instanceof WorkflowUpdateFailedError) return failed(`Refused: ${error.cause?.message ?? error.message}`);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return failed(
      'No worker answered in time. Whether it was heard is not known: `drs-pilot status` shows it, and saying the same again counts once.',
    );
  }
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return failed(
      `The id "${error.workflowId}" is in use by a run that goes on. Watch that one, or give another id: --id.`,
    );
  }
  return grpc(error) ?? failed(error instanceof Error ? error.message : String(error));
}

const noNamespace = (name: string): CommandError =>
  failed(`Temporal has no namespace "${name}": look at TEMPORAL_NAMESPACE or --namespace.`);

function grpc(error: unknown): CommandError | undefined {
  const cause = isGrpcServiceError(error) ? error : error instanceof Error ? error.cause : undefined;
  if (!isGrpcServiceError(cause)) return undefined;
  if (/search attribute|column name .* is not defined/i.test(cause.details)) {
    return failed(
      `This namespace lacks drs-pilot's search attributes (${cause.details}). \`drs-pilot setup\` adds them.`,
    );
  }
  const [, namespace] = /^Namespace (\S+) is not found/.exec(cause.details) ?? [];
  if (namespace) return noNamespace(namespace);
  const known = GRPC[cause.code as keyof typeof GRPC];
  return known && new CommandError(known.exit, `${known.says} (${cause.details}).`);
}
