import type { z } from 'zod';
import type { Operation } from '../operation.js';
import { comparison } from './comparison.js';
import { connections } from './connections.js';
import { control } from './control.js';
import { disasterRecovery } from './disaster-recovery.js';
import { objectsAndPolicies } from './objects-and-policies.js';
import { precheckAndParameters } from './precheck-and-parameters.js';
import { resources } from './resources.js';
import { settings } from './settings.js';
import { tasks } from './tasks.js';
import { users } from './users.js';

/** The 53 calls of DRS by Huawei's operation ids. Client, activities and documents are made from this. */
export const operations = {
  ...tasks,
  ...connections,
  ...objectsAndPolicies,
  ...precheckAndParameters,
  ...control,
  ...users,
  ...comparison,
  ...disasterRecovery,
  ...settings,
  ...resources,
} satisfies Record<string, Operation>;

type Table = typeof operations;

export type OperationName = keyof Table;

/** Operations that take many jobs in one request. */
export type BatchOperationName = {
  [N in OperationName]: Table[N] extends { readonly batch: object } ? N : never;
}[OperationName];

/** What one job of an operation is asked with. */
export type Request<N extends OperationName> = z.input<Table[N]['request']>;

/** One job's result. */
export type Reply<N extends OperationName> = z.output<Table[N]['reply']>;
