import { patched, type WorkflowInboundCallsInterceptor, workflowInfo } from '@temporalio/workflow';
import { isUndecrypted, UNDECODABLE } from './plans/decision.js';

/** So many signals of a run that could not be decrypted are remembered: each is an event, and anybody may send them. */
const MOST = 20;
const LATER = 'there was no key for it when it came, and it was refused: say it again';

/**
 * Keys come and go while runs go on, and a replay must hear what the run heard. A signal that could not be decrypted when it came
 * was refused: it stays so once its key is there. One that counted and whose key is gone fails the task, which waits for a worker
 * with the key, and so does an update: none is accepted that could not be read.
 * Nothing here is awaited: a turn of the event loop more would order the commands of a run anew.
 */
export function settledMessages(): WorkflowInboundCallsInterceptor {
  let signals = 0;
  let remembered = 0;
  return {
    handleSignal(input, next) {
      signals += 1;
      const name = `undecrypted signal ${signals}`;
      const lost = input.args.find(isUndecrypted);
      const replays = workflowInfo().unsafe.isReplaying;
      const refused = (replays || (lost !== undefined && remembered < MOST)) && patched(name);
      if (refused) remembered += 1;
      else if (lost && remembered < MOST) throw gone(lost[UNDECODABLE]);
      return next(refused && !lost ? { ...input, args: [{ [UNDECODABLE]: LATER }] } : input);
    },
    handleUpdate(input, next) {
      const lost = input.args.find(isUndecrypted);
      if (lost) throw gone(lost[UNDECODABLE]);
      return next(input);
    },
  };
}

/** Not a failure of the run: an error that only fails the task. */
const gone = (why: string): Error => new Error(`what this run was told cannot be read: ${why}`);
