import { createSecretKey, randomBytes } from 'node:crypto';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { EncryptionCodec } from '../encryption/codec.js';
import { dataConverterWith } from '../encryption/data-converter.js';
import { type KeyRing, NO_KEYS } from '../encryption/key-ring.js';
import { migrationSpec } from '../test/support/config.js';
import { atMost, just, median, report } from './support/report.js';
import { approve, openBench } from './support/stack.js';

/** What encryption costs: CPU of a migration with it and without, in turns, and of one payload. */

const ROUNDS = 5;
const MIGRATIONS = 6;
const PACE = 0.01;
const KEYS: KeyRing = { active: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };

const bench = await openBench('instant');
const names = (function* () {
  for (let n = 1; ; n += 1) yield `orders-${n}`;
})();

/** Milliseconds of CPU that worker, client and simulator take for a migration. */
async function cost(keyRing: KeyRing): Promise<number> {
  const stop = await bench.work({ pace: PACE, keyRing });
  const { connection } = bench.client;
  const client = new Client({ connection, dataConverter: dataConverterWith(keyRing) });
  const migrate = async (): Promise<void> => {
    const name = names.next().value;
    const options = { taskQueue: 'drs-pilot', workflowId: `migration-${name}`, args: [migrationSpec(name)] };
    const run = await client.workflow.start('migration', options);
    await approve(run, 'start#1');
    await approve(run, 'cutover#1');
    await run.result();
  };
  // What a worker does once must not count.
  await migrate();
  const before = process.cpuUsage();
  for (let n = 0; n < MIGRATIONS; n += 1) await migrate();
  const { user, system } = process.cpuUsage(before);
  await stop();
  return (user + system) / 1_000 / MIGRATIONS;
}

const plain: number[] = [];
const encrypted: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  plain.push(await cost(NO_KEYS));
  encrypted.push(await cost(KEYS));
}
await bench.close();

/** Microseconds of a payload, there and back. */
async function perPayload(bytes: number): Promise<number> {
  const codec = new EncryptionCodec(KEYS);
  const payload = defaultPayloadConverter.toPayload('x'.repeat(bytes)) as Payload;
  const context = { namespace: 'default', workflowId: 'migration-orders' };
  const times: number[] = [];
  for (let n = 0; n < 3_000; n += 1) {
    const began = performance.now();
    await codec.decode(await codec.encode([payload], context), context);
    times.push((performance.now() - began) * 1_000);
  }
  return median(times);
}

report('Encryption', [
  just('CPU of a migration, plain, median', median(plain), 'ms'),
  just('CPU of a migration, encrypted, median', median(encrypted), 'ms'),
  atMost('encrypted ÷ plain', median(encrypted) / median(plain), 1.2),
  just('a payload of 1 KB, encrypted and decrypted, median', await perPayload(1_024), 'µs'),
  just('a payload of 256 KB', await perPayload(256 * 1_024), 'µs'),
]);
