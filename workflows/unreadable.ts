import { patched, type WorkflowInboundCallsInterceptor, workflowInfo } from '@temporalio/workflow';
import { isUndecodable, isUndecrypted, UNDECODABLE } from './plans/decision.js';

/** So many signals of a run that could not be decrypted are remembered: each is two events, and anybody may send them. */
const MOST = 200;
const LATER = 'there was no key for it when it came, and it was refused: say it again';
/** Workflow type of the locks of tasks, which only runs speak to. */
const LOCK = 'jobLock';

/**
 * Keys come and go while runs go on, and a replay must hear what the run heard. What could not be decrypted when it came, a spec or
 * a signal, was refused: it stays so once its key is there. What counted and whose key is gone fails the task, which waits for a
 * worker with the key; so does an update: none is accepted that could not be read.
 * Nothing here is awaited: a turn of the event loop more would order the commands of a run anew.
 */
export function settledMessages(): WorkflowInboundCallsInterceptor {
  const { workflowType, continuedFromExecutionRunId, parent } = workflowInfo();
  if (workflowType === LOCK) return { execute: ours };
  let signals = 0;
  let remembered = 0;
  return {
    execute(input, next) {
      // What runs hand over to themselves and to each other is no bad input.
      if (continuedFromExecutionRunId !== undefined || parent) return ours(input, next);
      const lost = input.args.find(isUndecrypted);
      const refused = (replays() || lost !== undefined) && patched('undecrypted spec');
      if (lost && !refused) throw gone(`what this run was given cannot be read: ${lost[UNDECODABLE]}`);
      return next(refused && !lost ? { ...input, args: [{ [UNDECODABLE]: LATER }] } : input);
    },
    handleSignal(input, next) {
      signals += 1;
      const name = `undecrypted signal ${signals}`;
      const lost = input.args.find(isUndecrypted);
      const refused = (replays() || (lost !== undefined && remembered < MOST)) && patched(name);
      if (refused) remembered += 1;
      else if (lost && remembered < MOST) throw gone(`what this run was told cannot be read: ${lost[UNDECODABLE]}`);
      return next(refused && !lost ? { ...input, args: [{ [UNDECODABLE]: LATER }] } : input);
    },
    handleUpdate(input, next) {
      const lost = input.args.find(isUndecrypted);
      if (lost) throw gone(`what this run was told cannot be read: ${lost[UNDECODABLE]}`);
      return next(input);
    },
  };
}

const replays = (): boolean => workflowInfo().unsafe.isReplaying;

const ours: NonNullable<WorkflowInboundCallsInterceptor['execute']> = async (input, next) => {
  const lost = input.args.find(isUndecodable);
  if (lost) throw gone(`what this run knew cannot be read: ${lost[UNDECODABLE]}`);
  return await next(input);
};

/** Not a failure of the run: an error that only fails the task. */
const gone = (why: string): Error => new Error(why);
