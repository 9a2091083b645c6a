import { COMPARISON_KINDS, type ComparisonKind } from '../../drs/consistency.js';
import type { ComparisonPlan } from '../plans/comparison.js';
import { type Call, polls, present, type Row } from './row.js';

/** What a comparison will do, in the order of workflows/comparison.ts and, for each task, workflows/task-comparison.ts. */
export function outline(plan: ComparisonPlan): Row[] {
  const { task, tasks: named, select, compare, store, export: exports = [], secondLook, within, budget } = plan;
  const first = compare.kinds.filter((kind) => !budget || kind !== 'contents');
  const tasks = task ? 1 : (named?.length ?? 'each');
  return present(
    store !== undefined && { step: 'Store', remark: `writes a small file to ${store}, and removes it` },
    budget && {
      step: 'Window',
      remark: 'what is not over when it ends is cancelled; where it is closed nothing begins',
    },
    {
      step: 'Tasks, page 1',
      calls: [
        { operation: 'showJobList' },
        ...(select?.tags ? [{ operation: 'batchListJobDetails', jobs: 'each' } as const] : []),
        ...comparisonCalls({ kinds: first, tasks, exports }),
        ...(secondLook ? [{ operation: 'batchListProgresses', only: 'something differs', polls: true } as const] : []),
      ],
      until: 'every comparison is over',
      within,
      remark: `up to ${plan.atOnce} tasks at the same time, one kind after another, under their locks`,
    },
    budget && {
      step: 'Plan',
      remark: `whose values have their turn: those of every table within ${budget.nights} nights`,
    },
    budget && {
      step: 'Values, part 1',
      calls: comparisonCalls({ kinds: ['contents'], tasks: 'each', exports }),
      until: 'every comparison is over, or the window is',
      remark: `where it is the turn of any table, up to ${budget.perTask} tables of a task at the same time`,
    },
    store !== undefined && { step: 'Report', remark: `writes the report to ${store}` },
  );
}

interface Compared {
  readonly kinds: readonly ComparisonKind[];
  readonly tasks: number | 'each';
  readonly exports?: readonly ComparisonKind[];
}

const READS = {
  objects: ['listObjectLevelCompareDetail'],
  lines: ['listDataCompareOverview', 'listDataCompareDetail'],
  contents: ['listContentCompareOverview', 'listContentCompareDetail'],
  random: ['listDataCompareOverview', 'listContentCompareOverview'],
} as const;

/** What a comparison of these kinds calls for each of its tasks. */
function comparisonCalls({ kinds, tasks: jobs, exports = [] }: Compared): Call[] {
  const rows = kinds.some((kind) => kind !== 'objects');
  return [
    ...(rows ? [{ operation: 'listDataLevelTableCompareJobs', jobs } as const] : []),
    ...(kinds.includes('objects') ? [{ operation: 'listObjectLevelCompareOverview', jobs } as const] : []),
    {
      operation: 'deleteCompareJob',
      jobs: 'each',
      only: 'one is not over in time, or the spec cancels those of others',
    },
    ...COMPARISON_KINDS.filter((kind) => kinds.includes(kind)).flatMap((kind): Call[] => [
      { operation: kind === 'objects' ? 'createObjectLevelCompareJob' : 'createDataLevelTableCompareJob', jobs },
      ...polls(kind === 'objects' ? 'listObjectLevelCompareOverview' : 'listDataLevelTableCompareJobs'),
      ...READS[kind].map((operation): Call => ({ operation, jobs: 'each' })),
      ...(kind === 'contents'
        ? [{ operation: 'listContentCompareDifference', jobs: 'each', only: 'rows differ' } as const]
        : []),
      ...(exports.includes(kind)
        ? ([
            { operation: 'createCompareResultFile', jobs },
            { operation: 'listDataLevelTableCompareJobs', polls: true },
            { operation: 'downloadCompareResultFile', jobs },
          ] as const)
        : []),
    ]),
  ];
}

/** A comparison in a run of its own; objects first, they tell which tables there are. */
export const verification = (what: 'objects' | 'lines' | 'contents'): Row => ({
  step: 'Verification',
  calls: comparisonCalls({ kinds: what === 'objects' ? ['objects'] : ['objects', what], tasks: 1 }),
  until: 'the comparison is over',
  remark: 'anything but consistent must be acknowledged by name',
});
