import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run as cli } from '../client/cli.js';
import { migrationSpec } from '../support/config.js';
import { runOf } from '../support/harness.js';
import { hasSshKeygen, sshKey } from '../support/ssh-keys.js';
import { protectedTask, reportOf, requests, switchoverSpec } from '../support/switchover.js';
import {
  BROWSER,
  NO_BROWSER,
  openDetails,
  openUi,
  sendSignal,
  sendUpdate,
  shoot,
  startByForm,
  typeJson,
  type Ui,
} from '../support/ui.js';

const ada = hasSshKeygen ? sshKey() : undefined;
const settings: Readonly<Record<string, unknown>> = ada
  ? {
      approvers: { dba: { members: [{ name: 'ada', keys: [ada.line] }] } },
      rules: [{ kinds: ['migration'], gates: ['cutover'], group: 'dba' }],
    }
  : {};

let ui: Ui;
beforeAll(async () => {
  if (BROWSER) ui = await openUi({ settings });
});
afterAll(async () => await ui?.close());

test('a person starts, reads and approves a migration in the Temporal UI alone', async ({ skip }) => {
  if (!BROWSER) skip(NO_BROWSER);
  const spec = migrationSpec('orders-to-rds');
  const page = await ui.browser.newPage();
  page.setDefaultTimeout(20_000);

  await startByForm(ui, page, 'orders-from-the-ui', spec);
  const run = runOf(ui.client.workflow.getHandle('orders-from-the-ui'));
  await run.gate('start');

  const details = await openDetails(ui, page, 'orders-from-the-ui', 'start#1: Start the transfer?');
  expect(details).toContain('"gate":"start#1"');
  expect(details).toMatch(/Pre-check\s+done/);
  await shoot(page, 'temporal-ui');
  await sendSignal(page, 'approve', { gate: 'start#1', by: 'ada', reason: 'seen in the UI' });

  await run.gate('cutover');
  const atCutover = await openDetails(ui, page, 'orders-from-the-ui', 'cutover#1: Cut over?');
  expect(atCutover).toMatch(/delay\s+\d/);
  await shoot(page, 'cutover-gate');
  const [command = 'none'] = atCutover.match(/drs-pilot approve .*/) ?? [];
  if (ada) expect(command).toBe('drs-pilot approve orders-from-the-ui --by your-name --reason "why" --key FILE');
  await sendUpdate(page, 'approve', await toPaste('orders-from-the-ui', 'cutover#1', 'application is stopped'));

  expect((await run.result()).decisions).toMatchObject([
    { gate: 'start#1', by: 'ada', reason: 'seen in the UI', claimed: true },
    { gate: 'cutover#1', by: 'ada', reason: 'application is stopped', claimed: !ada },
  ]);
  expect(await run.status()).toMatchObject({ refusedSignals: { count: 0 } });
  await page.reload();
  await page.getByText('Completed').first().waitFor();
});

test('a person at night switches over in the Temporal UI alone, on the evidence that it shows', async ({ skip }) => {
  if (!BROWSER) skip(NO_BROWSER);
  protectedTask(ui.simulator, 'orders-dr');
  const page = await ui.browser.newPage();
  page.setDefaultTimeout(20_000);

  const id = 'switchover-from-the-ui';
  await startByForm(ui, page, id, switchoverSpec({ task: 'orders-dr' }), 'switchover');
  const run = runOf(ui.client.workflow.getHandle(id));
  await run.gate('switchover');
  const details = await openDetails(ui, page, id, 'switchover#1: Switch over orders-dr to down?');
  expect(details).toMatch(/orders-dr: RPO\s+1 s \(limit 60 s\)/);
  const [payload = ''] = details.match(/\{"gate":"switchover#1".*\}/) ?? [];
  expect(JSON.parse(payload)).toMatchObject({ gate: 'switchover#1', snapshot: 1 });
  expect(requests(ui.simulator)).toEqual([]);
  await shoot(page, 'switchover-gate');
  await sendSignal(page, 'approve', { ...JSON.parse(payload), by: 'ada', reason: 'the region is down' });

  expect(reportOf(await run.result()).tasks).toMatchObject([{ name: 'orders-dr', state: 'switched' }]);
  await page.reload();
  await page.getByText('Completed').first().waitFor();
  await openDetails(ui, page, id, 'Verification');
  await shoot(page, 'switchover-done');
});

test('a person makes a schedule of comparisons in the Temporal UI alone', async ({ skip }) => {
  if (!BROWSER) skip(NO_BROWSER);
  const page = await ui.browser.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${ui.url}/namespaces/default/schedules/create`);
  await page.getByTestId('schedule-name-input').fill('nightly');
  await page.getByTestId('schedule-type-input').fill('comparison');
  await page.getByTestId('schedule-workflow-id-input').fill('comparison-nightly');
  await page.getByTestId('schedule-task-queue-input').fill('drs-pilot');
  const spec = { kind: 'comparison', name: 'nightly', select: { kind: 'synchronization', name: 'prod-*' } };
  await typeJson(page, spec);
  await page.getByTestId('string-tab').click();
  await page.locator('#cronString').fill('CRON_TZ=Asia/Shanghai 0 1 * * *');
  await shoot(page, 'schedule-form');
  await page.getByRole('button', { name: 'Create Schedule' }).click();

  const handle = ui.client.schedule.getHandle('nightly');
  const made = await vi.waitFor(() => handle.describe(), { timeout: 20_000, interval: 200 });
  expect(made.action).toMatchObject({
    workflowType: 'comparison',
    workflowId: 'comparison-nightly',
    taskQueue: 'drs-pilot',
    args: [spec],
  });
  expect(made.info.nextActionTimes[0]?.getUTCHours()).toBe(17);
  // What the document says of Temporal's own defaults: a year.
  expect(made.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 31_536_000_000 });
});

/** What the command line prints for the UI: signed, where this machine can sign. */
async function toPaste(id: string, gate: string, reason: string): Promise<unknown> {
  const said = ['--by', 'ada', '--reason', reason];
  if (!ada) return { gate, by: 'ada', reason };
  const env = { TEMPORAL_ADDRESS: ui.address };
  return (await cli(['approve', id, ...said, '--key', ada.file, '--print'], { env })).json();
}
