import { z } from 'zod';
import { statusOf } from '../lifecycle.js';
import { DIRECTIONS, NODE_TYPES, text, USES } from './fields.js';
import { type Routes, route } from './route.js';

const bool = z.enum(['true', 'false']);
const NODE_ENGINES = [
  'mysql',
  'mongodb',
  'cloudDataGuard-mysql',
  'gaussdbv5',
  'mysql-to-kafka',
  'taurus-to-kafka',
  'gaussdbv5ha-to-kafka',
  'postgresql',
] as const;

const AZS = [
  { code: 'az1xahz', name: 'az1xahz', status: 'DISABLED' },
  { code: 'az2xahz', name: 'az2', status: 'ENABLED' },
  { code: 'az3xahz', name: 'az3', status: 'ENABLED' },
  { code: 'az4xahz', name: 'az4', status: 'ENABLED' },
];

export const resources: Routes = {
  'GET /v3/{project_id}/quotas': route({
    operation: 'showQuotas',
    status: 200,
    reads: true,
    handle: ({ world, project }) => {
      const used = world.jobs.filter(
        (job) => job.project === project && statusOf(job) !== 'RELEASE_RESOURCE_COMPLETE',
      ).length;
      return { quotas: { resource: { type: 'instances', min: 0, max: 9999, quota: 9999, used } } };
    },
  }),

  'POST /v3/{project_id}/available-zone': route({
    operation: 'listAvailableZone',
    status: 200,
    reads: true,
    body: z.strictObject({
      engine_type: text,
      db_use_type: z.enum(USES),
      job_direction: z.enum(DIRECTIONS),
      node_type: text,
      multi_write: z.union([z.string(), z.boolean()]).optional(),
    }),
    handle: () => ({ az_infos: AZS }),
  }),

  'GET /v3/{project_id}/node-type': route({
    operation: 'listAvailableNodeTypes',
    status: 200,
    reads: true,
    query: z.strictObject({
      engine_type: z.enum(NODE_ENGINES),
      db_use_type: z.enum(USES),
      job_direction: z.enum(DIRECTIONS),
      is_use_sellout_info: bool.optional(),
      is_multi_write: bool.optional(),
    }),
    handle: ({ query }) => ({
      node_types: NODE_TYPES.filter((node_type) => node_type !== '2xlarge').map((node_type) => ({
        is_sellout: query['is_use_sellout_info'] === 'true' && node_type === 'micro',
        node_type,
      })),
    }),
  }),
};
