import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { Admission, RunStart } from '../activities/services.js';
import { local } from './activities.js';
import { hasLeaked, type Problem, type ReadSpec, readSpec, type SpecReading } from './plans/common.js';

/** Reads a spec, and asks the worker what only it knows: secrets, approvers, clouds. All problems at once. */
export async function admit<P>(
  reader: ReadSpec<P>,
  kind: string,
  spec: unknown,
  start?: RunStart,
): Promise<SpecReading<P> & Admission> {
  const reading = readSpec(reader, kind, spec);
  const { shown } = reading;
  if (!shown) return reading;
  const admission = await local.admit({ kind, spec: shown, ...(start && { start }) });
  return { ...reading, ...admission, problems: [...reading.problems, ...admission.problems] };
}

export function badSpec(kind: string, problems: readonly Problem[]): ApplicationFailure {
  const lines = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  const count = lines.length === 1 ? 'a problem' : `${lines.length} problems`;
  const message = [`this ${kind} spec has ${count}:`, ...lines, ...(hasLeaked(problems) ? [leak()] : [])].join('\n');
  return ApplicationFailure.create({ message, type: 'drs.badSpec', nonRetryable: true, details: [{ problems }] });
}

/** The input of a run stands in its history, whatever becomes of it. */
function leak(): string {
  const { workflowId, runId, namespace } = workflowInfo();
  const run = `--namespace ${namespace} --workflow-id ${workflowId} --run-id ${runId}`;
  return `The password now stands in this run's history: temporal workflow delete ${run}, and change the password.`;
}
