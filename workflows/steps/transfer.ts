import { waits } from '../activities.js';
import { at, type Task } from './task.js';

/** Until FULL_TRANSFER_COMPLETE or later. A failed transfer is retried by §6.1.12. */
export async function fullTransfer(task: Task, retry: boolean): Promise<string> {
  return (await waits().waitFor({ ...at(task), wait: 'fullDone', retry })).status;
}

/** Until the incremental part runs and its delay (ms) is known and not above `maxDelay`. */
export async function incrementalTransfer(task: Task, maxDelay: number, retry: boolean): Promise<{ delay?: number }> {
  const { delay } = await waits().waitFor({ ...at(task), wait: 'inSync', retry, maxDelay });
  return delay === undefined ? {} : { delay };
}
