import type { Client } from '@temporalio/client';
import type { Drs } from '../drs/connect.js';
import type { Problem } from '../drs/operations/common.js';
import type { Watcher } from '../drs/watcher.js';
import type { Hooks } from './hooks.js';
import type { Notifier, WebhookEvent } from './notify.js';
import type { Secrets } from './secrets.js';
import type { Stores } from './stores.js';
import type { Offset } from './zones.js';

export interface CloudServices {
  readonly name: string;
  readonly drs: Drs;
  readonly watcher: Watcher;
}

export interface GateAsk {
  readonly kind: string;
  /** The task's name; rules may hold for some names only. */
  readonly name: string;
  readonly gate: string;
  /** Of a run of kind `operation`. */
  readonly operation?: string | undefined;
  /** Names of the tasks that it is about, where they are not `name`. */
  readonly tasks?: readonly string[] | undefined;
  readonly approvals?: number | undefined;
  readonly group?: string | undefined;
  /** Group whose members may decide, too, once the gate has been open for a while. */
  readonly escalate?: string | undefined;
  /** Blocking items block: force must be allowed by a rule, and not only not be forbidden. */
  readonly forcible?: boolean | undefined;
  /** Time zone of the gate's window. */
  readonly zone?: string | undefined;
}

/** Who may decide at a gate: what the worker's rules and the spec together demand. */
export interface GateAnswer {
  readonly approvals: number;
  readonly group: string | null;
  readonly members?: readonly string[];
  readonly force?: boolean;
  /** Absent: nobody else may decide, however long it takes. */
  readonly escalation?: { readonly group: string; readonly members: readonly string[] };
  /** What the zone that was asked for does to the clock. */
  readonly offsets?: readonly Offset[];
  /** Public keys of the members, by their names: what they decide must be signed. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** Whoever requested the run can't approve. */
  readonly fourEyes?: boolean;
}

/** The start of a run: what a signed request names, and when it was. */
export interface RunStart {
  readonly namespace: string;
  readonly workflowId: string;
  /** ISO 8601; of the first run where one continued as new. */
  readonly at: string;
}

/** Who requested a run, proved by a signature over its spec. */
export interface Requester {
  readonly by: string;
  readonly time: string;
  readonly signature: string;
  /** `SHA256:…` of the key. */
  readonly key: string;
  /** Of the signed text, hex. */
  readonly sha256: string;
}

export interface Admission {
  readonly problems: readonly Problem[];
  readonly requester?: Requester;
}

/** What the policy must know of the task that a call is about. */
export interface PolicyAsk {
  readonly operation: string;
  /** Absent where the call is about no task, or about one that cannot be read. */
  readonly name?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** True where the call orders a yearly or monthly task. */
  readonly ordered?: boolean | undefined;
}

/** What the policy says to a call, and which of its rules does. */
export interface Ruling {
  readonly permission: 'allow' | 'approve' | 'deny';
  readonly why: string;
}

/** What the worker gives to its activities. */
export interface Services {
  /** Temporal itself: locks are workflows. */
  readonly temporal: Client;
  /** @throws DrsError of kind `request` where the worker serves no cloud of that name. */
  readonly cloud: (name: string | undefined) => CloudServices;
  readonly secrets: Secrets;
  readonly notifier: Notifier;
  readonly hook: Hooks;
  readonly store: Stores;
  /** What only the worker knows of a spec: clouds, secrets, webhooks, approvers; and of a run that starts, who requested it. */
  readonly admit: (kind: string, spec: Readonly<Record<string, unknown>>, start?: RunStart) => Promise<Admission>;
  readonly gateRule: (ask: Omit<GateAsk, 'zone'>) => Omit<GateAnswer, 'offsets'>;
  /** The strictest ruling over calls that are about these tasks. */
  readonly ruling: (asks: readonly PolicyAsk[]) => Ruling;
  /** Whether the ruling on an operation depends on its task. */
  readonly dependsOnTask: (operation: string) => boolean;
  /** The run in the Temporal UI, where the worker knows its address. */
  readonly link: (run: Pick<WebhookEvent, 'namespace' | 'workflowId' | 'runId'>) => string | undefined;
}
