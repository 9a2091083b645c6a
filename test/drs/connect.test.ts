import { expect, test } from 'vitest';
import { connect } from '../../drs/connect.js';
import { cloudAt, job, PROJECT, startService } from './service.js';

test('a call reaches the wire as its entry says', async () => {
  const service = await startService(({ body }) => ({ status: 202, body: { results: [{ id: body.jobs[0].job_id, status: 'success' }] } }));
  const drs = connect(cloudAt(service.url));
  await expect(drs.batchStartJobs({ job_id: job(1) })).resolves.toMatchObject({ id: job(1) });
  expect(service.seen).toMatchObject([
    { method: 'POST', path: `/v3/${PROJECT}/jobs/batch-starting`, body: { jobs: [{ job_id: job(1) }] } },
  ]);
  await drs.close();
});
