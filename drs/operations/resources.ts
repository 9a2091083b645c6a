import { z } from 'zod';
import { byErrorCode } from '../judges.js';
import { operation } from '../operation.js';
import { DB_USE_TYPES, ENGINE_TYPES, flag, JOB_DIRECTIONS, listOf, NODE_TYPES, number, oneOf, text } from './common.js';

export const resources = {
  showQuotas: operation({
    section: '5.1.1',
    route: 'GET /v3/{project_id}/quotas',
    summary: 'Tells how many tasks there may be, and how many there are.',
    request: z.strictObject({}),
    reply: z.looseObject({
      quotas: z.looseObject({
        resource: z.looseObject({ type: text(), min: number(), max: number(), quota: number(), used: number() }),
      }),
    }),
    judge: byErrorCode,
    repeatable: true,
  }),

  listAvailableZone: operation({
    section: '5.2.1',
    route: 'POST /v3/{project_id}/available-zone',
    summary: 'Lists availability zones for a flavour; DISABLED ones, too.',
    request: z.strictObject({
      engine_type: oneOf(ENGINE_TYPES),
      db_use_type: oneOf(DB_USE_TYPES),
      job_direction: oneOf(JOB_DIRECTIONS),
      node_type: oneOf(NODE_TYPES),
      multi_write: oneOf(['true', 'false']).optional(),
    }),
    reply: z.looseObject({ az_infos: listOf(z.looseObject({ code: z.string(), name: text(), status: text() })) }),
    judge: byErrorCode,
    repeatable: true,
  }),

  listAvailableNodeTypes: operation({
    section: '6.1.23',
    route: 'GET /v3/{project_id}/node-type',
    summary: 'Lists flavours; is_sellout says something only with is_use_sellout_info.',
    request: z.strictObject({
      engine_type: oneOf([
        'mysql',
        'mongodb',
        'cloudDataGuard-mysql',
        'gaussdbv5',
        'mysql-to-kafka',
        'taurus-to-kafka',
        'gaussdbv5ha-to-kafka',
        'postgresql',
      ]),
      db_use_type: oneOf(DB_USE_TYPES),
      job_direction: oneOf(JOB_DIRECTIONS),
      is_use_sellout_info: z.boolean().optional(),
      is_multi_write: z.boolean().optional(),
    }),
    reply: z.looseObject({ node_types: listOf(z.looseObject({ node_type: z.string(), is_sellout: flag() })) }),
    query: ['engine_type', 'db_use_type', 'job_direction', 'is_use_sellout_info', 'is_multi_write'],
    judge: byErrorCode,
    repeatable: true,
  }),
};
