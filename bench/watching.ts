import { request } from 'undici';
import { verdict, type WaitName, waits } from '../drs/waits.js';
import { migrationSpec } from '../test/support/config.js';
import { atLeast, just, report } from './support/report.js';
import { approve, eventually, openBench } from './support/stack.js';

/** What waiting for many tasks costs: the worker's one watcher beside a loop for each task, at the same time and intervals. */

const MIGRATIONS = 200;
/** The real intervals times this. */
const PACE = 0.03;
/** A full transfer of 40 seconds: a real one of 22 minutes. */
const SPEED = 0.3;

const bench = await openBench(SPEED);
const { simulator } = bench;
const stop = await bench.work({ pace: PACE });

const names = Array.from({ length: MIGRATIONS }, (_, n) => `orders-${n}`);
const jobOf = (name: string): string | undefined => simulator.job(name)?.id;

/** The calls of the loops bear a token, those of the worker a signature. */
const login = await request(`${simulator.url}/v3/auth/tokens`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: 'local', password: 'local', domain: { name: 'local' } } },
      },
      scope: { project: { id: simulator.project.id } },
    },
  }),
});
await login.body.dump();
const token = String(login.headers['x-subject-token']);

async function ask<T>(path: string, body: unknown): Promise<T> {
  const reply = await request(`${simulator.url}/v3/${simulator.project.id}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': token },
    body: JSON.stringify(body),
  });
  return (await reply.body.json()) as T;
}

const LIST = { cur_page: 1, per_page: 100, db_use_type: 'migration', engine_type: '' };
/** The loops ask for the progress of a full transfer every fourth time, as the watcher does, and for each delay. */
const PROGRESS_EVERY = 4;

/** One wait as a plain client writes it. */
async function loop(jobId: string, name: WaitName): Promise<void> {
  const rule = waits[name];
  for (let n = 1; ; n += 1) {
    const { jobs } = await ask<{ jobs: { status: string }[] }>('jobs', { ...LIST, name: jobId });
    const status = jobs[0]?.status ?? 'DELETED';
    const wanted =
      status === 'INCRE_TRANSFER_STARTED' || (status === 'FULL_TRANSFER_STARTED' && n % PROGRESS_EVERY === 0);
    const { results } = wanted
      ? await ask<{ results: { incre_trans_delay: string }[] }>('jobs/batch-progress', { jobs: [jobId] })
      : { results: [] };
    const delay = Number(results[0]?.incre_trans_delay ?? -1);
    const over = verdict(rule, status) === 'reached' && (name !== 'inSync' || (delay >= 0 && delay <= 30));
    if (over) return;
    await new Promise((resolve) => setTimeout(resolve, rule.everyMs * PACE));
  }
}

/** Waits for what a migration waits for, when it does. */
async function loops(name: string): Promise<void> {
  const after = (operation: string) =>
    eventually(async () => {
      const id = jobOf(name);
      const done = simulator
        .journal()
        .some((call) => call.effect && call.operation === operation && call.jobs.includes(id ?? ''));
      if (!id || !done) throw new Error(`no ${operation} yet`);
      return id;
    }, 500);
  const id = await eventually(async () => {
    const found = jobOf(name);
    if (!found) throw new Error('not created yet');
    return found;
  }, 500);
  await loop(id, 'created');
  await after('batchStartJobs');
  for (const wait of ['transferring', 'fullDone', 'inSync'] as const) await loop(id, wait);
  await after('batchDeleteJobs');
  await loop(id, 'released');
}

const began = performance.now();
await Promise.all(
  names.map(async (name) => {
    const run = await bench.start(migrationSpec(name));
    const plain = loops(name);
    await approve(run, 'start#1', 2_000);
    await approve(run, 'cutover#1', 2_000);
    await run.result();
    await plain;
  }),
);
const seconds = (performance.now() - began) / 1000;

const polls = (auth: 'aksk' | 'token') => {
  const calls = simulator.journal().filter((call) => call.auth === auth);
  const lists = calls.filter(
    ({ operation, body }) => operation === 'showJobList' && !names.includes((body as { name: string }).name),
  );
  const numbers = calls.filter(({ operation }) => operation === 'batchListProgresses');
  return { lists: lists.length, numbers: numbers.length, all: lists.length + numbers.length };
};
const ours = polls('aksk');
const theirs = polls('token');

report(`${MIGRATIONS} migrations at once beside a loop for each, the same intervals, in one run`, [
  just('a loop for each task: lists', theirs.lists),
  just('… progress and delay', theirs.numbers),
  just('one watcher: lists', ours.lists),
  just('… progress and delay', ours.numbers),
  atLeast('polls: loops ÷ watcher', theirs.all / ours.all, 20),
  just('the run took', seconds, 's'),
]);

await stop();
await bench.close();
