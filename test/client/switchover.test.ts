import { expect, inject } from 'vitest';
import { test } from '../support/harness.js';
import { protectedTask, requests, switchoverSpec } from '../support/switchover.js';
import { type Ended, file, run } from './cli.js';

const cli = (...args: string[]): Promise<Ended> => run(args, { env: { TEMPORAL_ADDRESS: inject('temporal') } });

test('a person at night looks at the readiness, starts, approves, and watches it to its end', async ({
  pilot,
  simulator,
}) => {
  const queue = ['--task-queue', pilot.taskQueue];
  const [name, other] = [`night-${pilot.taskQueue.slice(-8)}`, 'crm-dr'];
  const id = protectedTask(simulator, name);
  const ready = await cli('readiness', name, ...queue);
  expect(ready).toMatchObject({
    code: 0,
    out: expect.stringMatching(/✓ +night-\w+: RPO +1 s \(limit 60 s\)[\s\S]*\nready\n$/),
  });

  protectedTask(simulator, other);
  simulator.patch(other, { delay: -1 });
  const both = await cli('readiness', id, other, 'nobody', '--rpo', '5s', '--json', ...queue);
  expect(both.code).toBe(1);
  expect(both.json()).toMatchObject({
    ready: false,
    items: expect.arrayContaining([{ item: 'crm-dr: RPO', class: 'blocking', value: 'unknown (limit 5 s)' }]),
    problems: [{ path: 'tasks[2]', message: expect.stringContaining('no disaster recovery task "nobody"') }],
  });
  expect(await cli('readiness', name, '--rpo', 'soon')).toMatchObject({
    code: 2,
    err: expect.stringContaining('limits.rpo'),
  });
  expect(simulator.journal().filter(({ effect }) => effect)).toEqual([]);

  const run = `switchover-${name}`;
  const spec = file(switchoverSpec({ name, task: id }));
  expect(await cli('start', spec, ...queue)).toMatchObject({ code: 0, err: expect.stringContaining(`${id} to down`) });
  await expect.poll(async () => (await cli('list', '--waiting')).out, { timeout: 60_000 }).toContain(run);
  expect(await cli('approve', run, '--by', 'ada', '--reason', 'the region is down')).toMatchObject({ code: 0 });
  const watched = await cli('watch', run);
  expect(watched).toMatchObject({ code: 0, out: expect.stringContaining('Verification') });
  expect(requests(simulator)).toHaveLength(1);
});
