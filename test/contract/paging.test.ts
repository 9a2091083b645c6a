import { expect, test } from 'vitest';
import { connect } from '../../drs/connect.js';
import { startService } from '../drs/service.js';

const ID = '140b5236-88ad-43c8-811c-1268453jb101';

test('lists of several databases that page together are read to the end of the longest', async () => {
  const tables = { orders: 150, crm: 120 };
  const service = await startService(({ body: { current_page, per_page } }) => ({
    body: {
      job_id: ID,
      line_compare_results: {
        line_compare_details: Object.entries(tables).map(([source_db_name, count]) => ({
          source_db_name,
          line_compare_detail_count: count,
          line_compare_detail: Array.from({ length: count }, (_, n) => ({ source_table_name: `t${n}` })).slice(
            (current_page - 1) * per_page,
            current_page * per_page,
          ),
        })),
      },
    },
  }));
  const drs = connect(
    {
      name: 'test',
      region: 'eu-west-101',
      projectId: '0123456789abcdef0123456789abcdef',
      drsEndpoint: service.url,
      iamEndpoint: service.url,
      credentials: { ak: 'local-ak', sk: 'local-sk' },
    },
    { env: {} },
  );
  const seen: Record<string, number> = { orders: 0, crm: 0 };
  const request = { job_id: ID, line_compare_id: 'c', current_page: 1, per_page: 1 };
  for await (const page of drs.pages('listCompareResult', request)) {
    for (const { source_db_name, line_compare_detail } of page.line_compare_results?.line_compare_details ?? []) {
      seen[source_db_name ?? ''] = (seen[source_db_name ?? ''] ?? 0) + (line_compare_detail?.length ?? 0);
    }
  }
  await drs.close();
  expect(seen).toEqual(tables);
  expect(service.seen).toHaveLength(2);
});
