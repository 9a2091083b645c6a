import { local } from './activities.js';
import { type Problem, type ReadSpec, readSpec } from './plans/common.js';
import { type Kind, kinds } from './plans/index.js';

/** Asks a worker whether it would take a spec: what the spec alone tells, and what only the worker knows. Starts nothing. */
export async function validate({
  kind,
  spec,
}: {
  readonly kind: Kind;
  readonly spec: unknown;
}): Promise<{ problems: readonly Problem[] }> {
  const reader = kinds[kind] as ReadSpec<unknown> | undefined;
  if (!reader) return { problems: [{ path: 'kind', message: `must be one of ${Object.keys(kinds).join(', ')}` }] };
  const { problems, shown } = readSpec(reader, kind, spec);
  const admission = shown ? await local.admit({ kind, spec: shown }) : { problems: [] };
  return { problems: [...problems, ...admission.problems] };
}
