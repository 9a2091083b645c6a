import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../drs/connect.js';
import { atMost, just, median, report } from './support/report.js';

/** How many requests a thousand jobs are, and what a lone call waits for. */

const JOBS = 1_000;
/** About what a call to a cloud takes. */
const REPLY_AFTER_MS = 20;

const requests: { readonly ids: readonly string[]; readonly at: number }[] = [];
const server = createServer(async (req, res) => {
  const at = performance.now();
  const { jobs } = (await json(req)) as { jobs: { job_id: string }[] };
  const ids = jobs.map(({ job_id }) => job_id);
  requests.push({ ids, at });
  await sleep(REPLY_AFTER_MS);
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify({ count: ids.length, results: ids.map((id) => ({ id, status: 'success' })) }));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const drs = connect(
  {
    name: 'bench',
    region: 'eu-west-101',
    projectId: '0123456789abcdef0123456789abcdef',
    drsEndpoint: origin,
    iamEndpoint: origin,
    credentials: { ak: 'local-ak', sk: 'local-sk' },
    rate: { perSecond: 1e9, burst: 1e9 },
  },
  { env: {} },
);

/** A definer is set: a call that takes ten jobs at once and may be merged. */
const request = (n: number) => ({
  job_id: `140b5236-88ad-43c8-811c-${String(n).padStart(8, '0')}jb01`,
  replace_definer: true,
});
const all = Array.from({ length: JOBS }, (_, n) => request(n));
const taken = (): readonly (readonly string[])[] => requests.splice(0).map(({ ids }) => ids);
const twice = (sent: readonly (readonly string[])[]) => sent.filter((ids) => new Set(ids).size < ids.length).length;

const outcomes = await drs.many('batchSetDefiner', all);
const list = taken();

await Promise.all(all.map((one) => drs.batchSetDefiner(one)));
const concurrent = taken();

// Each job twice: two entries of one job never share a request.
await Promise.all([...all, ...all].map((one) => drs.batchSetDefiner(one)));
const doubled = taken();

const waited: number[] = [];
for (let n = 0; n < 200; n += 1) {
  const asked = performance.now();
  await drs.batchSetDefiner(request(n));
  waited.push((requests.at(-1)?.at ?? 0) - asked);
}
taken();

report('Batching, batchSetDefiner', [
  atMost('1,000 jobs handed over as a list: requests', list.length, 100),
  just('… outcomes that are well', outcomes.filter(({ ok }) => ok).length),
  atMost('1,000 single-job calls at once: requests', concurrent.length, 250),
  just('2,000 calls at once, each job twice: requests', doubled.length),
  atMost('… requests with two entries of one job', twice([...list, ...concurrent, ...doubled]), 0),
  just('a lone call: from the call to its arrival, median of 200', median(waited), 'ms'),
  atMost('… the slowest', Math.max(...waited), 10, 'ms'),
]);

await drs.close();
server.close();
