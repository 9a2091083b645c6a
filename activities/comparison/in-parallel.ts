import { setMaxListeners } from 'node:events';
import { cancellationSignal } from '@temporalio/activity';

/** Requests to a store at the same time: one after another would take minutes for thousands of files. */
const AT_ONCE = 16;

/** Works on all of them, some at the same time, and gives what comes of each in their order. After one that fails no other begins. */
export async function inParallel<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  const waiting = all.entries();
  // All of them hear the one signal.
  setMaxListeners(0, cancellationSignal());
  let failed: { readonly error: unknown } | undefined;
  const line = async (): Promise<void> => {
    for (const [at, one] of waiting) {
      if (failed) return;
      try {
        cancellationSignal().throwIfAborted();
        done[at] = await work(one);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  if (failed) throw (failed as { readonly error: unknown }).error;
  return done;
}
