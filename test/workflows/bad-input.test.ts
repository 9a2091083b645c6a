import { expect, test as plainTest } from 'vitest';
import { readSpec } from '../../workflows/plans/common.js';
import { migrationSpec as reader } from '../../workflows/plans/migration.js';
import { inClear } from '../support/clear.js';
import { migrationSpec } from '../support/config.js';
import { test } from '../support/harness.js';

/** Ten mistakes, in fields and between them, where broken fields must not hide broken rules. */
function tenMistakes(): { spec: Record<string, unknown>; paths: string[] } {
  const spec = migrationSpec('9orders') as Record<string, unknown>;
  const task = {
    ...(spec['task'] as Record<string, unknown>),
    bind_eip: false,
    node_type: 'gigantic',
    expired_days: 3,
    master_az: 'az1',
    subnet: 'typo',
  };
  const { objects: _, ...rest } = spec;
  return {
    spec: {
      ...rest,
      task,
      source: { ...(spec['source'] as object), db_port: 70_000 },
      speed: [
        { begin: '22:00', end: '05:59', speed: 10 },
        { begin: '04:00', end: '06:59', speed: 10 },
      ],
      cutover: { maxDelay: 'soon' },
    },
    paths: [
      'cutover.maxDelay',
      'name',
      'objects',
      'source.db_port',
      'speed[1]',
      'task.bind_eip',
      'task.expired_days',
      'task.node_type',
      'task.slave_az',
      'task.subnet',
    ],
  };
}

const pathsIn = (message: string): string[] =>
  message
    .split('\n')
    .slice(1)
    .map((line) => line.split(': ')[0] as string)
    .sort();

plainTest('ten mistakes are ten problems, each at its own path', () => {
  const { spec, paths } = tenMistakes();
  const { problems } = readSpec(reader, 'migration', spec);
  expect(problems.map(({ path }) => path).sort()).toEqual(paths);
});

test('a run says the same ten lines, is not tried again, and calls nothing', async ({ pilot, simulator }) => {
  const { spec, paths } = tenMistakes();
  const { type, message } = await (await pilot.start(spec)).failure();
  expect(type).toBe('drs.badSpec');
  expect(pathsIn(message)).toEqual(paths);
  expect(simulator.journal()).toEqual([]);
});

test('what only the worker knows is told together with the rest', async ({ pilot, simulator }) => {
  const spec = migrationSpec();
  const { message } = await (
    await pilot.start({
      ...spec,
      cloud: 'mars',
      notify: ['nobody'],
      source: { ...spec.source, password: { secret: 'elsewhere' } },
      target: { ...spec.target, password: { secret: 'no-such-secret' } },
      start: { gate: { approvals: 4, group: 'dba' } },
      onAbort: 'panic',
    })
  ).failure();
  expect(pathsIn(message)).toEqual([
    'cloud',
    'notify[0]',
    'onAbort',
    'source.password',
    'start.gate.group',
    'target.password',
  ]);
  expect(message).toMatch(/source\.password: secret "elsewhere" may not be used with this host/);
  expect(message).toMatch(/start\.gate\.group: 4 approvals are needed and only 3 people of dba/);
  expect(simulator.journal()).toEqual([]);
});

test('a password in plain text is named by its path and never repeated, with what to do now', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const run = await pilot.start({ ...spec, source: { ...spec.source, password: 'hunter2-in-clear' } });
  const { type, message } = await run.failure();
  expect(type).toBe('drs.badSpec');
  expect(message).toMatch(/^source\.password: is a password in plain text/m);
  expect(message).toMatch(/temporal workflow delete .*change the password/s);
  expect(message).not.toContain('hunter2');
  expect(simulator.journal()).toEqual([]);
  // The input is what it is; nothing that we add to the history repeats it.
  const [, ...events] = (await run.handle.fetchHistory()).events ?? [];
  expect(events.length).toBeGreaterThan(3);
  expect(inClear(events)).not.toContain('hunter2');
});

for (const [what, input, problem] of [
  ['nothing at all', undefined, /the input is empty/],
  ['a list', [], /is a JSON object/],
  ['a text', 'migrate, please', /is a JSON object/],
  ['another kind', { ...migrationSpec(), kind: 'switchover' }, /^kind: must be migration/m],
] as const) {
  test(`${what} as the spec is refused in words`, async ({ pilot, simulator }) => {
    const { type, message } = await (await pilot.start(input)).failure();
    expect(type).toBe('drs.badSpec');
    expect(message).toMatch(problem);
    expect(simulator.journal()).toEqual([]);
  });
}

for (const [what, change, problem] of [
  ['eip without bind_eip', { task: { bind_eip: undefined } }, 'task.bind_eip'],
  ['an engine that cannot be migrated', { task: { engine_type: 'postgresql' } }, 'task.engine_type'],
  [
    'flow control of an incremental migration',
    { task: { task_type: 'INCR_TRANS' }, speed: [{ begin: '01:00', end: '01:59', speed: 1 }] },
    'speed',
  ],
  ['a start point of a full one', { startPoint: { gtid_set: 'a:1' } }, 'startPoint'],
  [
    'twenty tags, of which one would be ours',
    { task: { tags: Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, value: 'v' })) } },
    'task.tags',
  ],
  ['a database named twice', { objects: [{ database: 'a' }, { database: 'a' }] }, 'objects[1].database'],
  ['nothing to migrate', { objects: [] }, 'objects'],
  ['a verification that does not exist', { cutover: { verify: 'random' } }, 'cutover.verify'],
  ['another database than the engine has', { target: { db_type: 'oracle' } }, 'target.db_type'],
] as const) {
  plainTest(`${what} is refused by validation`, () => {
    const spec = migrationSpec() as unknown as Record<string, Record<string, unknown>>;
    const changed = Object.fromEntries(
      Object.entries({ ...spec, ...change }).map(([key, value]) => {
        const merges = ['task', 'target', 'cutover'].includes(key) && !Array.isArray(value);
        return [key, merges ? { ...spec[key], ...(value as object) } : value];
      }),
    );
    expect(readSpec(reader, 'migration', changed).problems.map(({ path }) => path)).toContain(problem);
  });
}
