import { createSecretKey, randomBytes } from 'node:crypto';
import { DefaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { EncryptionCodec } from '../../encryption/codec.js';
import type { KeyRing } from '../../encryption/key-ring.js';
import { load, problems } from '../worker/config-file.js';

const ring = (active: string | undefined, ...ids: string[]): KeyRing => ({
  active,
  keys: new Map(ids.map((id) => [id, createSecretKey(Buffer.from(id.padEnd(32, '.')))])),
});
const converter = new DefaultPayloadConverter();
const run = { type: 'workflow', namespace: 'default', workflowId: 'migration-orders' } as const;
const plain = converter.toPayload({ canary: 'in-clear' });
const codec = new EncryptionCodec(ring('k1', 'k1'));
const seal = async (context?: typeof run): Promise<Payload> => (await codec.encode([plain], context))[0] as Payload;
const open = async (
  payload: Payload,
  context: Parameters<typeof codec.decode>[1] = run,
  by = codec,
): Promise<unknown> => converter.fromPayload((await by.decode([payload], context))[0] as Payload);

test('what was encrypted comes back, and nothing of it is seen before', async () => {
  const sealed = await seal(run);
  expect(Buffer.from(sealed.data ?? []).includes('in-clear')).toBe(false);
  expect(
    JSON.stringify(Object.fromEntries(Object.entries(sealed.metadata ?? {}).map(([k, v]) => [k, String(v)]))),
  ).not.toContain('json/plain');
  expect(await open(sealed)).toEqual({ canary: 'in-clear' });
  expect((await seal(run)).data).not.toEqual(sealed.data);
});

test('every key of the ring reads, the active one writes, and plain payloads stay what they are', async () => {
  const rotated = new EncryptionCodec(ring('k2', 'k1', 'k2'));
  expect(await open(await seal(run), run, rotated)).toEqual({ canary: 'in-clear' });
  const [written] = await rotated.encode([plain], run);
  await expect(open(written as Payload)).rejects.toThrow(
    /run migration-orders .*key "k2", which the key ring here lacks \(it has k1\)/,
  );
  expect(await rotated.decode([plain], run)).toEqual([plain]);
  expect(await new EncryptionCodec(ring(undefined, 'k1')).encode([plain], run)).toEqual([plain]);
});

test('a changed bit anywhere, in the data or in what stands beside it, is noticed', async () => {
  const sealed = await seal(run);
  const data = Buffer.from(sealed.data ?? []);
  for (let at = 0; at < data.length; at += 1) {
    const changed = Buffer.from(data);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await expect(open({ ...sealed, data: changed }), `byte ${at}`).rejects.toThrow('does not decrypt');
  }
  for (const length of [0, 16, 31, data.length - 1])
    await expect(open({ ...sealed, data: data.subarray(0, length) })).rejects.toThrow('does not decrypt');
  const moved = { ...sealed.metadata, 'encryption-scope': Buffer.from('default/migration-crm') };
  await expect(open({ ...sealed, metadata: moved }, { ...run, workflowId: 'migration-crm' })).rejects.toThrow(
    'does not decrypt',
  );
});

test("a payload of one run is none of another's, but runs of a schedule read what the schedule was given", async () => {
  const sealed = await seal(run);
  await expect(open(sealed, { ...run, workflowId: 'migration-crm' })).rejects.toThrow(
    'encrypted for another run (default/migration-orders)',
  );
  await expect(open(sealed, { ...run, namespace: 'other' })).rejects.toThrow('another run');
  await expect(open(sealed, { ...run, workflowId: 'migration-orders-2' })).rejects.toThrow('another run');
  expect(await open(sealed, { ...run, workflowId: 'migration-orders-2026-01-31T02:00:00Z' })).toBeTruthy();
  // Who does not know where a payload belongs, as the codec server for the UI, binds it to no run.
  expect(await open(await seal(), run)).toBeTruthy();
  expect(await open(sealed, { namespace: 'default', workflowId: '' })).toBeTruthy();
});

test('a worker hands what it cannot read to the workflow as a marker, but never what the own activities of a run said', async () => {
  const told: string[] = [];
  const worker = new EncryptionCodec(ring('k2', 'k2'), { marks: true, warn: (sentence) => told.push(sentence) });
  const sealed = await seal(run);
  expect(await open(sealed, run, worker)).toMatchObject({ '~undecodable': expect.stringContaining('key "k1"') });
  await expect(open(sealed, { ...run, type: 'activity' } as never, worker)).rejects.toThrow('key "k1"');
  expect(told).toEqual(Array(2).fill(expect.stringMatching(/^A payload of the run migration-orders cannot be read: /)));
  expect(told.join()).not.toContain('in-clear');
});

test('what another codec encrypted is told as such', async () => {
  const foreign = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: randomBytes(60) };
  await expect(open(foreign)).rejects.toThrow('encrypted by another program than drs-pilot');
});

describe('the section encryption', () => {
  const base64 = Buffer.alloc(32, 7).toString('base64');
  const env = { HW_REGION_NAME: 'eu-west-101', HUAWEICLOUD_SDK_AK: 'a', HUAWEICLOUD_SDK_SK: 's' };
  const section = (encryption: string) =>
    `secrets: { one: { env: ONE }, two: { env: TWO } }\nencryption: ${encryption}`;

  test('takes keys in base64 and in hex', async () => {
    const { keyRing } = await load(section('{ active: k2, keys: { k1: { secret: one }, k2: { secret: two } } }'), {
      ...env,
      ONE: `${base64}\n`,
      TWO: 'ab'.repeat(32),
    });
    expect([...keyRing.keys].map(([id, key]) => [id, key.symmetricKeySize])).toEqual([
      ['k1', 32],
      ['k2', 32],
    ]);
    expect(keyRing.active).toBe('k2');
  });

  test('tells all that is wrong with it at once, and no key', async () => {
    expect(
      await problems(
        section('{ active: k9, keys: { k1: { secret: one }, k2: { secret: two }, K3: { secret: three } } }'),
        { ...env, ONE: 'canary-too-short', TWO: base64.slice(1) },
      ),
    ).toEqual([
      expect.stringMatching(/^encryption\.keys\.K3: must be a name/),
      'encryption.active: keys has no "k9"',
      'encryption.keys.K3.secret: secrets has no "three"',
    ]);
    expect(
      await problems(section('{ active: k1, keys: { k1: { secret: one }, k2: { secret: two } } }'), {
        ...env,
        ONE: 'canary-too-short',
        TWO: base64.slice(1),
      }),
    ).toEqual(
      ['k1', 'k2'].map((id) => expect.stringMatching(`^encryption\\.keys\\.${id}: must be 32 bytes in base64 or hex`)),
    );
    expect(await problems(section('{ keys: { k1: { secret: one } } }'), { ...env, ONE: base64, TWO: 'x' })).toEqual([
      expect.stringMatching(/^encryption\.active: is missing/),
    ]);
    // A key that cannot be read is told once, where its secret stands.
    expect(await problems(section('{ active: none, keys: { k1: { secret: one } } }'), { ...env, TWO: 'x' })).toEqual([
      'secrets.one: the environment variable ONE is not set',
    ]);
  });
});
