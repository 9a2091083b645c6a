import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { type Choice, type Decision, signalOf } from '../../workflows/messages.js';
import { readUpdate } from '../../workflows/plans/updates.js';
import { requestText, updateText } from '../../workflows/signed.js';
import { migrationSpec } from '../support/config.js';
import { test as base, type Run, rejection, runOf } from '../support/harness.js';
import { hasSshKeygen, type Key, signed as signedBy, sshKey, sshVerifies } from '../support/ssh-keys.js';
import { supervised, supervisedSync } from '../support/supervised.js';

const [ada, ben, old] = hasSshKeygen ? [sshKey(), sshKey(), sshKey()] : [];
const KEYS = { ada, ben } as { ada: Key; ben: Key };
const member = (name: 'ada' | 'ben') => ({ name, keys: [KEYS[name]?.line ?? ''] });

const signing = base.extend<{ settings: Readonly<Record<string, unknown>> }>({
  settings: hasSshKeygen
    ? {
        approvers: { dba: { members: [member('ada'), member('ben')] } },
        rules: [
          { tasks: ['prod-*'], group: 'dba' },
          { tasks: ['prod-*'], gates: ['cutover'], approvals: 2 },
          { tasks: ['eyes-*'], gates: ['start'], group: 'dba', fourEyes: true },
          { operations: ['batchStopJobs'], group: 'dba', fourEyes: true },
        ],
      }
    : {},
});
const test = signing.skipIf(!hasSshKeygen);

const named = (name: string) => migrationSpec(`${name}-${Math.random().toString(36).slice(2, 10)}`);

const signed = (
  run: Run,
  gate: string,
  decision: Choice,
  by: 'ada' | 'ben',
  { key = KEYS[by], time }: { key?: Key; time?: string } = {},
): Promise<Decision> => signedBy(run, gate, decision, by, key, time);
const send = (run: Run, payload: object) => run.send('decide', payload);
const refusal = (run: Run, payload: object) => rejection(() => send(run, payload));

test('where a group has keys only what its members signed is acted on, as signal or as update', async ({ pilot }) => {
  const run = await pilot.start(named('prod'));
  expect(await run.gate('start')).toMatchObject({ signed: true, approvals: '0 of 1' });
  for (const decision of ['approve', 'reject'])
    expect(await refusal(run, { gate: 'start#1', by: 'ada', reason: 'r', decision, snapshot: 1 })).toContain(
      'must be signed, with time and signature (drs-pilot … --key FILE)',
    );
  const good = await signed(run, 'start', 'approve', 'ada');
  expect(await refusal(run, await signed(run, 'start', 'approve', 'ada', { key: old as Key }))).toContain(
    old?.fingerprint,
  );
  expect(await refusal(run, { ...good, reason: 'changed since' })).toContain('something differs');
  const late = new Date(Date.now() - 301_000).toISOString();
  expect(await refusal(run, await signed(run, 'start', 'approve', 'ada', { time: late }))).toContain(
    'more than 5 minutes',
  );
  await run.handle.signal(signalOf('approve'), { ...good, by: 'ben' });

  const other = await pilot.start(named('prod'));
  await other.gate('start');
  expect(await refusal(other, good)).toContain('something differs');
  await other.handle.signal(signalOf('approve'), good);

  await run.handle.signal(signalOf('approve'), good);
  await run.gate('cutover');
  expect(await refusal(run, { ...good, gate: 'cutover#1' })).toMatch(/something differs|counts already/);
  expect(await send(run, await signed(run, 'cutover', 'approve', 'ada'))).toMatchObject({ approvals: '1 of 2' });
  expect(await send(run, await signed(run, 'cutover', 'approve', 'ben'))).toMatchObject({ approvals: '2 of 2' });
  const { decisions, refusedSignals } = await run.result();
  expect(refusedSignals).toMatchObject({ count: 1, last: [{ why: expect.stringContaining('not one of theirs') }] });
  expect((await other.status()).refusedSignals).toMatchObject({ count: 1 });
  expect((await other.status()).decisions).toEqual([]);
  expect(decisions.map(({ by, claimed, key }) => [by, claimed, key])).toEqual([
    ['ada', false, ada?.fingerprint],
    ['ada', false, ada?.fingerprint],
    ['ben', false, ben?.fingerprint],
  ]);

  // Years later: the record alone is enough for ssh-keygen.
  const [first] = decisions;
  const armoured = first?.signature?.replace(
    /^(?!-----)([\s\S]*)$/,
    '-----BEGIN SSH SIGNATURE-----\n$1\n-----END SSH SIGNATURE-----\n',
  );
  expect(sshVerifies(KEYS.ada.line, armoured ?? '', first?.text ?? '')).toBe(true);
  expect(JSON.parse(first?.text ?? '')).toMatchObject({ workflowId: run.id, gate: 'start#1', hash: first?.hash });
});

test('under four eyes a run needs a signed request, and whoever requested it cannot approve', async ({ pilot }) => {
  const spec = named('eyes');
  const unsigned = await pilot.start(spec);
  expect((await unsigned.failure()).message).toContain(
    'requested: is missing: under four eyes a request is signed, and drs-pilot start SPEC --key FILE signs it',
  );

  const id = `migration-${randomUUID()}`;
  const request = { by: 'ada', time: new Date().toISOString() };
  const text = requestText({ namespace: 'default', workflowId: id }, { ...spec, requested: request });
  const whole = { ...spec, requested: { ...request, signature: KEYS.ada.sign(text) } };
  const elsewhere = await pilot.start(whole);
  expect((await elsewhere.failure()).message).toContain('requested: the signature of ada does not count');

  const run = await pilot.start(whole, { id });
  expect(await run.gate('start')).toMatchObject({ fourEyes: 'ada' });
  expect(await refusal(run, await signed(run, 'start', 'approve', 'ada'))).toContain('ada requested this run');
  await send(run, await signed(run, 'start', 'approve', 'ben'));
  await run.approve('cutover', 'anybody');
  const { requested, decisions } = await run.result();
  expect(requested).toMatchObject({ by: 'ada', key: ada?.fingerprint });
  expect(decisions).toMatchObject([
    { by: 'ben', claimed: false },
    { by: 'anybody', claimed: true },
  ]);
});

test('updates of a supervised run are signed as well, count once, and under four eyes another says the same', async ({
  pilot,
  simulator,
}) => {
  const run = await supervised(pilot, simulator, supervisedSync());
  const { place } = await run.status();
  const pause = (by: 'ada' | 'ben', mode = 'target') => {
    const said = { by, reason: 'maintenance', mode, time: new Date().toISOString() };
    const read = readUpdate('pause', said);
    if (typeof read === 'string') throw new Error(read);
    return { ...said, signature: KEYS[by].sign(updateText(place as never, 'pause', read)) };
  };
  expect(await rejection(() => run.update('pause'))).toContain('must be signed');
  const first = pause('ada');
  expect(await rejection(() => run.update('pause', { ...first, mode: 'all' }))).toContain('something differs');
  expect(await run.update('pause', first)).toMatchObject({ done: false, approvals: '1 of 2' });
  expect(await rejection(() => run.update('pause', first))).toContain('counts already');
  expect(await run.update('pause', pause('ben'))).toMatchObject({ done: true, approvals: '2 of 2' });
  expect(await run.update('resume')).toMatchObject({ done: true });
  const { decisions } = await run.status();
  expect(decisions.slice(-3)).toMatchObject([
    {
      decision: 'pause',
      by: 'ada',
      claimed: false,
      key: ada?.fingerprint,
      text: expect.stringContaining('"update":"pause"'),
    },
    { decision: 'pause', by: 'ben', claimed: false, key: ben?.fingerprint },
    { decision: 'resume', claimed: true },
  ]);
});

test('a run that was reset goes on from what was signed before', async ({ pilot }) => {
  const run = await pilot.start(named('prod'));
  await send(run, await signed(run, 'start', 'approve', 'ada'));
  await run.gate('cutover');
  const { events } = await run.handle.fetchHistory();
  const last = events?.findLast(({ workflowTaskCompletedEventAttributes: done }) => done);
  const { runId } = await run.handle.describe();
  const reset = await pilot.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: run.id, runId },
    workflowTaskFinishEventId: last?.eventId ?? null,
    requestId: randomUUID(),
    reason: 'test',
  });
  const again = runOf(pilot.client.workflow.getHandle(run.id, reset.runId ?? ''));
  for (const by of ['ada', 'ben'] as const) await send(again, await signed(again, 'cutover', 'approve', by));
  const { decisions } = await again.result();
  expect(decisions).toMatchObject([{ gate: 'start#1' }, { gate: 'cutover#1' }, { gate: 'cutover#1' }]);
});
