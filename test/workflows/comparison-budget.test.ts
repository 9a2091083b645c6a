import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect } from 'vitest';
import type { TaskValues } from '../../activities/comparison/known-values.js';
import type { KeptTask, Reported, ReportedValues } from '../../activities/comparison/report.js';
import { planValues } from '../../activities/comparison/values.js';
import type { Services } from '../../activities/services.js';
import { namePart } from '../../activities/stores.js';
import { planOf } from '../../client/plan.js';
import { directoryStore } from '../../worker/stores/directory.js';
import { run as cli } from '../client/cli.js';
import { configFile } from '../support/config.js';
import { test as base } from '../support/harness.js';

const test = base.extend<{ directory: string; settings: Readonly<Record<string, unknown>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  directory: async ({}, use) => use(await mkdtemp(join(tmpdir(), 'drs-pilot-store-'))),
  settings: async ({ directory }, use) => use({ stores: { local: { directory } } }),
});

interface Night {
  readonly verdict: string;
  readonly began: string;
  readonly steps: readonly { readonly step: string }[];
  readonly tasks: readonly KeptTask[];
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly values: ReportedValues;
  readonly report: Reported;
}

/** So many hours from now, full ones. */
const at = (hours: number) => `${String((new Date().getUTCHours() + 24 + hours) % 24).padStart(2, '0')}:00`;
const RUNS = { status: 'INCRE_TRANSFER_STARTED' };

test('values have their turns night after night, the oldest first; what differed counts until it is looked at again', {
  timeout: 120_000,
}, async ({ pilot, simulator, directory }) => {
  const { id } = simulator.createForeign({ name: 'orders-sync', ...RUNS });
  const other = simulator.createForeign({ name: 'crm-sync', ...RUNS });
  // As far as anybody knows DRS compares each of these for hours: one a night.
  const rows = 90_000_000;
  const data = (differs: string[]) => ({ orders: { a: { rows, differs }, b: { rows }, c: { rows } } });
  simulator.patch(id, { data: data(['id=5']) });
  simulator.patch(other.id, { data: { crm: { accounts: { rows: 1_000 }, contacts: { rows: 2_000 } } } });
  const spec = {
    name: 'nightly',
    store: 'local',
    select: { name: '*-sync' },
    compare: { kinds: ['objects', 'lines', 'contents'] },
    budget: { window: '5m', nights: 3, perTask: 1 },
    atOnce: 2,
  };
  const begin = (more: object = {}) => pilot.start({ ...spec, ...more }, { workflow: 'comparison' });
  const night = async (begun = begin()): Promise<Night & { sent: string[] }> => {
    const before = simulator.journal().length;
    const result = (await (await begun).result()) as unknown as Night;
    const jobs = result.tasks.map(({ jobId }) => jobId);
    const sent = simulator
      .journal()
      .slice(before)
      .filter(({ operation, effect }) => operation === 'createDataLevelTableCompareJob' && effect)
      .filter((call) => call.jobs.some((job) => jobs.includes(job)))
      .map(({ body }) => body as { type: string; compare_object: { db_name: string; table_name: string[] }[] })
      .map(({ type, compare_object: [one] }) => [type, one?.db_name, ...(one?.table_name ?? [])].join(' '));
    return { ...result, sent };
  };
  const sync = ({ tasks }: Night) => tasks.find(({ jobId }) => jobId === id) as KeptTask;
  const contents = (one: Night) => sync(one).kinds.find(({ kind }) => kind === 'contents');
  const states = join(directory, '.states', 'comparison', 'nightly');
  const stateOf = join(states, 'values', namePart(id));
  const latest = async () => (await readdir(stateOf)).sort().at(-1) ?? '';
  const state = async () => JSON.parse(await readFile(join(stateOf, await latest()), 'utf8')) as TaskValues;

  // The time of this one is over in the middle of a comparison.
  const payments = simulator.createForeign({ name: 'payments', ...RUNS });
  const large = (endless: boolean, others: number) => ({
    pay: { large: { rows: 50_000, endless }, other: { rows: others } },
  });
  simulator.patch(payments.id, { data: large(true, 5) });
  const single = {
    name: 'single',
    select: undefined,
    task: payments.id,
    compare: { kinds: ['lines', 'contents'], databases: [{ database: 'pay' }] },
    budget: { window: `${at(-2)}–${at(3)} UTC`, perTask: 1 },
  };
  const cutOff = begin({ ...single, within: '20s' });

  const first = await night();
  expect(first.steps.map(({ step }) => step)).toEqual(planOf('comparison', spec).steps.map(({ step }) => step));
  expect(first.sent.slice(0, 2).sort()).toEqual(['lines crm', 'lines orders']);
  expect(first.sent.slice(2).sort()).toEqual(['contents crm accounts', 'contents crm contacts', 'contents orders a']);
  expect(first.counts['contents']).toEqual({ consistent: 2, inconsistent: 1, notComparable: 0, notFinished: 0 });
  expect(first.values).toMatchObject({
    tables: 5,
    chosen: 3,
    compared: 3,
    postponed: 2,
    overdue: 0,
    verified: 3,
    rotation: 3,
  });
  expect(first.values.warnings?.[0]).toMatch(/orders\.a of orders-sync needs about .*: it is compared alone/);
  expect(contents(first)?.postponed).toEqual({
    tables: 2,
    overdue: 0,
    within: 2,
    next: [
      { database: 'orders', table: 'b', inNights: 1 },
      { database: 'orders', table: 'c', inNights: 2 },
    ],
  });

  // It is mended, and nobody has looked yet.
  simulator.patch(id, { data: data([]) });
  const second = await night();
  expect(second.sent.slice(2).sort()).toEqual(['contents crm accounts', 'contents crm contacts', 'contents orders b']);
  expect(second.counts['contents']).toEqual({ consistent: 3, inconsistent: 0, notComparable: 0, notFinished: 0 });
  expect([second.verdict, sync(second).verdict, second.values.verified]).toEqual(['inconsistent', 'inconsistent', 4]);
  expect(contents(second)?.tables).toEqual([
    {
      database: 'orders',
      table: 'a',
      verdict: 'inconsistent',
      reason: `postponed: its values differed on ${first.began.slice(0, 10)}, its turn comes in 2 nights`,
    },
  ]);
  const page = await readFile(join(directory, second.report.page.name), 'utf8');
  expect(page).toContain('orders-sync: values another night');
  const config = ['--config', await configFile(simulator, { stores: { local: { directory } } })];
  const shown = await cli(['report', 'latest', '--name', 'nightly', '--store', 'local', ...config]);
  expect(shown.out).toContain(
    [
      '  values: 3 of 5 tables tonight, 2 another night, all within 3; 4 verified as lately as promised',
      ...(second.values.warnings ?? []).map((warning) => `  ${warning}`),
      '  orders-sync: values another night',
      '    orders.c: the next night',
      `    orders.a: in 2 nights, inconsistent on ${first.began.slice(0, 10)}`,
    ].join('\n'),
  );

  // All that was remembered is lost, then damaged: the files of the nights tell the same.
  await rm(states, { recursive: true });
  const third = await night();
  expect(third.sent.slice(2)).toContain('contents orders c');
  expect((await state()).nights).toHaveLength(2);
  await writeFile(join(stateOf, await latest()), '{"nights"');

  // A try that was killed goes on again, and others plan at the same time: each night counts once.
  const store = directoryStore('local', directory);
  const services = { store: () => store } as unknown as Services;
  const { nights, atOnce } = { ...spec.budget, ...spec };
  const now = Date.now();
  const archive = (n: number) => ({ store: 'local', name: 'nightly', night: `20990101T00000${n}Z-x` });
  const given = { began: new Date(now).toISOString(), until: now + 300_000, length: 300_000, nights, atOnce };
  const plan = (n: number) =>
    new MockActivityEnvironment().run(planValues(services), { ...given, archive: archive(n) });
  for (const n of [1, 2]) {
    const task = { ...sync(third), kinds: sync(third).kinds.filter(({ kind }) => kind !== 'contents') };
    await store.put(`comparison/nightly/${archive(n).night}/tasks/${namePart(id)}/task.json`, JSON.stringify(task));
  }
  const [once, again, besides] = await Promise.all([plan(1), plan(1), plan(2)]);
  expect(again).toEqual(once);
  expect(besides).toMatchObject({ chosen: 1, postponed: 2 });
  const after = await state();
  expect(after.nights).toHaveLength(3);
  expect(after.tables.map(({ table, judged }) => [table, judged?.verdict, judged?.at])).toEqual([
    ['a', 'inconsistent', first.began],
    ['b', 'consistent', second.began],
    ['c', 'consistent', third.began],
  ]);

  const fourth = await night();
  expect(fourth.sent.slice(2)).toContain('contents orders a');
  expect([fourth.verdict, fourth.report.before, fourth.values]).toMatchObject([
    'consistent',
    'inconsistent',
    { overdue: 0, verified: 5 },
  ]);

  const cut = (await (await cutOff).result()) as unknown as Night;
  expect(cut).toMatchObject({
    verdict: 'notFinished',
    values: { chosen: 1, compared: 0, postponed: 1, verified: 0 },
    tasks: [
      {
        kinds: [
          { kind: 'lines', verdict: 'consistent' },
          { tables: [{ table: 'large', verdict: 'notFinished', reason: 'its comparison was still running' }] },
        ],
      },
    ],
  });
  expect(
    simulator.journal().filter(({ operation, effect }) => operation === 'deleteCompareJob' && effect),
  ).toHaveLength(1);
  // Its turn comes first the night after, though the other one is larger now.
  simulator.patch(payments.id, { data: large(false, 60_000) });
  const next = await night(begin(single));
  expect(next.sent).toEqual(['lines pay', 'contents pay large', 'contents pay other']);
  expect([next.verdict, next.values.verified]).toEqual(['consistent', 2]);
});

test('outside its window a night begins nothing, and says when it opens', async ({ pilot, simulator }) => {
  const { id } = simulator.createForeign({ name: 'orders-sync', ...RUNS });
  const spec = {
    name: 'nightly',
    store: 'local',
    task: id,
    compare: { kinds: ['lines', 'contents'] },
    budget: { window: `${at(10)}–${at(14)} UTC` },
  };
  const night = (await (await pilot.start(spec, { workflow: 'comparison' })).result()) as unknown as Night;
  expect(night).toMatchObject({
    verdict: 'notFinished',
    tasks: [{ verdict: 'notFinished', reason: expect.stringContaining(`was closed; it opens at `), kinds: [] }],
  });
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
});
