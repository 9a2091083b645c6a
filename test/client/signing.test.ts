import { expect, inject } from 'vitest';
import { signalOf } from '../../workflows/messages.js';
import { migrationSpec } from '../support/config.js';
import { test as base, rejection, runOf } from '../support/harness.js';
import { hasSshKeygen, type Key, sshKey } from '../support/ssh-keys.js';
import { supervised, supervisedSync } from '../support/supervised.js';
import { file, run } from './cli.js';

const [ada, ben] = (hasSshKeygen ? [sshKey(), sshKey()] : []) as [Key, Key];
base.override({
  settings: hasSshKeygen
    ? {
        approvers: {
          dba: {
            members: [
              { name: 'ada', keys: [ada.line] },
              { name: 'ben', keys: [ben.line] },
            ],
          },
        },
        rules: [
          { kinds: ['migration'], gates: ['start'], group: 'dba', fourEyes: true },
          { operations: ['batchStopJobs'], group: 'dba' },
        ],
      }
    : {},
});
const test = base.skipIf(!hasSshKeygen);

const cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  run(args, { env: { TEMPORAL_ADDRESS: inject('temporal'), ...env } });
const by = (name: 'ada' | 'ben') => ['--by', name, '--reason', 'as agreed', '--key', (name === 'ada' ? ada : ben).file];

test('the CLI signs requests and decisions with ssh-keygen, and prints what to paste into the UI', async ({
  pilot,
}) => {
  const spec = migrationSpec();
  const id = `migration-${spec.name}`;
  const started = await cli(['start', file(spec), '--task-queue', pilot.taskQueue, '--by', 'ada', '--key', ada.file]);
  expect(started).toMatchObject({ code: 0, out: `started ${id}\n` });

  const handle = pilot.client.workflow.getHandle(id);
  const migration = runOf(handle);
  await migration.gate('start');
  const unsigned = await cli(['approve', id, '--by', 'ben', '--reason', 'r']);
  expect(unsigned).toMatchObject({
    code: 1,
    err: expect.stringContaining('what is decided here must be signed: --key FILE'),
  });
  expect(unsigned.err).toContain('Refused: what ben says must be signed');
  expect((await cli(['approve', id, ...by('ada')])).err).toContain('four eyes: ada requested this run');
  const without = await cli(['approve', id, ...by('ben')], { PATH: '/nowhere' });
  expect(without).toMatchObject({ code: 1, err: expect.stringContaining('apt-get install openssh-client') });
  const noKey = await cli(['approve', id, ...by('ben').slice(0, -1), '/nowhere/key']);
  expect(noKey).toMatchObject({ code: 1, err: expect.stringContaining('ssh-keygen could not sign with /nowhere/key') });

  const printed = await cli(['approve', id, ...by('ben'), '--print']);
  expect(printed.err).toContain('as the signal or the update "approve", within five minutes');
  expect(await migration.status()).toMatchObject({ gate: { approvals: '0 of 1' } });
  await handle.signal(signalOf('approve'), printed.json());
  await migration.gate('cutover');
  expect((await cli(['approve', id, '--reason', 'application is stopped', '--gate', 'cutover'])).code).toBe(0);
  expect(await handle.result()).toMatchObject({
    requested: { by: 'ada', key: ada.fingerprint },
    decisions: [{ by: 'ben', claimed: false, key: ben.fingerprint }, { claimed: true }],
  });
});

test('updates of a supervised run are signed by the same option', async ({ pilot, simulator }) => {
  const started = await supervised(pilot, simulator, supervisedSync());
  const printed = await cli(['pause', started.id, '--all', ...by('ada'), '--print']);
  expect(printed.json()).toMatchObject({ by: 'ada', mode: 'all', signature: expect.any(String) });
  expect(await rejection(() => started.update('pause', { by: 'ada' }))).toContain('must be signed');
  expect((await cli(['pause', started.id, '--all', ...by('ada')])).out).toContain('paused');
});
