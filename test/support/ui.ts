import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { inject, vi } from 'vitest';
import { dataConverterWith } from '../../encryption/data-converter.js';
import { SEARCH_ATTRIBUTES, startTemporal } from '../../scripts/temporal-server.mjs';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import type { WorkerConfig } from '../../worker/config.js';
import { openServices } from '../../worker/services.js';
import { createWorkers } from '../../worker/worker.js';
import { configFor, ENV } from './config.js';

export const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
export const NO_BROWSER = 'no Chromium here: .ci/run --install installs it';
/** Screenshots go here where somebody wants to look at them. */
const SHOTS = process.env['DRS_PILOT_SHOTS'];

/** A Temporal with its UI, a worker and a browser. */
export interface Ui {
  readonly url: string;
  /** Of Temporal itself. */
  readonly address: string;
  readonly client: Client;
  readonly config: WorkerConfig;
  readonly simulator: Simulator;
  readonly browser: BrowserContext;
  close(): Promise<void>;
}

export interface UiOptions {
  /** Of the worker's configuration, beside the usual ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What a person types where a site asks who they are. */
  readonly httpCredentials?: { readonly username: string; readonly password: string };
}

/** A browser with a profile of its own. */
export async function openBrowser(
  options: Pick<UiOptions, 'httpCredentials'> = {},
): Promise<{ readonly browser: BrowserContext; close(): Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), 'drs-pilot-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: BROWSER ?? '',
    headless: true,
    viewport: { width: 1280, height: 1100 },
    ...options,
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
  return {
    browser,
    close: async () => {
      await browser.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

export async function openUi({ settings = {}, httpCredentials }: UiOptions = {}): Promise<Ui> {
  const server = await startTemporal({
    binary: inject('temporalBinary') || undefined,
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  const simulator = await startSimulator({ speed: 'instant' });
  const config = await configFor(simulator, settings);
  const services = openServices(config, { env: ENV, pace: 0.01 });
  const native = await NativeConnection.connect({ address: server.address });
  const connection = await Connection.connect({ address: server.address });
  const workers = await createWorkers({
    connection: native,
    namespace: 'default',
    taskQueue: 'drs-pilot',
    services,
    keyRing: config.keyRing,
    pace: 0.01,
    bundle: inject('bundle'),
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  const { browser, close: closeBrowser } = await openBrowser(httpCredentials && { httpCredentials });
  return {
    url: server.uiUrl ?? '',
    address: server.address,
    client: new Client({ connection, dataConverter: dataConverterWith(config.keyRing) }),
    config,
    simulator,
    browser,
    close: async () => {
      await closeBrowser();
      for (const worker of workers) worker.shutdown();
      await running;
      await Promise.all([services.close(), native.close(), connection.close(), simulator.close()]);
      await server.stop();
    },
  };
}

export async function startByForm(
  { client, url }: Ui,
  page: Page,
  workflowId: string,
  input: unknown,
  workflowType = 'migration',
): Promise<void> {
  await page.goto(`${url}/namespaces/default/workflows/start-workflow`);
  await page.fill('#workflowId', workflowId);
  await page.fill('#taskQueue', 'drs-pilot');
  await page.fill('#workflowType', workflowType);
  await typeJson(page, input);
  await shoot(page, 'start-form');
  await page.getByTestId('start-workflow-button').click();
  await vi.waitFor(async () => await client.workflow.getHandle(workflowId).describe(), {
    timeout: 20_000,
    interval: 200,
  });
}

/** The editor formats its text when it loses the focus, which moves what is round it away from under the mouse: so that goes first. */
export async function typeJson(page: Page, value: unknown): Promise<void> {
  const editor = page.locator('.cm-content:visible').last();
  await editor.click();
  await page.keyboard.insertText(JSON.stringify(value));
  await editor.blur();
}

export async function openDetails({ url }: Ui, page: Page, workflowId: string, shown: string): Promise<string> {
  await page.goto(`${url}/namespaces/default/workflows/${workflowId}`);
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

export const sendSignal = (page: Page, name: string, payload: unknown): Promise<void> =>
  send(page, 'signal', name, payload);

/** It is validated, and answered. */
export const sendUpdate = (page: Page, name: string, payload: unknown): Promise<void> =>
  send(page, 'update', name, payload);

async function send(page: Page, what: 'signal' | 'update', name: string, payload: unknown): Promise<void> {
  const entry = { signal: 'Send a Signal', update: 'Send an Update' }[what];
  await page.getByRole('button', { name: 'More Actions' }).locator('visible=true').first().click();
  await page.getByText(entry).locator('visible=true').first().click();
  await page.getByTestId(`${what}-select-button`).locator('visible=true').first().click();
  await page
    .getByRole('option', { name: new RegExp(`^${name}\\b`) })
    .locator('visible=true')
    .first()
    .click();
  await typeJson(page, payload);
  await shoot(page, `send-${what}`);
  await page.getByTestId('confirm-modal-button').locator('visible=true').first().click();
}

export async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
