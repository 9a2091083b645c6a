import type { WorkflowHandle } from '@temporalio/client';
import { request } from 'undici';
import { verdict, type WaitName, waits } from '../drs/waits.js';
import type { JournalEntry } from '../simulator/journal.js';
import { migrationSpec } from '../test/support/config.js';
import { atLeast, just, report } from './support/report.js';
import { approve, eventually, openBench } from './support/stack.js';

/** What waiting for many tasks costs: the worker's one watcher beside a loop for each task, at the same time and intervals. */

const MIGRATIONS = 200;
/** The real intervals times this. */
const PACE = 0.05;
/** A full transfer of 120 seconds: with real intervals one of forty minutes. */
const TRANSFER_SPEED = 0.1;
/** A creation of 4 seconds, a pre-check of 6: with real intervals a minute and two. */
const OTHERWISE = 0.5;

const bench = await openBench(OTHERWISE);
const { simulator } = bench;
const stop = await bench.work({ pace: PACE });

const names = Array.from({ length: MIGRATIONS }, (_, n) => `orders-${n}`);

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
    await pause(rule.everyMs);
  }
}

/** While the cutover gate is open the status once a minute and the delay every other time, as drs-pilot does. */
async function watchLoop(jobId: string): Promise<void> {
  for (let n = 0; !effects.has(`batchDeleteJobs ${jobId}`); n += 1) {
    await ask('jobs', { ...LIST, name: jobId });
    if (n % 2 === 0) await ask('jobs/batch-progress', { jobs: [jobId] });
    await pause(60_000);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms * PACE));

/** The pre-check's result, until it is complete. */
async function checkLoop(jobId: string): Promise<void> {
  for (;;) {
    const { results } = await ask<{ results: { process: string }[] }>('jobs/batch-precheck-result', { jobs: [jobId] });
    if (results[0]?.process === '100%') return;
    await pause(5_000);
  }
}

/** Waits for what a migration waits for, when it does. */
async function loops(name: string): Promise<void> {
  const after = (operation: string) =>
    eventually(async () => {
      const id = simulator.job(name)?.id ?? name;
      if (!effects.has(`${operation} ${id}`)) throw new Error(`no ${operation} yet`);
      return id;
    }, 200);
  const id = await eventually(async () => {
    const found = simulator.job(name)?.id;
    if (!found) throw new Error('not created yet');
    return found;
  }, 200);
  await loop(id, 'created');
  await after('batchCheckJobs');
  await checkLoop(id);
  await after('batchStartJobs');
  for (const wait of ['transferring', 'fullDone', 'inSync'] as const) await loop(id, wait);
  await watchLoop(id);
  await loop(id, 'released');
}

/** What was done, by operation and task. */
const effects = new Set<string>();
let read = 0;
const reading = setInterval(() => {
  const journal = simulator.journal();
  for (; read < journal.length; read += 1) {
    const { effect, operation, jobs } = journal[read] as JournalEntry;
    if (effect) for (const job of jobs) effects.add(`${operation} ${job}`);
  }
}, 100);

/** Approves a gate of all of them once all have come to it. */
async function approveAll(runs: readonly WorkflowHandle[], gate: string): Promise<void> {
  await eventually(async () => {
    const { count } = await bench.client.workflow.count(`DrsGate = '${gate}'`);
    if (count < MIGRATIONS) throw new Error(`${count} are at ${gate}`);
  }, 1_000);
  await Promise.all(runs.map((run) => approve(run, gate)));
}

const began = performance.now();
for (const name of names) simulator.patch(name, { hold: 'STARTJOBING' });
const runs = await Promise.all(names.map((name) => bench.start(migrationSpec(name))));
const plain = Promise.all(names.map(loops));
await approveAll(runs, 'start#1');
simulator.setSpeed(TRANSFER_SPEED);
for (const { id } of simulator.jobs()) simulator.patch(id, { hold: null });
await approveAll(runs, 'cutover#1');
simulator.setSpeed(OTHERWISE);
await Promise.all(runs.map((run) => run.result()));
await plain;
clearInterval(reading);
const seconds = (performance.now() - began) / 1000;

const polls = (auth: 'aksk' | 'token') => {
  const calls = simulator.journal().filter((call) => call.auth === auth);
  const isLookup = (body: unknown) => names.includes((body as { name: string }).name);
  const lists = calls.filter(({ operation, body }) => operation === 'showJobList' && !isLookup(body)).length;
  const numbers = calls.filter(({ operation }) => operation === 'batchListProgresses').length;
  const checks = calls.filter(({ operation }) => operation === 'batchCheckResults').length;
  return { lists, numbers, checks, polls: lists + numbers, calls: calls.length };
};
const ours = polls('aksk');
const theirs = polls('token');

report(`${MIGRATIONS} migrations at once beside a loop for each, the same intervals, in one run`, [
  just('loops: lists', theirs.lists),
  just('… progress and delay', theirs.numbers),
  just('drs-pilot: lists', ours.lists),
  just('… progress and delay', ours.numbers),
  atLeast('polls: loops ÷ drs-pilot', theirs.polls / ours.polls, 20),
  just('results of the pre-check, ten a request at most: loops', theirs.checks),
  just('… drs-pilot', ours.checks),
  just('all calls of drs-pilot, from creation to release', ours.calls),
  just('… for each migration', ours.calls / MIGRATIONS),
  just('the run took', seconds, 's'),
]);

await stop();
await bench.close();
