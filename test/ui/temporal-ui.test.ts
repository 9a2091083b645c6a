import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { SEARCH_ATTRIBUTES, startTemporal, type TemporalServer } from '../../scripts/temporal-server.mjs';
import { startSimulator } from '../../simulator/server.js';
import { openServices } from '../../worker/services.js';
import { createWorkers, payloadConverterPath } from '../../worker/worker.js';
import { configFor, ENV, migrationSpec } from '../support/config.js';
import { runOf } from '../support/harness.js';

const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
/** Screenshots go here where somebody wants to look at them. */
const SHOTS = process.env['DRS_PILOT_SHOTS'];

let server: TemporalServer;
let browser: BrowserContext;
let client: Client;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  if (!BROWSER) return;
  server = await startTemporal({ binary: inject('temporalBinary') || undefined, searchAttributes: SEARCH_ATTRIBUTES });
  const simulator = await startSimulator({ speed: 'instant' });
  const services = openServices(await configFor(simulator), { env: ENV, pace: 0.01 });
  const native = await NativeConnection.connect({ address: server.address });
  const connection = await Connection.connect({ address: server.address });
  client = new Client({ connection, dataConverter: { payloadConverterPath } });
  const workers = await createWorkers({
    connection: native,
    namespace: 'default',
    taskQueue: 'drs-pilot',
    services,
    pace: 0.01,
    bundle: inject('bundle'),
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  const profile = await mkdtemp(join(tmpdir(), 'drs-pilot-chromium-'));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: BROWSER,
    headless: true,
    viewport: { width: 1280, height: 1100 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  closing.push(
    () => browser.close(),
    async () => {
      for (const worker of workers) worker.shutdown();
      await running;
    },
    () => Promise.all([services.close(), native.close(), connection.close(), simulator.close()]),
    () => server.stop(),
    () => rm(profile, { recursive: true, force: true }),
  );
});

afterAll(async () => {
  for (const close of closing) await close();
});

test('a person starts, reads and approves a migration in the Temporal UI alone', async ({ skip }) => {
  if (!BROWSER) skip('no Chromium here: .ci/run --install installs it');
  const spec = migrationSpec('orders-to-rds');
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);

  await startByForm(page, 'orders-from-the-ui', spec);
  const run = runOf(client.workflow.getHandle('orders-from-the-ui'));
  await run.gate('start');

  const details = await openDetails(page, 'orders-from-the-ui', 'start#1: Start the transfer?');
  expect(details).toContain('"gate":"start#1"');
  expect(details).toMatch(/Pre-check\s+done/);
  await shoot(page, 'start-gate');
  await sendSignal(page, 'approve', { gate: 'start#1', by: 'ada', reason: 'seen in the UI' });

  await run.gate('cutover');
  const atCutover = await openDetails(page, 'orders-from-the-ui', 'cutover#1: Cut over?');
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

async function startByForm(page: Page, workflowId: string, input: unknown): Promise<void> {
  await page.goto(`${server.uiUrl}/namespaces/default/workflows/start-workflow`);
  await page.fill('#workflowId', workflowId);
  await page.fill('#taskQueue', 'drs-pilot');
  await page.fill('#workflowType', 'migration');
  await typeJson(page, input, page.locator('h1:visible').last());
  await page.getByTestId('start-workflow-button').click();
  await vi.waitFor(async () => await client.workflow.getHandle(workflowId).describe(), {
    timeout: 20_000,
    interval: 200,
  });
}

/** The editor formats its text when it loses the focus, which moves what lies below: so the focus goes first. */
async function typeJson(page: Page, value: unknown, elsewhere: Locator): Promise<void> {
  await page.locator('.cm-content:visible').last().click();
  await page.keyboard.insertText(JSON.stringify(value));
  await elsewhere.click();
}

async function openDetails(page: Page, workflowId: string, shown: string): Promise<string> {
  await page.goto(`${server.uiUrl}/namespaces/default/workflows/${workflowId}`);
  await page.getByTestId('user-metadata-tab').click();
  return await vi.waitFor(
    async () => {
      const texts = await Promise.all(
        page.frames().map((frame) =>
          frame
            .locator('body')
            // biome-ignore lint/performance/useDomNodeTextContent: what the person sees, not what the page holds
            .innerText()
            .catch(() => ''),
        ),
      );
      const text = texts.find((one) => one.includes(shown));
      if (text === undefined) throw new Error(`the panel does not show "${shown}"`);
      return text;
    },
    { timeout: 20_000, interval: 250 },
  );
}

async function sendSignal(page: Page, name: string, payload: unknown): Promise<void> {
  await page.getByRole('button', { name: 'More Actions' }).locator('visible=true').first().click();
  await page.getByText('Send a Signal').locator('visible=true').first().click();
  await page.getByTestId('signal-select-button').locator('visible=true').first().click();
  await page
    .getByRole('option', { name: new RegExp(`^${name}\\b`) })
    .locator('visible=true')
    .first()
    .click();
  await typeJson(page, payload, page.locator('#modal-title-signal-confirmation-modal').locator('visible=true').first());
  await page.getByTestId('confirm-modal-button').locator('visible=true').first().click();
}

async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
