import { expect } from 'vitest';
import { readSpec } from '../../workflows/plans/common.js';
import { switchoverSpec } from '../../workflows/plans/switchover.js';
import { migrationSpec } from '../support/config.js';
import { test as base } from '../support/harness.js';
import { openReceiver, type Receiver } from '../support/receiver.js';

const test = base.extend<{ receiver: Receiver; settings: Readonly<Record<string, unknown>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads it
  receiver: async ({}, use) => {
    const receiver = await openReceiver();
    await use(receiver);
    receiver.close();
  },
  settings: async ({ receiver: { url } }, use) => {
    const hooks = Object.fromEntries(['fence', 'dns', 'open'].map((name) => [name, { url: `${url}/${name}` }]));
    await use({ hooks });
  },
});

const hooked = (hooks: object) => {
  const spec = migrationSpec();
  return { ...spec, cutover: { ...spec.cutover, hooks } };
};

test('hooks are called in their order, between the approval and the proof, and once the task has ended', async ({
  pilot,
  simulator,
  receiver,
}) => {
  const spec = hooked({ before: ['fence', 'dns'], after: ['open'] });
  const statuses: unknown[] = [];
  receiver.answer = ({ path }) => {
    statuses.push([path, simulator.job(spec.name)?.status]);
    return 204;
  };
  const run = await pilot.start(spec);
  await run.approve('start');
  await run.gate('cutover');
  expect(receiver.received).toEqual([]);
  await run.approve('cutover');
  const { jobId, steps } = await run.result();

  expect(statuses).toEqual([
    ['/fence', 'INCRE_TRANSFER_STARTED'],
    ['/dns', 'INCRE_TRANSFER_STARTED'],
    ['/open', 'RELEASE_RESOURCE_COMPLETE'],
  ]);
  expect(receiver.received[0]?.json).toMatchObject({
    hook: 'fence',
    phase: 'before',
    occasion: 'cutover#1',
    drill: false,
    tasks: [{ jobId, name: spec.name }],
    workflowId: run.id,
    kind: 'migration',
    name: spec.name,
    key: receiver.received[0]?.headers['idempotency-key'],
  });
  expect(new Set(receiver.received.map(({ json }) => json.key)).size).toBe(3);
  const rows = steps.map(({ step, state, note }) => [step, state, note]);
  const at = rows.findIndex(([step]) => step === 'Cutover approval');
  expect(rows.slice(at + 1, at + 4)).toEqual([
    ['Before the cutover: fence', 'done', 'answered 204'],
    ['Before the cutover: dns', 'done', 'answered 204'],
    ['Cutover delay', 'done', expect.any(String)],
  ]);
  expect(rows).toContainEqual(['After the cutover: open', 'done', 'answered 204']);
});

test('one that fails is tried again under its key, then a person retries, skips or aborts', async ({
  pilot,
  receiver,
}) => {
  const answers: Record<string, number[]> = { '/fence': [503, 503, 503, 503, 503, 204], '/dns': [409], '/open': [400] };
  receiver.answer = ({ path }) => answers[path]?.shift() ?? 204;
  const run = await pilot.start(hooked({ before: ['fence', 'dns'], after: ['open'] }));
  await run.approve('start');
  await run.approve('cutover');

  const fenced = await run.gate('before-the-cutover-fence');
  expect(fenced.question).toContain('hook "fence": answered 503 (4 tries)');
  expect(fenced.decisions).toEqual(['retry', 'skip', 'abort']);
  await run.decide('before-the-cutover-fence', 'retry');
  const fences = await receiver.gets('/fence', 6);
  expect(new Set(fences.map(({ json }) => json.key)).size).toBe(1);
  expect(new Set(fences.map(({ body }) => body)).size).toBe(1);

  await run.decide('before-the-cutover-dns', 'skip');
  await run.decide('after-the-cutover-open', 'abort');
  const { type, result } = await run.failure();
  expect(type).toBe('drs.aborted');
  expect(
    result?.steps.filter(({ step }) => step.includes(' the cutover: ')).map(({ step, state }) => [step, state]),
  ).toEqual([
    ['Before the cutover: fence', 'done'],
    ['Before the cutover: dns', 'skipped'],
    ['After the cutover: open', 'failed'],
  ]);
});

test('an approval given anew is for a cutover of its own, with calls of its own', async ({
  pilot,
  simulator,
  receiver,
}) => {
  const spec = hooked({ before: ['fence'] });
  const run = await pilot.start({ ...spec, cutover: { ...spec.cutover, maxDelay: '5s', within: '1s' } });
  await run.approve('start');
  await run.gate('cutover');
  simulator.patch(spec.name, { delay: 20 });
  await run.approve('cutover#1');
  const { evidence } = await run.gate('cutover#2');
  expect(evidence.items).toContainEqual(expect.objectContaining({ item: 'last attempt' }));
  simulator.patch(spec.name, { delay: 0 });
  await run.approve('cutover#2');
  await run.result();
  expect(receiver.received.map(({ json }) => json.occasion)).toEqual(['cutover#1', 'cutover#2']);
  expect(receiver.received[0]?.json.key).not.toBe(receiver.received[1]?.json.key);
});

test('a hook that the worker lacks, or that is named twice, is refused at its path', async ({ pilot, receiver }) => {
  const unknown = await (await pilot.start(hooked({ before: ['fence', 'fenec'] }))).failure();
  expect(unknown.message).toContain('cutover.hooks.before[1]: the worker\'s configuration has no hook "fenec"');
  const twice = await (await pilot.start(hooked({ after: ['open', 'open'] }))).failure();
  expect(twice.message).toContain('cutover.hooks.after: must name each hook once');
  const stages = [{ name: 'databases', tasks: ['orders-dr'], hooks: { before: ['fence', 'fence'] } }];
  const { problems } = readSpec(switchoverSpec, 'switchover', { name: 'region-down', direction: 'down', stages });
  expect(problems).toEqual([{ path: 'stages[0].hooks.before', message: 'must name each hook once' }]);
  expect(receiver.received).toEqual([]);
});
