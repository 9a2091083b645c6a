import type { z } from 'zod';
import type { Operation } from '../operation.js';
import { connections } from './connections.js';
import { control } from './control.js';
import { objectsAndPolicies } from './objects-and-policies.js';
import { precheckAndParameters } from './precheck-and-parameters.js';
import { resources } from './resources.js';
import { tasks } from './tasks.js';
import { users } from './users.js';

/** The calls of DRS by Huawei's operation ids. Client, activities and documents are made from this. */
export const operations = {
  ...tasks,
  ...connections,
  ...objectsAndPolicies,
  ...precheckAndParameters,
  ...control,
  ...users,
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
