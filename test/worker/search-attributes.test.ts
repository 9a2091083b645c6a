import { Connection } from '@temporalio/client';
import { afterAll, expect, test } from 'vitest';
import { findTemporal, SEARCH_ATTRIBUTES as OF_THE_DEV_SERVER, startTemporal } from '../../scripts/temporal-server.mjs';
import {
  addSearchAttributes,
  explainMissing,
  missingSearchAttributes,
  SEARCH_ATTRIBUTES,
} from '../../workflows/search-attributes.js';

const binary = await findTemporal();
const stops: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

async function server(searchAttributes: Record<string, 'Keyword' | 'KeywordList'>): Promise<Connection> {
  const temporal = await startTemporal({ binary, uiPort: false, searchAttributes });
  const connection = await Connection.connect({ address: temporal.address });
  stops.push(async () => {
    await connection.close();
    await temporal.stop();
  });
  return connection;
}

test('the dev server is started with exactly what runs need', () => {
  expect(OF_THE_DEV_SERVER).toEqual(SEARCH_ATTRIBUTES);
});

test('a namespace without them lacks all, and has them once they were added', async () => {
  const connection = await server({});
  const missing = await missingSearchAttributes(connection, 'default');
  expect(missing.map(({ name }) => name)).toEqual(Object.keys(SEARCH_ATTRIBUTES));
  expect(explainMissing(missing.slice(0, 2), 'default')).toBe(
    'search attributes of namespace "default": DrsJobId (KeywordList) is missing, DrsKind (Keyword) is missing',
  );
  expect(await addSearchAttributes(connection, 'default')).toEqual(Object.keys(SEARCH_ATTRIBUTES));
  expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
  expect(await addSearchAttributes(connection, 'default')).toEqual([]);
});

test('one with another type is told, and nothing is added beside it', async () => {
  const connection = await server({ DrsKind: 'KeywordList' });
  expect(await missingSearchAttributes(connection, 'default')).toContainEqual({
    name: 'DrsKind',
    type: 'Keyword',
    found: 'KeywordList',
  });
  await expect(addSearchAttributes(connection, 'default')).rejects.toThrow('DrsKind is KeywordList, not Keyword');
  expect(await missingSearchAttributes(connection, 'default')).toHaveLength(Object.keys(SEARCH_ATTRIBUTES).length);
});
