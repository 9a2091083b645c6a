import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Held } from '../support/checkpoint.js';
import { migrationSpec } from '../support/config.js';
import type { Run } from '../support/harness.js';
import { openReceiver, type Receiver } from '../support/receiver.js';
import { recoverySpec, syncSpec } from '../support/specs.js';
import { openStack, type Stack } from '../support/stack.js';
import type { WorkerProcess } from '../support/worker-process.js';

type Step = (run: Run, stack: Stack) => Promise<unknown>;

/** Where a run stands when its worker is killed, and how it gets there. */
interface Scene {
  /** `migration` when left out, and the least spec of one. */
  readonly workflow?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly patch?: Parameters<Stack['simulator']['patch']>[1];
  /** What people do before the kill. */
  readonly before?: readonly Step[];
  /** The call that is under way: the end of its path, and what its body has. */
  readonly call?: readonly [path: string, has?: string];
  /** The end of the name of the subtask that the call is about. */
  readonly subtask?: string;
  /** The killed worker's request reaches the service only when the run is over, after one that was sent again. */
  readonly late?: true;
  /** Else the status that the task stays in until the worker is gone, */
  readonly status?: string;
  /** or the gate that is open. */
  readonly gate?: string;
  /** or the hook that has been called and does not answer, of which it is the second call that counts. */
  readonly hook?: string;
  readonly after?: readonly Step[];
  readonly outcome?: 'completed' | 'rejected';
  /** The calls that must not be done twice, and how often each changes something. */
  readonly effects?: Readonly<Record<string, number>>;
}

const decide =
  (gate: string, decision: string, by = 'ada'): Step =>
  (run) =>
    patiently(() => run.handle.executeUpdate('decide', { args: [{ gate, by, reason: 'as agreed', decision }] }));
const unhold: Step = async (run, { simulator }) => simulator.patch(nameOf(run), { hold: null });
const patiently = <T>(act: () => T | Promise<T>): Promise<T> => vi.waitFor(act, { timeout: 90_000, interval: 250 });

const start = decide('start#1', 'approve');
const cutover = decide('cutover#1', 'approve');
const retry = decide('full-transfer#1', 'retry');
const both = [start, cutover];

const PLAIN = { batchCreateJobs: 1, batchStartJobs: 1, batchDeleteJobs: 1 };
const ONCE = [...Object.keys(PLAIN), 'batchRestoreTask', 'batchStopJobs'];
const restored = { patch: { failNext: 'FULL_TRANSFER_FAILED' }, effects: { ...PLAIN, batchRestoreTask: 1 } };
const deleted = { spec: { finish: { delete: true } }, before: both, effects: { ...PLAIN, batchDeleteJobs: 2 } };
const paused = {
  spec: { onAbort: 'pause' },
  before: [start, decide('cutover#1', 'reject')],
  outcome: 'rejected',
  effects: { batchCreateJobs: 1, batchStartJobs: 1, batchStopJobs: 1 },
} as const;
const RUNS = { batchCreateJobs: 1, batchStartJobs: 1 };
const synchronization = { workflow: 'synchronization', spec: syncSpec(), effects: RUNS };
const recovery = { workflow: 'disasterRecovery', spec: recoverySpec(), effects: RUNS };
const dualActive = { ...recovery, spec: recoverySpec({ multi_write: true }), effects: { ...RUNS, batchStartJobs: 2 } };
const mail = { alarm_to_user: true, subscriptions: [{ protocol: 'email', endpoints: ['dba@example.com'] }] };
const nights = [{ begin: '22:00', end: '05:59', speed: 50 }];

const scenes: Readonly<Record<string, Scene>> = {
  create: { call: ['batch-creation'], after: both },
  'create-late': { call: ['batch-creation'], late: true, after: both },
  'test-connections': { call: ['batch-connection', '"so"'], after: both },
  'store-endpoints': { call: ['batch-modification', 'store_db_info'], after: both },
  notification: { spec: { alarm_notify: mail }, call: ['batch-modification', 'alarm_notify'], after: both },
  users: { spec: { users: 'all' }, call: ['batch-update-user'], after: both },
  objects: { call: ['batch-select-objects'], after: both },
  'flow-control': { spec: { speed: nights }, call: ['batch-limit-speed'], after: both },
  'pre-check': { call: ['batch-precheck'], after: both },
  parameters: { spec: { parameters: 'align' }, call: ['/params'], after: both },
  start: { before: [start], call: ['batch-starting'], after: [cutover] },
  'start-late': { before: [start], call: ['batch-starting'], late: true, after: [cutover] },
  retry: { ...restored, before: [start, retry], call: ['batch-retry-task'], after: [cutover] },
  'retry-late': { ...restored, before: [start, retry], call: ['batch-retry-task'], late: true, after: [cutover] },
  end: { before: both, call: ['batch-jobs', '"terminate"'] },
  'end-late': { before: both, call: ['batch-jobs', '"terminate"'], late: true },
  delete: { ...deleted, call: ['batch-jobs', '"delete"'] },
  'delete-late': { ...deleted, call: ['batch-jobs', '"delete"'], late: true },
  pause: { ...paused, call: ['batch-pause-task'] },
  'pause-late': { ...paused, call: ['batch-pause-task'], late: true },

  'waits-for-creation': { patch: { hold: 'CREATING' }, status: 'CREATING', after: [unhold, ...both] },
  'waits-for-start': {
    patch: { hold: 'STARTJOBING' },
    before: [start],
    status: 'STARTJOBING',
    after: [unhold, cutover],
  },
  'waits-for-full': {
    patch: { hold: 'FULL_TRANSFER_STARTED' },
    before: [start],
    status: 'FULL_TRANSFER_STARTED',
    after: [unhold, cutover],
  },
  'waits-for-release': {
    patch: { hold: 'RELEASE_RESOURCE_STARTED' },
    before: both,
    status: 'RELEASE_RESOURCE_STARTED',
    after: [unhold],
  },

  'sync-create': { ...synchronization, call: ['batch-creation'], after: [start] },
  'sync-connections': { ...synchronization, call: ['batch-connection', '"ta"'], after: [start] },
  'sync-endpoints': { ...synchronization, call: ['batch-modification', 'store_db_info'], after: [start] },
  'sync-policies': { ...synchronization, call: ['batch-sync-policy'], after: [start] },
  'sync-filters': { ...synchronization, call: ['batch-transformation'], after: [start] },
  'sync-objects': { ...synchronization, call: ['batch-select-objects'], after: [start] },
  'sync-speed': { ...synchronization, call: ['batch-limit-speed'], after: [start] },
  'sync-pre-check': { ...synchronization, call: ['batch-precheck'], after: [start] },
  'sync-start': { ...synchronization, before: [start], call: ['batch-starting'] },
  'sync-waits': {
    ...synchronization,
    patch: { hold: 'FULL_TRANSFER_STARTED' },
    before: [start],
    status: 'FULL_TRANSFER_STARTED',
    after: [unhold],
  },
  'waits-for-initialisation': {
    ...recovery,
    patch: { hold: 'FULL_TRANSFER_STARTED' },
    before: [start],
    status: 'FULL_TRANSFER_STARTED',
    after: [unhold],
  },
  'backward-endpoints': {
    ...dualActive,
    before: [start],
    subtask: '_backward',
    call: ['batch-modification', 'store_db_info'],
    after: [decide('start#2', 'approve')],
  },
  'backward-start': {
    ...dualActive,
    before: [start, decide('start#2', 'approve')],
    subtask: '_backward',
    call: ['batch-starting'],
  },

  hook: { spec: { cutover: { hooks: { before: ['fence'] } } }, before: both, hook: '/fence' },

  'start-gate': {
    spec: { start: { gate: { approvals: 2 } } },
    before: [start],
    gate: 'start',
    after: [decide('start#1', 'approve', 'ben'), cutover],
  },
  'failure-gate': { ...restored, before: [start], gate: 'full-transfer', after: [retry, cutover] },
  'cutover-gate': { before: [start], gate: 'cutover', after: [cutover] },
};

let stack: Stack;
let worker: WorkerProcess;
let receiver: Receiver;
const names = new Map<Run, string>();
const nameOf = (run: Run) => names.get(run) as string;

beforeAll(async () => {
  receiver = await openReceiver();
  receiver.answer = () => 'never';
  const hooks = { fence: { url: `${receiver.url}/fence` } };
  stack = await openStack({ clouds: Object.keys(scenes), settings: { hooks } });
  worker = await stack.startWorker();
});
afterAll(async () => {
  await stack.close();
  receiver.close();
});

interface Playing {
  readonly scene: Scene;
  readonly run: Run;
  readonly held: Held | undefined;
}

/** Brings a run to the place where it is hit. */
async function play(title: string, scene: Scene): Promise<Playing> {
  const name = `kill-${title}`;
  const { simulator, checkpoint } = stack;
  const { workflow, spec, patch, before = [], call, subtask = '', status, gate, hook } = scene;
  if (patch) simulator.patch(name, patch);
  const held =
    call &&
    checkpoint.hold(({ path, body }) => {
      const [end, has = ''] = call;
      const about = `${path} ${body}`;
      return (
        path.endsWith(end) &&
        about.includes(has) &&
        about.includes(simulator.job(`${name}${subtask}`)?.id ?? `"${name}"`)
      );
    });
  const run = await stack.start({ ...(workflow ? {} : migrationSpec()), ...spec, name, cloud: title }, workflow);
  names.set(run, name);
  for (const step of before) await step(run, stack);
  await held?.arrived;
  if (status) await patiently(() => expect(simulator.job(name)?.status).toBe(status));
  if (gate) await run.gate(gate);
  if (hook) await receiver.gets(hook);
  return { scene, run, held };
}

test('killed at every step together with Temporal, every run goes on: one DRS task each, nothing done twice', {
  timeout: 240_000,
}, async () => {
  const playing = await Promise.all(Object.entries(scenes).map(([title, scene]) => play(title, scene)));

  receiver.answer = () => 204;
  const [restart] = await Promise.all([stack.killTemporal(), worker.end('SIGKILL')]);
  await Promise.all(playing.map(({ held, scene }) => scene.late || held?.release()));
  await restart();
  worker = await stack.startWorker();

  await Promise.all(
    playing.map(async ({ scene: { after = [], outcome = 'completed', effects = PLAIN, late }, run, held }) => {
      const name = nameOf(run);
      for (const step of after) await step(run, stack);
      const ended = outcome === 'completed' ? await run.result() : (await run.failure()).result;
      if (late) await held?.release();
      const seen = { outcome: ended?.outcome, effects: effectsOn(name, ended?.jobId) };
      expect({ name, ...seen }).toEqual({ name, outcome, effects });
    }),
  );
  // Nobody knows whether the first call had its effect: it is made again, as the same one.
  expect(receiver.received.map(({ body, headers }) => [body, headers['idempotency-key']])).toEqual(
    Array(2).fill([receiver.received[0]?.body, receiver.received[0]?.json.key]),
  );
});

/** How often each call that must not be repeated changed something. */
function effectsOn(name: string, jobId: string | undefined): Record<string, number> {
  const count: Record<string, number> = {};
  const subtasks = ['_forward', '_backward'].map((end) => stack.simulator.job(`${name}${end}`)?.id);
  for (const { operation, effect, jobs } of stack.simulator.journal()) {
    if (!effect || !ONCE.includes(operation) || !jobs.some((job) => [name, jobId, ...subtasks].includes(job))) continue;
    count[operation] = (count[operation] ?? 0) + 1;
  }
  return count;
}
