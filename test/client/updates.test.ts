import { expect } from 'vitest';
import { migrationSpec } from '../support/config.js';
import { test as base } from '../support/harness.js';
import { supervised, supervisedSync } from '../support/supervised.js';
import { type Cli, cliHere, file } from './cli.js';

const test = base.extend<{ cli: Cli }>({ cli: cliHere });

test('a running task is changed and ended by the CLI, and its lock is shown', { timeout: 120_000 }, async ({
  cli,
  pilot,
  simulator,
}) => {
  const started = await supervised(pilot, simulator, supervisedSync());
  const { id, job } = started;
  const why = ['--reason', 'maintenance', '--by', 'ada'];
  const paused = await cli('pause', id, ...why, '--json');
  expect(paused).toMatchObject({ code: 0 });
  expect(paused.json()).toEqual({ accepted: true, done: true, approvals: '1 of 1', message: 'paused' });
  expect(await cli('pause', id, ...why)).toMatchObject({ code: 1, err: expect.stringContaining('is PAUSING') });
  expect((await cli('resume', id, ...why)).out).toBe(`${id}: resumed, it was PAUSING\n`);
  expect((await cli('limit-speed', id, '--window', '08:00-17:59=10', ...why)).out).toContain('08:00–17:59 10 MB/s');
  expect((await cli('limit-speed', id, '--off', ...why)).out).toContain('not limited any more');
  expect((await cli('rotate-password', id, '--source', 'orders-rotated', ...why)).out).toContain('source is changed');
  const objects = file({ objects: [{ database: 'crm', tables: ['accounts', 'contacts'] }] });
  expect((await cli('edit', id, '-f', objects, ...why)).out).toContain('edit 1 begins');

  // A call that failed keeps its lock until somebody has decided.
  simulator.fault({ operation: 'batchSetDefiner', fault: { kind: 'error', status: 400, code: 'DRS.M00202' } });
  const call = { operation: 'batchSetDefiner', request: { job_id: job, replace_definer: true } };
  const operation = await pilot.start(call, { workflow: 'operation' });
  await operation.approve('approval');
  await operation.gate('call');
  const listed = await cli('locks');
  expect(listed.out).toMatch(new RegExp(`${job} +held +${operation.id} .*for batchSetDefiner`));
  expect((await cli('locks', job, '--json')).json()).toMatchObject({
    jobId: job,
    answered: true,
    holders: [{ owner: { workflowId: operation.id }, mode: 'exclusive' }],
  });
  expect(await cli('pause', id, ...why)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`is held by ${operation.id}`),
  });
  await operation.decide('call', 'abort');

  expect((await cli('end', id, ...why)).out).toMatch(/: ends/);
  expect(await started.result()).toMatchObject({ task: 'terminated', ended: { by: 'ada' } });
  expect(await cli('pause', id, ...why)).toMatchObject({ code: 1, err: expect.stringContaining('has ended') });
});

test('a change that is not written right is refused before anything is sent', async ({ cli }) => {
  const why = ['--reason', 'r'];
  expect(await cli('limit-speed', 'any', ...why)).toMatchObject({ code: 2, err: 'give --window, or --off\n' });
  expect(await cli('limit-speed', 'any', '--window', '8-17=x', ...why)).toMatchObject({ code: 2 });
  expect(await cli('rotate-password', 'any', ...why)).toMatchObject({ code: 2 });
  expect(await cli('rotate-password', 'any', '--source', 'Pa55!', ...why)).toMatchObject({ code: 2 });
  expect(await cli('edit', 'any', '-f', file({ objects: [] }), ...why)).toMatchObject({ code: 2 });
  expect(await cli('pause', 'none-such', ...why)).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no run "none-such"'),
  });
});

test('a run that supervises nothing says so', async ({ cli, pilot }) => {
  const started = await pilot.start(migrationSpec());
  await started.gate('start');
  const { code, err } = await cli('pause', started.id, '--reason', 'r');
  expect(code).toBe(1);
  expect(err).toMatch(/takes no "pause"/);
});
