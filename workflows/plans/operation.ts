import { z } from 'zod';
import type { Operation } from '../../drs/operation.js';
import { operations } from '../../drs/operations/index.js';
import { namesPage, pageOf } from '../../drs/paging.js';
import { Gate, type Problem, planBase, type Raw, type ReadSpec, requestProblems } from './common.js';

const table: Readonly<Record<string, Operation>> = operations;
export const OPERATION_IDS = Object.keys(operations) as [string, ...string[]];

/** The call of a spec; undefined for an id that the table lacks. */
export const entryOf = (id: unknown): Operation | undefined =>
  typeof id === 'string' && Object.hasOwn(table, id) ? table[id] : undefined;

const { cloud, notify, requested } = planBase('operation');

export const OperationSpec = z
  .strictObject({
    kind: z.literal('operation').optional(),
    operation: z
      .enum(OPERATION_IDS, {
        error: ({ input }) =>
          input === undefined ? 'is missing' : 'is no call of DRS: `drs-pilot operations` lists them',
      })
      .meta({ description: 'Which call of the API; `drs-pilot operations` lists them.' }),
    request: z
      .unknown()
      .optional()
      .meta({ description: "One job's request under its wire names; a task id alone where that is all of it." }),
    jobs: z.array(z.unknown()).min(1).optional().meta({ description: 'Requests of any number of jobs.' }),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'must be a word: up to 100 letters, digits, dots, hyphens and underscores')
      .optional()
      .meta({ description: "What the run is called; the call's id when left out." }),
    reason: z.string().trim().min(1).max(2_000).optional().meta({ description: 'Why; shown to whoever approves.' }),
    gate: Gate.optional().meta({ description: 'Asks for an approval, also where the policy does not.' }),
    cloud,
    notify,
    requested,
  })
  .transform(({ request, jobs, name, ...spec }) => ({
    ...spec,
    name: name ?? spec.operation,
    single: jobs === undefined,
    requests: jobs ?? [request ?? {}],
  }));

/** `requests` has one entry for a spec with `request`. */
export type OperationPlan = z.output<typeof OperationSpec>;

export const operationSpec: ReadSpec<OperationPlan> = {
  schema: OperationSpec,
  problems: (spec) => {
    const entry = entryOf(spec['operation']);
    return entry ? [...shapeProblems(spec, entry), ...callProblems(spec, entry)] : [];
  },
};

function shapeProblems({ operation, request, jobs }: Raw, entry: Operation): Problem[] {
  const problem = (path: string, message: string): Problem[] => [{ path, message }];
  if (entry.file)
    return problem(
      'operation',
      `${operation} answers with a file, and a run keeps none: download it in the console of DRS`,
    );
  if (request !== undefined && jobs !== undefined) return problem('jobs', 'does not go with request: give one of them');
  return [];
}

/** What the reference demands of each request; and a request that stands twice would be sent twice. */
function callProblems({ request, jobs }: Raw, entry: Operation): Problem[] {
  if (!Array.isArray(jobs)) return problemsAt(entry, request, 'request');
  const seen = new Map<string, number>();
  return jobs.flatMap((job, index) => {
    const path = `jobs[${index}]`;
    const text = JSON.stringify(job) ?? '';
    const twin = seen.get(text);
    if (twin !== undefined) return [{ path, message: `is the same as jobs[${twin}]: it would be sent twice` }];
    seen.set(text, index);
    return problemsAt(entry, job, path);
  });
}

function problemsAt(entry: Operation, given: unknown, path: string): Problem[] {
  const request = given ?? (takesNothing(entry) ? {} : undefined);
  if (request === undefined) return [{ path, message: 'is missing' }];
  const { paging } = entry;
  const whole = paging && typeof request === 'object' && !namesPage(paging, request);
  const asked = whole ? pageOf(paging, request, 0) : request;
  const at = (inner: string): string => (/^\w/.test(inner) ? `${path}.${inner}` : `${path}${inner}`);
  return requestProblems(entry.request, asked, []).map((problem) => ({ ...problem, path: at(problem.path) }));
}

const takesNothing = ({ request }: Operation): boolean => request.safeParse({}).success;
