import { calls, waits } from '../activities.js';
import { at, type Task } from './task.js';

/** Until FULL_TRANSFER_COMPLETE or later. A failed transfer is retried by §6.1.12. */
export async function fullTransfer(task: Task, retry: boolean): Promise<string> {
  if (retry) await calls.retryTask(at(task));
  return (await waits().waitFor({ ...at(task), wait: 'fullDone' })).status;
}

/** Until the incremental part runs and its delay (ms) is known and not above `maxDelay`. */
export async function incrementalTransfer(task: Task, maxDelay: number, retry: boolean): Promise<{ delay?: number }> {
  if (retry) await calls.retryTask(at(task));
  const { delay } = await waits().waitFor({ ...at(task), wait: 'inSync', maxDelay });
  return delay === undefined ? {} : { delay };
}
