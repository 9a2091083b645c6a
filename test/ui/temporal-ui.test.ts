import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { runOf } from '../support/harness.js';
import { BROWSER, NO_BROWSER, openDetails, openUi, sendSignal, shoot, startByForm, type Ui } from '../support/ui.js';

let ui: Ui;
beforeAll(async () => {
  if (BROWSER) ui = await openUi();
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
  await shoot(page, 'start-gate');
  await sendSignal(page, 'approve', { gate: 'start#1', by: 'ada', reason: 'seen in the UI' });

  await run.gate('cutover');
  const atCutover = await openDetails(ui, page, 'orders-from-the-ui', 'cutover#1: Cut over?');
  expect(atCutover).toMatch(/delay\s+\d/);
  await shoot(page, 'cutover-gate');
  await sendSignal(page, 'approve', { gate: 'cutover#1', by: 'ada', reason: 'application is stopped' });

  expect((await run.result()).decisions).toMatchObject([
    { gate: 'start#1', by: 'ada', reason: 'seen in the UI' },
    { gate: 'cutover#1', by: 'ada', reason: 'application is stopped' },
  ]);
  await page.reload();
  await page.getByText('Completed').first().waitFor();
});
