import type { Raw } from './common.js';
import { objectId } from './objects.js';
import { asArray, asObject } from './requests.js';

export interface FilterRequest {
  /** Where in the spec it stands. */
  readonly at: string;
  readonly request: Raw;
}

/** §6.3.1, a request a rule: the tables that are looked into first, then the rules that look. */
export function filterRequests(jobId: string, spec: Raw): FilterRequest[] {
  const lookups = asArray(spec['filterLookups']).map((entry, index) => {
    const lookup = asObject(entry);
    return {
      at: `filterLookups[${index}]`,
      request: {
        job_id: jobId,
        object_info: [],
        transformation_info: { transformation_type: 'configConditionalFilter', value: 'config' },
        config_transformation: { db_table_name: `${lookup['db_name']}.${lookup['table_name']}`, ...lookup },
      },
    };
  });
  const filters = asArray(spec['filters']).map((entry, index) => {
    const { database, schema, table, where } = asObject(entry);
    return {
      at: `filters[${index}]`,
      request: {
        job_id: jobId,
        object_info: [{ id: objectId(database, schema, table), select: 'true' }],
        transformation_info: { transformation_type: 'contentConditionalFilter', value: where },
      },
    };
  });
  return [...lookups, ...filters];
}
