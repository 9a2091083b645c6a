import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { expect, inject, vi } from 'vitest';
import { EncryptionCodec } from '../../encryption/codec.js';
import { dataConverterWith } from '../../encryption/data-converter.js';
import type { KeyRing } from '../../encryption/key-ring.js';
import { run as cli, file, files } from '../client/cli.js';
import { inClear } from '../support/clear.js';
import { configFor, ENV, migrationSpec, SOURCE_IP } from '../support/config.js';
import { test as base, type Pilot, type Run, rejection, runOf } from '../support/harness.js';
import {
  approve as approveSwitchover,
  protectedTask,
  start as startSwitchover,
  switchoverSpec,
} from '../support/switchover.js';

const key = (number: 1 | 2) => ({ secret: `payload-key-${number}` });
const FIRST = { encryption: { active: 'k1', keys: { k1: key(1) } } };
const BOTH = { encryption: { active: 'k2', keys: { k1: key(1), k2: key(2) } } };
const SECOND = { encryption: { active: 'k2', keys: { k2: key(2) } } };

/** Not by `override`, which would hold for the tests of `base`, too. */
const encrypted = base.extend({ settings: FIRST });

const { Payload: Wire } = proto.temporal.api.common.v1;
const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** All that Temporal keeps of a run, as it keeps it. */
async function raw({ client }: Pilot, { id, handle }: Run): Promise<string> {
  const { events } = await handle.fetchHistory();
  const description = await client.workflowService.describeWorkflowExecution({
    namespace: 'default',
    execution: { workflowId: id },
  });
  return inClear([events, description]);
}

encrypted(
  'a whole migration with a failure and decisions leaves nothing in clear, and neither does its failed end',
  async ({ pilot, simulator }) => {
    simulator.fault({
      operation: 'batchValidateConnections',
      times: 1,
      fault: { kind: 'jobError', code: 'DRS.M05011', message: 'canary-fault' },
    });
    const spec = { ...migrationSpec(), objects: [{ database: 'canary_database' }] };
    const run = await pilot.start(spec);
    await run.decide('test-connections', 'retry', { reason: 'canary-reason' });
    await run.gate('start');
    await run.send('comment', { by: 'canary-person', reason: 'canary-comment' });
    const open = await raw(pilot, run);
    await run.approve('start', 'canary-person');
    await run.gate('cutover');
    await run.decide('cutover', 'reject', { reason: 'canary-rejection' });
    const { type, message, result } = await run.failure();
    expect({ type, message }).toEqual({ type: 'drs.rejected', message: expect.stringContaining('canary-rejection') });
    expect(result?.decisions.map(({ reason }) => reason)).toContain('canary-reason');

    const ended = await raw(pilot, run);
    for (const text of [open, ended]) {
      expect(text).not.toMatch(/canary/);
      expect(text).not.toContain(SOURCE_IP);
      expect(text).toContain('binary/encrypted');
    }
    expect(ended).toContain('Encoded failure');
    expect(ended).toContain('drs.rejected');

    // Its lock goes astray without the key no more than the run does: it waits.
    const lockId = `drs-lock-default-${result?.jobId}`;
    const history = await pilot.client.workflow.getHandle(lockId).fetchHistory();
    await expect(replayed(history, lockId, ringOf('k9', randomBytes(32)))).rejects.toThrow(
      /workflow task failure.*what this run knew cannot be read: .*k1/,
    );
    await replayed(history, lockId, ringOf('k1', Buffer.from(ENV.KEY_1, 'base64')));
  },
);

encrypted(
  'a whole switchover with a refusal, and one that is rejected, leave nothing in clear',
  async ({ pilot, simulator }) => {
    const jobId = protectedTask(simulator, 'canary-dr');
    const spec = switchoverSpec({ task: 'canary-dr', notify: [] });
    simulator.fault({
      operation: 'batchSwitchover',
      times: 1,
      fault: { kind: 'jobError', code: 'DRS.M05011', message: 'canary-fault' },
    });
    const whole = await startSwitchover(pilot, spec);
    await approveSwitchover(whole, 'switchover', { by: 'canary-person' });
    await whole.decide('outcome', 'retry', { reason: 'canary-reason' });
    const done = await whole.result();
    expect(done.outcome).toBe('completed');
    expect(JSON.stringify(done)).toMatch(/canary-dr.*canary-person.*canary-reason/);

    const rejected = await startSwitchover(pilot, { ...spec, direction: 'up' });
    await rejected.decide('switchover', 'reject', { reason: 'canary-rejection' });
    expect((await rejected.failure()).message).toContain('canary-rejection');

    const lock = pilot.client.workflow.getHandle(`drs-lock-default-${jobId}`);
    for (const run of [whole, rejected, runOf(lock)]) {
      const text = await raw(pilot, run);
      expect(text).not.toMatch(/canary/);
      expect(text).toContain('binary/encrypted');
    }
    expect(await raw(pilot, rejected)).toContain('Encoded failure');
  },
);

base('a run whose key is lost waits for it, and does not end as one with bad input', async () => {
  const history = JSON.parse(readFileSync(inProject('test/replay/histories/migration-clean-0.1.0.json'), 'utf8'));
  const lost = new EncryptionCodec(ringOf('k9', randomBytes(32)));
  const [sealed = {}] = await lost.encode([new DefaultPayloadConverter().toPayload(migrationSpec())], PLACE('orders'));
  const first = history.events[0].workflowExecutionStartedEventAttributes;
  first.input = { payloads: [Wire.toObject(Wire.create(sealed), { bytes: String })] };
  await expect(replayed(history, 'orders', ringOf('k1', randomBytes(32)))).rejects.toThrow(
    /workflow task failure.*what this run was given cannot be read: .*k9/,
  );
  first.continuedExecutionRunId = randomUUID();
  await expect(replayed(history, 'orders', ringOf('k1', randomBytes(32)))).rejects.toThrow(
    /workflow task failure.*what this run knew cannot be read: .*k9/,
  );
});

base(
  'a plain history goes on encrypted, keys rotate in the middle of a run, and a lost key only makes it wait',
  async ({ pilot, simulator }) => {
    const run = await pilot.start(migrationSpec());
    await run.gate('start');
    const { events: plain = [] } = await run.handle.fetchHistory();
    const plainEvents = plain?.length ?? 0;
    expect(inClear(plain)).toContain(SOURCE_IP);
    expect(inClear(plain)).not.toContain('binary/encrypted');

    await pilot.rework(FIRST);
    const first = await asClient(pilot, run, simulator, FIRST);
    await first.approve('start', 'ada');
    await first.gate('cutover');

    await pilot.rework(SECOND);
    await runOf(run.handle).handle.signal('comment', { by: 'ben', reason: 'while the key was away' });
    const failed = await vi.waitFor(async () => {
      const { events = [] } = await run.handle.fetchHistory();
      const found = events?.find(({ workflowTaskFailedEventAttributes: it }) => it);
      if (!found) throw new Error('no task has failed yet');
      return found;
    }, 60_000);
    const why = failed.workflowTaskFailedEventAttributes?.failure?.encodedAttributes as Payload;
    const [clear] = await new EncryptionCodec(ringOf('k2', Buffer.from(ENV.KEY_2, 'hex'))).decode([why]);
    expect(Buffer.from(clear?.data ?? []).toString()).toMatch(
      /what this run was told cannot be read: .*key \\"k1\\", which the key ring here lacks/,
    );
    expect((await run.handle.describe()).status.name).toBe('RUNNING');

    await pilot.rework(BOTH);
    const second = await asClient(pilot, run, simulator, BOTH);
    await second.approve('cutover', 'ada');
    const { outcome, decisions } = await second.result();
    expect(outcome).toBe('completed');
    expect(decisions.map(({ reason }) => reason)).toContain('while the key was away');
    const text = inClear(((await run.handle.fetchHistory()).events ?? []).slice(plainEvents + 5));
    expect(text).toMatch(/encryption-key-id: k1/);
    expect(text).toMatch(/encryption-key-id: k2/);
  },
);

/** As a worker with these keys goes through it. */
const replayed = (history: unknown, workflowId: string, keyRing: KeyRing): Promise<void> =>
  Worker.runReplayHistory(
    {
      workflowBundle: { codePath: inject('bundle') },
      dataConverter: dataConverterWith(keyRing, { marks: true }),
    },
    history,
    workflowId,
  );

/** The run for a person who has these keys. */
async function asClient(
  { client }: Pilot,
  run: Run,
  simulator: Parameters<typeof configFor>[0],
  settings: typeof FIRST | typeof BOTH,
): Promise<Run> {
  const { keyRing } = await configFor(simulator, settings);
  const { connection } = client;
  return runOf(new Client({ connection, dataConverter: dataConverterWith(keyRing) }).workflow.getHandle(run.id));
}

const ringOf = (id: string, bytes: Buffer): KeyRing => ({ active: id, keys: new Map([[id, createSecretKey(bytes)]]) });
const PLACE = (workflowId: string) => ({ type: 'workflow', namespace: 'default', workflowId }) as const;

encrypted(
  'signals that nobody can decrypt harm nothing: each is refused with its reason, and the run finishes',
  async ({ pilot, simulator }) => {
    const run = await pilot.start(migrationSpec());
    const { id: gate } = await run.gate('start');
    const plain = new DefaultPayloadConverter().toPayload({ gate, by: 'ada', reason: 'forged' });
    const by = async (ring: KeyRing, place = PLACE(run.id)): Promise<Payload> =>
      (await new EncryptionCodec(ring).encode([plain], place))[0] as Payload;
    const own = ringOf('k1', Buffer.from(ENV.KEY_1, 'base64'));
    const sealed = await by(own);
    const changed = Buffer.from(sealed.data ?? []);
    changed[40] = (changed[40] ?? 0) ^ 1;

    const bad: readonly [Payload, RegExp][] = [
      [await by(ringOf('k9', randomBytes(32))), /key "k9", which the key ring here lacks \(it has k1\)/],
      [await by(ringOf('k1', randomBytes(32))), /key "k1" and does not decrypt/],
      [{ ...sealed, data: changed }, /key "k1" and does not decrypt/],
      [{ ...sealed, data: new Uint8Array([1, 2, 3]) }, /key "k1" and does not decrypt/],
      [{ metadata: { encoding: Buffer.from('binary/encrypted') }, data: randomBytes(50) }, /another program/],
      [await by(own, PLACE('migration-of-somebody-else')), /for another run \(default\/migration-of-somebody-else\)/],
    ];
    for (const [payload] of bad) await signal(pilot.client, run.id, 'approve', payload);
    const { refusedSignals, gate: still } = await vi.waitFor(async () => {
      const status = await run.status();
      if (status.refusedSignals.count < bad.length) throw new Error(`${status.refusedSignals.count} refused`);
      return status;
    }, 10_000);
    expect(still).toMatchObject({ id: gate, approvals: '0 of 1' });
    expect(refusedSignals.last.map(({ why }) => why)).toEqual(bad.map(([, why]) => expect.stringMatching(why)));

    const newer = { active: 'k9', keys: new Map([...own.keys, ...ringOf('k9', randomBytes(32)).keys]) };
    const { connection } = pilot.client;
    const early = new Client({ connection, dataConverter: dataConverterWith(newer) }).workflow.getHandle(run.id);
    expect(await rejection(() => early.executeUpdate('approve', { args: [{ gate, by: 'ada', reason: 'x' }] }))).toMatch(
      /^it cannot be decoded: it is encrypted with the key "k9"/,
    );
    // Its key comes late: what was refused stays so, and the run goes on.
    const second = ringOf('k2', Buffer.from(ENV.KEY_2, 'hex'));
    const late = 30;
    await Promise.all(
      Array.from({ length: late }, async () => signal(pilot.client, run.id, 'approve', await by(second))),
    );
    await vi.waitFor(async () => expect((await run.status()).refusedSignals.count).toBe(bad.length + late), 10_000);
    await pilot.rework(BOTH);
    const later = await asClient(pilot, run, simulator, BOTH);
    await later.handle.signal('comment', { by: 'ben', reason: 'now with its key' });
    const {
      decisions,
      refusedSignals: refused,
      gate: open,
    } = await vi.waitFor(async () => {
      const status = await later.status();
      expect(status.decisions.map(({ reason }) => reason)).toContain('now with its key');
      return status;
    }, 10_000);
    expect([decisions.length, refused.count, open?.id, open?.approvals]).toEqual([
      1,
      bad.length + late,
      gate,
      '0 of 1',
    ]);
    await signal(pilot.client, run.id, 'approve', sealed);
    // Who has no keys may still decide in plain words.
    const { id: cutover } = await later.gate('cutover');
    await signal(
      pilot.client,
      run.id,
      'approve',
      new DefaultPayloadConverter().toPayload({ gate: cutover, by: 'ben', reason: 'plain' }),
    );
    expect((await later.result()).outcome).toBe('completed');
  },
);

encrypted(
  'a spec that is encrypted with an unknown key ends its run with a sentence, and nothing is called',
  async ({ pilot, simulator }) => {
    const { connection } = pilot.client;
    const ring = ringOf('k9', randomBytes(32));
    const stranger = new Client({ connection, dataConverter: dataConverterWith(ring) });
    const { workflowId } = await stranger.workflow.start('migration', {
      taskQueue: pilot.taskQueue,
      workflowId: `migration-${randomUUID()}`,
      args: [migrationSpec()],
    });
    const handle = pilot.client.workflow.getHandle(workflowId);
    const { type, message } = await runOf(handle).failure();
    expect(type).toBe('drs.badSpec');
    expect(message).toMatch(
      /the input cannot be decoded: it is encrypted with the key "k9", which the key ring here lacks/,
    );
    expect(simulator.journal()).toEqual([]);
    // Its key comes late: it stays what it was.
    await replayed(await handle.fetchHistory(), workflowId, ring);
  },
);

encrypted('what a schedule was given is encrypted, and the runs that it starts can read it', async ({ pilot }) => {
  const spec = migrationSpec();
  const schedule = await pilot.client.schedule.create({
    scheduleId: spec.name,
    spec: {},
    action: {
      type: 'startWorkflow',
      workflowType: 'migration',
      workflowId: `migration-${spec.name}`,
      taskQueue: pilot.taskQueue,
      args: [spec],
    },
  });
  await schedule.trigger();
  const started = await vi.waitFor(async () => {
    const [last] = (await schedule.describe()).info.recentActions;
    if (!last) throw new Error('nothing was started yet');
    return last.action.workflow.workflowId;
  }, 20_000);
  await schedule.delete();
  const handle = pilot.client.workflow.getHandle(started);
  await runOf(handle).gate('start');
  expect(started).not.toBe(`migration-${spec.name}`);
  expect(inClear(await handle.fetchHistory())).not.toContain(SOURCE_IP);
  await handle.terminate('the test is over');
});

encrypted('the command line works with the keys, and without them says what is missing', async ({ pilot }) => {
  const spec = { ...migrationSpec(), objects: [{ database: 'canary_database' }] };
  const id = `migration-${spec.name}`;
  const server = { TEMPORAL_ADDRESS: inject('temporal') };
  const keys = files({
    'drs-pilot.yaml': { ...FIRST, secrets: { 'payload-key-1': { file: 'k1' } } },
    k1: ENV.KEY_1,
  });
  const env = { ...server, DRS_PILOT_CONFIG: `${keys}/drs-pilot.yaml` };

  expect((await cli(['start', file(spec), '--task-queue', pilot.taskQueue], { env })).code).toBe(0);
  const run = runOf(pilot.client.workflow.getHandle(id));
  await run.gate('start');
  expect(await raw(pilot, run)).not.toContain('canary');

  const [status, watch, approve, list] = await Promise.all(
    [
      ['status', id],
      ['watch', id],
      ['approve', id, '--reason', 'x'],
      ['list', '--waiting', '--json'],
    ].map((args) => cli(args, { env: server })),
  );
  for (const ended of [status, watch, approve]) {
    expect(ended?.code).toBe(1);
    expect(ended?.err).toMatch(
      /cannot be read: it is encrypted with the key "k1", .*it is empty.*DRS_PILOT_CONFIG names the file/,
    );
  }
  expect(list?.out).toContain(`"workflowId":"${id}"`);
  expect((await run.status()).gate?.approvals).toBe('0 of 1');

  const [seen, approved] = [
    await cli(['status', id, '--json'], { env }),
    await cli(['approve', id, '--reason', 'x', '--json'], { env }),
  ];
  expect(seen.json()).toMatchObject({ workflowId: id, gate: { id: 'start#1' } });
  expect(approved.json()).toMatchObject({ gate: 'start#1', accepted: true });
  await run.gate('cutover');

  const broken = files({ 'drs-pilot.yaml': { ...BOTH, secrets: { 'payload-key-1': { env: 'NOWHERE' } } } });
  const refused = await cli(['status', id], { env: { ...server, DRS_PILOT_CONFIG: `${broken}/drs-pilot.yaml` } });
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(
    /2 problems:\n.*k1: secret "payload-key-1": .*NOWHERE is not set\n.*k2: secrets has no "payload-key-2"/,
  );
});

/** Past all converters and codecs. */
async function signal(client: Client, workflowId: string, signalName: string, payload: Payload): Promise<void> {
  await client.workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
    signalName,
    input: { payloads: [payload] },
    identity: 'test',
    requestId: randomUUID(),
  });
}
