import { trials } from './activities.js';
import { admit } from './admission.js';
import { readFailure } from './failure.js';
import { type Problem, type Raw, type ReadSpec, storesIn } from './plans/common.js';
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
  const { problems, shown = {} } = await admit(reader, kind, spec);
  return { problems: [...problems, ...(await storeProblems(shown, problems))] };
}

/** A store that is known is written to, for a trial. */
async function storeProblems(spec: Raw, known: readonly Problem[]): Promise<Problem[]> {
  const stores = storesIn(spec).filter(({ path }) => known.every((problem) => problem.path !== path));
  const tried = stores.map(async ({ path, store }) =>
    trials.checkStore({ store }).then(
      () => [],
      (error: unknown) => [{ path, message: readFailure(error).message }],
    ),
  );
  return (await Promise.all(tried)).flat();
}
