import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { inClear } from '../support/clear.js';
import { ENV, migrationSpec, PASSWORDS, SOURCE_IP, TARGET } from '../support/config.js';
import { approveAll, test } from '../support/harness.js';

const received: string[] = [];
const hook = createServer(async (request, response) => {
  received.push(await text(request));
  response.end();
}).listen(0, '127.0.0.1');

const secretsOf = test.extend({
  settings: async ({ task: _ }, use) => {
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    await use({ webhooks: { oncall: { url } } });
  },
});

const secrets = [...Object.values(PASSWORDS), ENV.ELSEWHERE, ENV.SK];

const hides = (where: string, content: unknown): void => {
  const text = inClear(content);
  expect(text.length, where).toBeGreaterThan(100);
  for (const secret of secrets) expect(text.includes(secret), `${where} holds ${secret}`).toBe(false);
};

secretsOf(
  'no password stands in a history, an activity, a webhook, the status or what is shown',
  async ({ pilot, simulator }) => {
    simulator.addDatabase({ ip: SOURCE_IP, user: 'repl', password: PASSWORDS.rotated });
    simulator.addDatabase({ ip: TARGET.ip, user: 'root', password: PASSWORDS.target });
    simulator.fault({
      operation: 'batchUpdateJob',
      fault: { kind: 'error', status: 400, code: 'DRS.M00201', message: `db_password ${PASSWORDS.rotated}` },
    });
    const run = await pilot.start({ ...migrationSpec(), notify: ['oncall'] });

    await run.gate('test-connections');
    hides('pending activities', (await run.handle.describe()).raw);
    await run.decide('test-connections', 'retry', { change: { source: { password: { secret: 'orders-rotated' } } } });
    await run.gate('store-endpoints');
    hides('the status', await run.status());
    await run.decide('store-endpoints', 'retry');
    hides('the result', await approveAll(run));

    const history = JSON.stringify(await run.handle.fetchHistory());
    hides('the history', history);
    expect(received.length).toBeGreaterThan(2);
    hides('a webhook', received);
    hides("the simulator's journal", simulator.journal());
  },
);

test('a secret goes to no host that its entry does not name: not from a spec, not by a decision, not by a rotation', async ({
  pilot,
  simulator,
}) => {
  simulator.addDatabase({ ip: SOURCE_IP, user: 'repl', password: 'changed at the source' });
  simulator.addDatabase({ ip: TARGET.ip, user: 'root', password: PASSWORDS.target });
  const spec = migrationSpec();
  const run = await pilot.start(spec);

  await run.gate('test-connections');
  simulator.clearJournal();
  await run.decide('test-connections', 'retry', { change: { source: { ip: '198.51.100.99' } } });
  const refused = await run.gate('test-connections#2');
  expect(refused.evidence.items.find(({ item }) => item === 'source')?.value).toMatch(/may not be used with this host/);
  await run.decide('test-connections#2', 'retry', {
    change: { source: { ip: SOURCE_IP, password: { secret: 'elsewhere' } } },
  });
  await run.gate('test-connections#3');
  const asked = simulator.journal().filter(({ operation }) => operation === 'batchValidateConnections');
  expect(asked.filter(({ body }) => JSON.stringify(body).includes('"so"'))).toEqual([]);
});
