import type { Drs } from '../drs/connect.js';
import type { Problem } from '../drs/operations/common.js';
import type { Watcher } from '../drs/watcher.js';
import type { Notifier, WebhookEvent } from './notify.js';
import type { Secrets } from './secrets.js';

export interface CloudServices {
  readonly drs: Drs;
  readonly watcher: Watcher;
}

export interface GateAsk {
  readonly kind: string;
  /** The task's name; rules may hold for some names only. */
  readonly name: string;
  readonly gate: string;
  readonly approvals?: number | undefined;
  readonly group?: string | undefined;
}

/** Who may decide at a gate: what the worker's rules and the spec together demand. */
export interface GateAnswer {
  readonly approvals: number;
  readonly group: string | null;
  readonly members?: readonly string[];
  readonly force?: boolean;
}

/** What the worker gives to its activities. */
export interface Services {
  /** @throws DrsError of kind `request` where the worker serves no cloud of that name. */
  readonly cloud: (name: string | undefined) => CloudServices;
  readonly secrets: Secrets;
  readonly notifier: Notifier;
  /** What only the worker knows of a spec: clouds, secrets, webhooks, approvers. */
  readonly admit: (kind: string, spec: Readonly<Record<string, unknown>>) => Promise<readonly Problem[]>;
  readonly gateRule: (ask: GateAsk) => GateAnswer;
  /** The run in the Temporal UI, where the worker knows its address. */
  readonly link: (run: Pick<WebhookEvent, 'namespace' | 'workflowId' | 'runId'>) => string | undefined;
}
