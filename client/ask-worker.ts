import { randomUUID } from 'node:crypto';
import { type Context, failed } from './command.js';

export interface Asked {
  readonly workflow: 'plan' | 'readiness' | 'validate';
  /** What the question is about, for the workflow's id. */
  readonly about: string;
  readonly input: unknown;
  readonly taskQueue: string;
  /** A duration of Temporal, like `1 minute`. */
  readonly within: '20 seconds' | '1 minute';
}

/** What only a worker knows. Throws CommandError (exit 1) where none answers in time, or with why it could not. */
export async function askWorker<T>({ temporal }: Context, asked: Asked): Promise<T> {
  const { workflow, about, input, taskQueue, within } = asked;
  const { client } = await temporal();
  const handle = await client.workflow.start(workflow, {
    workflowId: `${workflow}-${about}-${randomUUID().slice(0, 8)}`,
    taskQueue,
    args: [input],
    workflowExecutionTimeout: within,
  });
  return (await handle.result().catch((error: unknown) => {
    const cause = (error as { cause?: { message?: string; name?: string } }).cause;
    if (cause?.name !== 'TimeoutFailure') throw failed(cause?.message ?? String(error));
    throw failed(
      `Nothing was told on the task queue "${taskQueue}" within ${within}: \`drs-pilot worker\` starts a worker.`,
    );
  })) as T;
}
