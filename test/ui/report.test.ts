import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderReport } from '../../activities/comparison/render-report.js';
import type { NightInBrief, Summary } from '../../activities/comparison/report.js';
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

/** A page as its reader sees it, out of a file, and what it asked for and complained of meanwhile. */
async function show(content: string) {
  const folder = await mkdtemp(join(tmpdir(), 'drs-pilot-report-'));
  const file = join(folder, 'report.html');
  await writeFile(file, content);
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
  expect(await tab.locator('script, img').count()).toBe(0);
  expect(await tab.evaluate('window.evil')).toBeUndefined();
  const rows = async (title: string) => {
    const section = tab.locator('section').filter({ has: tab.locator('h2', { hasText: title }) });
    return await section
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)));
  };
  return { folder, tab, rows };
}

test('the report of a switchover shows all there is, asks for nothing, and runs nothing of what stands in it', async ({
  skip,
}) => {
  if (!BROWSER) skip(NO_BROWSER);
  const run = { workflowId: EVIL, runId: 'run-1', link: 'javascript:evil=1' };
  const { folder, tab, rows } = await show(switchoverPage(result, run, at));
  expect(await tab.title()).toBe(`Switchover region-a-down ${SHOWN}: completed`);
  expect(await tab.locator('a').count()).toBe(0);
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

test('the report of a night shows its trend, what differs and where the files lie, and runs nothing of what stands in it', async ({
  skip,
}) => {
  if (!BROWSER) skip(NO_BROWSER);
  const none = { consistent: 0, inconsistent: 0, notComparable: 0, notFinished: 0 };
  const night = (day: number, more: Partial<NightInBrief>): NightInBrief => ({
    night: `2026010${day}T010000Z-1a2b3c4d`,
    began: `2026-01-0${day}T01:00:00.000Z`,
    ended: `2026-01-0${day}T02:03:04.000Z`,
    verdict: 'consistent',
    tasks: { ...none, consistent: 1 },
    tables: { ...none, consistent: 4 },
    differing: 0,
    ...more,
  });
  const last = night(3, {
    verdict: 'inconsistent',
    tasks: { ...none, inconsistent: 1 },
    tables: { ...none, inconsistent: 1, notFinished: 2, consistent: 1 },
    differing: 7,
  });
  const path = `tasks/job-1/=E2=80=AEa@b+c/lines-1.xlsx`;
  const file = { store: 'local', name: `comparison/n/${last.night}/${path}`, size: 9, sha256: 'f'.repeat(64) };
  const row = { key: EVIL, sql: `select '${EVIL}'`, targetSql: EVIL };
  const table = {
    database: EVIL,
    table: 't',
    verdict: 'inconsistent',
    reason: EVIL,
    sourceRows: 5,
    targetRows: 4,
  } as const;
  const kind = {
    kind: 'lines',
    verdict: 'inconsistent',
    counts: last.tables,
    differing: 7,
    tables: [{ ...table, differing: 7, rows: [row] }],
    more: 2,
    files: [file],
    noFile: EVIL,
  } as const;
  const compared = [
    { jobId: EVIL, name: EVIL, status: EVIL, verdict: 'inconsistent', reason: EVIL, seconds: 61, kinds: [kind] },
  ] as const;
  const summary: Summary = { name: EVIL, ...last, compared, files: [file] };
  const { folder, tab, rows } = await show(renderReport(summary, [night(1, {}), night(2, { tables: none }), last]));

  expect(await tab.title()).toBe(`${SHOWN}: inconsistent`);
  expect(await rows('Nights')).toEqual([
    ['2026-01-03 01:00:00', 'inconsistent', '1 h 3 min', '1 inconsistent', '50%', '3', '7'],
    ['2026-01-02 01:00:00', 'consistent', '1 h 3 min', '1 consistent', '', '0', '0'],
    ['2026-01-01 01:00:00', 'consistent', '1 h 3 min', '1 consistent', '100%', '0', '0'],
  ]);
  expect(await rows('Tasks')).toEqual([
    [
      `${SHOWN}\n${SHOWN}\n${SHOWN}`,
      'inconsistent',
      '1 min 1 s',
      `${SHOWN}\nlines: 1 inconsistent, 2 not finished, 1 consistent\nlines: no file, ${SHOWN}`,
      'lines-1.xlsx 9 B',
    ],
  ]);
  expect(await rows(`${SHOWN}: lines`)).toEqual([
    [`${SHOWN}.t`, 'inconsistent', SHOWN, '5 · 4', '7', `${SHOWN} select '${SHOWN}'`],
  ]);
  // A quarter of the last night's column is of the colour for what is wrong, the first one's is all of the other.
  const heights = (await tab.evaluate(
    `[...document.querySelectorAll('svg.columns g')].map((one) => [...one.children].flatMap((rect) =>
      rect.tagName === 'rect' ? [[getComputedStyle(rect).fill, rect.getBBox().height]] : []))`,
  )) as [fill: string, height: number][][];
  expect(heights.map((night) => night.map(([, height]) => height))).toEqual([
    [0, 0, 0, 100],
    [0, 0, 0, 0],
    [25, 50, 0, 25],
  ]);
  expect(new Set(heights[2]?.map(([fill]) => fill)).size).toBe(4);
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), 'a workbook');
  const href = (await tab.evaluate(`document.querySelector('a').href`)) as string;
  expect(await readFile(fileURLToPath(href), 'utf8')).toBe('a workbook');
  await shoot(tab, 'comparison-report');
  await rm(folder, { recursive: true });
});
