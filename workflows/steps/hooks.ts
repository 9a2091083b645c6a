import { workflowInfo } from '@temporalio/workflow';
import type { HookCall, HookDone } from '../../activities/hooks.js';
import { waits } from '../activities.js';
import type { Steps } from '../branch.js';
import { hookStep } from '../outlines/row.js';

/** Where in a run hooks are called; their rows are `Fence the application: fence` for a row of that name. */
export interface HookSite extends Pick<HookCall, 'phase' | 'occasion' | 'tasks'> {
  readonly row: string;
  readonly drill?: boolean;
}

/** Calls hooks in their order, each as a step of its own: one that failed asks whether to retry, skip or abort. */
export async function callHooks(
  run: Steps,
  names: readonly string[],
  { row, phase, occasion, tasks, drill = false }: HookSite,
): Promise<void> {
  const call = { phase, occasion, tasks, drill, first: workflowInfo().firstExecutionRunId };
  for (const hook of names) {
    await run.step(hookStep(row, hook), () => waits().callHook({ ...call, hook, run: run.whereabouts }), {
      skippable: true,
      note: told,
    });
  }
}

function told({ called, status, tries }: HookDone): string {
  if (!called) return 'left out of the drill: it is not declared drill-safe';
  return `answered ${status}${tries > 1 ? ` at try ${tries}` : ''}`;
}
