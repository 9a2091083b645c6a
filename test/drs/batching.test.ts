import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { openLane } from '../../drs/batching.js';
import { connect, type Drs } from '../../drs/connect.js';
import { DrsError, type Outcome } from '../../drs/errors.js';
import { cloudAt, job, type Service, signalled, startService } from './service.js';

type Fate = 'done' | 'refused' | 'missing' | 'poison' | 'busy';
interface Entry {
  readonly job_id: string;
  readonly replace_definer: boolean;
}

/** Answers batchSetDefiner by the fate of each job; results come in any order. */
const byFate =
  (fates: ReadonlyMap<string, Fate>, delays: () => number): Service['handler'] =>
  async ({ body }) => {
    const jobs = body.jobs as Entry[];
    const wait = delays();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (jobs.some(({ job_id }) => fates.get(job_id) === 'poison')) {
      return {
        status: 400,
        body: { error_code: 'DRS.M00202', error_msg: 'The value of parameter job_id is invalid.' },
      };
    }
    const results = jobs
      .filter(({ job_id }) => fates.get(job_id) !== 'missing')
      .map(({ job_id }) => {
        const fate = fates.get(job_id);
        if (fate === 'done') return { id: job_id, status: 'success', mine: job_id };
        return {
          id: job_id,
          status: 'failed',
          error_code: fate === 'busy' ? 'DRS.M01504' : 'DRS.M00304',
          error_msg: 'no',
        };
      });
    return { status: 202, body: { count: results.length, results: results.reverse() } };
  };

const EXPECTED: Record<Fate, string> = {
  done: 'ok',
  refused: 'wrongState',
  missing: 'transient',
  poison: 'request',
  busy: 'transient',
};

const connected = async (handler: Service['handler']): Promise<{ drs: Drs; service: Service }> => {
  const service = await startService(handler);
  const drs = connect(cloudAt(service.url));
  onTestFinished(() => drs.close());
  return { drs, service };
};

const fates = fc.uniqueArray(
  fc.tuple(fc.nat(60), fc.constantFrom<Fate>('done', 'done', 'done', 'refused', 'missing', 'poison', 'busy')),
  {
    selector: ([n]) => n,
    minLength: 1,
    maxLength: 45,
  },
);

const jobsOf = (service: Service): string[][] =>
  service.seen.map(({ body }) => (body.jobs as Entry[]).map(({ job_id }) => job_id));

test('every caller gets exactly its own outcome, whatever happens to the jobs that travel with it', async () => {
  const { drs, service } = await connected(() => undefined);
  await fc.assert(
    fc.asyncProperty(fates, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), async (list, delays) => {
      const fateOf = new Map(list.map(([n, fate]) => [job(n), fate]));
      service.handler = byFate(fateOf, () => delays.next().value);
      service.seen.length = 0;
      const outcomes = await Promise.all(
        [...fateOf.keys()].map((job_id) =>
          drs.batchSetDefiner({ job_id, replace_definer: true }).then(
            (reply) => ({ job_id, got: 'ok', whose: (reply as { mine?: unknown }).mine }),
            (error: DrsError) => ({ job_id, got: error.kind, whose: error.at.jobId }),
          ),
        ),
      );
      for (const { job_id, got, whose } of outcomes) {
        expect([job_id, got]).toEqual([job_id, EXPECTED[fateOf.get(job_id) as Fate]]);
        expect(whose).toBe(job_id);
      }
      for (const ids of jobsOf(service)) expect(new Set(ids).size).toBe(ids.length);
    }),
    { numRuns: 60 },
  );
});

test('a list gives one outcome per job in its order, told as they come', async () => {
  const { drs, service } = await connected(() => undefined);
  await fc.assert(
    fc.asyncProperty(fates, fc.array(fc.nat(10)), async (list, again) => {
      const fateOf = new Map(list.map(([n, fate]) => [job(n), fate]));
      service.handler = byFate(fateOf, () => 0);
      service.seen.length = 0;
      const ids = [...fateOf.keys()];
      const twice = [...ids, ...again.map((n) => ids[n % ids.length] as string)];
      const told: (Outcome<unknown> | undefined)[] = [];
      const outcomes = await drs.many(
        'batchSetDefiner',
        twice.map((job_id) => ({ job_id, replace_definer: true })),
        {
          onOutcome: (outcome, index) => {
            expect(told[index]).toBeUndefined();
            told[index] = outcome;
          },
        },
      );
      expect(outcomes.map(({ jobId }) => jobId)).toEqual(twice);
      expect(outcomes.map((one) => (one.ok ? 'ok' : one.kind))).toEqual(
        twice.map((id) => EXPECTED[fateOf.get(id) as Fate]),
      );
      expect(told).toEqual(outcomes);
      for (const sent of jobsOf(service)) expect(new Set(sent).size).toBe(sent.length);
    }),
    { numRuns: 60 },
  );
});

const allDone: Service['handler'] = ({ body }) => ({
  status: 202,
  body: { results: (body.jobs as Entry[]).map(({ job_id }) => ({ id: job_id, status: 'success' })) },
});

test('a list of 1,000 jobs goes out in exactly 100 requests', async () => {
  const { drs, service } = await connected(allDone);
  const requests = Array.from({ length: 1000 }, (_one, n) => ({ job_id: job(n), replace_definer: true }));
  const outcomes = await drs.many('batchSetDefiner', requests);
  expect(outcomes.every(({ ok }) => ok)).toBe(true);
  expect(service.seen).toHaveLength(100);
});

test('1,000 calls at once take at most 250 requests, none with two entries of one job', async () => {
  const { drs, service } = await connected(allDone);
  await Promise.all(
    Array.from({ length: 1000 }, (_one, n) =>
      drs.batchSetDefiner({ job_id: job(n % 300), replace_definer: n % 2 === 0 }),
    ),
  );
  expect(service.seen.length).toBeLessThanOrEqual(250);
  for (const ids of jobsOf(service)) expect(new Set(ids).size).toBe(ids.length);
});

test('calls of start, stop, delete and passwords never travel with a stranger’s', async () => {
  const { drs, service } = await connected(({ body }) => ({
    status: 202,
    body: { results: (body.jobs as { job_id: string }[]).map(({ job_id }) => ({ id: job_id, status: 'success' })) },
  }));
  await Promise.all([1, 2, 3, 4, 5].map((n) => drs.batchStartJobs({ job_id: job(n) })));
  expect(jobsOf(service)).toHaveLength(5);
});

test('both passwords of one job travel in one request, and each gets its own result', async () => {
  const { drs, service } = await connected(({ body }) => ({
    body: {
      results: (body.jobs as { job_id: string; end_point_type: string }[]).map(({ job_id, end_point_type }) =>
        end_point_type === 'so'
          ? { id: job_id, end_point_type, status: 'success' }
          : { id: job_id, end_point_type, status: 'failed', error_code: 'DRS.M00304', error_msg: 'no' },
      ),
    },
  }));
  const entry = (end_point_type: 'so' | 'ta') => ({ job_id: job(1), end_point_type, db_password: 'new-password-1' });
  const outcomes = await drs.many('batchResetPassword', [entry('ta'), entry('so')]);
  expect(outcomes.map(({ ok }) => ok)).toEqual([false, true]);
  expect(service.seen).toHaveLength(1);
});

test('two entries of one job are never on their way at the same time', async () => {
  let flying = 0;
  const { drs } = await connected(async (seen, response) => {
    flying += 1;
    expect(flying).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    flying -= 1;
    return allDone(seen, response);
  });
  await drs.many(
    'batchSetDefiner',
    [1, 1, 1].map((n) => ({ job_id: job(n), replace_definer: true })),
  );
  await Promise.all([1, 1, 1].map((n) => drs.batchSetDefiner({ job_id: job(n), replace_definer: true })));
});

test('only jobs with equal shared fields share a request', async () => {
  const { drs, service } = await connected(({ body }) => ({
    body: {
      results: (body.jobs as { job_id: string }[]).map(({ job_id }) => ({ id: job_id, status: 'CONFIGURATION' })),
    },
  }));
  const entry = (n: number, delay_time: number) =>
    ({
      job_id: job(n),
      status: 'CONFIGURATION',
      engine_type: 'mysql',
      alarm_notify_info: { topic_urn: 'urn:smn:eu-west-101:04f9aca88c00d3202fd4c01ed679daf0:drs', delay_time },
    }) as const;
  await drs.many('batchSetSmn', [entry(1, 10), entry(2, 20), entry(3, 10)]);
  const sent = service.seen.map(({ body }) => ({ delay: body.alarm_notify_info.delay_time, jobs: body.jobs.length }));
  expect(sent).toHaveLength(2);
  expect(sent).toContainEqual({ delay: 10, jobs: 2 });
  expect(sent).toContainEqual({ delay: 20, jobs: 1 });
  expect(service.seen[0]?.body.jobs[0]).not.toHaveProperty('alarm_notify_info');
});

test('an unknown end of a request is unknown for every job in it, and nothing is sent again', async () => {
  const { drs, service } = await connected((_seen, response) => {
    response.destroy();
    return undefined;
  });
  const outcomes = await drs.many(
    'batchRestoreTask',
    [1, 2, 3].map((n) => ({ job_id: job(n) })),
  );
  expect(outcomes.map((one) => (one.ok ? 'ok' : one.kind))).toEqual(['ambiguous', 'ambiguous', 'ambiguous']);
  expect(service.seen).toHaveLength(1);
});

test('a caller who gives up leaves the others of its request alone', async () => {
  const [arrived, released] = [signalled(), signalled()];
  const { drs, service } = await connected(async (seen, response) => {
    arrived.tell();
    await released.happened;
    return allDone(seen, response);
  });
  const impatient = new AbortController();
  const gone = drs.batchSetDefiner({ job_id: job(1), replace_definer: true }, { signal: impatient.signal });
  const stays = drs.batchSetDefiner({ job_id: job(2), replace_definer: true });
  await arrived.happened;
  impatient.abort(new Error('shutdown'));
  await expect(gone).rejects.toThrow('shutdown');
  released.tell();
  await expect(stays).resolves.toMatchObject({ id: job(2) });
  expect(service.seen).toHaveLength(1);
});

test('a call that waits in the line is taken out of it when it is aborted', async () => {
  const sent: number[][] = [];
  let admit = (): void => undefined;
  const lane = openLane<number, number>({
    limit: 10,
    key: String,
    shared: () => '',
    admit: () =>
      new Promise((resolve) => {
        admit = resolve;
      }),
    send: (inputs) => {
      sent.push(inputs);
      return Promise.resolve(inputs);
    },
  });
  const stop = new AbortController();
  const calls = [lane.add(1), lane.add(2, stop.signal), lane.add(3)];
  stop.abort(new Error('stopped'));
  admit();
  await expect(Promise.allSettled(calls)).resolves.toMatchObject([{ value: 1 }, { status: 'rejected' }, { value: 3 }]);
  expect(sent).toEqual([[1, 3]]);
});

test('a lone call goes out at once, and a slow request does not hold back strangers for long', async () => {
  const started: number[][] = [];
  const lane = openLane<number, number>({
    limit: 10,
    key: String,
    shared: () => '',
    admit: () => Promise.resolve(),
    patience: 20,
    send: (inputs) => {
      started.push(inputs);
      return inputs.includes(1) ? new Promise(() => undefined) : Promise.resolve(inputs);
    },
  });
  void lane.add(1);
  await Promise.resolve().then(() => undefined);
  expect(started).toEqual([[1]]);
  await expect(Promise.all([lane.add(2), lane.add(3)])).resolves.toEqual([2, 3]);
  expect(started).toEqual([[1], [2, 3]]);
});

test('a request in flight is given up when nobody waits for it any more', async () => {
  let given: AbortSignal | undefined;
  const lane = openLane<number, number>({
    limit: 10,
    key: String,
    shared: () => '',
    admit: () => Promise.resolve(),
    send: (_inputs, signal) => {
      given = signal;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  const [a, b] = [new AbortController(), new AbortController()];
  const calls = [lane.add(1, a.signal), lane.add(2, b.signal)];
  const settled = Promise.allSettled(calls);
  await Promise.resolve().then(() => undefined);
  a.abort();
  expect(given?.aborted).toBe(false);
  b.abort();
  expect(given?.aborted).toBe(true);
  await settled;
});

test('a wrong job in a list is told with its broken path and not sent; the others go', async () => {
  const { drs, service } = await connected(allDone);
  const outcomes = await drs.many('batchSetDefiner', [
    { job_id: job(1), replace_definer: true },
    { job_id: job(2), replace_definer: 'yes' as never },
  ]);
  expect(outcomes).toMatchObject([{ ok: true }, { ok: false, jobId: job(2), kind: 'request' }]);
  expect(outcomes[1]).toHaveProperty('message', expect.stringContaining('replace_definer'));
  expect(jobsOf(service)).toEqual([[job(1)]]);
});

test('credentials that are refused are refused once for a list, not once more for each job', async () => {
  const { drs, service } = await connected(() => ({
    status: 401,
    body: { error_code: 'APIGW.0301', error_msg: 'no' },
  }));
  const outcomes = await drs.many(
    'batchSetDefiner',
    [1, 2, 3].map((n) => ({ job_id: job(n), replace_definer: true })),
  );
  expect(outcomes.map((one) => !one.ok && one.kind)).toEqual(['credentials', 'credentials', 'credentials']);
  expect(service.seen).toHaveLength(1);
});

test('a single call throws what a list would tell', async () => {
  const { drs } = await connected(() => ({
    status: 202,
    body: { results: [{ id: job(1), status: 'failed', error_code: 'DRS.M01504' }] },
  }));
  const error = await drs.batchSetDefiner({ job_id: job(1), replace_definer: true }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DrsError);
  expect(error).toMatchObject({
    kind: 'transient',
    message: `batchSetDefiner on ${job(1)}: DRS.M01504, another operation is being performed. Nothing is wrong with the call: it may go through later.`,
    at: { operation: 'batchSetDefiner', code: 'DRS.M01504', status: 202, jobId: job(1) },
  });
});

test('jobs that are too large for one signed request travel in several; only one that is too large alone is refused', async () => {
  const { drs, service } = await connected(({ body }) => ({
    status: 202,
    body: { results: (body.jobs as Entry[]).map(({ job_id }) => ({ job_id, status: true })) },
  }));
  const megabytes = [3, 3, 13, 5, 1, 1, 1, 1, 1, 1];
  const requests = megabytes.map((size, n) => ({
    job_id: job(n),
    selected: true,
    job: [{ id: 'x'.repeat(size * 2 ** 20), object_type: 'database' as const, select: 'true' as const }],
  }));
  const outcomes = await drs.many('batchSetObjects', requests);
  expect(outcomes.map((one) => one.ok || one.kind)).toEqual(megabytes.map((size) => size < 12 || 'request'));
  expect(outcomes[2]).toMatchObject({ message: expect.stringContaining('12 MB') });
  expect(jobsOf(service).flat()).toHaveLength(9);
  expect(service.seen.every(({ text }) => Buffer.byteLength(text) <= 12 * 2 ** 20)).toBe(true);
});
