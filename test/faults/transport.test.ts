import { expect, vi } from 'vitest';
import type { FaultKind } from '../../simulator/faults.js';
import type { Simulator } from '../../simulator/server.js';
import { baseConfig, migrationSpec } from '../support/config.js';
import { test as base, type Pilot } from '../support/harness.js';

/** What can go wrong between us and the service, before a call's effect and after it. */
const FAULTS: readonly (readonly [what: string, fault: FaultKind])[] = [
  ['429 with Retry-After', { kind: 'throttle', retryAfter: 1 }],
  ['503 of the gateway', { kind: 'error', status: 503, code: 'APIGW.0201' }],
  ['500 with a code of DRS', { kind: 'error', status: 500, code: 'DRS.M00004' }],
  ['a connection that breaks before the effect', { kind: 'drop' }],
  ['a reply that is lost after the effect', { kind: 'lostReply' }],
  ['a reply that is cut off after the effect', { kind: 'garbage' }],
  ['a reply without a result for the task', { kind: 'missingResult' }],
  ['a task that is busy, told inside a 2xx', { kind: 'jobError', code: 'DRS.M01504' }],
];

const PLAIN = { batchCreateJobs: 1, batchStartJobs: 1, batchDeleteJobs: 1 };

/** The calls of a migration that must not be sent twice, and the runs that meet a fault at them. */
const CALLS = {
  create: { operation: 'batchCreateJobs', effects: PLAIN },
  start: { operation: 'batchStartJobs', effects: PLAIN },
  retry: {
    operation: 'batchRestoreTask',
    patch: { failNext: 'FULL_TRANSFER_FAILED' },
    effects: { ...PLAIN, batchRestoreTask: 1 },
  },
  terminate: { operation: 'batchDeleteJobs', effects: PLAIN },
  delete: {
    operation: 'batchDeleteJobs',
    patch: { hold: 'RELEASE_RESOURCE_STARTED' },
    finish: { delete: true },
    effects: { ...PLAIN, batchDeleteJobs: 2 },
  },
} as const;

type Call = keyof typeof CALLS;
const names = Object.keys(CALLS) as Call[];

/** Calls to different clouds never travel in one request, so each run has one for itself. */
const test = base.extend({
  settings: async ({ simulator }, use) => {
    const cloud = baseConfig(simulator).clouds.default;
    await use({ clouds: Object.fromEntries(names.map((name) => [name, cloud])) });
  },
});

for (const [what, fault] of FAULTS) {
  test(`${what}, at each call that must not be sent twice: one effect, and the run finishes`, async ({
    pilot,
    simulator,
  }) => {
    await Promise.all(names.map((call) => migrate(pilot, simulator, call, fault)));
  });
}

/** Of a whole run: what may be sent again. */
const REPEATABLE = [
  'batchListJobDetails',
  'batchValidateConnections',
  'batchUpdateJob',
  'listUsers',
  'batchUpdateUser',
  'batchSetObjects',
  'batchSetSpeed',
  'batchCheckJobs',
  'batchCheckResults',
  'batchShowParams',
  'batchListJobStatus',
  'batchListProgresses',
] as const;

test('any other call that fails once for a passing reason is repeated, and nobody is asked', async ({
  pilot,
  simulator,
}) => {
  const [unavailable, dropped, cutOff] = [FAULTS[1], FAULTS[3], FAULTS[5]] as const;
  const clouds = ['create', 'start', 'retry'] as const;
  const runs = [unavailable, dropped, cutOff].map(async (entry, n) => {
    const fault = entry?.[1] as FaultKind;
    const spec = { ...migrationSpec(), cloud: clouds[n], users: 'all', speed: [] };
    const mine = REPEATABLE.filter((_, index) => index % 3 === n);
    for (const operation of mine) simulator.fault({ operation, match: { job: spec.name }, fault });
    simulator.fault({ operation: 'showJobList', fault });
    const run = await pilot.start(spec);
    await run.approve('start');
    await run.approve('cutover');
    return await run.result();
  });
  for (const { outcome, decisions } of await Promise.all(runs)) {
    expect(outcome).toBe('completed');
    expect(decisions.map(({ gate }) => gate)).toEqual(['start#1', 'cutover#1']);
  }
});

async function migrate(pilot: Pilot, simulator: Simulator, call: Call, fault: FaultKind): Promise<void> {
  const { operation, effects, ...more } = CALLS[call];
  const { name, ...spec } = migrationSpec(`fault-${call}`);
  const strike = () => simulator.fault({ operation, match: { job: simulator.job(name)?.id ?? name }, fault });
  if ('patch' in more) simulator.patch(name, more.patch);
  if (call !== 'delete') strike();

  const run = await pilot.start({ name, cloud: call, ...spec, ...('finish' in more && { finish: more.finish }) });
  await run.approve('start');
  if (call === 'retry') await run.decide('full-transfer', 'retry');
  await run.approve('cutover');
  if (call === 'delete') {
    await vi.waitFor(() => expect(simulator.job(name)?.status).toBe('RELEASE_RESOURCE_STARTED'), { timeout: 30_000 });
    strike();
    simulator.patch(name, { hold: null });
  }
  const { outcome, jobId } = await run.result();

  const seen = simulator
    .journal()
    .filter(({ effect, operation: one, jobs }) => {
      const ours = one in PLAIN || one === 'batchRestoreTask';
      return effect && ours && jobs.some((job) => job === name || job === jobId);
    })
    .map(({ operation: one }) => one);
  const counted = Object.fromEntries(
    [...new Set(seen)].map((one) => [one, seen.filter((other) => other === one).length]),
  );
  expect({ call, outcome, effects: counted }).toEqual({ call, outcome: 'completed', effects });
}
