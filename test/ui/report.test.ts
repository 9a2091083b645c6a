import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SwitchoverResult, switchoverPage } from '../../activities/switchover-page.js';
import { BROWSER, NO_BROWSER, openBrowser, shoot } from '../support/ui.js';

let opened: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  if (BROWSER) opened = await openBrowser();
});
afterAll(async () => await opened?.close());

const EVIL = `<script>window.evil = 1</script><img src=x onerror="evil=1">"'&\u202etxt`;
const SHOWN = EVIL.replace('\u202e', '�');
const at = '2026-01-31T02:11:09.123Z';

const result: SwitchoverResult = {
  name: `region-a-down ${EVIL}`,
  outcome: 'completed',
  reason: EVIL,
  requested: { by: EVIL, key: EVIL, sha256: 'e'.repeat(64), signature: EVIL },
  steps: [{ step: `Switchover: ${EVIL}`, state: 'done', since: at, took: '41s', note: EVIL }],
  decisions: [
    { gate: 'switchover#1', decision: 'approve', by: EVIL, claimed: true, reason: EVIL, at, snapshot: 1, hash: EVIL },
    {
      gate: 'switchover#1',
      decision: 'approve',
      by: 'anna',
      claimed: false,
      reason: 'the region burns',
      at,
      force: true,
      key: 'SHA256:abc',
      text: `{"by":"anna","reason":"${EVIL}"}`,
      signature: 'U1NIU0lH',
    },
  ],
  switchover: {
    direction: 'down',
    drill: false,
    began: '2026-01-31T02:00:00.000Z',
    totalMs: 723_000,
    rto: { measuredMs: 723_000, targetMs: 600_000, met: false },
    tasks: [
      {
        jobId: 'job-1',
        name: EVIL,
        stage: EVIL,
        state: 'switched',
        why: EVIL,
        before: { at, status: 'INCRE_TRANSFER_STARTED', direction: 'up', readonly: true, rpoMs: 1_000 },
        after: { at, status: 'INCRE_TRANSFER_STARTED', direction: 'down', readonly: false, rpoMs: 2_000 },
        tookMs: 61_000,
      },
    ],
    phases: [
      { phase: 'approval', began: '2026-01-31T02:00:00.000Z', tookMs: 361_500 },
      { phase: 'verification', stage: EVIL, began: '2026-01-31T02:06:01.500Z', tookMs: 361_500 },
    ],
    approvals: [
      {
        by: ['anna', EVIL],
        reason: EVIL,
        at,
        forced: true,
        snapshot: 2,
        hash: 'f'.repeat(64),
        items: [{ item: `${EVIL}: RPO`, class: 'blocking', value: EVIL }],
      },
    ],
    wouldBlock: [{ item: EVIL, class: 'blocking', value: EVIL }],
    switchback: { workflowId: EVIL },
  },
};

test('the report shows all there is, asks for nothing, and runs nothing of what stands in it', async ({ skip }) => {
  if (!BROWSER) skip(NO_BROWSER);
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-report-'));
  const file = join(folder, 'report.html');
  const run = { workflowId: EVIL, runId: 'run-1', link: 'javascript:evil=1' };
  await writeFile(file, switchoverPage(result, run, at));
  const tab = await opened.browser.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  tab.on('request', (request) => requests.push(request.url()));
  tab.on('console', (message) => complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(String(error)));
  const url = pathToFileURL(file).href;
  await tab.goto(url);

  expect(requests).toEqual([url]);
  expect(complaints).toEqual([]);
  expect(await tab.title()).toBe(`Switchover region-a-down ${SHOWN}: completed`);
  expect(await tab.locator('script, img, a').count()).toBe(0);
  expect(await tab.evaluate('window.evil')).toBeUndefined();
  const rows = async (title: string) => {
    const section = tab.locator('section').filter({ has: tab.locator('h2', { hasText: title }) });
    return await section
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)));
  };
  const seen = await tab.locator('dl').first().textContent();
  expect(seen).toContain('12 min 3 s against a target of 10 min 0 s missed');
  expect(await rows('Time')).toEqual([
    ['approval', '', '2026-01-31 02:00:00', '6 min 2 s', ''],
    ['verification', SHOWN, '2026-01-31 02:06:01', '6 min 2 s', ''],
  ]);
  expect((await rows('Tasks'))[0]).toEqual([
    `${SHOWN}\njob-1`,
    SHOWN,
    `switched\n${SHOWN}`,
    'INCRE_TRANSFER_STARTED\ndirection up\ntarget read-only\nRPO 1.0 s\n2026-01-31 02:11:09',
    'INCRE_TRANSFER_STARTED\ndirection down\ntarget writable\nRPO 2.0 s\n2026-01-31 02:11:09',
    '',
    '1 min 1 s',
  ]);
  expect(await rows('Evidence of approval 1')).toEqual([[`${SHOWN}: RPO`, 'blocking', SHOWN]]);
  expect((await rows('Decisions')).map((row) => row.at(-1))).toEqual(['claimed', 'signed\nSHA256:abc']);
  expect(await tab.locator('pre').allTextContents()).toEqual([`{"by":"anna","reason":"${SHOWN}"}`, 'U1NIU0lH']);
  // The policy lets the page's own style through: the second bar begins half-way.
  const bars = await tab
    .locator('svg rect:not(.rest)')
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().x));
  expect(bars[1]).toBeGreaterThan((bars[0] ?? 0) + 50);
  await shoot(tab, 'switchover-report');
  await rm(folder, { recursive: true });
});
