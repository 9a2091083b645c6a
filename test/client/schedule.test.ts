import { randomUUID } from 'node:crypto';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { Result } from '../../workflows/messages.js';
import { configFile } from '../support/config.js';
import { test as base } from '../support/harness.js';
import { protectedTask, switchoverSpec } from '../support/switchover.js';
import { openWebhook, type Webhook } from '../support/webhook.js';
import { type Cli, cliHere, file } from './cli.js';

const test = base.extend<{ cli: Cli; oncall: Webhook; directory: string; settings: Readonly<Record<string, unknown>> }>(
  {
    cli: cliHere,
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
    oncall: async ({}, use) => {
      const webhook = await openWebhook();
      await use(webhook);
      webhook.close();
    },
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
    directory: async ({}, use) => use(await mkdtemp(join(tmpdir(), 'drs-pilot-nights-'))),
    settings: async ({ oncall, directory }, use) => {
      await use({
        stores: { local: { directory } },
        webhooks: { oncall: { url: oncall.url, events: ['inconsistent', 'notFinished', 'recovered'] } },
      });
    },
  },
);

const SOON = { timeout: 60_000, interval: 100 };
const YEARLY = ['--cron', '0 1 1 1 *', '--timezone', 'Asia/Shanghai'];

test('a schedule fires by itself, is paused, triggered and backfilled, skips what overlaps, and tells of a recovery; the store outlives Temporal', {
  timeout: 180_000,
}, async ({ cli, pilot, simulator, oncall, directory }) => {
  const { client, taskQueue } = pilot;
  const { id } = simulator.createForeign({ name: 'orders-sync', status: 'INCRE_TRANSFER_STARTED' });
  simulator.patch(id, { data: { orders: { orders: { rows: 5, targetRows: 4 } } } });
  const name = `nightly-${randomUUID().slice(0, 8)}`;
  const spec = file({ kind: 'comparison', name, task: id, store: 'local', notify: ['oncall'] });
  const handle = client.schedule.getHandle(name);
  const ran = async () => (await handle.describe()).info.recentActions.map(({ action }) => action.workflow.workflowId);
  const verdicts = async () =>
    await Promise.all(
      (await ran()).map(async (run) => (await client.workflow.result(run)) as Result & { verdict: string }),
    );

  try {
    const made = await cli('schedule', 'create', name, spec, ...YEARLY, '--task-queue', taskQueue, '--json');
    expect(made.json()).toMatchObject({
      schedule: name,
      cron: ['0 1 1 1 *'],
      timezone: 'Asia/Shanghai',
      paused: false,
    });
    expect(new Date((made.json()['next'] as string[])[0] ?? '').toISOString()).toMatch(/-12-31T17:00:00.000Z$/);
    expect(await handle.describe()).toMatchObject({
      policies: { overlap: 'SKIP', catchupWindow: 3_600_000, pauseOnFailure: false },
      spec: { jitter: 0 },
      action: { workflowType: 'comparison', taskQueue, workflowId: `comparison-${name}` },
    });

    expect(await cli('schedule', 'update', name, '--cron', '* * * * * * *', '--timezone', 'UTC')).toMatchObject({
      code: 0,
    });
    // A second is shorter than a comparison: those that would overlap are skipped.
    await vi.waitFor(async () => {
      expect((await handle.describe()).info.numActionsSkippedOverlap).toBeGreaterThan(0);
      expect(await ran()).not.toEqual([]);
    }, SOON);
    expect(await cli('schedule', 'pause', name, '--reason', 'enough', '--by', 'ada')).toMatchObject({ code: 0 });
    expect((await verdicts()).map(({ verdict }) => verdict)).toEqual(expect.arrayContaining(['inconsistent']));
    expect((await oncall.hears('inconsistent')).event.text).toMatch(
      /nightly-\w+ is inconsistent: 1 of 1 task: 1 inconsistent\norders-sync .*lines: orders\.orders, the numbers of rows differ/,
    );
    const described = await cli('schedule', 'describe', name);
    expect(described.out).toMatch(new RegExp(`${name}: \\* \\* \\* \\* \\* \\* \\* UTC, paused \\(ada: enough\\)`));
    expect((await cli('schedule', 'list')).out).toMatch(new RegExp(`${name} .* paused`));

    simulator.patch(id, { data: { orders: { orders: { rows: 5 } } } });
    const before = (await ran()).length;
    expect(await cli('schedule', 'trigger', name)).toMatchObject({ code: 0 });
    await vi.waitFor(async () => expect(await ran()).toHaveLength(before + 1), SOON);
    expect((await verdicts()).at(-1)?.verdict).toBe('consistent');
    expect((await oncall.hears('recovered')).event.text).toContain(`${name} is consistent`);

    await cli('schedule', 'update', name, '--cron', '0 1 * * *');
    const past = ['--from', '2026-01-30T00:00:00Z', '--to', '2026-01-31T23:00:00Z'];
    expect(await cli('schedule', 'backfill', name, ...past, '--overlap', 'allow-all')).toMatchObject({ code: 0 });
    await vi.waitFor(
      async () =>
        expect(await ran()).toEqual(
          expect.arrayContaining([
            `comparison-${name}-2026-01-30T01:00:00Z`,
            `comparison-${name}-2026-01-31T01:00:00Z`,
          ]),
        ),
      SOON,
    );
    // Those that were made up for end before their worker does.
    await verdicts();

    // What lies in the store under a name that Temporal knows nothing of, as after its retention.
    const old = `${name}-old`;
    for (const folder of ['comparison', '.states/comparison'])
      await cp(join(directory, folder, name), join(directory, folder, old), { recursive: true });
    const config = ['--config', await configFile(simulator, { stores: { local: { directory } } })];
    const today = new Date().toISOString().slice(0, 10);
    const [latest, dated, missing] = await Promise.all([
      cli('report', 'latest', '--name', old, ...config, '--json'),
      cli('report', today, '--name', old, ...config),
      cli('report', '2001-01-01', '--name', name, '--store', 'local', ...config),
    ]);
    expect(latest.json()).toMatchObject({ name, verdict: 'consistent', tasks: [{ name: 'orders-sync' }] });
    expect(dated.out).toMatch(
      new RegExp(`^${name}: consistent, .* report: comparison/${old}/.*/report.html in the store "local"`, 's'),
    );
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('in the store "local"') });

    expect((await cli('schedule', 'resume', name)).out).toContain('goes on');
    expect((await handle.describe()).state.paused).toBe(false);
    expect(await cli('schedule', 'delete', name)).toMatchObject({ code: 0 });
    expect(await cli('schedule', 'describe', name)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`There is no schedule "${name}"`),
    });
  } finally {
    await handle.delete().catch(() => undefined);
  }
});

test('a drill runs by its schedule, asks nobody, and says what would have blocked', async ({
  cli,
  pilot,
  simulator,
}) => {
  const [name, task] = [`drill-${randomUUID().slice(0, 8)}`, 'drilled-dr'];
  protectedTask(simulator, task);
  simulator.patch(task, { delay: 90 });
  const spec = file(switchoverSpec({ name, task, drill: true }));
  const handle = pilot.client.schedule.getHandle(name);
  try {
    const always = ['--cron', '* * * * * * *', '--task-queue', pilot.taskQueue];
    expect(await cli('schedule', 'create', name, spec, ...always)).toMatchObject({ code: 0 });
    const run = await vi.waitFor(async () => {
      const [first] = (await handle.describe()).info.recentActions;
      expect(first?.action.workflow.workflowId).toMatch(`switchover-${name}-`);
      return first?.action.workflow.workflowId ?? '';
    }, SOON);
    expect(await pilot.client.workflow.result(run)).toMatchObject({
      outcome: 'completed',
      decisions: [{ by: 'drs-pilot' }],
      switchover: {
        drill: true,
        tasks: [{ name: task, state: 'rehearsed' }],
        wouldBlock: [{ item: `${task}: RPO` }, { item: `${task}: RTO` }],
      },
    });
    expect((await cli('schedule', 'list')).out).toContain(name);
    expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);
  } finally {
    await handle.delete().catch(() => undefined);
  }
});

test('a schedule that cannot be is refused before anything is made', async ({ cli }) => {
  const spec = file({ kind: 'comparison', name: 'nightly', select: {} });
  const create = (...more: string[]) => cli('schedule', 'create', 'none', spec, ...more);
  const refused = await Promise.all([
    create('--cron', '61 1 * * *'),
    create('--cron', '0 1 * * *', '--timezone', 'Asia/Nowhere'),
    create('--cron', '0 1 * * *', '--jitter', 'soon'),
    create(),
    cli(
      'schedule',
      'create',
      'none',
      file({ kind: 'comparison', name: 'x', compare: { kinds: [] } }),
      '--cron',
      '0 1 * * *',
    ),
    cli('schedule', 'create', 'none', 'examples/migration.yaml', '--cron', '0 1 * * *'),
    cli('schedule', 'create', 'none', 'examples/switchover.yaml', '--cron', '0 1 * * *'),
    cli('schedule', 'backfill', 'none', '--from', '2026-01-31', '--to', '2026-01-30'),
    cli('schedule', 'pause', 'none', '--colour'),
  ]);
  expect(refused.map(({ code, err }) => `${code} ${err.split('\n')[0]}`)).toEqual([
    expect.stringMatching(/^2 Temporal refuses the schedule \(--cron "61 1 \* \* \*"\)/),
    expect.stringMatching(/^2 --timezone Asia\/Nowhere is no time zone/),
    expect.stringMatching(/^2 --jitter must be a duration/),
    expect.stringMatching(/^2 --cron is missing/),
    expect.stringMatching(/^2 .*compare\.kinds/),
    expect.stringMatching(/^2 .*a schedule runs a comparison or a drill, not a migration/),
    expect.stringMatching(/^2 .*drill must be true/),
    expect.stringMatching(/^2 --to must be after --from/),
    expect.stringMatching(/^2 .*unknown option/),
  ]);
});

test('a task is compared now, once, by its name', async ({ cli, pilot, simulator }) => {
  const name = `orders-${randomUUID().slice(0, 8)}`;
  const { id } = simulator.createForeign({ name, status: 'INCRE_TRANSFER_STARTED' });
  simulator.patch(id, { data: { orders: { orders: { rows: 5 } } } });
  const queue = ['--task-queue', pilot.taskQueue];
  const compared = await cli('compare', name, '--kinds', 'objects,lines,contents', ...queue);
  expect(compared).toMatchObject({ code: 0, out: expect.stringContaining(`comparison-${name}`) });
  expect(compared.out).toMatch(/1 of 1 task: 1 consistent/);
  expect(await cli('compare', name, '--kinds', 'values', ...queue)).toMatchObject({ code: 2 });
  const shown = await vi.waitFor(async () => {
    const report = await cli('report', 'latest', '--name', name);
    expect(report.code).toBe(0);
    return report.out;
  }, SOON);
  expect(shown).toMatch(new RegExp(`^${name}: consistent, .*\\(comparison-${name}\\)\n {2}tasks: 1 consistent\n`));
  expect(await cli('report', '2001-01-01')).toMatchObject({ code: 1 });
  expect(await cli('report', 'yesterday')).toMatchObject({ code: 2 });
});
