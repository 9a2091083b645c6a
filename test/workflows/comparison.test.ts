import { describe, expect, vi } from 'vitest';
import type { Consistency } from '../../drs/consistency.js';
import type { Simulator } from '../../simulator/server.js';
import type { Result } from '../../workflows/messages.js';
import type { TaskVerdict } from '../../workflows/task-comparison.js';
import { type Pilot, type Run, test } from '../support/harness.js';

const RUNS = 'INCRE_TRANSFER_STARTED';
const SOON = { timeout: 60_000, interval: 50 };

interface Compared extends Result {
  readonly verdict: Consistency;
  readonly tasks: readonly TaskVerdict[];
  readonly counts: Readonly<Record<string, Readonly<Record<Consistency, number>>>>;
}

const start = (pilot: Pilot, spec: object) =>
  pilot.start({ kind: 'comparison', name: 'nightly', ...spec }, { workflow: 'comparison' });
const compared = async (run: Promise<Run>): Promise<Compared> => (await (await run).result()) as Compared;
const replicating = (simulator: Simulator, name: string, data?: object, more: object = {}) => {
  const { id } = simulator.createForeign({ name, status: RUNS, ...more });
  if (data) simulator.patch(id, { data: data as never });
  return id;
};
const POLLED: ReadonlySet<string> = new Set(['listObjectLevelCompareOverview', 'listDataLevelTableCompareJobs']);
/** Calls that changed something. */
const calls = (simulator: Simulator, operation: string) =>
  simulator.journal().filter((one) => one.operation === operation && one.effect);
/** A comparison of somebody else. */
async function foreign(pilot: Pilot, id: string, more: object = {}): Promise<string> {
  const request = { job_id: id, type: 'lines', compare_object: [{ db_name: 'orders', table_name: [] }], ...more };
  const call = { operation: 'createDataLevelTableCompareJob', request };
  const { outcomes } = (await (await pilot.start(call, { workflow: 'operation' })).result()) as unknown as {
    outcomes: readonly { result: { id: string } }[];
  };
  return outcomes[0]?.result.id ?? '';
}
const found = ({ tasks }: Compared, kind: string) =>
  tasks.flatMap(({ kinds }) => kinds.filter((one) => one.kind === kind));
const tables = (result: Compared, kind: string) =>
  Object.fromEntries(
    found(result, kind)
      .flatMap(({ tables }) => tables)
      .map(({ database, table, object, verdict, reason }) => [
        [database, table, object].filter(Boolean).join('.'),
        `${verdict}: ${reason}`,
      ]),
  );

const ORDERS = {
  orders: {
    orders: { rows: 100 },
    items: { rows: 100, targetRows: 97 },
    prices: { rows: 10, differs: ['id=5', 'id=7'] },
    gone: { rows: 5, targetRows: null },
    huge: { rows: 100_000_001 },
    keyless: { rows: 3, uncomparable: 'the table has no primary key' },
    empty: { rows: 0 },
  },
  crm: { accounts: { rows: 1_000 } },
};

test('differences are found down to table and row, and none is invented', async ({ pilot, simulator }) => {
  const id = replicating(simulator, 'orders-sync', ORDERS);
  const kinds = ['objects', 'lines', 'contents'];
  const run = await start(pilot, { task: 'orders-sync', compare: { kinds } });
  const result = (await run.result()) as Compared;
  expect(result).toMatchObject({
    kind: 'comparison',
    name: 'nightly',
    outcome: 'completed',
    verdict: 'inconsistent',
    tasks: [{ jobId: id, name: 'orders-sync', verdict: 'inconsistent' }],
  });
  expect(tables(result, 'objects')).toEqual({
    'orders.gone': 'inconsistent: the target has none',
    'orders.`gone`.`PRIMARY`.INDEX': 'inconsistent: the target has none',
    'orders.utf8mb4_general_ci.TABLE_COLLATION': 'inconsistent: the target has none',
  });
  expect(tables(result, 'lines')).toEqual({
    'orders.items': 'inconsistent: the numbers of rows differ',
    'orders.gone': 'inconsistent: the target has no such table',
    'orders.huge': 'notComparable: more than 100 million rows',
  });
  expect(tables(result, 'contents')).toEqual({
    'orders.items': 'inconsistent: values differ',
    'orders.prices': 'inconsistent: values differ',
    'orders.gone': 'inconsistent: values differ',
    'orders.keyless': 'notComparable: the table has no primary key',
  });
  const prices = found(result, 'contents').flatMap((kind) => kind.tables.filter(({ table }) => table === 'prices'));
  expect(prices).toMatchObject([
    {
      differing: 2,
      rows: [
        {
          key: 'id=5',
          sql: 'select * from orders.prices where id=5',
          targetSql: 'select * from orders.prices where id=5',
        },
        { key: 'id=7' },
      ],
    },
  ]);
  expect(result.counts['lines']).toEqual({ consistent: 5, inconsistent: 2, notComparable: 1, notFinished: 0 });
  expect((await run.handle.describe()).searchAttributes['DrsConsistent']).toEqual(['inconsistent']);
});

test('the older calls alone find the same, page by page, each comparison created once', async ({
  pilot,
  simulator,
}) => {
  const many = Object.fromEntries(Array.from({ length: 110 }, (_, n) => [`t${n}`, { rows: n }]));
  const more = { prices: { rows: 10, differs: Array.from({ length: 130 }, (_, n) => `id=${n}`) } };
  const id = replicating(simulator, 'orders-sync', { ...ORDERS, orders: { ...ORDERS.orders, ...more }, shop: many });
  simulator.fault({ operation: 'createCompareTask', times: 1, fault: { kind: 'lostReply' } });
  const kinds = ['objects', 'lines', 'contents'];
  const result = await compared(start(pilot, { task: id, compare: { kinds, form: 'older' } }));
  expect(tables(result, 'objects')).toMatchObject({ 'orders.gone': 'inconsistent: the target has none' });
  expect(tables(result, 'lines')).toEqual({
    'orders.items': 'inconsistent: the numbers of rows differ',
    'orders.gone': 'inconsistent: the numbers of rows differ',
    'orders.huge': 'notComparable: DRS cannot compare it',
  });
  expect(tables(result, 'contents')).toEqual({
    'orders.items': 'inconsistent: values differ',
    'orders.prices': 'inconsistent: values differ',
    'orders.gone': 'inconsistent: values differ',
    'orders.huge': 'notComparable: DRS cannot compare it',
    'orders.keyless': 'notComparable: DRS cannot compare it: the table has no primary key',
  });
  expect(found(result, 'contents')[0]?.tables.find(({ table }) => table === 'prices')).toMatchObject({
    differing: 130,
    rows: [{ key: 'id=0', sql: 'select * from orders.prices where id=0' }, {}, {}, {}, {}],
  });
  expect(result.counts['lines']).toEqual({ consistent: 115, inconsistent: 2, notComparable: 1, notFinished: 0 });
  const asked = simulator.journal().filter(({ jobs }) => jobs.includes(id));
  expect(new Set(asked.map(({ operation }) => operation))).toEqual(new Set(['createCompareTask', 'listCompareResult']));
  expect(calls(simulator, 'createCompareTask')).toHaveLength(3);
});

test('a task whose data are the same is consistent, by all kinds, and no more is asked than tells it', async ({
  pilot,
  simulator,
}) => {
  const same = { orders: { orders: { rows: 100 }, items: { rows: 0 } } };
  const id = replicating(simulator, 'orders-sync', same, { engine_type: 'gaussdbv5' });
  const kinds = ['objects', 'lines', 'contents', 'random'];
  const result = await compared(start(pilot, { task: 'orders-sync', compare: { kinds, proportion_value: 20 } }));
  expect(result).toMatchObject({
    verdict: 'consistent',
    tasks: [{ kinds: [{ tables: [] }, { tables: [] }, { tables: [] }, { tables: [] }] }],
  });
  for (const kind of ['contents', 'random'])
    expect(result.counts[kind]).toEqual({ consistent: 2, inconsistent: 0, notComparable: 0, notFinished: 0 });
  // Lists that are polled apart.
  const asked = simulator.journal().filter(({ jobs, operation }) => jobs.includes(id) && !POLLED.has(operation));
  expect(asked.map(({ operation }) => operation)).toEqual([
    'createObjectLevelCompareJob',
    'listObjectLevelCompareDetail',
    'createDataLevelTableCompareJob',
    'listDataCompareDetail',
    'createDataLevelTableCompareJob',
    'listContentCompareDetail',
    'createDataLevelTableCompareJob',
    'listContentCompareDetail',
  ]);
});

describe('tasks', () => {
  const sync = { db_use_type: 'sync' };

  test('are selected; one that does not replicate is told with its status, and the rest goes on', async ({
    pilot,
    simulator,
  }) => {
    const tagged = { ...sync, tags: [{ key: 'night', value: 'yes' }] };
    const a = replicating(simulator, 'shop-a', ORDERS.crm && { crm: ORDERS.crm }, tagged);
    replicating(simulator, 'shop-b', undefined, { ...tagged, status: 'FULL_TRANSFER_STARTED' });
    replicating(simulator, 'shop-ended', undefined, { ...tagged, status: 'RELEASE_RESOURCE_COMPLETE' });
    replicating(simulator, 'shop-untagged', undefined, sync);
    replicating(simulator, 'shop-migration', undefined, { tags: tagged.tags });
    replicating(simulator, 'crm', undefined, tagged);
    const select = { kind: 'synchronization', name: 'shop-*', tags: { night: 'yes' } };
    const result = await compared(start(pilot, { select }));
    expect(result).toMatchObject({
      verdict: 'notComparable',
      counts: { tasks: { consistent: 1, notComparable: 1, notFinished: 0, inconsistent: 0 } },
      tasks: [
        { name: 'shop-b', verdict: 'notComparable', reason: 'it is FULL_TRANSFER_STARTED' },
        { name: 'shop-a', jobId: a, verdict: 'consistent' },
      ],
    });
  });

  test('are named by name or id; one that is gone does not stop the others, and none at all is refused', async ({
    pilot,
    simulator,
  }) => {
    const id = replicating(simulator, 'shop-a');
    const full = replicating(simulator, 'shop-full', undefined, {
      status: 'FULL_TRANSFER_COMPLETE',
      task_type: 'FULL_TRANS',
    });
    const result = await compared(start(pilot, { tasks: [id, 'shop-full', 'none-such'] }));
    expect(result.tasks.map(({ jobId, name, verdict, reason }) => ({ jobId, name, verdict, reason }))).toEqual([
      { jobId: '', name: 'none-such', verdict: 'notComparable', reason: 'there is no such task' },
      { jobId: id, name: 'shop-a', verdict: 'consistent', reason: undefined },
      { jobId: full, name: 'shop-full', verdict: 'consistent', reason: undefined },
    ]);
    for (const which of [{ select: { name: 'none-*' } }, { task: 'none-such' }]) {
      const { type, message } = await (await start(pilot, which)).failure();
      expect([type, message]).toEqual(['drs.notFound', expect.stringMatching(/none-.*nothing to compare/)]);
    }
  });
});

describe('a comparison of somebody else that goes on', () => {
  const later = { start_time: '4102444800000' };
  const lines = { kinds: ['lines'], databases: [{ database: 'orders' }] };

  test('is used with keep, begun now where it waits, and tables that it has not are not finished', async ({
    pilot,
    simulator,
  }) => {
    const id = replicating(simulator, 'orders-sync', { orders: { orders: { rows: 5 }, items: { rows: 5 } } });
    const other = await foreign(pilot, id, {
      ...later,
      compare_object: [{ db_name: 'orders', table_name: ['orders'] }],
    });
    const databases = [{ database: 'orders', tables: ['orders', 'items'] }];
    const result = await compared(start(pilot, { task: id, compare: { ...lines, databases }, unfinished: 'keep' }));
    expect(found(result, 'lines')).toMatchObject([{ compareJobId: other, counts: { consistent: 1, notFinished: 1 } }]);
    expect(tables(result, 'lines')).toEqual({
      'orders.items': 'notFinished: is selected and absent from the result',
    });
    expect(calls(simulator, 'createDataLevelTableCompareJob')).toHaveLength(1);
    expect(calls(simulator, 'startPromptlyDataLevelTableCompareJob')).toHaveLength(1);
  });

  test('is cancelled with cancel', async ({ pilot, simulator }) => {
    const id = replicating(simulator, 'orders-sync', { orders: { orders: { rows: 5 } } });
    // Values: beside these not even objects may be compared.
    const other = await foreign(pilot, id, { ...later, type: 'contents' });
    const result = await compared(
      start(pilot, { task: id, compare: { kinds: ['objects', 'lines'] }, unfinished: 'cancel' }),
    );
    expect(result.verdict).toBe('consistent');
    expect(calls(simulator, 'deleteCompareJob').map(({ path }) => path.split('/').at(-1))).toEqual([other]);
    const created = simulator.journal().filter(({ operation }) => /^(create|delete)/.test(operation));
    expect(created.map(({ operation, effect }) => [operation, effect])).toEqual([
      ['createDataLevelTableCompareJob', true],
      ['deleteCompareJob', true],
      ['createObjectLevelCompareJob', true],
      ['createDataLevelTableCompareJob', true],
    ]);
  });

  test('is waited for with wait, until the time is up', async ({ pilot, simulator }) => {
    const id = replicating(simulator, 'orders-sync', { orders: { orders: { rows: 5 } } });
    await foreign(pilot, id);
    expect((await compared(start(pilot, { task: id, compare: lines }))).verdict).toBe('consistent');
    expect(calls(simulator, 'createDataLevelTableCompareJob')).toHaveLength(2);

    const other = await foreign(pilot, id, later);
    const late = await compared(start(pilot, { task: id, compare: lines, within: '1s' }));
    expect(found(late, 'lines')).toMatchObject([
      {
        verdict: 'notFinished',
        reason: `the comparison ${other} (lines) of somebody else is WAITING_FOR_RUNNING`,
      },
    ]);
    expect(calls(simulator, 'deleteCompareJob')).toEqual([]);
  });
});

test('an object comparison of yesterday never passes for that of tonight, and what a night gives up it cancels', async ({
  pilot,
  simulator,
}) => {
  const slow = replicating(simulator, 'slow-sync', {
    orders: { a: { rows: 5 }, b: { rows: 5, differs: ['id=3'] }, c: { rows: 5, endless: true } },
  });
  const compare = { kinds: ['contents'], databases: [{ database: 'orders', tables: ['a', 'b', 'c'] }] };
  const cutOff = start(pilot, { name: 'slow', task: slow, compare, within: '8s' });

  const id = replicating(simulator, 'orders-sync', { orders: { orders: { rows: 5 } } });
  const first = await compared(start(pilot, { task: id, compare: { kinds: ['objects'] } }));
  expect(first.verdict).toBe('consistent');
  simulator.patch(id, { data: { orders: { orders: { rows: 5, targetRows: null } } } });
  const second = await compared(start(pilot, { task: id, compare: { kinds: ['objects'] } }));
  expect(second.verdict).toBe('inconsistent');
  expect(found(second, 'objects')[0]?.compareJobId).not.toBe(found(first, 'objects')[0]?.compareJobId);

  const startAt = '2099-01-01T00:00:00Z';
  const databases = [{ database: 'orders' }];
  simulator.fault({
    operation: 'deleteCompareJob',
    match: { job: id },
    fault: { kind: 'error', status: 403, code: 'DRS.M00102' },
  });
  const late = await compared(
    start(pilot, { task: id, compare: { kinds: ['lines'], databases, startAt }, within: '1s' }),
  );
  expect(tables(late, 'lines')).toEqual({ 'orders.orders': 'notFinished: its comparison had not begun' });
  expect(found(late, 'lines')[0]?.reason).toMatch(
    /^the comparison .* may go on, since it could not be cancelled: .*M00102/,
  );

  // What was done by then stays done, and nothing goes on.
  const cut = await compared(cutOff);
  expect(found(cut, 'contents')[0]?.counts).toEqual({
    consistent: 1,
    inconsistent: 1,
    notComparable: 0,
    notFinished: 1,
  });
  expect(tables(cut, 'contents')).toEqual({
    'orders.b': 'inconsistent: values differ',
    'orders.c': 'notFinished: its comparison was still running',
  });
  const cancelled = calls(simulator, 'deleteCompareJob').map(({ path }) => path.split('/').at(-1));
  expect(cancelled).toEqual([found(cut, 'contents')[0]?.compareJobId]);
});

test('a comparison whose creation was not answered is found again and not made twice', async ({ pilot, simulator }) => {
  const id = replicating(simulator, 'orders-sync', { orders: { orders: { rows: 5 } } });
  for (const operation of ['createObjectLevelCompareJob', 'createDataLevelTableCompareJob'])
    simulator.fault({ operation, fault: { kind: 'lostReply' } });
  const result = await compared(start(pilot, { task: id, compare: { kinds: ['objects', 'contents'] } }));
  expect(result).toMatchObject({
    verdict: 'consistent',
    tasks: [{ kinds: [{ kind: 'objects' }, { kind: 'contents' }] }],
  });
  expect(calls(simulator, 'createObjectLevelCompareJob')).toHaveLength(1);
  expect(calls(simulator, 'createDataLevelTableCompareJob')).toHaveLength(1);
});

test('a random comparison is judged only by what DRS tells of it', async ({ pilot, simulator }) => {
  const random = { kinds: ['random'], proportion_value: 20, databases: [{ database: 'orders' }] };
  const gauss = replicating(simulator, 'gauss-sync', { orders: { orders: { rows: 5 } } }, { engine_type: 'gaussdbv5' });
  simulator.fault({
    operation: 'listContentCompareDetail',
    fault: { kind: 'error', status: 400, code: 'DRS.10000010' },
  });
  const silent = await compared(start(pilot, { task: gauss, compare: random }));
  expect(tables(silent, 'random')).toEqual({
    orders: 'notFinished: DRS documents no call that tells the result of a random comparison; its file does',
  });
  expect((await compared(start(pilot, { task: gauss, compare: random }))).verdict).toBe('consistent');
  const mysql = replicating(simulator, 'mysql-sync');
  const refused = await compared(start(pilot, { task: mysql, compare: random }));
  expect(found(refused, 'random')).toMatchObject([
    { verdict: 'notComparable', reason: expect.stringContaining('DRS.M00202') },
  ]);
});

test('rows are filtered and options are sent; a dynamic comparison is read once all was compared, and ended then', async ({
  pilot,
  simulator,
}) => {
  const id = replicating(simulator, 'orders-sync', {
    orders: { orders: { rows: 5, lobs: ['id=9'] }, items: { rows: 5 } },
  });
  const compare = {
    kinds: ['lines', 'contents'],
    databases: [{ database: 'orders', tables: ['orders', 'items'] }],
    filters: [{ database: 'orders', table: 'items', where: 'id>100' }],
    options: { contentCompareType: 'dynamic', lobCompare: 'length', comparePolicy: 'manyToOne' },
  };
  const result = await compared(start(pilot, { task: id, compare }));
  expect(found(result, 'lines')).toMatchObject([{ verdict: 'consistent' }]);
  expect(found(result, 'contents')).toMatchObject([
    { counts: { consistent: 1, inconsistent: 1 }, tables: [{ table: 'orders', rows: [{ key: 'id=9' }] }] },
  ]);
  const ended = calls(simulator, 'deleteCompareJob').map(({ path }) => path.split('/').at(-1));
  expect(ended).toEqual([found(result, 'contents')[0]?.compareJobId]);
  const lazy = { ...compare, options: { contentCompareType: 'static', lobCompare: 'ignore' } };
  expect((await compared(start(pilot, { task: id, compare: lazy }))).verdict).toBe('consistent');
  const sent = calls(simulator, 'createDataLevelTableCompareJob').map(({ body }) => body);
  const both = {
    compare_object: [{ db_name: 'orders', table_name: ['orders'] }],
    compare_transformation_infos: [
      {
        object_info: [{ id: 'orders-*-*-items' }],
        transformation_info: { transformation_type: 'contentConditionalFilter', value: 'id>100' },
      },
    ],
  };
  expect(sent).toEqual([
    { ...both, type: 'lines', options: { comparePolicy: 'manyToOne' } },
    { ...both, type: 'contents', options: { contentCompareType: 'dynamic', lobCompare: 'length' } },
    { ...both, type: 'lines', options: {} },
    { ...both, type: 'contents', options: { contentCompareType: 'static', lobCompare: 'ignore' } },
  ]);
});

test('while a task is compared its lock is shared, and a run that is cancelled cancels what it began', async ({
  pilot,
  simulator,
}) => {
  const id = replicating(simulator, 'orders-sync', { orders: { orders: { rows: 5 } } });
  const compare = { kinds: ['lines'], databases: [{ database: 'orders' }], startAt: '2099-01-01T00:00:00Z' };
  const run = await start(pilot, { task: id, compare });
  await vi.waitFor(() => expect(calls(simulator, 'createDataLevelTableCompareJob')).toHaveLength(1), SOON);
  const lock = (await pilot.client.workflow.getHandle(`drs-lock-default-${id}`).query('lock')) as {
    holders: readonly { mode: string; reason: string; owner: { kind: string } }[];
  };
  expect(lock.holders).toMatchObject([
    { mode: 'shared', reason: 'to compare it (nightly)', owner: { kind: 'comparison' } },
  ]);
  // Whoever would pause it waits until the comparison is over.
  const request = { job_id: id, pause_mode: 'target' };
  const pause = await pilot.start({ operation: 'batchStopJobs', request }, { workflow: 'operation' });
  await pause.approve('approval');
  expect((await pause.gate('lock')).question).toMatch(/is held by .* to compare it \(nightly\)/);
  await run.handle.cancel();
  expect((await run.failure()).type).toBe('CancelledFailure');
  expect(await pause.result()).toMatchObject({ outcome: 'completed' });
  const changes = simulator.journal().filter(({ effect }) => effect);
  expect(changes.map(({ operation }) => operation)).toEqual([
    'createDataLevelTableCompareJob',
    'deleteCompareJob',
    'batchStopJobs',
  ]);
});

test('tables that differ are looked at again once the delay is low, and both looks are kept', async ({
  pilot,
  simulator,
}) => {
  const data = (items: number) => ({
    orders: { orders: { rows: 5 }, items: { rows: 5, targetRows: items }, huge: { rows: 100_000_001 } },
  });
  const id = replicating(simulator, 'orders-sync', data(4));
  simulator.patch(id, { delay: 600 });
  const compare = { kinds: ['lines'], databases: [{ database: 'orders' }] };
  const run = await start(pilot, { task: id, compare, secondLook: { rounds: 2, maxDelay: '1s' } });
  const child = async () => (await run.handle.describe()).raw.pendingChildren?.[0]?.workflowId ?? '';
  await vi.waitFor(async () => {
    const { steps } = (await pilot.client.workflow.getHandle(await child()).query('status')) as Result;
    expect(steps.find(({ step }) => step === 'Lines')?.note).toMatch(/for a low delay/);
  }, SOON);
  simulator.patch(id, { data: data(5), delay: 0 });
  const result = (await run.result()) as Compared;
  expect(result.verdict).toBe('notComparable');
  expect(found(result, 'lines')).toMatchObject([
    {
      verdict: 'notComparable',
      counts: { consistent: 2, inconsistent: 0, notComparable: 1, notFinished: 0 },
      tables: [{ table: 'huge' }],
      looks: [
        { verdict: 'inconsistent', tables: [{ table: 'items' }, { table: 'huge' }] },
        { verdict: 'consistent', tables: [] },
      ],
    },
  ]);
  const sent = calls(simulator, 'createDataLevelTableCompareJob').map(({ body }) => body);
  expect(sent).toMatchObject([{}, { compare_object: [{ db_name: 'orders', table_name: ['items'] }] }]);
});

test('a night of many tasks continues as new between its pages, and leaves none out', async ({ pilot, simulator }) => {
  const tags = [{ key: 'night', value: 'yes' }];
  for (let n = 0; n < 120; n += 1)
    simulator.createForeign({ name: `paused-${n}`, status: 'PAUSING', ...(n % 12 > 0 && { tags }) });
  const handle = await pilot.client.workflow.start('comparison', {
    taskQueue: pilot.taskQueue,
    workflowId: `comparison-${Math.random()}`,
    args: [{ name: 'nightly', select: { name: 'paused-*', tags: { night: 'yes' } } }],
    memo: { mostPageEvents: 8 },
  });
  const result = (await handle.result()) as Compared;
  expect(result.counts['tasks']).toMatchObject({ notComparable: 110, consistent: 0 });
  // All are looked at for their tags to know how many there are, then each but once.
  expect(simulator.journal().filter(({ operation }) => operation === 'batchListJobDetails').length).toBeLessThanOrEqual(
    24,
  );
  expect(result.steps.filter(({ step }) => step.startsWith('Tasks'))).toHaveLength(3);
  const first = await pilot.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId).describe();
  expect(first.status.name).toBe('CONTINUED_AS_NEW');
});
