import type { Raw } from './common.js';

/** A table or view, by its name or with the one that it gets in the target. */
export type ChosenPart = string | { readonly table?: string; readonly view?: string; readonly as?: string | undefined };

interface Holder {
  readonly as?: string | undefined;
  readonly tables?: readonly ChosenPart[] | undefined;
  readonly views?: readonly ChosenPart[] | undefined;
}
export interface ChosenSchema extends Holder {
  readonly schema: string;
}
export interface ChosenDatabase extends Holder {
  readonly database: string;
  readonly schemas?: readonly ChosenSchema[] | undefined;
}
export type ChosenObjects = 'all' | readonly ChosenDatabase[];

const nameOf = (part: ChosenPart): string => (typeof part === 'string' ? part : (part.table ?? part.view ?? ''));
const aliasOf = (named: { readonly as?: string | undefined } | string): Raw =>
  typeof named === 'string' || named.as === undefined ? {} : { object_alias_name: named.as };

/** How the API writes ids: `database-*-*-table`, `database-*-*-schema-*-*-table`. */
export const objectId = (...names: readonly (string | undefined)[]): string =>
  names.filter((name) => name !== undefined).join('-*-*-');

/** §6.1.5. The parent of everything is its database. */
export function objectsRequest(jobId: string, objects: ChosenObjects, syncDatabase?: boolean): Raw {
  const level = syncDatabase === undefined ? {} : { sync_database: syncDatabase };
  if (objects === 'all') return { job_id: jobId, ...level, selected: false, job: [] };
  return { job_id: jobId, ...level, selected: true, job: objects.flatMap(databaseRows) };
}

function databaseRows(chosen: ChosenDatabase): Raw[] {
  const { database, schemas = [] } = chosen;
  const parts = [
    ...partRows(database, undefined, chosen),
    ...schemas.flatMap((schema) => schemaRows(database, schema)),
  ];
  return [
    {
      id: database,
      object_name: database,
      object_type: 'database',
      select: parts.length > 0 ? 'partial' : 'true',
      ...aliasOf(chosen),
    },
    ...parts,
  ];
}

function schemaRows(database: string, chosen: ChosenSchema): Raw[] {
  const { schema } = chosen;
  const parts = partRows(database, schema, chosen);
  const row = {
    id: objectId(database, schema),
    parent_id: database,
    object_name: schema,
    object_type: 'schema',
    select: parts.length > 0 ? 'partial' : 'true',
    ...aliasOf(chosen),
  };
  return [row, ...parts];
}

function partRows(database: string, schema: string | undefined, { tables = [], views = [] }: Holder): Raw[] {
  const row = (type: 'table' | 'view') => (part: ChosenPart) => ({
    id: objectId(database, schema, nameOf(part)),
    parent_id: database,
    object_name: nameOf(part),
    object_type: type,
    select: 'true',
    ...aliasOf(part),
  });
  return [...tables.map(row('table')), ...views.map(row('view'))];
}

/** For people, in one line. */
export function describeObjects(objects: ChosenObjects): string {
  if (objects === 'all') return 'everything';
  return objects
    .map((chosen) => {
      const schemas = (chosen.schemas ?? []).map((schema) => `${schema.schema}${to(schema)}${parts(schema)}`);
      return `${chosen.database}${to(chosen)}${parts(chosen)}${schemas.length > 0 ? `: ${schemas.join(', ')}` : ''}`;
    })
    .join(', ');
}

const to = ({ as }: Holder): string => (as === undefined ? '' : ` → ${as}`);

function parts({ tables, views }: Holder): string {
  const count = (what: string, list: readonly ChosenPart[] | undefined) => {
    const renamed = (list ?? []).filter((part) => typeof part !== 'string').length;
    return list ? [`${list.length} ${what}${renamed > 0 ? `, ${renamed} with another name` : ''}`] : [];
  };
  const counted = [...count('tables', tables), ...count('views', views)];
  return counted.length > 0 ? ` (${counted.join(', ')})` : '';
}
