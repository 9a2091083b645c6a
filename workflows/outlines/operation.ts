import type { OperationName } from '../../drs/operations/index.js';
import type { OperationPlan } from '../plans/operation.js';
import { present, type Row } from './row.js';

/** What an operation will do, in the order of workflows/operation.ts. `asks`: whether it is approved before, as far as that is known. */
export function outline({ operation, requests, gate }: OperationPlan, asks?: boolean): Row[] {
  const only = gate || asks ? {} : { only: "the worker's policy wants it" };
  return present(
    {
      step: 'Permission',
      calls: [{ operation: 'batchListJobDetails', jobs: 'each', only: "the worker's policy depends on the task" }],
    },
    asks !== false && { step: 'Approval', gate: { name: 'approval', ask: gate ?? {}, operation, ...only } },
    { step: 'Call', calls: [{ operation: operation as OperationName, jobs: requests.length }] },
  );
}
