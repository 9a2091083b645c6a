import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { IndexedValueType } = proto.temporal.api.enums.v1;

/** What runs are found by. Adding one again with another type is silently ignored by the server, so types are compared, too. */
export const SEARCH_ATTRIBUTES = {
  DrsJobId: 'KeywordList',
  DrsKind: 'Keyword',
  DrsPhase: 'Keyword',
  DrsGate: 'Keyword',
  DrsConsistent: 'Keyword',
} as const;

export type SearchAttribute = keyof typeof SEARCH_ATTRIBUTES;

const TYPES = {
  Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  KeywordList: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
} as const;

/** One that the namespace lacks, or has with another type. */
export interface MissingAttribute {
  readonly name: SearchAttribute;
  readonly type: string;
  /** The type that it has there; absent where there is none of that name. */
  readonly found?: string;
}

type Service = Pick<Connection, 'operatorService'>;

/** Compares names and types of what the namespace has with what runs need. */
export async function missingSearchAttributes(connection: Service, namespace: string): Promise<MissingAttribute[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => {
    const there = customAttributes?.[name];
    if (there === TYPES[type]) return [];
    return [
      { name: name as SearchAttribute, type, ...(there !== undefined && there !== null && { found: typeName(there) }) },
    ];
  });
}

/**
 * Adds those that the namespace lacks and gives their names.
 * @throws Error for those that exist with another type: a name keeps its type, only another namespace helps.
 */
export async function addSearchAttributes(connection: Service, namespace: string): Promise<SearchAttribute[]> {
  const missing = await missingSearchAttributes(connection, namespace);
  const other = missing.filter(({ found }) => found !== undefined);
  if (other.length > 0)
    throw new Error(
      `${explainMissing(other, namespace)}. A search attribute keeps its type: remove it there, or use another namespace`,
    );
  if (missing.length === 0) return [];
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name }) => [name, TYPES[SEARCH_ATTRIBUTES[name]]])),
  });
  return missing.map(({ name }) => name);
}

/** For people: what the namespace lacks. */
export function explainMissing(missing: readonly MissingAttribute[], namespace: string): string {
  const each = missing.map(({ name, type, found }) =>
    found ? `${name} is ${found}, not ${type}` : `${name} (${type}) is missing`,
  );
  return `search attributes of namespace "${namespace}": ${each.join(', ')}`;
}

/** INDEXED_VALUE_TYPE_KEYWORD_LIST → KeywordList. */
function typeName(type: number): string {
  const words = (IndexedValueType[type] ?? String(type)).replace('INDEXED_VALUE_TYPE_', '').toLowerCase().split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
