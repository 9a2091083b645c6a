import { NewTask } from '../drs/operations/tasks.js';
import { just, median, report } from './support/report.js';

/** What it costs to check a request that creates ten tasks, before any network. */

const task = (n: number) => ({
  name: `orders-${n}`,
  db_use_type: 'migration',
  engine_type: 'mysql',
  job_direction: 'up',
  task_type: 'FULL_INCR_TRANS',
  net_type: 'eip',
  bind_eip: true,
  node_type: 'high',
  customize_sutnet_id: '352ad828-3467-4f03-987a-c55a5a9dd417',
  expired_days: 30,
  description: 'orders to RDS',
  tags: [
    { key: 'team', value: 'orders' },
    { key: 'stage', value: 'production' },
  ],
  source_endpoint: { db_type: 'mysql', ip: '203.0.113.10', db_port: 3306, db_user: 'repl' },
  target_endpoint: {
    db_type: 'mysql',
    region: 'eu-west-101',
    inst_id: '63e0f1a2b3c4d5e6f708192a3b4c5d6ein01',
    ip: '192.168.0.20',
    db_user: 'root',
  },
});
const ten = Array.from({ length: 10 }, (_, n) => task(n));

function once(): number {
  const began = performance.now();
  for (const one of ten) NewTask.parse(one);
  return performance.now() - began;
}

for (let n = 0; n < 1_000; n += 1) once();
const times = Array.from({ length: 1_000 }, once).sort((a, b) => a - b);

report('Validation of a request that creates ten tasks, batchCreateJobs', [
  just('median of 1,000', median(times) * 1000, 'µs'),
  just('99 of 100 within', (times[990] ?? 0) * 1000, 'µs'),
]);
