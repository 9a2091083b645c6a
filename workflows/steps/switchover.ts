import type { SwitchedTask, TaskState } from '../../activities/switchover-result.js';
import type { Stage, Switching } from './readiness.js';
import { send } from './switchover-call.js';
import { ask } from './switchover-outcome.js';
import { settle, verify } from './switchover-proof.js';

/**
 * Switches over the tasks of one stage, until each is verified or a person has left it at that. The call is a toggle (§6.4.1): what
 * may have been done is never sent again by itself.
 */
export async function switchStage(it: Switching, stage: Stage): Promise<void> {
  const rounds = new Map<string, number>();
  for (;;) {
    const pending = inState(it, stage, 'pending');
    const unclear = inState(it, stage, 'sending', 'unclear');
    const accepted = inState(it, stage, 'accepted');
    const failed = inState(it, stage, 'refused', 'still', 'unverified');
    if (pending.length > 0) await send(it, stage, pending, rounds);
    else if (unclear.length > 0 || accepted.length > 0)
      await Promise.all([settle(it, stage, unclear), verify(it, stage, accepted)]);
    else if (failed.length > 0) await ask(it, stage, failed);
    else return;
    it.record.report();
  }
}

const inState = ({ record }: Switching, { name }: Stage, ...states: readonly TaskState[]): SwitchedTask[] =>
  record.of(name).filter(({ state }) => states.includes(state));

/** Whether tasks of a stage are still to be sent. */
export const isPending = (it: Switching, stage: Stage): boolean => inState(it, stage, 'pending').length > 0;
