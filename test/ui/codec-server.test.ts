import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { authenticator } from '../../encryption/authentication.js';
import { type CodecServer, startCodecServer } from '../../encryption/server.js';
import { inClear } from '../support/clear.js';
import { migrationSpec } from '../support/config.js';
import { runOf } from '../support/harness.js';
import { BROWSER, NO_BROWSER, openDetails, openUi, sendSignal, shoot, startByForm, type Ui } from '../support/ui.js';

const TOKEN = 'a-token-that-only-the-team-knows-4d1f';
const ID = 'encrypted-from-the-ui';

let ui: Ui;
let codec: CodecServer;
beforeAll(async () => {
  if (!BROWSER) return;
  ui = await openUi({
    settings: { encryption: { active: 'k1', keys: { k1: { secret: 'payload-key-1' } } } },
    httpCredentials: { username: 'ada', password: TOKEN },
  });
  const { authenticator: byToken } = await authenticator({ token: { secret: 'token' } }, async () => TOKEN);
  if (!byToken) throw new Error('the token is no good');
  codec = await startCodecServer({
    keyRing: ui.config.keyRing,
    authenticator: byToken,
    origins: [new URL(ui.url).origin],
  });
});
afterAll(async () => {
  await codec?.close();
  await ui?.close();
});

test('through a codec server the Temporal UI shows specs, details, decisions and results, and encrypts what is sent', async ({
  skip,
}) => {
  if (!BROWSER) skip(NO_BROWSER);
  const spec = { ...migrationSpec('orders'), objects: [{ database: 'canary_database' }] };
  const page = await ui.browser.newPage();
  page.setDefaultTimeout(20_000);
  await useCodecServer(page);

  await startByForm(ui, page, ID, spec);
  const run = runOf(ui.client.workflow.getHandle(ID));
  await run.gate('start');
  expect(await openDetails(ui, page, ID, 'start#1: Start the transfer?')).toContain('canary_database');
  await shoot(page, 'encrypted-details');
  await sendSignal(page, 'approve', { gate: 'start#1', by: 'ada', reason: 'canary-reason' });
  await run.gate('cutover');
  await sendSignal(page, 'approve', { gate: 'cutover#1', by: 'ada', reason: 'canary-reason' });
  expect((await run.result()).outcome).toBe('completed');

  await page.goto(`${ui.url}/namespaces/default/workflows/${ID}`);
  // Of the spec and of the result, as far as their editors show them.
  await shows(page, '"ip": "203.0.113.10"', '"phase": "completed"');
  await shoot(page, 'encrypted-history');
  const text = inClear(await run.handle.fetchHistory());
  expect(text).not.toContain('canary');

  const binary = inject('temporalBinary');
  if (binary) {
    const show = ['workflow', 'show', '--workflow-id', ID, '--address', ui.address, '--output', 'json'];
    const through = ['--codec-endpoint', codec.url, '--codec-auth', `Bearer ${TOKEN}`];
    const { stdout } = await promisify(execFile)(binary, [...show, ...through]);
    expect(stdout).toContain(Buffer.from('{"kind":"migration"').toString('base64').slice(0, 24));
  }

  // Who has not the codec server sees nothing.
  const elsewhere = await ui.browser.newPage();
  await elsewhere.addInitScript('localStorage.clear()');
  await elsewhere.goto(`${ui.url}/namespaces/default/workflows/${ID}`);
  await shows(elsewhere, '"encryption-key-id"');
  expect(await elsewhere.locator('body').textContent()).not.toContain('canary');
});

/** As a person does it once: signs in at the codec server, and names it in the UI. */
async function useCodecServer(page: Page): Promise<void> {
  await page.goto(codec.url);
  await page.getByText('You are known').waitFor();
  await page.goto(`${ui.url}/namespaces/default/workflows`);
  await page.getByTestId('data-encoder-status').click();
  await page.locator('textarea:visible').first().fill(codec.url);
  await page.locator('label:visible', { hasText: 'Include cross-origin credentials' }).first().click();
  const apply = page.getByRole('button', { name: 'Apply' }).locator('visible=true').first();
  // Until it stands still.
  await apply.click({ trial: true });
  await shoot(page, 'codec-server-settings');
  await apply.click();
}

async function shows(page: Page, ...texts: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const shown = (await page.locator('.cm-content:visible').allInnerTexts()).join('\n');
      for (const text of texts)
        if (!shown.includes(text)) throw new Error(`the page does not show ${text}: ${shown.slice(0, 500)}`);
    },
    { timeout: 20_000, interval: 250 },
  );
}
