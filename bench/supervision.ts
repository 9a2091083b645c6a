import { MockActivityEnvironment } from '@temporalio/testing';
import type { Services } from '../activities/services.js';
import { superviseTask } from '../activities/supervise.js';
import { connect } from '../drs/connect.js';
import type { UseType } from '../drs/operations/common.js';
import { Watcher } from '../drs/watcher.js';
import { startSimulator } from '../simulator/server.js';
import { atMost, just, report } from './support/report.js';

/** What supervising a thousand tasks of one kind costs one worker in an hour, by row of the reference. */

const TASKS = 1_000;
/** An hour of the real intervals in a minute. */
const PACE = 1 / 60;
const HOUR_MS = 3_600_000;
/** Tasks come one after another, as runs begin to supervise; then the hour is counted. */
const BEGIN_MS = 15_000;

const KNOWN = new Set(['showJobList', 'batchListProgresses', 'batchListRposAndRtos', 'showMonitoringData']);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function hourOf(useType: UseType): Promise<{ counts: Map<string, number>; tasks: Map<string, number> }> {
  const simulator = await startSimulator({ speed: 'instant' });
  const drs = connect(
    {
      name: 'bench',
      region: 'eu-west-101',
      projectId: simulator.project.id,
      drsEndpoint: simulator.url,
      iamEndpoint: simulator.url,
      credentials: { ak: 'local-ak', sk: 'local-sk' },
      rate: { perSecond: 1e9, burst: 1e9 },
    },
    { env: {} },
  );
  const ids = Array.from(
    { length: TASKS },
    (_, n) =>
      simulator.createForeign({
        name: `task-${n}`,
        status: 'INCRE_TRANSFER_STARTED',
        db_use_type: useType,
        ...(useType === 'cloudDataGuard' && { engine_type: 'cloudDataGuard-mysql', multi_write: false }),
      }).id,
  );
  const cloud = { name: 'bench', drs, watcher: new Watcher(drs, { pace: PACE }) };
  const supervise = superviseTask({ cloud: () => cloud } as unknown as Services, PACE);
  const limits = useType === 'sync' ? { maxDelay: HOUR_MS } : { maxRpo: HOUR_MS, maxRto: HOUR_MS };
  const environments = ids.map(() => new MockActivityEnvironment());
  const running = ids.map(async (jobId, n) => {
    await sleep((n / TASKS) * BEGIN_MS);
    const tasks = [{ jobId, useType, expiredDays: 14 }];
    await environments[n]?.run(() => supervise({ tasks, limits: { ...limits, for: HOUR_MS }, marks: {} }));
  });
  const ended = Promise.allSettled(running);
  await sleep(BEGIN_MS + HOUR_MS * PACE * (1 / 60));
  simulator.clearJournal();
  await sleep(HOUR_MS * PACE);
  const journal = simulator.journal();
  for (const environment of environments) environment.cancel();
  await ended;
  await drs.close();
  await simulator.close();
  const counts = new Map<string, number>();
  const tasks = new Map<string, number>();
  for (const { operation, jobs } of journal) {
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    tasks.set(operation, (tasks.get(operation) ?? 0) + jobs.length);
  }
  return { counts, tasks };
}

const sync = await hourOf('sync');
const recovery = await hourOf('cloudDataGuard');
const count = ({ counts }: typeof sync, operation: string) => counts.get(operation) ?? 0;
const each = ({ tasks }: typeof sync, operation: string) => (tasks.get(operation) ?? 0) / TASKS;

report(
  `Requests in an hour, ${TASKS.toLocaleString('en')} supervised tasks of one kind, one worker (an hour in ${(HOUR_MS * PACE) / 1_000} s)`,
  [
    atMost('synchronisations, showJobList (23): status every 60 s', count(sync, 'showJobList'), 720),
    atMost('synchronisations, batchListProgresses (3): delay every 5 min', count(sync, 'batchListProgresses'), 1_200),
    just('… readings of one task', each(sync, 'batchListProgresses')),
    atMost('disaster recoveries, showJobList (23): status every 60 s', count(recovery, 'showJobList'), 720),
    atMost(
      'disaster recoveries, batchListRposAndRtos (4): every 5 min',
      count(recovery, 'batchListRposAndRtos'),
      1_200,
    ),
    just('… readings of one task', each(recovery, 'batchListRposAndRtos')),
    atMost('disaster recoveries, showMonitoringData (51): every 15 min', count(recovery, 'showMonitoringData'), 400),
    just('… readings of one task', each(recovery, 'showMonitoringData')),
    just('others', [...sync.counts, ...recovery.counts].filter(([operation]) => !KNOWN.has(operation)).length),
  ],
);

process.exit(0);
