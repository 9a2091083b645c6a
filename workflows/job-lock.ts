import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  setDefaultSignalHandler,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type { Hold, LockAnswer, TakeOver } from '../activities/lock-view.js';
import { waits } from './activities.js';
import { type CarriedLock, LockState } from './lock-state.js';
import { lockQuery, lockTaken } from './messages.js';
import { isUndecodable, UNDECODABLE } from './plans/decision.js';
import { readLockMessage } from './plans/lock.js';
import { versioningBehavior } from './versioned.js';

const request = defineUpdate<LockAnswer, [unknown]>('request');
const takeOver = defineUpdate<LockAnswer, [unknown]>('takeOver');
const release = defineSignal<[unknown]>('release');

/** A lock that nobody holds or wants for so long ends; the next request begins a new one. */
const IDLE = '1 minute';
/** Most holds are over by then: whether the holder still lives is looked at only later, unless somebody waits. */
const QUIET = '1 minute';
const MOST_EVENTS = 4_500;

/**
 * The lock of one DRS task: whoever changes the task holds it, comparisons share it. Requests queue in their order. A hold lasts
 * until it is given back, taken over, or the run that has it is closed.
 */
export async function jobLock(
  { jobId, cloud }: { jobId: string; cloud: string },
  carried?: CarriedLock,
): Promise<void> {
  const continued = workflowInfo().continuedFromExecutionRunId !== undefined;
  const lock = new LockState(String(jobId), String(cloud), continued ? carried : undefined);

  setHandler(lockQuery, () => lock.view(), { description: 'Who holds the lock, who waits for it, who took it over' });
  setHandler(request, (payload): LockAnswer => answer(lock, lock.request(read('request', payload), Date.now())), {
    validator: (payload: unknown) => void read('request', payload),
    description: 'Used by runs',
  });
  setHandler(
    takeOver,
    async (payload): Promise<LockAnswer> => {
      const wanted = read('takeOver', payload);
      const { token, from } = lock.takeOver(wanted, Date.now());
      await Promise.all(from.map((hold) => tell(lock, hold, wanted)));
      return answer(lock, token);
    },
    { validator: (payload: unknown) => void read('takeOver', payload), description: 'Used by runs, after a decision' },
  );
  setHandler(
    release,
    (payload) => {
      const said = readLockMessage('release', payload);
      if (typeof said !== 'string') lock.drop([said.runId], Date.now());
    },
    { description: 'Used by runs' },
  );
  setDefaultSignalHandler(() => undefined);

  for (;;) {
    if (workflowInfo().historyLength > MOST_EVENTS) {
      await condition(allHandlersFinished);
      return await continueAsNew<typeof jobLock>({ jobId, cloud }, lock.carry());
    }
    const { version } = lock;
    const changed = () => lock.version !== version;
    if (lock.isFree) {
      if (await condition(changed, IDLE)) continue;
      if (allHandlersFinished()) return;
    } else if (lock.isWanted || !(await condition(changed, QUIET))) await watchOwners(lock, changed);
  }
}

// Runs of every version ask it: it must go on when the workers of the version that it began on are gone.
const behavior = versioningBehavior('AUTO_UPGRADE');
setWorkflowOptions({ ...(behavior && { versioningBehavior: behavior }) }, jobLock);

/** Holders and waiters whose run is closed are dropped. */
async function watchOwners(lock: LockState, changed: () => boolean): Promise<void> {
  const watching = new CancellationScope();
  void watching
    .run(() => waits().watchOwners({ owners: lock.owners, eager: lock.isWanted }))
    .then(
      ({ gone }) => lock.drop(gone, Date.now()),
      () => undefined,
    );
  await condition(changed);
  watching.cancel();
}

/** A holder learns that it holds the lock no more before the next one acts. One that is gone need not. */
async function tell({ jobId }: LockState, { owner }: Hold, { owner: to, by, why }: TakeOver): Promise<void> {
  const payload = { jobId, by, reason: why, workflowId: to.workflowId };
  await getExternalWorkflowHandle(owner.workflowId)
    .signal(lockTaken, payload)
    .catch(() => undefined);
}

const answer = (lock: LockState, token: number | undefined): LockAnswer => ({
  ...(token !== undefined && { token }),
  lock: lock.view(),
});

/** What was accepted with a key and cannot be read without it fails the task, which waits for a worker that has the key. */
function read<N extends 'request' | 'takeOver'>(name: N, payload: unknown) {
  if (isUndecodable(payload)) throw new Error(`what this lock was told cannot be read: ${payload[UNDECODABLE]}`);
  const said = readLockMessage(name, payload);
  if (typeof said === 'string') throw ApplicationFailure.nonRetryable(said, 'drs.refused');
  return said;
}
