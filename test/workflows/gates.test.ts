import { expect, vi } from 'vitest';
import { signalOf } from '../../workflows/messages.js';
import { migrationSpec } from '../support/config.js';
import { approveAll, test as base, type Run, rejection } from '../support/harness.js';
import { json, signalRaw, startRaw, UNREADABLE } from '../support/raw.js';

const test = base.extend({
  settings: { rules: [{ tasks: ['ruled-*'], approvals: 2, group: 'dba', force: false }] },
});

const SOON = { timeout: 60_000, interval: 50 };
const gated = (gate: Record<string, unknown>) => ({ ...migrationSpec(), start: { gate } });

test('an approval counts as an update, which is answered, and as a signal', async ({ pilot }) => {
  const run = await pilot.start(migrationSpec());
  const { id, decisions, approvals, expires, group } = await run.gate('start');
  expect({ id, decisions, approvals, expires, group }).toEqual({
    id: 'start#1',
    decisions: ['approve', 'reject'],
    approvals: '0 of 1',
    expires: null,
    group: null,
  });
  const receipt = await run.send('approve', { gate: 'start#1', by: 'ada', reason: 'the window is open' });
  expect(receipt).toEqual({ gate: 'start#1', accepted: true, approvals: '1 of 1' });
  await run.gate('cutover');
  await run.handle.signal(signalOf('approve'), { gate: 'cutover#1', by: 'ben', reason: 'the application is stopped' });
  const result = await run.result();
  expect(result.refusedSignals).toEqual({ count: 0, last: [] });
  expect(result.decisions).toEqual([
    {
      gate: 'start#1',
      decision: 'approve',
      by: 'ada',
      claimed: true,
      reason: 'the window is open',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      snapshot: 1,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    expect.objectContaining({ gate: 'cutover#1', decision: 'approve', by: 'ben' }),
  ]);
});

test('of a group as many must approve as are asked for: each counts once, strangers not at all, a withdrawal takes back', async ({
  pilot,
}) => {
  const run = await pilot.start(gated({ approvals: 2, group: 'dba' }));
  expect(await run.gate('start')).toMatchObject({ approvals: '0 of 2', group: 'dba' });
  const say = (decision: string, by: string, reason = 'checked') =>
    run.send('decide', { gate: 'start#1', decision, by, reason });

  expect(await rejection(() => say('approve', 'eve'))).toBe('eve is not in the group dba');
  expect(await say('approve', 'ada')).toMatchObject({ approvals: '1 of 2' });
  expect(await say('approve', 'ada', 'checked again')).toMatchObject({ approvals: '1 of 2' });
  expect(await rejection(() => say('withdraw', 'ben'))).toBe('ben has not approved');
  expect(await say('withdraw', 'ada', 'the binlog is gone')).toMatchObject({ approvals: '0 of 2' });
  expect(await say('approve', 'ben')).toMatchObject({ approvals: '1 of 2' });
  expect((await run.status()).gate?.id).toBe('start#1');
  expect(await say('approve', 'cleo')).toMatchObject({ approvals: '2 of 2' });

  const start = (await run.status()).steps.find(({ step }) => step === 'Start approval');
  expect(start).toMatchObject({ state: 'done', note: 'approved by ben, cleo' });
  await run.approve('cutover');
  await run.result();
});

test('one rejection closes a gate, whoever has approved, and ends the run with the record', async ({
  pilot,
  simulator,
}) => {
  const spec = gated({ approvals: 2, group: 'dba' });
  const run = await pilot.start(spec);
  await run.approve('start', 'ada');
  await run.send('reject', { gate: 'start#1', by: 'ada', reason: 'I was wrong' });
  const { type, message, result } = await run.failure();
  expect({ type, message }).toEqual({ type: 'drs.rejected', message: 'rejected by ada: I was wrong' });
  expect(result).toMatchObject({ outcome: 'rejected', task: 'kept', phase: 'rejected' });
  expect(result?.decisions.map(({ decision, by }) => [decision, by])).toEqual([
    ['approve', 'ada'],
    ['reject', 'ada'],
  ]);
  expect(simulator.job(spec.name)?.status).toBe('CONFIGURATION');
});

test("the worker's rules are made stricter by a spec, never weaker, and may forbid force", async ({
  pilot,
  simulator,
}) => {
  const ruled = (gate: Record<string, unknown>) => ({
    ...gated(gate),
    name: migrationSpec().name.replace('orders', 'ruled'),
  });
  const weaker = await pilot.start(ruled({ approvals: 1 }));
  const stricter = await pilot.start(ruled({ approvals: 3 }));
  expect(await weaker.gate('start')).toMatchObject({ approvals: '0 of 2', group: 'dba' });
  expect(await stricter.gate('start')).toMatchObject({ approvals: '0 of 3', group: 'dba' });

  simulator.fault({ operation: 'batchSetObjects', fault: { kind: 'error', status: 401, code: 'DRS.M00103' } });
  const forbidden = await pilot.start(ruled({}));
  expect(await rejection(() => forbidden.decide('objects', 'retry', { force: true }))).toBe(
    'force is not allowed here',
  );
});

test('a decision that comes early, late, for another opening or on other evidence changes nothing', async ({
  pilot,
  simulator,
}) => {
  const spec = gated({ approvals: 2 });
  simulator.patch(spec.name, { hold: 'CREATING' });
  const run = await pilot.start(spec);
  await run.running('Create');
  const approve = (gate: string, more = {}) => run.send('approve', { gate, by: 'ada', reason: 'go', ...more });
  expect(await rejection(() => approve('start#1'))).toBe('no gate is open now, start#1 neither');
  await run.handle.signal(signalOf('approve'), { gate: 'start#1', by: 'ben', reason: 'in good time' });
  simulator.patch(spec.name, { hold: null });

  expect(await run.gate('start')).toMatchObject({ approvals: '0 of 2' });
  expect(await rejection(() => approve('start#2'))).toBe('start#2 is not open; open now is start#1');
  expect(await rejection(() => approve('cutover#1'))).toBe('cutover#1 is not open; open now is start#1');
  expect(await rejection(() => approve('start#1', { snapshot: 2 }))).toBe(
    'the evidence has changed: snapshot 2 was seen, 1 is shown now',
  );
  expect(await rejection(() => run.send('decide', { gate: 'start#1', by: 'ada', reason: 'x', decision: 'skip' }))).toBe(
    'start#1 does not offer "skip", but approve, reject',
  );
  await run.approve('start', 'ben');
  await approve('start#1', { snapshot: 1 });
  await run.gate('cutover');
  expect(await rejection(() => run.send('reject', { gate: 'start#1', by: 'cleo', reason: 'no' }))).toBe(
    'start#1 is not open; open now is cutover#1',
  );
  await run.approve('cutover');
  const result = await run.result();
  expect(result.decisions.map(({ gate, by }) => `${gate} ${by}`)).toEqual([
    'start#1 ben',
    'start#1 ada',
    'cutover#1 ada',
  ]);
  expect(result.refusedSignals).toMatchObject({ count: 1, last: [{ signal: 'approve', why: /no gate is open/ }] });
});

test('an identical repeat changes nothing, as update or as signal, before the gate closes and after', async ({
  pilot,
}) => {
  const run = await pilot.start(gated({ approvals: 2 }));
  await run.gate('start');
  const said = { gate: 'start#1', by: 'ada', reason: 'go' };
  await run.send('approve', said);
  expect(await run.send('approve', said)).toEqual({ gate: 'start#1', accepted: true, approvals: '1 of 2' });
  await run.handle.signal(signalOf('approve'), said);
  expect(await run.status()).toMatchObject({
    gate: { approvals: '1 of 2' },
    decisions: [{ by: 'ada' }],
    refusedSignals: { count: 1, last: [{ signal: 'approve', why: 'said before: it counts once' }] },
  });
  await run.approve('start', 'ben');
  await run.gate('cutover');
  expect(await run.send('approve', said)).toMatchObject({ accepted: true });
  const { gate, decisions } = await run.status();
  expect(gate).toMatchObject({ id: 'cutover#1', approvals: '0 of 1' });
  expect(decisions).toHaveLength(2);
});

test('whatever is sent as a signal harms nothing: it is counted, the last 50 are shown, and the run finishes', async ({
  pilot,
}) => {
  const run = await pilot.start(gated({ approvals: 2 }));
  await run.gate('start');
  const readable = [
    json({ gate: 'start#1', by: 'ada', reason: '' }),
    json({ gate: 'start#1', by: ' ', reason: 'x' }),
    json({ gate: 'start', by: 'ada', reason: 'x' }),
    json({ gate: 'start#1', by: 'ada', reason: 'x', decision: 'explode' }),
    json({ gate: 'start#1', by: 'ada', reason: 'x', wish: 'unknown field' }),
    json({ gate: { $gt: '' }, by: ['ada'], reason: null }),
    json({ gate: 'start#1', by: 'a'.repeat(5_000), reason: 'x' }),
    json({ gate: '__proto__#1', by: 'constructor', reason: 'x'.repeat(100_000) }),
  ];
  const all = [...Object.values(UNREADABLE), ...readable.map((one) => [one])];
  const names = ['approve', 'reject', 'decide', 'comment', 'no-such-signal', '__temporal_x', 'a'.repeat(300)];
  const sent = names.flatMap((name) => all.map((input) => [name, input] as const));
  await Promise.all(sent.map(([name, input]) => signalRaw(pilot.client, run.id, name, input)));

  const { refusedSignals, gate, decisions } = await vi.waitFor(async () => {
    const status = await run.status();
    expect(status.refusedSignals.count).toBe(sent.length);
    return status;
  }, SOON);
  expect(refusedSignals.last).toHaveLength(50);
  expect(gate).toMatchObject({ id: 'start#1', approvals: '0 of 2' });
  expect(decisions).toEqual([]);
  expect(JSON.stringify(refusedSignals).length).toBeLessThan(50 * 600);

  for (const input of all) {
    const payload = input?.[0] && tryJson(input[0].data);
    await expect(run.send('approve', payload)).rejects.toThrow();
  }
  await run.approve('start', 'ada');
  await run.approve('start', 'ben');
  await run.approve('cutover');
  expect((await run.result()).outcome).toBe('completed');
});

test('signals that are there before the first step harm nothing', async ({ pilot }) => {
  const cases = [
    ...Object.entries(UNREADABLE).map(([what, input]) => ({ what, name: 'approve', input })),
    ...['no-such-signal', '__temporal_x'].map((name) => ({ what: name, name, input: [json({})] })),
  ];
  const runs = await Promise.all(cases.map((signal) => startRaw(pilot, [json(migrationSpec())], signal)));
  for (const [index, run] of runs.entries()) {
    await run.gate('start');
    const { refusedSignals } = await run.status();
    expect(refusedSignals, cases[index]?.what).toMatchObject({ count: 1, last: [{ why: expect.any(String) }] });
    await run.handle.terminate();
  }
});

test('a start input that nobody can read ends the run with one sentence', async ({ pilot }) => {
  const inputs = Object.entries(UNREADABLE).filter(([what]) => what !== 'an empty object');
  const ends = await Promise.all(
    inputs.map(async ([what, input]) => [what, await (await startRaw(pilot, input)).failure()] as const),
  );
  for (const [what, { type, message, result }] of ends) {
    expect(type, what).toBe('drs.badSpec');
    expect(message, what).toMatch(
      /^this migration spec has a problem:\n(the input is empty|the input cannot be decoded|a migration spec is a JSON object)/,
    );
    expect(result, what).toMatchObject({ outcome: 'failed', task: 'none' });
  }
});

test('who starts a run cannot bring a record along that says that its gates were passed', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const record = {
    steps: { rows: [], results: { 'Start approval': true, Parameters: null, 'Cutover approval': true }, retries: [] },
    desk: { openings: {} },
    record: { decisions: [], refusedSignals: { count: 0, last: [] } },
    changes: [],
    shownChanges: 0,
  };
  const forged = await startRaw(pilot, [json(spec), json(record)]);
  const broken = await startRaw(pilot, [json(migrationSpec()), json({ steps: 7 })]);
  await forged.gate('start');
  await broken.gate('start');
  expect(simulator.job(spec.name)?.status).toBe('CONFIGURATION');
  await Promise.all([forged, broken].map(({ handle }) => handle.terminate()));
});

test('a gate that nobody answers waits on, rejects or aborts, as the spec says', async ({ pilot, simulator }) => {
  const [rejects, aborts, waits] = ['reject', 'abort', 'wait'].map((onTimeout) => gated({ timeout: '1s', onTimeout }));
  const due = gated({ deadline: new Date(Date.now() - 1_000).toISOString() });
  const [rejected, aborted, waiting, late] = await Promise.all(
    [rejects, aborts, waits, due].map((spec) => pilot.start(spec)),
  );
  expect((await (rejected as Run).gate('start')).expires).toMatch(/Z$/);
  expect(await (rejected as Run).failure()).toMatchObject({
    type: 'drs.rejected',
    message: expect.stringMatching(/^rejected by time-out: not decided by .*Z \(approvals: 0 of 1\)$/),
  });
  expect(await (late as Run).failure()).toMatchObject({ type: 'drs.rejected', result: { task: 'kept' } });
  expect(await (aborted as Run).failure()).toMatchObject({ type: 'drs.aborted', result: { task: 'kept' } });
  const open = await (waiting as Run).gate('start');
  expect(open).toMatchObject({ id: 'start#1', expires: null });
  expect(simulator.jobs().map(({ status }) => status)).toEqual(Array(4).fill('CONFIGURATION'));
  await approveAll(waiting as Run);
});

test('a comment stands in the record, and many of them push no decision out', async ({ pilot }) => {
  const run = await pilot.start(migrationSpec());
  await run.approve('start');
  await run.gate('cutover');
  for (let n = 0; n < 60; n += 1) await run.handle.signal(signalOf('comment'), { by: 'ben', reason: `remark ${n}` });
  await vi.waitFor(async () => expect((await run.status()).decisions.at(-1)?.reason).toBe('remark 59'), SOON);
  const { decisions } = await run.status();
  expect(decisions[0]).toMatchObject({ gate: 'start#1', decision: 'approve' });
  expect(decisions.filter(({ decision }) => decision === 'comment')).toHaveLength(50);
});

test('the current details show the question, the payload to paste and foreign text as text, in at most 20 KB', async ({
  pilot,
  simulator,
}) => {
  const spec = migrationSpec();
  const evil = '<img src=x onerror=alert(1)> [click](http://evil.example) `x` | **bold**\n# heading ![i](http://e)';
  const items = Array.from({ length: 120 }, (_, n) => ({
    name: `item${n} ${evil}`,
    result: 'ALARM' as const,
    reason: evil.repeat(8),
  }));
  simulator.patch(spec.name, { precheck: { items } });
  const run = await pilot.start(spec);
  await run.gate('pre-check');
  await run.send('comment', { by: evil, reason: evil });
  const { currentDetails = '' } = (await run.handle.query('__temporal_workflow_metadata')) as {
    currentDetails?: string;
  };
  expect(new TextEncoder().encode(currentDetails).length).toBeLessThanOrEqual(20 * 1024);
  expect(currentDetails).toContain('The pre\\-check passed with 120 alarms'.replace('\\-', '-'));
  const pasted = /```json\n(.*)\n```/.exec(currentDetails)?.[1] ?? '';
  expect(JSON.parse(pasted)).toMatchObject({
    gate: 'pre-check#1',
    by: 'your-name',
    reason: 'why',
    decision: 'acknowledge',
  });
  const prose = currentDetails.replace(/```json\n.*\n```/, '');
  expect(prose).not.toMatch(/<img|\]\(http|https?:\/\/evil|(^|[^\\])\*\*bold|\n# heading/);
  expect(prose).toContain('item0');

  await run.handle.terminate();
});

test('a run is found by its phase, gate, kind and task while it waits and after it', async ({ pilot }) => {
  const found = async (query: string) => {
    const ids: string[] = [];
    for await (const { workflowId } of pilot.client.workflow.list({ query })) ids.push(workflowId);
    return ids;
  };
  const run = await pilot.start(migrationSpec());
  await run.gate('start');
  const { jobId } = await run.status();
  const kind = `DrsKind = 'migration' AND DrsJobId = '${jobId}'`;
  const waits = `${kind} AND DrsGate = 'start#1' AND DrsPhase = 'waits for a person'`;
  await vi.waitFor(async () => expect(await found(waits)).toEqual([run.id]), SOON);
  await approveAll(run);
  const ended = `${kind} AND DrsGate IS NULL AND DrsPhase = 'completed'`;
  await vi.waitFor(async () => expect(await found(ended)).toEqual([run.id]), SOON);
});

test('thousands of signals make a run go on as a new one, with its open gate and its approvals', {
  timeout: 180_000,
}, async ({ pilot }) => {
  const patiently = { ...SOON, timeout: 60_000 };
  const run = await pilot.start(gated({ approvals: 2 }));
  await run.approve('start', 'ada');
  const first = await run.handle.describe();
  const nonsense = [json({ gate: 'start#9', by: 'ben', reason: 'again' })];
  const sent = 2_500;
  let left = sent;
  const send = async () => {
    while (left > 0) {
      left -= 1;
      await signalRaw(pilot.client, run.id, 'approve', nonsense);
    }
  };
  await Promise.all(Array.from({ length: 40 }, send));
  await vi.waitFor(async () => expect((await run.handle.describe()).runId).not.toBe(first.runId), patiently);

  const { gate, refusedSignals, decisions, steps } = await vi.waitFor(async () => {
    const status = await run.status();
    expect(status.refusedSignals.count).toBe(sent);
    expect(status.gate).toBeDefined();
    return status;
  }, patiently);
  expect(refusedSignals.last).toHaveLength(50);
  expect(gate).toMatchObject({ id: 'start#1', approvals: '1 of 2' });
  expect(decisions).toMatchObject([{ gate: 'start#1', by: 'ada' }]);
  expect(steps.find(({ step }) => step === 'Pre-check')?.state).toBe('done');
  await run.approve('start#1', 'ben');
  await run.approve('cutover');
  expect((await run.result()).outcome).toBe('completed');
});

test('a start in the future is given to DRS once it is approved, and the task waits for it', async ({
  pilot,
  simulator,
}) => {
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const spec = { ...migrationSpec(), start: { at } };
  const run = await pilot.start(spec);
  expect((await run.gate('start')).question).toBe(`Start the transfer? It starts at ${at}`);
  await run.approve('start');
  await run.running('Start transfer');
  expect(simulator.job(spec.name)?.status).toBe('WAITING_FOR_START');
  const [start] = simulator.journal().filter(({ operation }) => operation === 'batchStartJobs');
  expect(start?.body).toMatchObject({ jobs: [{ start_time: String(Date.parse(at)) }] });
  simulator.patch(spec.name, { status: 'STARTJOBING' });
  await run.approve('cutover');
  expect((await run.result()).outcome).toBe('completed');
});

test('a start that is tried again after its approval has expired is asked again', async ({ pilot, simulator }) => {
  const operation = 'batchStartJobs';
  const spec = gated({ validFor: '1s' });
  simulator.fault({ operation, fault: { kind: 'jobError', code: 'DRS.M00202' } });
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.gate('start-request');
  const { at = '' } = (await run.status()).decisions.at(-1) ?? {};
  await vi.waitUntil(() => Date.now() > Date.parse(at) + 1_000, SOON);
  await run.decide('start-request', 'retry');
  expect((await run.gate('start#2')).evidence.items).toContainEqual({
    item: 'opened again: approval',
    class: 'warning',
    value: 'it expired, or its window closed, before the call was sent',
  });
  expect(simulator.journal().filter((one) => one.operation === operation)).toHaveLength(1);
  await run.approve('start#2');
  await run.gate('cutover');
});

test('a start time that has passed when it is approved is asked again', async ({ pilot, simulator }) => {
  // On a machine that is busy the gate may open too late for the first.
  const soon = async (leads: readonly number[]): Promise<{ run: Run; at: string; name: string }> => {
    const [lead = 0, ...others] = leads;
    const at = new Date(Date.now() + lead).toISOString();
    const spec = { ...migrationSpec(), start: { at } };
    const run = await pilot.start(spec);
    const inTime = (await run.gate('start#1')).question.includes('It starts at');
    return inTime || others.length === 0 ? { run, at, name: spec.name } : await soon(others);
  };
  const { run, at, name } = await soon([3_000, 15_000, 40_000]);
  await vi.waitUntil(() => Date.now() > Date.parse(at), { ...SOON, timeout: 45_000 });
  await run.approve('start#1');
  expect((await run.gate('start#2')).question).toBe(
    `Start the transfer? Its start time ${at} has passed: it would start now`,
  );
  expect(simulator.job(name)?.status).toBe('CONFIGURATION');
  await run.approve('start#2');
  await run.approve('cutover');
  await run.result();
  const [start] = simulator.journal().filter(({ operation }) => operation === 'batchStartJobs');
  expect(JSON.stringify(start?.body)).not.toContain('start_time');
});

test('a delay that is unknown or too high is never taken for a small one, before the cutover gate and after its approval', async ({
  pilot,
  simulator,
}) => {
  const spec = { ...migrationSpec(), cutover: { maxDelay: '0s', within: '1s', openBelow: '30s' } };
  simulator.patch(spec.name, { delay: -1 });
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.running('Incremental transfer');
  const reads = () => simulator.journal().filter(({ operation }) => operation === 'batchListProgresses').length;
  await vi.waitFor(() => expect(reads()).toBeGreaterThan(2), SOON);
  expect((await run.status()).gate).toBeUndefined();
  simulator.patch(spec.name, { delay: 31 });
  const before = reads();
  await vi.waitFor(() => expect(reads()).toBeGreaterThan(before + 2), SOON);
  expect((await run.status()).gate).toBeUndefined();

  simulator.patch(spec.name, { delay: 20 });
  expect((await run.gate('cutover#1')).evidence.items).toEqual([
    { item: 'delay', class: 'ok', value: '20 s' },
    { item: 'limit after the approval', class: 'ok', value: '0 s' },
  ]);
  await run.approve('cutover#1');
  expect((await run.gate('cutover#2')).evidence.items.at(-1)).toEqual({
    item: 'last attempt',
    class: 'warning',
    value: 'the delay did not come down to 0 s; last 20 s',
  });
  expect(simulator.journal().filter(({ operation }) => operation === 'batchDeleteJobs')).toEqual([]);
  simulator.patch(spec.name, { delay: 0 });
  await run.approve('cutover#2');
  expect(await run.result()).toMatchObject({ outcome: 'completed', cutover: { delaySeconds: 0 } });
});

test('a cutover whose approval no longer counts when its delay is small enough asks again', async ({
  pilot,
  simulator,
}) => {
  const cutover = { maxDelay: '0s', within: '1h', openBelow: '30s', gate: { validFor: '1s' } };
  const spec = { ...migrationSpec(), cutover };
  simulator.patch(spec.name, { delay: 20 });
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.approve('cutover#1');
  await run.running('Cutover delay');
  const approved = (await run.status()).decisions.at(-1)?.at ?? '';
  await vi.waitUntil(() => Date.now() > Date.parse(approved) + 1_000, SOON);
  simulator.patch(spec.name, { delay: 0 });
  expect((await run.gate('cutover#2')).evidence.items.at(-1)).toEqual({
    item: 'last attempt',
    class: 'warning',
    value: 'the approval no longer held when the delay was small enough',
  });
  expect(simulator.journal().filter(({ operation }) => operation === 'batchDeleteJobs')).toEqual([]);
  await run.decide('cutover#2', 'reject');
  expect(await run.failure()).toMatchObject({ type: 'drs.rejected' });
});

function tryJson(data: string | Uint8Array): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}
