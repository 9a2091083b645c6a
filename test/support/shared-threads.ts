import { ThreadedVMWorkflowCreator } from '@temporalio/worker/lib/workflow/threaded-vm.js';

type Options = Parameters<typeof ThreadedVMWorkflowCreator.create>[0];

const creators = new Map<string, Promise<ThreadedVMWorkflowCreator>>();
const create = ThreadedVMWorkflowCreator.create.bind(ThreadedVMWorkflowCreator);

/**
 * Workers of this process that run the same workflow code share the threads it runs in. To make a thread costs a second
 * of a core, more than most runs; runs are as apart in it as the runs of one worker are.
 */
export function shareThreads(): void {
  ThreadedVMWorkflowCreator.create = async (options) => {
    const key = keyOf(options);
    const shared = creators.get(key) ?? create(options);
    creators.set(key, shared);
    return Object.assign(Object.create(await shared) as ThreadedVMWorkflowCreator, { destroy: async () => undefined });
  };
}

const keyOf = ({ workflowBundle: { code }, registeredActivityNames, ...others }: Options): string =>
  JSON.stringify([...(registeredActivityNames ?? []), others.threadPoolSize, others.isolateExecutionTimeoutMs]) + code;
